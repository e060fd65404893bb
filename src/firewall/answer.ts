import { choosesNftables } from '../compile/nftables/compile.ts'
import { decide, kernelName } from '../eval/decide.ts'
import { explainMisses, type LaterMatch, laterMatches } from '../eval/explain.ts'
import { membershipsOf } from '../eval/membership.ts'
import { nftDecision } from '../eval/nft-decision.ts'
import type { HopTrace } from '../eval/trace.ts'
import { type VerdictOrigin, verdictOrigin } from '../eval/verdict-origin.ts'
import { showAddr } from '../ip/address.ts'
import type { Known, Packet } from '../netfilter/packet.ts'
import { showIcmpType } from '../packet/icmp-types.ts'
import { showProtocol } from '../packet/protocol.ts'
import type { Answer, Headline } from '../render/answer.ts'
import { type FileNames, shortNames, showPlaceBehind } from '../render/file-names.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { FirmPlace } from '../topology/place.ts'
import type { Asked, Stage } from './ask.ts'
import { holdsFor } from './holds.ts'
import type { NodeFirewall } from './node-firewall.ts'
import { switchesOf } from './switches.ts'

export type Traced = Extract<Asked, { readonly kind: 'traced' }>

/** Everything that an answer shows, in the form the renderers take. */
export function answerOf(firewall: NodeFirewall, asked: Traced): Answer {
  const { trace, resolved, stages } = asked
  const origin = verdictOrigin(trace)
  const firewalls = [...new Set([firewall, ...stages.map((stage) => stage.firewall)])]
  const names = namesOf(firewalls)
  return {
    backend: firewall.backend,
    node: firewall.tree.node,
    headline: headlineOf(asked),
    trace,
    origin,
    kernel: kernelNameOf(asked),
    filled: [...resolved.filled, ...backendTaken(firewall)],
    remarks: [...remarksOn(asked), ...inSets(origin, trace, names)],
    overruled: cameTooLate(origin, stages),
    misses: (hop, chain) => {
      const stage = stageOf(stages, hop)
      return stage === null ? [] : explainMisses(stage.question, stage.trace, hop, chain)
    },
    holds: () => holdsFor(asked),
    diagnostics: diagnosticsOf(firewalls),
    names,
  }
}

/** The deciding rule as the kernel it ran in names it: by the backend of the last node on the way. */
export function kernelNameOf({ trace, stages }: Traced): string | null {
  const firewall = stages.at(-1)?.firewall
  const last = trace.hops.findLast(({ chains }) => chains.length > 0)?.chains.at(-1)
  // on one node there can be tables of both
  const isNft =
    firewall?.live === undefined ? firewall?.backend === 'nftables' : last?.table.tool === 'nft'
  return isNft ? nftDecision(trace) : kernelName(decide(trace))
}

/** The backend, where the question left it to the node's switch. */
function backendTaken({ choice, backend }: NodeFirewall): Answer['filled'] {
  return choice.asked ? [] : [{ field: 'backend', value: backend, why: choice.why }]
}

/** By which element an address is in a set the deciding rule asks for: a set may hold more than its section says. */
function inSets(
  { hit, hop, chain }: VerdictOrigin,
  { packet }: Traced['trace'],
  names: FileNames,
): readonly string[] {
  const tables = hop?.chains.map(({ table }) => table) ?? []
  const table = tables.find(({ chains }) => chains.get(chain?.name ?? '') === chain)
  if (hit === null || table === undefined) return []
  return membershipsOf(hit.rule, table, packet).map(({ set, version, address, element }) => {
    const { origin, text } = element
    const where =
      origin.kind === 'policy' || origin.span === null ? '' : showPlaceBehind(origin.span, names)
    const why = origin.kind === 'generated' ? `: ${origin.why}` : ''
    return `${showAddr({ version, bits: address })} is in ${set} by ${text}${where}${why}`
  })
}

/** Lines behind the deciding one that match as well and would have decided otherwise. */
function cameTooLate({ hop, hit }: VerdictOrigin, stages: readonly Stage[]): readonly LaterMatch[] {
  const stage = hop === null ? null : stageOf(stages, hop)
  if (hop === null || hit === null || stage === null) return []
  return laterMatches(stage.question, hop, hit)
}

function stageOf(stages: readonly Stage[], hop: HopTrace): Stage | null {
  return stages.find(({ trace }) => trace.hops.includes(hop)) ?? null
}

/** Each complaint once: nodes of one tree share cluster.fw. */
function diagnosticsOf(firewalls: readonly NodeFirewall[]): readonly Diagnostic[] {
  const [first] = firewalls
  if (firewalls.length === 1 && first !== undefined) return first.diagnostics
  const all = new Map<string, Diagnostic>()
  for (const { diagnostics } of firewalls)
    for (const one of diagnostics) {
      const key = `${one.code} ${one.span?.file.path} ${one.span?.start} ${one.message}`
      if (!all.has(key)) all.set(key, one)
    }
  return [...all.values()]
}

/** Short names for all files of the trees that were read, and for more. */
export function namesOf(
  firewalls: readonly NodeFirewall[],
  more: readonly string[] = [],
): FileNames {
  return shortNames([
    ...more,
    ...firewalls.flatMap(({ tree, live }) => [
      ...(live?.files ?? []),
      ...[tree.clusterFw, tree.hostFw].flatMap((file) => (file === null ? [] : [file.path])),
      ...[...tree.guestFw.values(), ...tree.vnetFw.values()].map((file) => file.path),
      ...tree.guests.map(({ conf }) => conf.path),
    ]),
  ])
}

function headlineOf({ query, resolved }: Traced): Headline {
  const { packet, from, to } = resolved
  return {
    proto: protoOf(packet),
    from: placeName(from.place, query.from),
    src: addressAndPort(packet, 'src'),
    to: placeName(to.place, query.to),
    dst: addressAndPort(packet, 'dst'),
  }
}

function protoOf({ ether, l3, l4 }: Packet): string {
  if (l3.kind === 'arp') return 'arp'
  switch (l4.kind) {
    case 'none':
      return `ethertype 0x${ether.type.toString(16).padStart(4, '0')}`
    case 'other':
      return showProtocol(l4.proto)
    case 'icmp':
    case 'icmpv6': {
      if (l4.type === 'unknown') return l4.kind
      const code = l4.code === 'unknown' ? null : l4.code
      return `${l4.kind} ${showIcmpType(l4.type, code, l4.kind === 'icmp' ? 4 : 6)}`
    }
    default:
      return l4.kind
  }
}

/** Null for an outside of which only the address was said: it says it all. */
function placeName(place: FirmPlace, said: string | null): string | null {
  switch (place.kind) {
    case 'host':
      return `host ${place.node}`
    case 'port':
      return `${place.bridge}/${place.port}`
    case 'guest': {
      const { guest, nic } = place
      const number = `${guest.type === 'qemu' ? 'vm' : 'ct'}${guest.vmid}`
      return nic.index === 0 ? number : `${number}/${nic.id}`
    }
    default:
      return said?.startsWith('outside') === true ? said : null
  }
}

/** `192.168.1.53:49152`, `[fd00::1]:80`; `port 80` where the address is not known. */
function addressAndPort({ l3, l4 }: Packet, side: 'src' | 'dst'): string | null {
  if (l3.kind === 'other') return null
  const bits: Known<bigint> =
    l3.kind === 'arp' ? (side === 'src' ? l3.senderIp : l3.targetIp) : l3[side]
  const version = l3.kind === 'ip6' ? 6 : 4
  const address = bits === 'unknown' ? null : showAddr({ version, bits })
  const port = 'sport' in l4 ? (side === 'src' ? l4.sport : l4.dport) : null
  if (port === null || port === 'unknown') return address
  if (address === null) return side === 'dst' ? `port ${port}` : null
  return version === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/** What must be known about an answer as a whole: rules that are not in force, switches that are off. */
function remarksOn({ trace, resolved, stages }: Traced): readonly string[] {
  const remarks = stages.flatMap((stage) => {
    const { live } = stage.firewall
    if (live !== undefined) return [`the rules are those of ${live.files.join(', ')}`]
    const refused = withoutItsRules(stage.firewall)
    if (refused !== null) return [refused]
    if (trace.outcome !== 'accept') return []
    if (stage.firewall.compiled.state === 'disabled') return [switchedOff(stage)]
    return [resolved.from.place, resolved.to.place].flatMap((place) => unfilteredEnd(stage, place))
  })
  return [...new Set(remarks)]
}

/** What an empty kernel holds where the backend refuses the configuration. */
function withoutItsRules(firewall: NodeFirewall): string | null {
  const { backend, compiled } = firewall
  const { node } = firewall.tree
  if (compiled.state === 'failed')
    return `${node} holds no rules: pve-firewall stops before it has any`
  if (compiled.state === 'refused')
    return `${node} holds no rules: proxmox-firewall cannot read its configuration`
  if (backend === 'nftables' && compiled.refusals.length > 0)
    return `${node} holds the fixed part of the rules only: nft refuses all the others`
  if (backend === 'iptables' && compiled.refusal !== null)
    return `the update of ${node} ends at step ${compiled.refusal.step}: this is what an empty kernel would hold then`
  return null
}

function switchedOff({ firewall }: Stage): string {
  const { backend, choice, config } = firewall
  if (backend === 'nftables' && !choice.asked && !choosesNftables(config))
    return 'the firewall is off: pve-firewall leaves the node to proxmox-firewall, which does not read `nftables: 1` in host.fw'
  const cluster = firewall.tree.clusterFw?.path.split('/').at(-1)
  if (cluster === undefined || firewall.config.cluster === null)
    return 'the firewall is off: there is no cluster.fw with `enable: 1`'
  return `the firewall is off: ${cluster} does not say \`enable: 1\``
}

function unfilteredEnd({ firewall }: Stage, place: FirmPlace): readonly string[] {
  const { tree } = firewall
  const switches = switchesOf(firewall)
  if (place.kind === 'host')
    return place.node === tree.node && !switches.host
      ? [`host.fw says \`enable: 0\`: packets to and from ${tree.node} itself are not filtered`]
      : []
  if (place.kind !== 'guest' || place.guest.node !== tree.node) return []
  const { guest, nic } = place
  const name = `guest ${guest.vmid}`
  const own = switches.guest(guest.vmid)
  if (own === 'no-file') return [`${name} has no ${guest.vmid}.fw: it is not filtered`]
  if (own === 'off') return [`${guest.vmid}.fw does not say \`enable: 1\`: ${name} is not filtered`]
  if (!nic.firewall) return [`${nic.id} of ${name} has no firewall=1: it is not filtered`]
  // it should be filtered, but the compiler may have given it up
  return firewall.compiled.diagnostics
    .filter(
      ({ code, message }) => code === 'compile/guest-unfiltered' && message.includes(`${name} `),
    )
    .map(({ message }) => message)
}
