import type { Guest, Nic, Tree } from '../config/tree.ts'
import { type IpAddr, parseAddr } from '../ip/address.ts'
import type { Fib } from '../netfilter/fib.ts'
import { type AddressFacts, type KnownAddress, nicAddresses } from './addresses.ts'
import { type Backend, callsIpByDefault } from './devices.ts'
import { fibOf } from './fib.ts'
import { type Names, NO_ALIASES } from './names.ts'
import { ipamEntries, vnetsOf } from './sdn.ts'
import { type Wiring, wiringOf } from './wiring.ts'

/** Who has an address. */
export type Owner =
  | { readonly kind: 'guest'; readonly guest: Guest; readonly nic: Nic }
  | { readonly kind: 'host'; readonly node: string }

/** Everything about a tree that placing packets in it needs; made once, asked many times. */
export type Topology = {
  readonly tree: Tree
  readonly backend: Backend
  readonly names: Names
  readonly guests: ReadonlyMap<number, Guest>
  /** By lower-case name. */
  readonly guestsByName: ReadonlyMap<string, readonly Guest[]>
  /** Of `tree.node`. */
  readonly wiring: Wiring
  /** Of any node; made on first use. */
  readonly wiringOf: (node: string) => Wiring
  /** Address types as a node's routing tables see them; made on first use. */
  readonly fibOf: (node: string) => Fib
  readonly addressesOf: (guest: Guest, nic: Nic) => readonly KnownAddress[]
  /** Addresses of a node as etc/hosts, corosync.conf and its own interfaces tell. */
  readonly nodeAddresses: (node: string) => readonly IpAddr[]
  /** All owners of an address; empty: nobody in the tree. The index is made on first use: all guests once. */
  readonly ownersOf: (address: IpAddr) => readonly Owner[]
}

/** How a node filters, as far as its network looks different for it. */
export type Filtering = { readonly backend: Backend; readonly callsIp: boolean }

/**
 * Makes the {@link Topology} of a tree; cost: linear in guests. `filteringOf`: of any node but `tree.node`, asked when
 * a packet passes it; left out, all are alike.
 */
export function topologyOf(
  tree: Tree,
  backend: Backend,
  names: Names = NO_ALIASES,
  callsIp: boolean = callsIpByDefault(backend),
  filteringOf: (node: string) => Filtering = () => ({ backend, callsIp }),
): Topology {
  const guestsByName = new Map<string, Guest[]>()
  for (const guest of tree.guests)
    if (guest.name !== null) pushTo(guestsByName, guest.name.toLowerCase(), guest)
  const wiringOfNode = memoised((node: string) => {
    const own = node === tree.node ? { backend, callsIp } : filteringOf(node)
    return wiringOf(tree, own.backend, node, own.callsIp)
  })
  const facts: AddressFacts = { names, ipam: ipamEntries(tree.sdn), vnets: vnetsOf(tree.sdn) }
  const known = new Map<Nic, readonly KnownAddress[]>()
  const addressesOf = (guest: Guest, nic: Nic): readonly KnownAddress[] => {
    const addresses = known.get(nic) ?? nicAddresses(facts, guest, nic)
    known.set(nic, addresses)
    return addresses
  }
  const nodeAddresses = memoised((node: string) => addressesOfNode(tree, node))
  const owners = memoised((_: 'all') => ownerIndex(tree, addressesOf, nodeAddresses))
  return {
    tree,
    backend,
    names,
    guests: new Map(tree.guests.map((guest) => [guest.vmid, guest])),
    guestsByName,
    wiring: wiringOfNode(tree.node),
    wiringOf: wiringOfNode,
    addressesOf,
    nodeAddresses,
    fibOf: memoised((node: string) => fibOf(tree, wiringOfNode(node), nodeAddresses(node))),
    ownersOf: (address) => owners('all').get(keyOf(address)) ?? [],
  }
}

/** Computes a value once for each key. */
function memoised<K, V>(compute: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>()
  return (key) => {
    const value = made.get(key) ?? compute(key)
    made.set(key, value)
    return value
  }
}

function ownerIndex(
  tree: Tree,
  addressesOf: Topology['addressesOf'],
  nodeAddresses: Topology['nodeAddresses'],
): ReadonlyMap<string, readonly Owner[]> {
  const index = new Map<string, Owner[]>()
  for (const guest of tree.guests)
    for (const nic of guest.nics)
      for (const { address } of addressesOf(guest, nic))
        pushTo(index, keyOf(address), { kind: 'guest', guest, nic })
  for (const node of tree.nodes)
    for (const key of new Set(nodeAddresses(node).map(keyOf)))
      pushTo(index, key, { kind: 'host', node })
  return index
}

function addressesOfNode(tree: Tree, node: string): readonly IpAddr[] {
  const addresses: IpAddr[] = []
  for (const { address, names } of tree.hosts)
    if (names.includes(node) && !isLoopback(address)) addresses.push(address)
  for (const { name, links } of tree.corosync?.nodes ?? [])
    for (const { value } of name === node ? links.values() : []) {
      const address = parseAddr(value)
      if (address !== null) addresses.push(address)
    }
  if (node === tree.networkOf)
    for (const each of tree.network.interfaces)
      for (const { value } of each.addresses) addresses.push(value.address)
  if (node !== tree.node) return addresses
  if (tree.hostIp !== null) addresses.push(tree.hostIp.value)
  addresses.push({ version: 4, bits: 0x7f000001n }, { version: 6, bits: 1n })
  return addresses
}

/** Debian's installer writes 127.0.1.1 beside the host's name. */
function isLoopback({ version, bits }: IpAddr): boolean {
  return version === 4 ? bits >> 24n === 127n : bits === 1n
}

function keyOf({ version, bits }: IpAddr): string {
  return `${version}:${bits}`
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const same = map.get(key)
  if (same === undefined) map.set(key, [value])
  else same.push(value)
}
