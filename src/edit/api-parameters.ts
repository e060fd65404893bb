import type { FwScope } from '../config/dialect/iptables/model.ts'
import { findOption, LOG_LEVELS, valueHelp } from '../config/dialect/iptables/options.ts'
import { didYouMean } from '../config/nearest.ts'
import { type EditProblem, wrong } from './problem.ts'

/** Parameters of an API call by name, each said once. */
export type Parameters = ReadonlyMap<string, string>

/** Those that take no value when nothing stands behind them (JSONSchema `get_options`: booleans). */
const BOOLEAN: ReadonlySet<string> = new Set(['nomatch', 'force'])

/** What pvesh itself takes, which changes no file. The number is that of values. */
const OF_PVESH: ReadonlyMap<string, 0 | 1> = new Map([
  ['noproxy', 0],
  ['quiet', 0],
  ['human-readable', 0],
  ['output-format', 1],
])

/** `--name value`, `--name=value` or with one dash, as pvesh reads them. */
export function parseParameters(words: readonly string[]): Parameters | EditProblem {
  const found = new Map<string, string>()
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const [, name = '', , joined] = /^--?([A-Za-z][A-Za-z0-9_-]*)(=(.*))?$/s.exec(word) ?? []
    if (name === '') return wrong(`\`${word}\` is no parameter`, 'parameters are --NAME VALUE')
    const next = words[at + 1]
    const isAlone = next === undefined || /^--?[A-Za-z]/.test(next)
    const own = OF_PVESH.get(name)
    if (own === 0) continue
    if (joined === undefined && isAlone && !BOOLEAN.has(name))
      return wrong(`--${name} has no value`, `write --${name} VALUE`)
    const value = joined ?? (isAlone ? '1' : next)
    if (joined === undefined && !isAlone) at += 1
    if (own === 1) continue
    if (/[\n\r\0]/.test(value))
      return wrong(`--${name} has more than one line`, 'a line of the file has room for one')
    if (found.has(name)) return wrong(`--${name} is given twice`, 'leave one of them out')
    found.set(name, value)
  }
  if (found.has('digest'))
    return wrong(
      '--digest cannot be checked here',
      'leave it out: nobody else edits what pvefw holds',
    )
  return found
}

/** A problem with the first parameter that a call does not have, or with one that it needs. */
export function checkNames(
  given: Parameters,
  known: readonly string[],
  needed: readonly string[] = [],
): EditProblem | null {
  const unknown = [...given.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const has = known.length === 0 ? 'it has none' : `it has --${known.join(', --')}`
    return wrong(`this call has no parameter --${unknown}`, didYouMean(unknown, known, has))
  }
  const missing = needed.find((name) => !given.has(name))
  return missing === undefined ? null : wrong(`--${missing} is missing`, 'the API needs it')
}

/** Elements of a list parameter (PVE::Tools `split_list`). */
export function listOf(value: string | undefined): readonly string[] {
  return (value ?? '').split(/[,;\s\0]+/).filter((name) => name !== '')
}

/** A boolean of the API as `1` or `0` (JSONSchema `parse_boolean`); anything else is no boolean. */
export function booleanOf(value: string): '0' | '1' | null {
  if (/^(?:1|on|yes|true)$/i.test(value)) return '1'
  return /^(?:0|off|no|false)$/i.test(value) ? '0' : null
}

/** Options that the API takes for each file: `$cluster_option_properties` and its sisters. */
export const API_OPTIONS: { readonly [scope in FwScope]: readonly string[] } = {
  cluster: ['enable', 'ebtables', 'policy_in', 'policy_out', 'policy_forward', 'log_ratelimit'],
  host: [
    ...['enable', 'log_level_in', 'log_level_out', 'log_level_forward', 'tcp_flags_log_level'],
    ...['smurf_log_level', 'nosmurfs', 'tcpflags', 'ndp', 'nf_conntrack_allow_invalid'],
    ...['nf_conntrack_helpers', 'nf_conntrack_max', 'nf_conntrack_tcp_timeout_established'],
    ...['nf_conntrack_tcp_timeout_syn_recv', 'protection_synflood', 'protection_synflood_rate'],
    ...['protection_synflood_burst', 'log_nf_conntrack', 'nftables'],
  ],
  guest: [
    ...['enable', 'macfilter', 'dhcp', 'ndp', 'radv', 'ipfilter', 'policy_in', 'policy_out'],
    ...['log_level_in', 'log_level_out'],
  ],
  vnet: ['enable', 'policy_forward', 'log_level_forward'],
}

const BOUNDS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['nf_conntrack_max', [32_768, Infinity]],
  ['nf_conntrack_tcp_timeout_established', [7875, Infinity]],
  ['nf_conntrack_tcp_timeout_syn_recv', [30, 60]],
])

/** The value that the API stores for an option, or why it refuses it. `now`: seconds since 1970. */
export function optionValue(
  scope: FwScope,
  key: string,
  value: string,
  now: number,
): string | EditProblem {
  const accepted = findOption(scope, key)?.value
  const refused = (help: string): EditProblem => wrong(`--${key} cannot be \`${value}\``, help)
  if (accepted?.kind === 'switch' || (key === 'enable' && scope === 'vnet'))
    return booleanOf(value) ?? refused('the value is 0 or 1')
  if (key === 'policy_forward' && !['ACCEPT', 'DROP'].includes(value))
    return refused('the value is ACCEPT or DROP')
  // the API minds letter case, which the file does not
  if (accepted?.kind === 'policy' && !accepted.words.includes(value))
    return refused(`the value is ${valueHelp(accepted)}`)
  if (accepted?.kind === 'level' && !LOG_LEVELS.includes(value))
    return refused(`the value is ${valueHelp(accepted)}`)
  if (accepted?.kind !== 'number') return value
  if (!/^\d+$/.test(value)) return refused('the value is a number')
  const [least, most] = BOUNDS.get(key) ?? [0, Infinity]
  if (Number(value) < least) return refused(`the least is ${least}`)
  if (Number(value) > most) return refused(`the most is ${most}`)
  // set_options of the cluster: the firewall is on for a minute from then
  return key === 'enable' && Number(value) > 1 ? String(Math.floor(now)) : value
}
