import type { IpAddr } from '../ip/address.ts'
import type { Path } from '../netfilter/hook.ts'
import { isProblem, type Problem } from '../packet/problem.ts'
import { type Attachment, beyondSegment } from './attachment.ts'
import { type PathFacts, pathFor } from './path.ts'
import { attachBoth, attachNear, attachOutside, type FirmPlace } from './place.ts'
import { sameSegment, uplinkOf } from './segment.ts'
import type { Topology } from './topology.ts'
import { deviceToward, type Wiring } from './wiring.ts'

/** How both ends are wired, each on its node, and the way between. */
export type Route = {
  readonly path: Path
  readonly from: RouteEnd
  readonly to: RouteEnd
}

export type RouteEnd = {
  readonly wiring: Wiring
  readonly attachment: Attachment
  /** What its node has towards the other end. */
  readonly facing: Attachment
  /** Why it was taken to be there, where there was a choice. */
  readonly why: string | null
}

/** What of a query decides the way, besides the two places. */
export type RouteFacts = PathFacts & {
  /** Addresses said for the ends: by them a node may be reached over another of its networks. */
  readonly src: IpAddr | null
  readonly dst: IpAddr | null
  /** VLAN tag the frame carries where no NIC's own tag says so. */
  readonly vlan: number | null
}

/** The way of a packet: on one node, or out of one and into another. */
export function routeBetween(
  topology: Topology,
  from: FirmPlace,
  to: FirmPlace,
  facts: RouteFacts,
): Route | Problem {
  const own = topology.tree.node
  const nodeFrom = from.kind === 'outside' ? null : nodeOf(topology, from)
  const nodeTo = to.kind === 'outside' ? null : nodeOf(topology, to)
  if (from.kind === 'outside' || to.kind === 'outside' || nodeFrom === nodeTo) {
    const wiring = topology.wiringOf(nodeFrom ?? nodeTo ?? own)
    return onOneNode(topology, wiring, from, to, facts)
  }
  const start = standing(topology, from, facts.src, facts.vlan)
  if (isProblem(start)) return start
  const end = standing(topology, to, facts.dst, facts.vlan)
  return isProblem(end) ? end : betweenNodes(topology, start, end, facts)
}

function onOneNode(
  topology: Topology,
  wiring: Wiring,
  from: FirmPlace,
  to: FirmPlace,
  facts: RouteFacts,
): Route | Problem {
  const ends = attachBoth(wiring, from, to, facts.vlan)
  if (isProblem(ends)) return ends
  const path = pathFor(wiring, ends.from.attachment, ends.to.attachment, facts)
  if (isProblem(path)) return path
  const assumptions = [...path.assumptions, ...likeThisNode(topology, wiring)]
  return {
    path: { ...path, assumptions: [...new Set(assumptions)] },
    from: { wiring, facing: ends.to.attachment, ...ends.from },
    to: { wiring, facing: ends.from.attachment, ...ends.to },
  }
}

type NearPlace = Exclude<FirmPlace, { readonly kind: 'outside' }>
type Standing = Omit<RouteEnd, 'facing'> & {
  readonly place: NearPlace
  readonly address: IpAddr | null
}

function standing(
  topology: Topology,
  place: NearPlace,
  address: IpAddr | null,
  vlan: number | null,
): Standing | Problem {
  const wiring = topology.wiringOf(nodeOf(topology, place))
  const placed = attachNear(wiring, place, vlan)
  return isProblem(placed) ? placed : { wiring, place, address, ...placed }
}

/** Two legs: to the outside of the one node, from the outside of the other. What is between the nodes is not looked at. */
function betweenNodes(
  topology: Topology,
  from: Standing,
  to: Standing,
  facts: PathFacts,
): Route | Problem {
  const exit = outsideTowards(topology, from, to)
  if (isProblem(exit)) return exit
  const entry = outsideTowards(topology, to, from)
  if (isProblem(entry)) return entry
  const out = pathFor(from.wiring, from.attachment, exit, facts)
  if (isProblem(out)) return out
  const back = pathFor(to.wiring, entry, to.attachment, facts)
  if (isProblem(back)) return back
  const assumptions = [
    ...out.assumptions,
    ...back.assumptions,
    `the network between ${from.wiring.node} and ${to.wiring.node} hands the packet on unchanged`,
    ...likeThisNode(topology, from.wiring),
    ...likeThisNode(topology, to.wiring),
  ]
  const legs = [...out.legs, ...back.legs]
  return {
    path: { ...out, legs, assumptions: [...new Set(assumptions)] },
    from: { ...from, facing: exit },
    to: { ...to, facing: entry },
  }
}

/** Where one end leaves its node towards the other: by its own bridge, where the other node has it too (a cluster is wired alike); else as its host routes. */
function outsideTowards(topology: Topology, end: Standing, other: Standing): Attachment | Problem {
  const { wiring, attachment } = end
  if (bridgedTogether(attachment, other.attachment) && attachment.kind === 'port')
    return beyondSegment(wiring, attachment.segment)
  const address =
    other.address ??
    (other.place.kind === 'guest'
      ? topology.addressesOf(other.place.guest, other.place.nic)[0]?.address
      : topology.nodeAddresses(other.wiring.node)[0])
  const device = address === undefined || !wiring.known ? null : deviceToward(wiring, address)
  const place = { kind: 'outside', device: device?.name ?? null, fixed: device !== null } as const
  const placed = attachOutside(wiring, place, null, attachment)
  return isProblem(placed) ? placed : placed.attachment
}

function bridgedTogether(a: Attachment, b: Attachment): boolean {
  return (
    a.kind === 'port' &&
    b.kind === 'port' &&
    sameSegment(a.segment, b.segment) &&
    uplinkOf(a.segment.bridge) !== null
  )
}

function likeThisNode(topology: Topology, wiring: Wiring): readonly string[] {
  const { tree } = topology
  if (wiring.known) return []
  return [
    tree.network.known
      ? `the network of ${wiring.node} is not in this tree: taken to be wired like ${tree.networkOf}`
      : `the network of ${wiring.node} is not in this tree: its bridges are those its guests name`,
  ]
}

function nodeOf(topology: Topology, place: NearPlace): string {
  switch (place.kind) {
    case 'host':
      return place.node
    case 'guest':
      return place.guest.node
    default:
      return topology.tree.node
  }
}
