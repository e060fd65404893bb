import { integer, isTrue, split } from '../../config/dialect/iptables/perl.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import { generated } from './generated.ts'
import { flag, type Options, optionSpan, optionsOf } from './options.ts'
import { type Chains, type Compilation, newChain } from './pass.ts'

/** Conntrack helpers pve-firewall knows (`$pve_fw_helpers`): protocol, port and families. */
const HELPERS: ReadonlyMap<
  string,
  { readonly proto: 'tcp' | 'udp'; readonly port: string; readonly families: readonly (4 | 6)[] }
> = new Map([
  ['amanda', { proto: 'udp', port: '10080', families: [4, 6] }],
  ['ftp', { proto: 'tcp', port: '21', families: [4, 6] }],
  ['irc', { proto: 'tcp', port: '6667', families: [4] }],
  ['netbios-ns', { proto: 'udp', port: '137', families: [4] }],
  ['pptp', { proto: 'tcp', port: '1723', families: [4] }],
  ['sane', { proto: 'tcp', port: '6566', families: [4, 6] }],
  ['sip', { proto: 'udp', port: '5060', families: [4, 6] }],
  ['snmp', { proto: 'udp', port: '161', families: [4] }],
  ['tftp', { proto: 'udp', port: '69', families: [4, 6] }],
])

/**
 * The raw table (`compile_iptables_raw`): PVEFW-PREROUTING with the SYN flood limit and the conntrack helpers;
 * no chain when host.fw sets neither.
 */
export function compileRaw({ config }: Compilation, family: 4 | 6): Chains {
  const options = optionsOf(config.host)
  const chains: Chains = new Map()
  const synflood = flag(options, 'protection_synflood', false)
  const helpers = options.get('nf_conntrack_helpers')?.value ?? ''
  if (!synflood.on && helpers === '') return chains
  const lines = newChain(chains, 'PVEFW-PREROUTING')
  if (synflood.on) lines.push(synfloodLine(options, family))
  for (const name of split(helpers, ',')) addHelper(lines, options, name, family)
  return chains
}

function synfloodLine(options: Options, family: 4 | 6): RestoreLine {
  const rate = numberOption(options, 'protection_synflood_rate', '200')
  const burst = numberOption(options, 'protection_synflood_burst', '1000')
  const seconds = numberOption(options, 'nf_conntrack_tcp_timeout_syn_recv', '60')
  const limit =
    `-m hashlimit --hashlimit-above ${rate}/sec --hashlimit-burst ${burst} --hashlimit-mode srcip ` +
    `--hashlimit-name syn --hashlimit-htable-size 2097152 --hashlimit-srcmask ${family === 4 ? 32 : 64} ` +
    `--hashlimit-htable-expire ${thousandfold(seconds)}`
  return generated(
    `-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN ${limit} -j DROP`,
    'compile_iptables_raw',
    `SYN flood protection: more than ${rate} new connections per second from one source are dropped`,
    'drop',
    optionSpan(options, 'protection_synflood'),
  )
}

function addHelper(lines: RestoreLine[], options: Options, name: string, family: 4 | 6): void {
  const helper = HELPERS.get(name)
  if (helper === undefined || !helper.families.includes(family)) return
  const { proto, port } = helper
  lines.push(
    generated(
      `-p ${proto} -m ${proto} --dport ${port} -j CT --helper ${name}`,
      'compile_iptables_raw',
      `conntrack watches ${name} for the connections it opens`,
      null,
      optionSpan(options, 'nf_conntrack_helpers'),
    ),
  )
}

/** An option of digits; absent and `0` mean the default. */
function numberOption(options: Options, key: string, otherwise: string): string {
  const value = options.get(key)?.value ?? ''
  return isTrue(value) ? value : otherwise
}

/** A number times 1000 as Perl prints it; one too large for an integer (`1e+20`) just gets a larger exponent. */
function thousandfold(number: string): string {
  const float = /^(.*e\+)([0-9]+)$/.exec(number)
  if (float === null) return /^[0-9]+$/.test(number) ? integer(`${number}000`) : number
  return `${float[1]}${Number(float[2]) + 3}`
}
