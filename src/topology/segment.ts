import { UNKNOWN_PORT } from './devices.ts'

export type Bridge = {
  readonly name: string
  /** Open vSwitch switches frames itself: no netfilter hook of the bridge family runs there. */
  readonly kind: 'linux' | 'ovs'
  readonly vlanAware: boolean
  /** Ports the configuration names, guests' apart. The first leads outside; {@link UNKNOWN_PORT}: there may be one. */
  readonly ports: readonly string[]
  /** What describes it (`etc/network/interfaces`, `SDN zone lan`); null: only guests name it. */
  readonly describedBy: string | null
}

/** One layer-2 network on one node: a bridge; with `vlan` a VLAN of an aware bridge, or frames that carry this tag on a plain one. */
export type Segment = { readonly bridge: Bridge; readonly vlan: number | null }

/** Port of a bridge to the outside; null: it has none. */
export function uplinkOf(bridge: Bridge): string | null {
  return bridge.ports[0] ?? null
}

/** The segment of untagged frames: VLAN 1 on a VLAN-aware bridge (its ports' default PVID). */
export function untaggedSegment(bridge: Bridge): Segment {
  return { bridge, vlan: bridge.vlanAware ? 1 : null }
}

/** True when frames of the segment carry no tag on a port that is not a guest's, nor to the host itself. */
export function isUntagged({ bridge, vlan }: Segment): boolean {
  return vlan === null || (bridge.vlanAware && vlan === 1)
}

export function sameSegment(a: Segment, b: Segment): boolean {
  return a.bridge.name === b.bridge.name && a.vlan === b.vlan
}

/** `vmbr0`, `VLAN 10 of vmbr0`. */
export function showSegment(segment: Segment): string {
  return isUntagged(segment)
    ? segment.bridge.name
    : `VLAN ${segment.vlan} of ${segment.bridge.name}`
}

/**
 * The bridge Proxmox makes for a tag where the bridge is not VLAN-aware: `vmbr0v10` with the port `eno1.10`
 * (PVE::Network `activate_bridge_vlan`). Null without a physical port: Proxmox refuses then.
 */
export function tagBridge(
  bridge: Bridge,
  tag: number,
  described: ReadonlyMap<string, Bridge>,
): Bridge | null {
  const uplink = uplinkOf(bridge)
  if (uplink === null) return null
  const name = `${bridge.name}v${tag}`
  const port = uplink === UNKNOWN_PORT ? UNKNOWN_PORT : `${uplink}.${tag}`
  return described.get(name) ?? { ...bridge, name, ports: [port] }
}
