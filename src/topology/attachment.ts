import type { Guest, Nic } from '../config/tree.ts'
import { type Problem, problem, quoted } from '../packet/problem.ts'
import { type FirewallBridge, firewallBridge, guestDevice, UNKNOWN_PORT } from './devices.ts'
import { type Bridge, type Segment, showSegment, uplinkOf } from './segment.ts'
import { bridgeNamed, vlanSegment, type Wiring } from './wiring.ts'

/** How one end of a packet is connected to the node whose kernel is asked. */
export type Attachment =
  /** The host's own IP stack. */
  | { readonly kind: 'host' }
  /** A device of the host without a bridge, and whatever is behind it. */
  | { readonly kind: 'device'; readonly device: string }
  | PortAttachment

/** A port of a bridge: a guest's, or the one to the outside. */
export type PortAttachment = {
  readonly kind: 'port'
  readonly segment: Segment
  /** The device that is the port: `tap105i0`, `fwpr105p0`, `eno1`. */
  readonly port: string
  /** VLAN whose frames are untagged on the port, on a VLAN-aware bridge; null on any other. */
  readonly pvid: number | null
  readonly firewall: FirewallBridge | null
  /** Bridges between this port and the wire, from the port outwards: those below an SDN vnet. */
  readonly below: readonly Below[]
  /** What was taken for granted to say so. */
  readonly assumptions: readonly string[]
}

export type Below =
  /** A bridge that is crossed from `inner` to `outer`. */
  | {
      readonly kind: 'bridge'
      readonly bridge: Bridge
      readonly inner: string
      readonly outer: string
    }
  /** A VLAN device on top of a bridge, which sends and receives like the host itself. */
  | { readonly kind: 'vlan-device'; readonly bridge: Bridge; readonly outer: string }

/** A NIC of a guest as PVE::Network `tap_plug` plugs it in; `vlan`: a tag the guest itself puts on its frames. */
export function nicAttachment(
  wiring: Wiring,
  guest: Guest,
  nic: Nic,
  vlan: number | null = null,
): PortAttachment | Problem {
  const which = `${guest.type === 'qemu' ? 'vm' : 'ct'}${guest.vmid}/${nic.id}`
  if (nic.error !== null)
    return problem(
      'topology/bad-nic',
      `Proxmox refuses ${nic.id} of guest ${guest.vmid}: ${nic.error}`,
      `correct the line in ${nic.span.file.path}`,
    )
  if (nic.bridge === null)
    return problem(
      'topology/no-bridge',
      `${which} is on no bridge: the host sees none of its packets`,
      'give the NIC a bridge, or ask about another one',
    )
  const bridge = bridgeNamed(wiring, nic.bridge.value)
  const plugged = vlanSegment(wiring, bridge, nic.tag)
  if (plugged === null)
    return problem(
      'topology/no-uplink-for-tag',
      `${which} has tag ${nic.tag} on ${quoted(bridge.name)}, which is not VLAN-aware and has no physical port: Proxmox does not start the guest`,
      'make the bridge VLAN-aware, or give it a port',
    )
  const segment = withOwnTag(plugged, nic, vlan)
  if (segment === null)
    return problem(
      'topology/vlan-not-allowed',
      `${which} is a port of VLAN ${nic.tag} only: ${bridge.name} drops its frames of VLAN ${vlan}`,
      `leave the VLAN out, or say VLAN ${nic.tag}`,
    )
  const filtered = nic.firewall && (wiring.backend === 'iptables' || bridge.kind === 'ovs')
  const firewall = filtered ? firewallBridge(guest, nic, bridge.kind) : null
  return {
    kind: 'port',
    segment,
    port: firewall?.peer ?? guestDevice(guest, nic),
    pvid: segment.bridge.vlanAware ? (nic.tag ?? 1) : null,
    firewall,
    below: [],
    assumptions: nicAssumptions(wiring, which, nic, bridge),
  }
}

/** Any other port of a bridge: a guest's that no configuration names, without firewall. */
export function portAttachment(segment: Segment, port: string): PortAttachment {
  return {
    kind: 'port',
    segment,
    port,
    pvid: segment.bridge.vlanAware ? segment.vlan : null,
    firewall: null,
    below: [],
    assumptions: [],
  }
}

/** What is behind a bridge's port to the outside; null when the bridge has none. */
export function uplinkAttachment(wiring: Wiring, segment: Segment): PortAttachment | null {
  const port = uplinkOf(segment.bridge)
  if (port === null) return null
  const { bridge } = segment
  const name = bridge.describedBy === null ? `nothing describes ${bridge.name}: ` : ''
  return {
    ...portAttachment(segment, port),
    pvid: bridge.vlanAware ? 1 : null,
    below: bridge.kind === 'linux' ? bridgesBelow(wiring, port) : [],
    assumptions:
      port === UNKNOWN_PORT
        ? [`${name}it is taken to have a port to the outside, whose name is not known`]
        : [],
  }
}

/** What is behind a segment: its bridge's port to the outside, else an unknown port of it. */
export function beyondSegment(wiring: Wiring, segment: Segment): PortAttachment {
  return (
    uplinkAttachment(wiring, segment) ?? {
      ...portAttachment(segment, UNKNOWN_PORT),
      assumptions: [
        `${showSegment(segment)} has no port to the outside: the other end is taken to be a port of it without firewall`,
      ],
    }
  )
}

/** True when the frame carries a VLAN tag on the wire of this port. */
export function isTagged({ segment, pvid }: PortAttachment): boolean {
  return segment.bridge.kind === 'linux' && segment.vlan !== pvid
}

/** The segment of frames a guest tags itself; null where the bridge drops them at its port. */
function withOwnTag(plugged: Segment, nic: Nic, vlan: number | null): Segment | null {
  if (vlan === null || vlan === nic.tag) return plugged
  const { bridge } = plugged
  if (bridge.vlanAware || bridge.kind === 'ovs') return nic.tag === null ? { bridge, vlan } : null
  return { bridge, vlan }
}

function nicAssumptions(
  wiring: Wiring,
  which: string,
  nic: Nic,
  bridge: Bridge,
): readonly string[] {
  const assumptions: string[] = []
  if (nic.linkDown) assumptions.push(`the link of ${which} is up, though its line says link_down=1`)
  if (wiring.known && bridge.describedBy === null)
    assumptions.push(
      `${bridge.name} of ${which} is in neither etc/network/interfaces nor the SDN: taken to be an ordinary bridge`,
    )
  return assumptions
}

/**
 * The bridges below a port: `ln_X` is the other end of `pr_X`, a port of `vmbr0v10`; `vmbr0.10` stands on vmbr0
 * (PVE::Network::SDN::Zones::VlanPlugin, QinQPlugin).
 */
function bridgesBelow(wiring: Wiring, port: string, depth = 0): readonly Below[] {
  if (depth > MAX_DEPTH) return []
  const inner = port.startsWith('ln_') ? `pr_${port.slice(3)}` : null
  const bridge =
    inner === null
      ? wiring.bridges.get(port.replace(/\.\d+$/, ''))
      : [...wiring.bridges.values()].find((each) => each.ports.includes(inner))
  const outer = bridge?.ports.find((each) => each !== inner)
  if (bridge === undefined || outer === undefined || bridge.kind === 'ovs') return []
  const below: Below =
    inner === null
      ? { kind: 'vlan-device', bridge, outer }
      : { kind: 'bridge', bridge, inner, outer }
  return [below, ...bridgesBelow(wiring, outer, depth + 1)]
}

/** A QinQ zone is three bridges deep; deeper is a loop of names. */
const MAX_DEPTH = 4
