import type { Hop, Path } from '../netfilter/hook.ts'
import { type Problem, problem } from '../packet/problem.ts'
import {
  type Attachment,
  type Below,
  isTagged,
  type PortAttachment,
  uplinkAttachment,
} from './attachment.ts'
import {
  type AtStack,
  bridgedHops,
  fromBridgeToStack,
  fromBridgeToVlanDevice,
  fromStackToBridge,
  fromWireToStack,
  type HopRules,
  hopRules,
  localInput,
  localOutput,
  loopback,
  routed,
} from './hops.ts'
import { type Bridge, sameSegment, showSegment } from './segment.ts'
import { hostDeviceIn, type Wiring } from './wiring.ts'

/** What of a packet decides which hooks it passes. */
export type PathFacts = {
  /** Null: no IP header (ARP and other ethertypes); only hooks of the bridge family see it. */
  readonly family: 4 | 6 | null
}

/**
 * Every hook the kernel of one node runs for a packet, in order, with its devices. In one segment the packet is
 * bridged; between two the host routes it if it has an address in both, else an outside router does and the packet
 * passes the node twice (two legs). The next hop follows `to`, whatever the destination address.
 */
export function pathFor(
  wiring: Wiring,
  from: Attachment,
  to: Attachment,
  facts: PathFacts,
): Path | Problem {
  // a bridge never sends a frame back where it came from (br_forward.c should_deliver)
  if (from.kind === 'port' && to.kind === 'port' && isSamePort(from, to))
    return problem(
      'query/same-endpoint',
      `start and destination are both behind ${from.port} of ${showSegment(from.segment)}: no guest of this tree is known by that address`,
      'a packet between them passes no firewall of this node; if a guest has the address, name the guest: `--to 105 --dst ADDRESS`',
    )
  const rules = hopRules(wiring.backend, wiring.callsIp, facts.family)
  const direct = directHops(wiring, rules, from, to)
  const hostToSender = directHops(wiring, rules, { kind: 'host' }, from) ?? []
  if (direct !== null)
    return {
      legs: [{ node: wiring.node, hops: direct }],
      assumptions: [...assumptionsOf(from), ...assumptionsOf(to), ...routing(wiring, from, to)],
      hostToSender,
      ...addressTowards(wiring, from, facts.family),
    }
  if (rules.ip.length === 0)
    return problem(
      'topology/not-routed',
      `this frame has no IP header: it stays in ${describe(from)} and does not reach ${describe(to)}`,
      'ask about two ends on one bridge and VLAN',
    )
  const path = throughOutsideRouter(wiring, rules, from, to)
  return 'code' in path ? path : { ...path, ...addressTowards(wiring, from, facts.family) }
}

/** The first address of the device towards an end: `inet_select_addr`, net/ipv4/devinet.c. */
function addressTowards(
  wiring: Wiring,
  end: Attachment,
  family: PathFacts['family'],
): Pick<Path, 'hostAddress'> {
  const device = wiring.devices.get(stackDevice(wiring, end) ?? '')
  const own = device?.addresses.find(({ address }) => address.version === family)
  return own === undefined ? {} : { hostAddress: own.address.bits }
}

/** Hops from one end to the other without leaving the node; null when the node does not connect them. */
function directHops(
  wiring: Wiring,
  rules: HopRules,
  from: Attachment,
  to: Attachment,
): readonly Hop[] | null {
  if (from.kind === 'host' && to.kind === 'host') return loopback(rules)
  if (from.kind === 'port' && to.kind === 'port' && sameSegment(from.segment, to.segment))
    return [
      ...towardsBridge(rules, from),
      ...(from.segment.bridge.kind === 'linux'
        ? bridgedHops(rules, from.segment.bridge, portOf(from), portOf(to))
        : []),
      ...awayFromBridge(rules, to),
    ]
  if (from.kind === 'host') {
    const device = stackDevice(wiring, to)
    return device === null ? null : [...localOutput(rules, device), ...fromStack(rules, to)]
  }
  const at = toStack(wiring, rules, from)
  if (at === null) return null
  if (to.kind === 'host') return [...at.hops, ...localInput(rules, at)]
  const device = stackDevice(wiring, to)
  if (device === null || rules.ip.length === 0) return null
  return [...at.hops, ...routed(rules, at, device), ...fromStack(rules, to)]
}

/** Two passes: out to the router behind the start's bridge, and in again to the destination's. An end that is outside already needs no pass of its own. */
function throughOutsideRouter(
  wiring: Wiring,
  rules: HopRules,
  from: Attachment,
  to: Attachment,
): Path | Problem {
  const exit = exitOf(wiring, from)
  const entry = exitOf(wiring, to)
  const out =
    exit === null ? null : isOutside(from, exit) ? [] : directHops(wiring, rules, from, exit)
  const back =
    entry === null ? null : isOutside(to, entry) ? [] : directHops(wiring, rules, entry, to)
  if (exit === null || entry === null || out === null || back === null)
    return problem(
      'topology/unreachable',
      `${wiring.node} does not connect ${describe(from)} with ${describe(to)}: it has no address in both, and not both have a port to an outside router`,
      'if a guest routes between them, ask about the way to it and the way from it',
    )
  const legs = [out, back]
    .filter((hops) => hops.length > 0)
    .map((hops) => ({ node: wiring.node, hops }))
  if (isOutside(from, exit) && isOutside(to, entry))
    return problem(
      'query/same-endpoint',
      `${describe(from)} and ${describe(to)} are both outside of ${wiring.node}, which does not route between them`,
      'a packet between them passes no firewall of this node',
    )
  return {
    legs,
    hostToSender: directHops(wiring, rules, { kind: 'host' }, from) ?? [],
    assumptions: [
      ...assumptionsOf(from),
      ...assumptionsOf(to),
      ...assumptionsOf(exit),
      ...assumptionsOf(entry),
      `an outside router hands packets from ${describe(from)} to ${describe(to)}: ${wiring.node} does not connect the two`,
    ],
  }
}

/** The way out of the node from an end's own segment. */
function exitOf(wiring: Wiring, end: Attachment): Attachment | null {
  if (end.kind === 'device') return end
  if (end.kind === 'port') return uplinkAttachment(wiring, end.segment)
  const device = wiring.defaultDevice
  if (device === null) return null
  return device.segment === null
    ? { kind: 'device', device: device.name }
    : uplinkAttachment(wiring, device.segment)
}

function isSamePort(one: PortAttachment, other: PortAttachment): boolean {
  return one.port === other.port && sameSegment(one.segment, other.segment)
}

function isOutside(end: Attachment, exit: Attachment): boolean {
  if (end.kind === 'device') return true
  return end.kind === 'port' && exit.kind === 'port' && end.port === exit.port
}

/** From an end up to the host's IP stack; null when the host has no address in its segment. */
function toStack(
  wiring: Wiring,
  rules: HopRules,
  from: Exclude<Attachment, { readonly kind: 'host' }>,
): AtStack | null {
  if (from.kind === 'device') return fromWireToStack(rules, from.device)
  const device = stackDevice(wiring, from)
  if (device === null) return null
  const { bridge } = from.segment
  const at =
    bridge.kind === 'ovs'
      ? fromWireToStack(rules, device)
      : fromBridgeToStack(rules, bridge, portOf(from), device)
  return { ...at, hops: [...towardsBridge(rules, from), ...at.hops] }
}

/** From the IP stack to an end. */
function fromStack(rules: HopRules, to: Attachment): readonly Hop[] {
  if (to.kind !== 'port') return []
  const { bridge } = to.segment
  return [
    ...(bridge.kind === 'ovs' ? [] : fromStackToBridge(rules, bridge, to.port)),
    ...awayFromBridge(rules, to),
  ]
}

/** The name of the host's device towards an end; null when it has no address there. */
export function stackDevice(wiring: Wiring, end: Attachment): string | null {
  switch (end.kind) {
    case 'host':
      return 'lo'
    case 'device':
      return end.device
    default:
      return hostDeviceIn(wiring, end.segment)?.name ?? null
  }
}

/** What stands between an end and its port, on the way in: its firewall bridge, or the bridges below it. */
function towardsBridge(rules: HopRules, end: PortAttachment): readonly Hop[] {
  const below = end.below.toReversed().flatMap((each) => belowHops(rules, each, 'in'))
  return [...below, ...firewallHops(rules, end, 'in')]
}

function awayFromBridge(rules: HopRules, end: PortAttachment): readonly Hop[] {
  return [
    ...firewallHops(rules, end, 'out'),
    ...end.below.flatMap((each) => belowHops(rules, each, 'out')),
  ]
}

/** A firewall bridge is a plain one: a tag the guest puts on its frames hides them from IP tables there too. */
function firewallHops(rules: HopRules, end: PortAttachment, way: 'in' | 'out'): readonly Hop[] {
  if (end.firewall === null) return []
  const tagged = isTagged(end)
  const { guestPort, networkPort } = end.firewall
  const bridge = plainBridge(end.firewall.bridge)
  const guest = { device: guestPort, tagged }
  const network = { device: networkPort, tagged }
  return way === 'in'
    ? bridgedHops(rules, bridge, guest, network)
    : bridgedHops(rules, bridge, network, guest)
}

function belowHops(rules: HopRules, below: Below, way: 'in' | 'out'): readonly Hop[] {
  if (below.kind === 'vlan-device')
    return way === 'in'
      ? fromBridgeToVlanDevice(rules, below.bridge, below.outer)
      : fromStackToBridge(rules, below.bridge, below.outer)
  const inner = { device: below.inner, tagged: false }
  const outer = { device: below.outer, tagged: false }
  return way === 'in'
    ? bridgedHops(rules, below.bridge, outer, inner)
    : bridgedHops(rules, below.bridge, inner, outer)
}

function plainBridge(name: string): Bridge {
  return { name, kind: 'linux', vlanAware: false, ports: [], describedBy: null }
}

function portOf(end: PortAttachment): { readonly device: string; readonly tagged: boolean } {
  return { device: end.port, tagged: isTagged(end) }
}

function assumptionsOf(end: Attachment): readonly string[] {
  return end.kind === 'port' ? end.assumptions : []
}

/** Routing is a switch of the host (`net.ipv4.ip_forward`) that no file of Proxmox tells. */
function routing(wiring: Wiring, from: Attachment, to: Attachment): readonly string[] {
  if (from.kind === 'host' || to.kind === 'host') return []
  if (from.kind === 'port' && to.kind === 'port' && sameSegment(from.segment, to.segment)) return []
  return [
    `${wiring.node} routes between ${describe(from)} and ${describe(to)} (ip_forward), without address translation`,
  ]
}

function describe(end: Attachment): string {
  switch (end.kind) {
    case 'host':
      return 'the host'
    case 'device':
      return end.device
    default:
      return showSegment(end.segment)
  }
}
