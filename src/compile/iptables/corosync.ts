import type { Corosync, HostsEntry, Tree } from '../../config/tree.ts'
import { showAddr } from '../../ip/address.ts'
import type { Span } from '../../source/source-file.ts'
import { addressFamily } from './ip-text.ts'
import { byText } from './order.ts'

/** One link of one node with the address it comes to. */
export type CorosyncLink = {
  readonly node: string
  /** `ring0_addr` ... */
  readonly key: string
  readonly address: string
  readonly family: 4 | 6
  readonly span: Span
}

/** A pair of addresses on the same link: this node's and another node's. */
export type CorosyncPeer = {
  readonly own: string
  readonly peer: CorosyncLink
}

/**
 * All links whose address is known, by name of node, then key (`PVE::Corosync::for_all_corosync_addresses`).
 * Names are looked up in etc/hosts; those that are not there are left out, as unresolvable ones are.
 */
export function corosyncLinks({ corosync, hosts }: Tree): readonly CorosyncLink[] {
  if (corosync === null) return []
  const addresses = addressesOf(hosts)
  const strategy = (corosync.ipVersion ?? 'ipv6-4').toLowerCase()
  return sortedNodes(corosync).flatMap((node) =>
    [...node.links.keys()].sort(byText).flatMap((key): readonly CorosyncLink[] => {
      const link = node.links.get(key)
      if (link === undefined || !/^(?:ring|link)[0-9]+_addr$/.test(key)) return []
      const address = resolve(link.value, strategy, addresses)
      if (address === null) return []
      return [{ node: node.name, key, ...address, span: link.span }]
    }),
  )
}

/** For every other node's link of a family on which this node has an address too, that pair. */
export function corosyncPeers(
  links: readonly CorosyncLink[],
  node: string,
  family: 4 | 6,
): readonly CorosyncPeer[] {
  const ours = new Map<string, string>()
  const mine = links.filter((link) => link.family === family)
  for (const link of mine) if (link.node === node) ours.set(link.key, link.address)
  return mine.flatMap((peer) => {
    const own = ours.get(peer.key)
    return peer.node === node || own === undefined ? [] : [{ own, peer }]
  })
}

/** By name; of two nodes with one name the later counts. */
function sortedNodes(corosync: Corosync): Corosync['nodes'] {
  const byName = new Map(corosync.nodes.map((node) => [node.name, node]))
  return [...byName.values()].sort((a, b) => byText(a.name, b.name))
}

type Address = { readonly address: string; readonly family: 4 | 6 }

/** `resolve_hostname_like_corosync`: the strategy says which family wins when a name has both. */
function resolve(name: string, strategy: string, addresses: Addresses): Address | null {
  const literal = addressFamily(name)
  if (literal !== null) return { address: name, family: literal }
  const four = addresses.get(keyOf(name, 4)) ?? null
  const six = addresses.get(keyOf(name, 6)) ?? null
  switch (strategy) {
    case 'ipv4':
      return four
    case 'ipv6':
      return six
    case 'ipv6-4':
      return six ?? four
    case 'ipv4-6':
      return four ?? six
    default:
      return null
  }
}

/** First address of each name and family, names in lower case. */
type Addresses = ReadonlyMap<string, Address>

function addressesOf(hosts: readonly HostsEntry[]): Addresses {
  const addresses = new Map<string, Address>()
  for (const { address, names } of hosts)
    for (const name of names) {
      const key = keyOf(name, address.version)
      if (addresses.has(key)) continue
      addresses.set(key, { address: showAddr(address), family: address.version })
    }
  return addresses
}

function keyOf(name: string, family: 4 | 6): string {
  return `${family} ${name.toLowerCase()}`
}
