import { type IpAddr, showAddr } from '../ip/address.ts'
import type { AddrType, Known } from '../netfilter/packet.ts'
import type { Filled } from '../packet/layer4.ts'
import { showAddressSource } from './addresses.ts'
import type { End } from './ends.ts'
import { stackDevice } from './path.ts'
import type { Route, RouteEnd } from './route.ts'
import type { Topology } from './topology.ts'
import { holds } from './wiring.ts'

/** The address of one end as it stands in the packet. */
export type PacketAddress = {
  readonly bits: Known<bigint>
  /** What kind of address it is although its value is not known; null: ask the routing table. */
  readonly type: AddrType | null
}

/** The families an end is known to have addresses of; empty: not known. */
export function familiesOf(topology: Topology, { place, address }: End): readonly (4 | 6)[] {
  if (address !== null) return [address.version]
  if (place.kind === 'guest')
    return topology.addressesOf(place.guest, place.nic).map((known) => known.address.version)
  if (place.kind === 'host') {
    const main = topology.tree.hostIp?.value
    return place.node === topology.tree.node && main !== undefined ? [main.version] : []
  }
  return []
}

/** Source and destination of the packet: what was said, else what the configuration tells, else unknown; never invented. */
export function addressBoth(
  topology: Topology,
  route: Route,
  from: End,
  to: End,
  family: 4 | 6,
  filled: Filled[],
): { readonly src: PacketAddress; readonly dst: PacketAddress } {
  if (from.place.kind === 'host' && to.place.kind === 'host' && from.place.node === to.place.node)
    return loopbackAddresses(from, to, family, filled)
  const dstHint = to.address ?? guestAddress(topology, to, family)?.address ?? null
  const src = addressOf(topology, 'src', from, { own: route.from, peer: dstHint }, family, filled)
  const srcHint = src.bits === 'unknown' ? null : { version: family, bits: src.bits }
  const dst = addressOf(topology, 'dst', to, { own: route.to, peer: srcHint }, family, filled)
  return { src, dst }
}

type Sides = {
  readonly own: RouteEnd
  /** The address at the other end, as far as known. */
  readonly peer: IpAddr | null
}

function addressOf(
  topology: Topology,
  field: 'src' | 'dst',
  end: End,
  sides: Sides,
  family: 4 | 6,
  filled: Filled[],
): PacketAddress {
  if (end.address !== null) return { bits: end.address.bits, type: null }
  const found =
    end.place.kind === 'guest'
      ? guestAddress(topology, end, family)
      : end.place.kind === 'host'
        ? hostAddress(topology, sides, family)
        : null
  if (found !== null) {
    filled.push({ field, value: showAddr(found.address), why: found.why })
    return { bits: found.address.bits, type: null }
  }
  filled.push({ field, value: 'unknown', why: whyUnknown(end, family) })
  return { bits: 'unknown', type: end.place.kind === 'host' ? 'local' : 'unicast' }
}

type FoundAddress = { readonly address: IpAddr; readonly why: string }

function guestAddress(topology: Topology, { place }: End, family: 4 | 6): FoundAddress | null {
  if (place.kind !== 'guest') return null
  const known = topology
    .addressesOf(place.guest, place.nic)
    .find(({ address }) => address.version === family)
  return known === undefined ? null : { address: known.address, why: showAddressSource(known.from) }
}

/** The host's address on the device the other end is behind, best the one in the other end's subnet; else its main address. */
function hostAddress(topology: Topology, sides: Sides, family: 4 | 6): FoundAddress | null {
  const { wiring } = sides.own
  const { node } = wiring
  const name = stackDevice(wiring, sides.own.facing)
  const device = (name === null ? undefined : wiring.devices.get(name)) ?? wiring.defaultDevice
  const cidrs = (device?.addresses ?? []).filter(({ address }) => address.version === family)
  const { peer } = sides
  const cidr = cidrs.find((each) => peer !== null && holds(each, peer)) ?? cidrs[0]
  if (cidr !== undefined)
    return { address: cidr.address, why: `the address of ${node} on ${device?.name}` }
  const main = node === topology.tree.node ? topology.tree.hostIp : null
  if (main !== null && main.value.version === family)
    return { address: main.value, why: `the address of ${node}, from ${main.from}` }
  const any = topology
    .nodeAddresses(node)
    .find(({ version, bits }) => version === family && bits !== LOOPBACK[family])
  return any === undefined ? null : { address: any, why: `an address of ${node}` }
}

const LOOPBACK = { 4: 0x7f000001n, 6: 1n } as const

/** The host to itself: the loopback address, and the same at both ends, as the kernel chooses. */
function loopbackAddresses(
  from: End,
  to: End,
  family: 4 | 6,
  filled: Filled[],
): { readonly src: PacketAddress; readonly dst: PacketAddress } {
  const own: IpAddr = { version: family, bits: LOOPBACK[family] }
  const dst = to.address ?? own
  const src = from.address ?? dst
  if (to.address === null)
    filled.push({ field: 'dst', value: showAddr(dst), why: 'the host talks to itself' })
  if (from.address === null)
    filled.push({ field: 'src', value: showAddr(src), why: 'the host talks to itself' })
  return { src: { bits: src.bits, type: null }, dst: { bits: dst.bits, type: null } }
}

function whyUnknown({ place }: End, family: 4 | 6): string {
  const version = `IPv${family}`
  switch (place.kind) {
    case 'guest':
      return `no file tells the ${version} address of guest ${place.guest.vmid} on ${place.nic.id}`
    case 'host':
      return `no file tells an ${version} address of ${place.node}`
    default:
      return 'no address was given'
  }
}
