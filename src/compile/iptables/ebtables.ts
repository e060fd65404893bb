import { split } from '../../config/dialect/iptables/perl.ts'
import { readCidr } from '../../config/dialect/iptables/terms.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'
import { type Died, died } from './died.ts'
import { because, generated } from './generated.ts'
import { filteredAfter } from './guest.ts'
import { type GuestPlan, ipfilterSet, type PlannedNic } from './guest-plan.ts'
import { NOT_AN_ADDRESS } from './ip-text.ts'
import { flag } from './options.ts'
import { type Chains, type Compilation, chainOf, createChain, newChain } from './pass.ts'

const by = 'generate_tap_layer2filter'

const FORWARD: readonly RestoreLine[] = [
  generated('-p IPv4 -j ACCEPT', 'compile_ebtables_filter', 'IPv4 is left to iptables'),
  generated('-p IPv6 -j ACCEPT', 'compile_ebtables_filter', 'IPv6 is left to ip6tables'),
  generated(
    '-o fwln+ -j PVEFW-FWBR-OUT',
    'compile_ebtables_filter',
    'other frames that leave a guest with firewall=1 go through its chain',
  ),
]

const allow = generated(
  '-j ACCEPT',
  by,
  'what no filter of the guest dropped may leave it',
  'accept',
)
const dropArp = generated('-j DROP', by, 'ARP: only the addresses above may be announced', 'drop')
const dropProtocol = generated(
  '-j DROP',
  by,
  'only the protocols above may leave the guest',
  'drop',
)

/** An address ARP may announce, and where it comes from. */
type ArpSource = { readonly ip: string; readonly span: Span; readonly why: string }

/**
 * The ebtables filter table (`compile_ebtables_filter`): only what is neither IPv4 nor IPv6 reaches the
 * chains of guests, and only on its way out. Empty when cluster.fw says `ebtables: 0`.
 */
export function compileEbtables(compilation: Compilation): Chains {
  const chains: Chains = new Map()
  if (!flag(compilation.cluster.options, 'ebtables', true).on) return chains
  newChain(chains, 'PVEFW-FORWARD').push(...FORWARD)
  newChain(chains, 'PVEFW-FWBR-OUT')
  for (const plan of compilation.guests) if (plan.enable) addGuest(compilation, chains, plan)
  return chains
}

function addGuest(compilation: Compilation, chains: Chains, plan: GuestPlan): void {
  const { vmid, type } = plan.guest
  for (const [at, planned] of plan.nics.entries()) {
    const { nic } = planned
    const later = filteredAfter(plan, at)
    if (nic.error !== null) {
      compilation.failures.push({ kind: 'bad-nic', vmid, type, nic, stage: 'ebtables', later })
      if (type === 'lxc') return
      continue
    }
    if (!nic.firewall) continue
    const failed = addNic(chains, plan, planned)
    if (failed === null) continue
    const undefinedEntry = failed.message === NOT_AN_ADDRESS && isUndefined(plan, planned)
    compilation.failures.push({
      kind: 'layer2-aborted',
      vmid,
      nic: nic.id,
      later,
      undefinedEntry,
      died: failed,
    })
    return
  }
}

/** Two words on one line leave Perl without an entry; its text is empty here. */
function isUndefined(plan: GuestPlan, { nic }: PlannedNic): boolean {
  const entries = plan.file.ipsets.get(ipfilterSet(nic))?.entries ?? []
  return entries.find(({ cidr }) => readCidr(cidr) === null)?.cidr === ''
}

/**
 * The IPv4 addresses a NIC may announce; none means no ARP filter. Entries of its ipfilter set count whether
 * they exclude, are erroneous or not; one that is no address (an alias) ends the guest.
 */
function arpSources(plan: GuestPlan, { nic }: PlannedNic): readonly ArpSource[] | Died {
  const sources: ArpSource[] = []
  for (const entry of plan.file.ipsets.get(ipfilterSet(nic))?.entries ?? []) {
    const parsed = readCidr(entry.cidr)
    if (parsed === null) return died(NOT_AN_ADDRESS, entry.span)
    if (parsed.version === 6) continue
    const why = `ARP: ${nic.id} of guest ${plan.guest.vmid} may announce this entry of ${ipfilterSet(nic)}`
    sources.push({ ip: parsed.cidr, span: entry.span, why })
  }
  if (plan.guest.type === 'lxc' && plan.ipfilter.on && nic.ip !== null) {
    const ip = nic.ip.value.replace(/\/[0-9]+$/, '')
    const why = `ARP: ${nic.id} of guest ${plan.guest.vmid} may announce its configured address`
    if (ip !== 'dhcp') sources.push({ ip, span: nic.ip.span, why })
  }
  return sources
}

/** The chains of one NIC and its plug. What dies before the plug leaves chains that nothing enters. */
function addNic(chains: Chains, plan: GuestPlan, planned: PlannedNic): Died | null {
  const { nic, device, mac } = planned
  const chain = `${device}-OUT`
  const sources = arpSources(plan, planned)
  if ('message' in sources) return sources
  const refused = createChain(chains, chain)
  if (refused !== null) return died(refused, nic.span)
  const lines = chainOf(chains, chain)
  if (plan.macfilter.on) {
    const why = `MAC filter: frames of ${nic.id} must come from ${mac}`
    const span = plan.macfilter.span ?? nic.mac?.span ?? null
    lines.push(generated(`-s ! ${shortMac(mac)} -j DROP`, by, why, 'drop', span))
  }
  const text = addArp(chains, lines, chain, sources) ?? addProtocols(chains, lines, chain, plan)
  if (text !== null) return died(text, nic.span)
  lines.push(allow)
  const why = `frames from ${nic.id} of guest ${plan.guest.vmid} go through its chain`
  chainOf(chains, 'PVEFW-FWBR-OUT').push(
    generated(`-i ${device} -j ${chain}`, by, why, null, nic.firewallSpan),
  )
  return null
}

/** The text it dies with: ARP chains have longer names than those of the NIC itself. */
function addArp(
  chains: Chains,
  lines: RestoreLine[],
  chain: string,
  sources: readonly ArpSource[],
): string | null {
  if (sources.length === 0) return null
  const name = `${chain}-ARP`
  lines.push(generated(`-p ARP -j ${name}`, by, 'the addresses in ARP are filtered'))
  const refused = createChain(chains, name)
  if (refused !== null) return refused
  const arp = chainOf(chains, name)
  for (const { ip, span, why } of sources)
    arp.push(generated(`-p ARP --arp-ip-src ${ip} -j RETURN`, by, why, null, span))
  arp.push(dropArp)
  return null
}

function addProtocols(
  chains: Chains,
  lines: RestoreLine[],
  chain: string,
  plan: GuestPlan,
): string | null {
  const option = plan.file.options.get('layer2_protocols')
  if (option === undefined) return null
  const name = `${chain}-PROTO`
  const why = 'layer2_protocols restricts what else may leave the guest'
  lines.push(generated(`-j ${name}`, by, why, null, option.span))
  const refused = createChain(chains, name)
  if (refused !== null) return refused
  const allowed = chainOf(chains, name)
  for (const protocol of split(option.value, ','))
    allowed.push(
      generated(`-p ${protocol} -j RETURN`, by, 'layer2_protocols allows it', null, option.span),
    )
  allowed.push(because(dropProtocol, option.span))
  return null
}

/** As ebtables-save prints it: `0a:00` is `a:0`. */
function shortMac(mac: string): string {
  return mac.replace(/0([0-9a-f])/gi, '$1').toLowerCase()
}
