import type { Guest, Nic } from '../config/tree.ts'
import { isProblem, type Problem, problem } from '../packet/problem.ts'
import {
  type Attachment,
  beyondSegment,
  nicAttachment,
  type PortAttachment,
  portAttachment,
} from './attachment.ts'
import type { Place } from './endpoint.ts'
import {
  type Bridge,
  type Segment,
  sameSegment,
  showSegment,
  untaggedSegment,
  uplinkOf,
} from './segment.ts'
import { bridgeNamed, type HostDevice, hostDeviceIn, type Wiring } from './wiring.ts'

/** A place whose NIC is chosen. */
export type FirmPlace =
  | Exclude<Place, { readonly kind: 'guest' }>
  | { readonly kind: 'guest'; readonly guest: Guest; readonly nic: Nic }

export type OutsidePlace = Extract<Place, { readonly kind: 'outside' }>

/** How an end is wired, and why, where there was a choice. */
export type Placed = { readonly attachment: Attachment; readonly why: string | null }

/** The attachment of both ends on one node. `vlan`: the tag frames carry where no NIC's own tag says so. */
export function attachBoth(
  wiring: Wiring,
  from: FirmPlace,
  to: FirmPlace,
  vlan: number | null,
): { readonly from: Placed; readonly to: Placed } | Problem {
  if (from.kind === 'outside' && to.kind !== 'outside') {
    const placedTo = attachNear(wiring, to, vlan)
    if (isProblem(placedTo)) return placedTo
    const placedFrom = attachOutside(wiring, from, vlan, placedTo.attachment)
    return isProblem(placedFrom) ? placedFrom : { from: placedFrom, to: placedTo }
  }
  const placedFrom =
    from.kind === 'outside'
      ? attachOutside(wiring, from, vlan, null)
      : attachNear(wiring, from, vlan)
  if (isProblem(placedFrom)) return placedFrom
  const placedTo =
    to.kind === 'outside'
      ? attachOutside(wiring, to, vlan, placedFrom.attachment)
      : attachNear(wiring, to, vlan)
  return isProblem(placedTo) ? placedTo : { from: placedFrom, to: placedTo }
}

/** An end that is on the node itself. */
export function attachNear(
  wiring: Wiring,
  place: Exclude<FirmPlace, { readonly kind: 'outside' }>,
  vlan: number | null,
): Placed | Problem {
  switch (place.kind) {
    case 'host':
      return { attachment: { kind: 'host' }, why: null }
    case 'guest': {
      const attachment = nicAttachment(wiring, place.guest, place.nic, vlan)
      return isProblem(attachment) ? attachment : { attachment, why: null }
    }
    default: {
      const bridge = bridgeNamed(wiring, place.bridge)
      const segment = vlan === null ? untaggedSegment(bridge) : { bridge, vlan }
      return { attachment: portAttachment(segment, place.port), why: null }
    }
  }
}

/** The way out of the node for, or towards, `peer`. */
export function attachOutside(
  wiring: Wiring,
  place: OutsidePlace,
  vlan: number | null,
  peer: Attachment | null,
): Placed | Problem {
  const picked = place.device === null ? pickOutside(wiring, peer) : behind(wiring, place.device)
  if (isProblem(picked)) return picked
  const { segment, why } = picked
  if (segment === null) return { attachment: { kind: 'device', device: picked.device }, why }
  const port = peer?.kind === 'port' ? peer : null
  if (vlan !== null) {
    const shared = port !== null && onTrunk(segment.bridge, port, vlan) ? port.segment : null
    return { attachment: beyondSegment(wiring, shared ?? { bridge: segment.bridge, vlan }), why }
  }
  const follows = port !== null && !place.fixed && isTrunkOf(segment.bridge, port.segment.bridge)
  if (!follows || sameSegment(segment, port.segment))
    return { attachment: beyondSegment(wiring, segment), why }
  const shared = showSegment(port.segment)
  return {
    attachment: beyondSegment(wiring, port.segment),
    why: `${why ?? ''}${why === null ? '' : '; '}in ${shared}, where the other end is`,
  }
}

type Picked = {
  readonly device: string
  readonly segment: Segment | null
  readonly why: string | null
}

function behind(wiring: Wiring, name: string): Picked {
  const device = wiring.devices.get(name)
  const bridge = wiring.bridges.get(name)
  if (device === undefined && bridge === undefined && !wiring.known && !name.includes('.'))
    return { device: name, segment: untaggedSegment(bridgeNamed(wiring, name)), why: null }
  const segment = bridge === undefined ? (device?.segment ?? null) : untaggedSegment(bridge)
  return { device: name, segment, why: null }
}

/**
 * Where `outside` is when nobody says: behind the device of the default route; or, where the host cannot route to
 * the other end, behind the bridge of the other end.
 */
function pickOutside(wiring: Wiring, peer: Attachment | null): Picked | Problem {
  const device = wiring.defaultDevice
  const own = peer?.kind === 'port' ? peer.segment : null
  if (own !== null && uplinkOf(own.bridge) !== null) {
    const reached =
      device !== null &&
      (hostDeviceIn(wiring, own) !== null ||
        (device.segment !== null && isTrunkOf(device.segment.bridge, own.bridge)))
    if (!wiring.known || !reached) {
      const reason = wiring.known
        ? 'the host has no address there, so it does not route'
        : `the network of ${wiring.node} is not in this tree`
      return {
        device: own.bridge.name,
        segment: own,
        why: `behind ${showSegment(own)}: ${reason}`,
      }
    }
  }
  if (device === null)
    return problem(
      'topology/no-outside',
      `nothing tells by which device packets leave ${wiring.node}`,
      'say `outside:vmbr0`, or add etc/network/interfaces to the tree',
    )
  return { device: device.name, segment: device.segment, why: whyDefault(device) }
}

function whyDefault(device: HostDevice): string {
  return device.hasGateway
    ? `behind ${device.name}, which has the gateway`
    : `behind ${device.name}`
}

/** True when frames of `bridge` leave by the trunk of `trunk`: the bridge itself, or `vmbr0v10` of `vmbr0`. */
function isTrunkOf(trunk: Bridge, bridge: Bridge): boolean {
  if (trunk.name === bridge.name) return true
  const { name } = bridge
  return name.startsWith(`${trunk.name}v`) && /^v\d{1,4}$/.test(name.slice(trunk.name.length))
}

function onTrunk(trunk: Bridge, port: PortAttachment, vlan: number): boolean {
  const { bridge } = port.segment
  return bridge.name === `${trunk.name}v${vlan}`
}
