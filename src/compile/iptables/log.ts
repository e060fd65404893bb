import { isTrue } from '../../config/dialect/iptables/perl.ts'
import {
  type Property,
  type PropertySchema,
  parsePropertyString,
} from '../../config/property-string.ts'
import type { Options } from './options.ts'

/** Numbers of the log levels as they stand in the NFLOG prefix (`$log_level_hash`). */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ['emerg', 0],
  ['alert', 1],
  ['crit', 2],
  ['err', 3],
  ['warning', 4],
  ['notice', 5],
  ['info', 6],
  ['debug', 7],
])

/** A level that logs; null for `nolog`, the empty string and what is no level. */
export type LogLevel = number | null

/** Level of an option such as `log_level_in`: absent means `nolog` (`get_option_log_level`). */
export function optionLevel(options: Options, key: string): LogLevel {
  const value = options.get(key)?.value
  return value === undefined ? null : levelOf(value)
}

/** Number of a level's name; null when nothing is to be logged. */
export function levelOf(name: string): LogLevel {
  return LEVELS.get(name) ?? null
}

/** The log line before a rule with the same match: `get_log_rule_base`. */
export function logText(
  rateLimit: string,
  match: string,
  chain: string,
  vmid: number,
  level: number,
  label: string,
): string {
  const prefix = [`:${vmid}`, level, chain, ` ${label}`].join(':')
  return [match, ' ', rateLimit, '-j NFLOG --nflog-prefix "', prefix, '"'].join('')
}

/** What an option `log_ratelimit` comes to: the match before NFLOG, or the text of the exception it raises. */
export type RateLimit =
  | { readonly kind: 'limit'; readonly match: string }
  | { readonly kind: 'died'; readonly message: string }

/** `log_ratelimit` in `$cluster_option_properties`. */
const RATE_LIMIT: PropertySchema = {
  properties: new Map<string, Property>([
    ['burst', { type: 'integer', optional: true, minimum: 0 }],
    ['enable', { type: 'boolean', optional: false }],
    [
      'rate',
      { type: 'string', optional: true, pattern: /^[1-9][0-9]*\/(?:second|minute|hour|day)$/ },
    ],
  ]),
  defaultKey: 'enable',
  alias: null,
}

/** Reads the option `log_ratelimit` (null: not set) as `set_global_log_ratelimit` does. */
export function rateLimit(option: string | null): RateLimit {
  if (option === null) return { kind: 'limit', match: '-m limit --limit 1/sec ' }
  const { values, error } = parsePropertyString(RATE_LIMIT, option)
  if (error !== null) return { kind: 'died', message: error }
  if (values.get('enable')?.text !== '1') return { kind: 'limit', match: '' }
  const rate = values.get('rate')?.text ?? '1/sec'
  const burst = values.get('burst')?.text ?? ''
  const burstMatch = isTrue(burst) ? ` --limit-burst ${burst}` : ''
  return { kind: 'limit', match: `-m limit --limit ${rate}${burstMatch} ` }
}
