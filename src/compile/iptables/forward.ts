import type { RestoreLine } from '../../netfilter/restore.ts'
import { because, generated } from './generated.ts'
import { type LogLevel, logText, optionLevel } from './log.ts'
import { flag, type Options, optionSpan, optionsOf } from './options.ts'
import { chainOf, newChain, type Pass } from './pass.ts'
import { setName } from './set-name.ts'
import { logDropLine, STD_CHAINS } from './std-chains.ts'

const established = generated(
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  'ruleset_chain_add_conn_filters',
  'connections that were accepted once go on, whatever the rules say now',
  'accept',
)
const invalid = generated(
  '-m conntrack --ctstate INVALID -j DROP',
  'ruleset_chain_add_conn_filters',
  'packets conntrack calls INVALID are dropped',
  'drop',
)
const toFwbrIn = generated(
  '-m physdev --physdev-is-bridged --physdev-in fwln+ -j PVEFW-FWBR-IN',
  'compile_iptables_filter',
  'packets on their way to a guest with firewall=1 go through its IN chain',
)
const toFwbrOut = generated(
  '-m physdev --physdev-is-bridged --physdev-out fwln+ -j PVEFW-FWBR-OUT',
  'compile_iptables_filter',
  'packets that leave a guest with firewall=1 go through its OUT chain',
)
const smurfs = generated(
  '-m conntrack --ctstate INVALID,NEW -j PVEFW-smurfs',
  'ruleset_chain_add_input_filters',
  'smurf attacks are filtered unless nosmurfs is 0',
)
const tcpflags = generated(
  '-p tcp -j PVEFW-tcpflags',
  'ruleset_chain_add_input_filters',
  'impossible combinations of TCP flags are filtered with tcpflags',
)
const ips = generated(
  '-m conntrack --ctstate RELATED,ESTABLISHED -j PVEFW-IPS',
  'compile_iptables_filter',
  'established connections of guests with ips are shown to the intrusion prevention system first',
)

/** PVEFW-FORWARD and the two chains guests are plugged into (`compile_iptables_filter`, first part). */
export function addForward(pass: Pass): void {
  const options = optionsOf(pass.config.host)
  const forward = newChain(pass.chains, 'PVEFW-FORWARD')
  const allowInvalid = flag(options, 'nf_conntrack_allow_invalid', false)
  if (!allowInvalid.on) forward.push(because(invalid, allowInvalid.span))
  forward.push(established, toFwbrIn, toFwbrOut)
  const fwbrIn = newChain(pass.chains, 'PVEFW-FWBR-IN')
  // The log level of the blacklist is that of the host's outgoing policy: see the fixme in Firewall.pm.
  addInputFilters(pass, fwbrIn, options, optionLevel(options, 'log_level_out'))
  newChain(pass.chains, 'PVEFW-FWBR-OUT')
}

/** Puts the jump to PVEFW-IPS before everything else, if a guest made that chain. */
export function addIpsJump(pass: Pass): void {
  if (pass.chains.has('PVEFW-IPS')) chainOf(pass.chains, 'PVEFW-FORWARD').unshift(ips)
}

/** What a connection's later packets meet first in the host chains: `ruleset_chain_add_conn_filters`. */
export const CONN_FILTERS: readonly RestoreLine[] = [invalid, established]

/** Blacklist, smurfs and TCP flags: `ruleset_chain_add_input_filters`. */
export function addInputFilters(
  pass: Pass,
  lines: RestoreLine[],
  options: Options,
  level: LogLevel,
): void {
  addBlacklist(pass, lines, level)
  const nosmurfs = flag(options, 'nosmurfs', true)
  if (nosmurfs.on && pass.family === 4) lines.push(because(smurfs, nosmurfs.span))
  const flags = flag(options, 'tcpflags', false)
  if (flags.on) lines.push(because(tcpflags, flags.span))
}

/** The chain is made where it is first used, with the log level asked for there. */
function addBlacklist(pass: Pass, lines: RestoreLine[], level: LogLevel): void {
  const set = pass.cluster.ipsets.get('blacklist')
  if (set === undefined) return
  const { span } = set
  const by = 'ruleset_chain_add_input_filters'
  if (!pass.chains.has('PVEFW-blacklist')) {
    const chain = newChain(pass.chains, 'PVEFW-blacklist')
    const why = 'sources in the IPSet blacklist are dropped'
    if (level !== null) {
      const text = logText(pass.rateLimit, '', 'PVEFW-blacklist', 0, level, 'DROP: ')
      chain.push(generated(text, by, why, null, span))
    }
    chain.push(generated('-j DROP', by, why, 'drop', span))
  }
  const match = `-m set --match-set ${setName(0, 'blacklist', pass.family)} src`
  const why = 'sources in the IPSet blacklist are dropped'
  lines.push(generated(`${match} -j PVEFW-blacklist`, by, why, null, span))
}

/** The built-in chains, with the log lines of PVEFW-smurflog and PVEFW-logflags (`generate_std_chains`). */
export function addStdChains(pass: Pass): void {
  const options = optionsOf(pass.config.host)
  for (const [name, lines] of STD[pass.family]) newChain(pass.chains, name).push(...lines)
  addLogDrop(pass, 'PVEFW-logflags', options, 'tcp_flags_log_level')
  if (pass.family === 4) addLogDrop(pass, 'PVEFW-smurflog', options, 'smurf_log_level')
}

function addLogDrop(pass: Pass, name: string, options: Options, key: string): void {
  const chain = newChain(pass.chains, name)
  const [text, means, why] = logDropLine
  const level = optionLevel(options, key)
  if (level !== null) {
    const log = logText(pass.rateLimit, '', name, 0, level, 'DROP: ')
    chain.push(generated(log, 'generate_std_chains', why, null, optionSpan(options, key)))
  }
  chain.push(generated(text, 'generate_std_chains', why, means))
}

/** {@link STD_CHAINS} as lines, made once. */
const STD = { 4: stdLines(4), 6: stdLines(6) } as const

function stdLines(family: 4 | 6): ReadonlyMap<string, readonly RestoreLine[]> {
  return new Map(
    [...STD_CHAINS[family]].map(([name, lines]) => [
      name,
      lines.map(([text, means, why]) => generated(text, 'generate_std_chains', why, means)),
    ]),
  )
}
