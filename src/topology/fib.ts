import type { Tree } from '../config/tree.ts'
import { type IpAddr, widthOf } from '../ip/address.ts'
import { type Cidr, rangeOf } from '../ip/prefix.ts'
import { normalise, type Range, type RangeSet } from '../ip/range-set.ts'
import type { Fib } from '../netfilter/fib.ts'
import type { Wiring } from './wiring.ts'

/**
 * What a node's routing tables say about addresses, from its interfaces: each address is local, the last of each
 * IPv4 network of at most 30 bits is broadcast (since Linux 5.14 the first is not: net/ipv4/fib_frontend.c
 * `fib_add_ifaddr`), the first of each IPv6 network anycast. `addresses`: what else the
 * node is known by; of other nodes that is all.
 */
export function fibOf(tree: Tree, wiring: Wiring, addresses: readonly IpAddr[]): Fib {
  const cidrs = wiring.node === tree.networkOf ? cidrsOf(tree, wiring) : []
  const local = addresses.concat(cidrs.map(({ address }) => address))
  return {
    local4: singles(local, 4),
    local6: singles(local, 6),
    broadcast4: normalise(cidrs.flatMap(broadcastOf)),
    anycast6: normalise(cidrs.flatMap(anycastOf)),
  }
}

function cidrsOf(tree: Tree, wiring: Wiring): readonly Cidr[] {
  const devices = [...wiring.devices.values()].flatMap(({ addresses }) => addresses)
  const loopback = tree.network.interfaces.filter(({ kind }) => kind === 'loopback')
  return devices.concat(loopback.flatMap(({ addresses }) => addresses.map(({ value }) => value)))
}

function broadcastOf(cidr: Cidr): readonly Range[] {
  if (cidr.address.version !== 4 || cidr.prefix > 30) return []
  const { hi } = rangeOf(cidr)
  return [{ lo: hi, hi }]
}

/** IPv6 hosts that route answer to the subnet-router anycast address: addrconf.c `addrconf_join_anycast`. */
function anycastOf(cidr: Cidr): readonly Range[] {
  if (cidr.address.version !== 6 || cidr.prefix >= widthOf(6) - 1) return []
  const { lo } = rangeOf(cidr)
  return [{ lo, hi: lo }]
}

function singles(addresses: readonly IpAddr[], version: 4 | 6): RangeSet {
  return normalise(
    addresses
      .filter((each) => each.version === version)
      .map(({ bits }) => ({ lo: bits, hi: bits })),
  )
}
