import type { FwRule } from '../../config/dialect/iptables/model.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'
import { corosyncPeers } from './corosync.ts'
import type { Direction } from './failures.ts'
import { addInputFilters, CONN_FILTERS } from './forward.ts'
import { because, generated } from './generated.ts'
import { addGroupRule } from './group.ts'
import { optionLevel } from './log.ts'
import { ndpLines } from './ndp.ts'
import { flag, optionsOf } from './options.ts'
import { chainOf, newChain, type Pass } from './pass.ts'
import { policyLines } from './policy.ts'
import { generateRule } from './rule.ts'
import { isOfFamily, type RuleState, substitute } from './rule-state.ts'
import { setName } from './set-name.ts'

const by = 'enable_host_firewall'

const LOOPBACK = {
  IN: generated('-i lo -j ACCEPT', by, 'the host may talk to itself', 'accept'),
  OUT: generated('-o lo -j ACCEPT', by, 'the host may talk to itself', 'accept'),
} as const

const igmp = generated('-p igmp -j RETURN', by, 'multicast needs IGMP', 'accept')

const PLUG = {
  IN: generated('-j PVEFW-HOST-IN', by, 'packets to the host go through its rules'),
  OUT: generated('-j PVEFW-HOST-OUT', by, 'packets from the host go through its rules'),
} as const

const HOOK_CHAIN = { IN: 'PVEFW-INPUT', OUT: 'PVEFW-OUTPUT' } as const

/** In a host chain accepting is to return to the hook: `RETURN`. */
const SUBSTITUTE = { ACCEPT: 'RETURN', REJECT: 'PVEFW-reject' } as const

/** Ports the management network may always reach on a host, in the order they are written. */
const MANAGEMENT_IN = [
  ['8006', 'the web interface and API'],
  ['5900:5999', 'the VNC console'],
  ['3128', 'the SPICE proxy'],
  ['22', 'SSH'],
  ['60000:60050', 'live migration'],
] as const

const CLUSTER_OUT = [
  ['8006', 'the web interface and API'],
  ['22', 'SSH'],
  ['5900:5999', 'the VNC console'],
  ['3128', 'the SPICE proxy'],
] as const

/** PVEFW-HOST-IN and -OUT with what plugs them into the hooks; nothing when host.fw says `enable: 0`. */
export function addHost(pass: Pass): void {
  if (!flag(optionsOf(pass.config.host), 'enable', true).on) return
  addIn(pass)
  addOut(pass)
  chainOf(pass.chains, HOOK_CHAIN.OUT).push(PLUG.OUT)
  chainOf(pass.chains, HOOK_CHAIN.IN).push(PLUG.IN)
}

function addIn(pass: Pass): void {
  const options = optionsOf(pass.config.host)
  const lines = newChain(pass.chains, 'PVEFW-HOST-IN')
  const level = optionLevel(options, 'log_level_in')
  lines.push(LOOPBACK.IN, ...CONN_FILTERS)
  addNdp(pass, lines, true)
  addInputFilters(pass, lines, options, level)
  lines.push(igmp)
  addRules(pass, lines, 'IN')
  addManagement(pass, lines)
  addCorosync(pass, lines, 'IN')
  addPolicy(pass, lines, 'IN')
}

function addOut(pass: Pass): void {
  const lines = newChain(pass.chains, 'PVEFW-HOST-OUT')
  lines.push(LOOPBACK.OUT, ...CONN_FILTERS)
  addNdp(pass, lines, false)
  lines.push(igmp)
  addRules(pass, lines, 'OUT')
  addClusterNetwork(pass, lines)
  addCorosync(pass, lines, 'OUT')
  addPolicy(pass, lines, 'OUT')
}

/** Router advertisements would need an option `radv` that host.fw does not have. */
function addNdp(pass: Pass, lines: RestoreLine[], routers: boolean): void {
  const ndp = flag(optionsOf(pass.config.host), 'ndp', true)
  if (pass.family === 4 || !ndp.on) return
  for (const line of ndpLines('-j RETURN', routers)) lines.push(because(line, ndp.span))
}

function addRules(pass: Pass, lines: RestoreLine[], direction: Direction): void {
  for (const state of pass.hostRules)
    if (isOfFamily(state.rule, pass.family)) addRule(pass, lines, direction, state)
}

function addRule(pass: Pass, lines: RestoreLine[], direction: Direction, state: RuleState): void {
  const { family } = pass
  const { rule } = state
  const iface = ifaceMatch(pass, rule, direction)
  if (rule.type === 'group') {
    const died = addGroupRule(pass, state, lines, direction, iface, '-j RETURN')
    if (died !== null) pass.failures.push({ kind: 'group-lost', rule, direction, family, died })
    return
  }
  if (rule.type !== direction.toLowerCase()) return
  const quoted = state.action
  substitute(state, SUBSTITUTE)
  const chain = `PVEFW-HOST-${direction}`
  const died = generateRule(pass, state, { chain, lines, iface, vmid: 0, quoted })
  if (died !== null)
    pass.failures.push({ kind: 'rule-lost', rule, nic: null, vmid: 0, family, died })
}

/** Alternative names of an interface are translated: the kernel knows only the main one. */
function ifaceMatch(pass: Pass, rule: FwRule, direction: Direction): string {
  if (rule.iface === null) return ''
  const name = pass.altnames.get(rule.iface.value) ?? rule.iface.value
  return `${direction === 'IN' ? '-i' : '-o'} ${name}`
}

function addManagement(pass: Pass, lines: RestoreLine[]): void {
  const match = `-m set --match-set ${setName(0, 'management', pass.family)} src`
  const span = pass.cluster.ipsets.get('management')?.span ?? pass.localNetwork.span
  for (const [port, what] of MANAGEMENT_IN) {
    const why = `the IPSet management (which holds the local network too) may reach ${what}`
    lines.push(generated(`${match} -p tcp --dport ${port} -j RETURN`, by, why, 'accept', span))
  }
}

function addClusterNetwork(pass: Pass, lines: RestoreLine[]): void {
  const { cidr, version, span } = pass.localNetwork
  if (version !== pass.family) return
  for (const [port, what] of CLUSTER_OUT) {
    const why = `hosts of the local network can be reached for ${what}`
    lines.push(generated(`-d ${cidr} -p tcp --dport ${port} -j RETURN`, by, why, 'accept', span))
  }
}

/** Cluster traffic on the ports corosync had before knet's further links (5405 is the first of those). */
function addCorosync(pass: Pass, lines: RestoreLine[], direction: Direction): void {
  const { corosync, node } = pass.tree
  if (corosync === null) return
  const udp = '-p udp --dport 5404:5405'
  if (corosync.transport === 'udp')
    lines.push(
      generated(
        `-m addrtype --dst-type MULTICAST ${udp} -j RETURN`,
        by,
        'corosync with transport udp uses multicast',
        'accept',
        fileSpan(corosync.nodes[0]?.span),
      ),
    )
  for (const { own, peer } of corosyncPeers(pass.corosync, node, pass.family)) {
    const sides =
      direction === 'IN' ? `-d ${own} -s ${peer.address}` : `-s ${own} -d ${peer.address}`
    const why = `corosync: cluster traffic with ${peer.node} over ${peer.key}`
    lines.push(generated(`${sides} ${udp} -j RETURN`, by, why, 'accept', peer.span))
  }
}

function addPolicy(pass: Pass, lines: RestoreLine[], direction: Direction): void {
  const lower = direction === 'IN' ? 'log_level_in' : 'log_level_out'
  lines.push(
    ...policyLines(pass.rateLimit, {
      chain: `PVEFW-HOST-${direction}`,
      direction,
      vmid: 0,
      options: pass.cluster.options,
      level: optionLevel(optionsOf(pass.config.host), lower),
      accept: '-j RETURN',
    }),
  )
}

function fileSpan(span: Span | undefined): Span | null {
  return span ?? null
}
