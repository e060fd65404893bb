import type { Located, Span } from '../../../source/source-file.ts'
import { isLogLevel, logLevelOf } from './log-level.ts'
import type { ConfigVerdict, LogLevel, NftFile } from './model.ts'
import { parseSigned } from './numbers.ts'
import { parseRateLimit, type RateLimit } from './rate-limit.ts'
import { type Refused, refused } from './refused.ts'
import { brief, debugText } from './text.ts'

export type OptionKind = 'flag' | 'integer' | 'verdict' | 'log-level' | 'rate-limit' | 'helpers'
export type FileScope = NftFile['scope']

/** The options proxmox-firewall reads in each kind of file, by their exact spelling; all others it skips over. */
export const OPTIONS: Readonly<Record<FileScope, ReadonlyMap<string, OptionKind>>> = {
  cluster: new Map([
    ['enable', 'flag'],
    ['ebtables', 'flag'],
    ['log_ratelimit', 'rate-limit'],
    ['policy_in', 'verdict'],
    ['policy_out', 'verdict'],
    ['policy_forward', 'verdict'],
  ]),
  host: new Map([
    ['enable', 'flag'],
    ['nftables', 'flag'],
    ['log_level_in', 'log-level'],
    ['log_level_out', 'log-level'],
    ['log_level_forward', 'log-level'],
    ['log_nf_conntrack', 'flag'],
    ['ndp', 'flag'],
    ['nf_conntrack_allow_invalid', 'flag'],
    ['nf_conntrack_helpers', 'helpers'],
    ['nf_conntrack_max', 'integer'],
    ['nf_conntrack_tcp_timeout_established', 'integer'],
    ['nf_conntrack_tcp_timeout_syn_recv', 'integer'],
    ['nosmurfs', 'flag'],
    ['protection_synflood', 'flag'],
    ['protection_synflood_burst', 'integer'],
    ['protection_synflood_rate', 'integer'],
    ['smurf_log_level', 'log-level'],
    ['tcp_flags_log_level', 'log-level'],
    ['tcpflags', 'flag'],
  ]),
  guest: new Map([
    ['dhcp', 'flag'],
    ['enable', 'flag'],
    ['ipfilter', 'flag'],
    ['ndp', 'flag'],
    ['radv', 'flag'],
    ['log_level_in', 'log-level'],
    ['log_level_out', 'log-level'],
    ['macfilter', 'flag'],
    ['policy_in', 'verdict'],
    ['policy_out', 'verdict'],
    ['policy_forward', 'verdict'],
  ]),
  vnet: new Map([
    ['enable', 'flag'],
    ['policy_forward', 'verdict'],
    ['log_level_forward', 'log-level'],
  ]),
}

/** A value and where it is set; null: nowhere, it is the default. */
export type Setting<T> = { readonly value: T; readonly span: Span | null }

/** A 0/1 option. A value that was refused counts as not set. */
export function flag(file: NftFile | null, key: string, otherwise: boolean): Setting<boolean> {
  return setting(file, key, parseFlag, otherwise)
}

export function integer(file: NftFile | null, key: string, otherwise: number): Setting<number> {
  return setting(file, key, integerOf, otherwise)
}

export function verdict(
  file: NftFile | null,
  key: string,
  otherwise: ConfigVerdict,
): Setting<ConfigVerdict> {
  return setting(file, key, verdictOf, otherwise)
}

export function logLevel(file: NftFile | null, key: string): Setting<LogLevel> {
  return setting(file, key, logLevelOf, 'nolog')
}

/** `log_ratelimit` of cluster.fw; the limit is not emitted when it is not enabled. */
export function rateLimit(cluster: NftFile | null): Setting<RateLimit> {
  return setting(cluster, 'log_ratelimit', rateLimitOf, DEFAULT_RATE_LIMIT)
}

/** Names in `nf_conntrack_helpers`, split at commas and not trimmed. */
export function helpers(host: NftFile | null): readonly string[] {
  const value = host?.options.get('nf_conntrack_helpers')?.value ?? ''
  return value === '' ? [] : value.split(',')
}

const DEFAULT_RATE_LIMIT: RateLimit = { enabled: true, rate: 1, per: 'second', burst: 5 }

/** `1 yes on true` and `0 no off false` in any case; null for everything else. */
export function parseFlag(text: string): boolean | null {
  if (/^(?:1|yes|on|true)$/i.test(text)) return true
  return /^(?:0|no|off|false)$/i.test(text) ? false : null
}

/** Judges the value of a known option; null when proxmox-firewall takes it. */
export function checkOption(
  kind: OptionKind,
  key: string,
  { value, span }: Located<string>,
): Refused | null {
  const problem = PROBLEMS[kind](value)
  if (problem === null) return null
  return refused(
    kind === 'log-level' ? 'nftables/log-level' : 'nftables/option-value',
    span,
    problem.error,
    `\`${brief(value)}\` is no value for \`${key}\``,
    problem.help,
  )
}

type Problem = { readonly error: string; readonly help: string }

const PROBLEMS: Readonly<Record<OptionKind, (value: string) => Problem | null>> = {
  flag: (value) =>
    parseFlag(value) !== null
      ? null
      : {
          error: `invalid value: string ${debugText(value)}, expected a boolean-like value`,
          help: value.includes('#')
            ? 'options cannot have comments: leave only `0` or `1`'
            : 'write `0` or `1`',
        },
  integer: (value) =>
    integerOf(value) !== null
      ? null
      : {
          error: `invalid value: string ${debugText(value)}, expected a i64-ish...`,
          help: 'write a whole number without a comment',
        },
  verdict: (value) =>
    verdictOf(value) !== null
      ? null
      : {
          error: `invalid verdict ${debugText(value)}, expected one of 'ACCEPT', 'REJECT' or 'DROP'`,
          help: 'write ACCEPT, DROP or REJECT without a comment',
        },
  'log-level': (value) =>
    logLevelOf(value) !== null
      ? null
      : { error: `invalid log level ${debugText(value)}`, help: logLevelHelp(value) },
  'rate-limit': (value) => {
    const limit = parseRateLimit(value, DEFAULT_RATE_LIMIT)
    if (typeof limit !== 'string') return null
    return {
      error: limit,
      help: 'write `enable=1,rate=5/second,burst=10`, any of the three, without blanks',
    }
  },
  helpers: () => null,
}

function logLevelHelp(value: string): string {
  if (value === '') return 'write `nolog`, or remove the line'
  const lower = value.toLowerCase()
  return isLogLevel(lower)
    ? `write \`${lower}\` in lower case`
    : 'write nolog, emerg, alert, crit, err, warning, notice, info or debug'
}

function setting<T>(
  file: NftFile | null,
  key: string,
  parse: (text: string) => T | null,
  otherwise: T,
): Setting<T> {
  const option = file?.options.get(key)
  const value = option === undefined ? null : parse(option.value)
  return { value: value ?? otherwise, span: value === null ? null : (option?.span ?? null) }
}

function integerOf(text: string): number | null {
  const value = parseSigned(text)
  return typeof value === 'string' ? null : value
}

function verdictOf(text: string): ConfigVerdict | null {
  const upper = text.toUpperCase()
  return upper === 'ACCEPT' || upper === 'DROP' || upper === 'REJECT' ? upper : null
}

function rateLimitOf(text: string): RateLimit | null {
  const limit = parseRateLimit(text, DEFAULT_RATE_LIMIT)
  return typeof limit === 'string' ? null : limit
}
