import type { Guest, Nic } from '../config/tree.ts'

/** Which of Proxmox's two programs wires and filters: the nftables one needs no firewall bridges. */
export type Backend = 'iptables' | 'nftables'

/**
 * pve-firewall sets bridge-nf-call-iptables and -ip6tables (Firewall.pm `enable_bridge_firewall`); nothing else on a
 * node does, and nft's bridge tables need it off.
 */
export function callsIpByDefault(backend: Backend): boolean {
  return backend === 'iptables'
}

/** Port of a bridge whose name the configuration does not tell. */
export const UNKNOWN_PORT = '?'

/** Longest name of a device: IFNAMSIZ less the ending zero, include/uapi/linux/if.h. */
export const DEVICE_NAME_MAX = 15

/** The host's end of a guest NIC: `tap105i0` (PVE::QemuServer), `veth105i0` (PVE::LXC). */
export function guestDevice(guest: Pick<Guest, 'type' | 'vmid'>, nic: Pick<Nic, 'index'>): string {
  return `${guest.type === 'qemu' ? 'tap' : 'veth'}${guest.vmid}i${nic.index}`
}

/** The bridge between a filtered guest NIC and the bridge it is on. */
export type FirewallBridge = {
  /** `fwbr105i0`. */
  readonly bridge: string
  /** `tap105i0`: its port towards the guest. */
  readonly guestPort: string
  /** `fwln105i0`: its port towards the network; the compiler filters by this name (`fwln+`). */
  readonly networkPort: string
  /** `fwpr105p0`: the other end of the pair, a port of the guest's bridge. On OVS both are one port, `fwln105o0`. */
  readonly peer: string
}

/** Names of a NIC's firewall bridge: PVE::Network `$compute_fwbr_names`, `create_firewall_bridge_ovs`. */
export function firewallBridge(
  guest: Pick<Guest, 'type' | 'vmid'>,
  nic: Pick<Nic, 'index'>,
  kind: 'linux' | 'ovs',
): FirewallBridge {
  const [id, index] = [guest.vmid, nic.index]
  const ovsPort = `fwln${id}o${index}`
  return {
    bridge: `fwbr${id}i${index}`,
    guestPort: guestDevice(guest, nic),
    networkPort: kind === 'ovs' ? ovsPort : `fwln${id}i${index}`,
    peer: kind === 'ovs' ? ovsPort : `fwpr${id}p${index}`,
  }
}

/** The guest and NIC a device name belongs to: `tap105i0`, `veth105i1`, `fwpr105p0`, `fwln105i0`; null for other names. */
export function guestOfDevice(
  device: string,
): { readonly vmid: number; readonly index: number } | null {
  const match = /^(?:tap|veth|fwbr|fwln|fwpr)(\d{1,9})[iop](\d{1,2})$/.exec(device)
  return match === null ? null : { vmid: Number(match[1]), index: Number(match[2]) }
}
