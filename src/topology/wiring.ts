import type { Interface, Tree } from '../config/tree.ts'
import type { IpAddr } from '../ip/address.ts'
import { type Cidr, rangeOf } from '../ip/prefix.ts'
import { type Backend, callsIpByDefault, UNKNOWN_PORT } from './devices.ts'
import { type Vnet, vnetsOf } from './sdn.ts'
import {
  type Bridge,
  isUntagged,
  type Segment,
  tagBridge,
  untaggedSegment,
  uplinkOf,
} from './segment.ts'

/** A device by which the host itself speaks IP. */
export type HostDevice = {
  readonly name: string
  readonly addresses: readonly Cidr[]
  /** True when it has an address at all, be it by DHCP. */
  readonly speaksIp: boolean
  /** A default route leaves by it. */
  readonly hasGateway: boolean
  /** The segment behind it; null: a device without a bridge. */
  readonly segment: Segment | null
}

/** The network of one node as far as its configuration tells. */
export type Wiring = {
  readonly node: string
  readonly backend: Backend
  /** `bridge-nf-call-iptables` and `-ip6tables`: IP tables see bridged frames too. */
  readonly callsIp: boolean
  /** False: this node's /etc/network/interfaces was not read; it is taken to be like the one that was, or as guests name it. */
  readonly known: boolean
  readonly bridges: ReadonlyMap<string, Bridge>
  /** Without the loopback. */
  readonly devices: ReadonlyMap<string, HostDevice>
  /** The device the default route leaves by: behind it is `outside`. Null: none can be told. */
  readonly defaultDevice: HostDevice | null
}

/** The wiring of a node. Only that of `tree.networkOf` is read; other nodes are taken to have its bridges, without addresses. */
export function wiringOf(
  tree: Tree,
  backend: Backend,
  node: string,
  callsIp: boolean = callsIpByDefault(backend),
): Wiring {
  const own = node === tree.networkOf
  const known = own && tree.network.known
  const vnets = vnetsOf(tree.sdn)
  const bridges = bridgesOf(tree.network.interfaces, vnets)
  const devices = new Map<string, HostDevice>()
  for (const vnet of own ? vnets : [])
    if (vnet.gateways.length > 0)
      devices.set(vnet.name, hostDevice(vnet.name, vnet.gateways, null, bridges))
  for (const each of tree.network.interfaces) {
    if (each.kind === 'loopback') continue
    const written = own ? each.addresses.map(({ value }) => value) : []
    const addresses = written.length > 0 ? written : (devices.get(each.name)?.addresses ?? [])
    devices.set(each.name, hostDevice(each.name, addresses, each, bridges))
  }
  const wiring: Wiring = {
    node,
    backend,
    callsIp,
    known,
    bridges,
    devices,
    defaultDevice: null,
  }
  return { ...wiring, defaultDevice: defaultDevice(tree, wiring) }
}

/** A bridge by name; one that nothing describes is an ordinary bridge that may have a port to the outside. */
export function bridgeNamed(wiring: Wiring, name: string): Bridge {
  return (
    wiring.bridges.get(name) ?? {
      name,
      kind: 'linux',
      vlanAware: false,
      ports: [UNKNOWN_PORT],
      describedBy: null,
    }
  )
}

/** The segment of a tag on a bridge, as Proxmox plugs a NIC into it. Null where Proxmox refuses: see {@link tagBridge}. */
export function vlanSegment(wiring: Wiring, bridge: Bridge, tag: number | null): Segment | null {
  if (tag === null) return untaggedSegment(bridge)
  if (bridge.vlanAware || bridge.kind === 'ovs') return { bridge, vlan: tag }
  const own = tagBridge(bridge, tag, wiring.bridges)
  return own === null ? null : { bridge: own, vlan: null }
}

/** The device by which the host itself speaks IP in a segment: `vmbr0`, `vmbr0.10`. Null when it has no address there. */
export function hostDeviceIn(wiring: Wiring, segment: Segment): HostDevice | null {
  const { bridge, vlan } = segment
  const untagged = isUntagged(segment)
  const device = wiring.devices.get(untagged ? bridge.name : `${bridge.name}.${vlan}`)
  if (wiring.known) return device?.speaksIp === true ? device : null
  if (device !== undefined) return device
  if (!untagged) return null
  return { name: bridge.name, addresses: [], speaksIp: true, hasGateway: false, segment }
}

/** The host's device whose subnet holds an address, longest prefix first; null: only the default route leads there. */
export function deviceToward(wiring: Wiring, address: IpAddr): HostDevice | null {
  let best: { readonly device: HostDevice; readonly prefix: number } | null = null
  for (const device of wiring.devices.values())
    for (const cidr of device.addresses)
      if (holds(cidr, address) && (best === null || cidr.prefix > best.prefix))
        best = { device, prefix: cidr.prefix }
  return best?.device ?? null
}

/** True when an address is in the network of `cidr`. */
export function holds(cidr: Cidr, address: IpAddr): boolean {
  if (cidr.address.version !== address.version) return false
  const { lo, hi } = rangeOf(cidr)
  return address.bits >= lo && address.bits <= hi
}

function bridgesOf(
  interfaces: readonly Interface[],
  vnets: readonly Vnet[],
): ReadonlyMap<string, Bridge> {
  const bridges = new Map<string, Bridge>()
  for (const each of interfaces)
    if (each.kind === 'bridge' || each.kind === 'ovs-bridge')
      bridges.set(each.name, {
        name: each.name,
        kind: each.kind === 'bridge' ? 'linux' : 'ovs',
        vlanAware: each.vlanAware,
        ports: each.ports,
        describedBy: each.span.file.path,
      })
  for (const vnet of vnets) if (!bridges.has(vnet.name)) addVnet(bridges, vnet)
  return bridges
}

/** A vnet's bridge; of a vlan zone on a plain bridge also the one below it, `vmbr0v10` with the port `pr_<vnet>`. */
function addVnet(bridges: Map<string, Bridge>, vnet: Vnet): void {
  const base = vnet.zoneBridge === null ? undefined : bridges.get(vnet.zoneBridge)
  bridges.set(vnet.name, {
    name: vnet.name,
    kind: 'linux',
    vlanAware: vnet.vlanAware,
    ports: vnetPorts(vnet, base),
    describedBy: `SDN zone ${vnet.zone}`,
  })
  if (vnet.zoneType !== 'vlan' || vnet.tag === null) return
  if (base === undefined || base.kind === 'ovs' || base.vlanAware) return
  const below = tagBridge(base, vnet.tag, bridges)
  if (below === null) return
  const ports = new Set([...below.ports, `pr_${vnet.name}`])
  bridges.set(below.name, { ...below, ports: [...ports] })
}

/** Ports as PVE::Network::SDN::Zones::*Plugin `generate_sdn_config` gives them to a vnet's bridge. */
function vnetPorts(vnet: Vnet, base: Bridge | undefined): readonly string[] {
  switch (vnet.zoneType) {
    case 'simple':
      return []
    case 'vxlan':
    case 'evpn':
      return [`vxlan_${vnet.name}`]
    case 'qinq':
      return [vnet.tag === null ? `pr_${vnet.zone}` : `z_${vnet.zone}.${vnet.tag}`]
    case 'vlan':
      if (base === undefined) return [UNKNOWN_PORT]
      return base.kind === 'linux' && base.vlanAware
        ? [`${base.name}.${vnet.tag}`]
        : [`ln_${vnet.name}`]
    default:
      return [UNKNOWN_PORT]
  }
}

function hostDevice(
  name: string,
  addresses: readonly Cidr[],
  from: Interface | null,
  bridges: ReadonlyMap<string, Bridge>,
): HostDevice {
  const dynamic = from?.dynamic === true
  return {
    name,
    addresses,
    speaksIp: dynamic || addresses.length > 0,
    hasGateway: (from?.gateways.length ?? 0) > 0 || dynamic,
    segment: segmentBehind(name, bridges),
  }
}

/** `vmbr0` -> its untagged frames; `vmbr0.10` -> its VLAN 10; else no bridge. */
function segmentBehind(name: string, bridges: ReadonlyMap<string, Bridge>): Segment | null {
  const bridge = bridges.get(name)
  if (bridge !== undefined) return untaggedSegment(bridge)
  const match = /^(.+)\.(\d{1,4})$/.exec(name)
  const base = match === null ? undefined : bridges.get(match[1] as string)
  return base === undefined ? null : { bridge: base, vlan: Number(match?.[2]) }
}

/** By its gateway, else where the host's own address is, else the first bridge with a port to the outside. */
function defaultDevice(tree: Tree, wiring: Wiring): HostDevice | null {
  const devices = [...wiring.devices.values()]
  const own = tree.hostIp?.value ?? null
  const found =
    devices.find((device) => device.hasGateway) ??
    (own === null ? null : deviceToward(wiring, own)) ??
    devices.find((device) => device.segment !== null && uplinkOf(device.segment.bridge) !== null)
  if (found !== undefined || wiring.known) return found ?? null
  const named = firstGuestBridge(tree, wiring.node)
  if (named === null) return null
  return hostDeviceIn(wiring, untaggedSegment(bridgeNamed(wiring, named)))
}

function firstGuestBridge(tree: Tree, node: string): string | null {
  let first: string | null = null
  for (const guest of tree.guests)
    for (const { bridge } of guest.node === node ? guest.nics : [])
      if (bridge !== null && (first === null || bridge.value < first)) first = bridge.value
  return first
}
