import type { RangeSet } from '../ip/range-set.ts'
import { contains } from '../ip/range-set.ts'
import type { AddrType } from './packet.ts'

/**
 * What the routing tables of a host say about addresses: what `xt_addrtype` and nft's `fib ... type` ask.
 * Plain data, built from the host's interfaces; all other addresses are unicast.
 */
export type Fib = {
  /** Addresses of the host itself, on any interface; 127.0.0.0/8 and ::1 need not be listed. */
  readonly local4: RangeSet
  readonly local6: RangeSet
  /** Directed broadcast addresses: the last one of each network of at most 30 bits that the host is in. */
  readonly broadcast4: RangeSet
  /** Subnet-router anycast addresses of the networks the host routes for. */
  readonly anycast6: RangeSet
}

/** A host that has no addresses of its own. */
export const EMPTY_FIB: Fib = { local4: [], local6: [], broadcast4: [], anycast6: [] }

/**
 * The type of an address as this host sees it. IPv4: `inet_dev_addr_type`, net/ipv4/fib_frontend.c (0.0.0.0 and
 * 255.255.255.255 are broadcast, of 0.0.0.0/8 only the one address since Linux 5.3). IPv6: `match_type6`,
 * net/netfilter/xt_addrtype.c.
 */
export function addressType(fib: Fib, version: 4 | 6, bits: bigint): AddrType {
  return version === 4 ? addressType4(fib, bits) : addressType6(fib, bits)
}

function addressType4(fib: Fib, bits: bigint): AddrType {
  if (bits === 0n || bits === 0xffff_ffffn) return 'broadcast'
  if (bits >> 28n === 0xen) return 'multicast'
  if (contains(fib.broadcast4, bits) || bits === 0x7fff_ffffn) return 'broadcast'
  if (bits >> 24n === 127n || contains(fib.local4, bits)) return 'local'
  return 'unicast'
}

function addressType6(fib: Fib, bits: bigint): AddrType {
  if (bits >> 120n === 0xffn) return 'multicast'
  if (bits === 1n || contains(fib.local6, bits)) return 'local'
  if (contains(fib.anycast6, bits)) return 'anycast'
  return 'unicast'
}

/**
 * Addresses an address of a given type can be, as far as that can be said of every host: tells what a rule makes of
 * an address that is not known but known to be, say, unicast.
 */
export function addressesOfType(version: 4 | 6, type: AddrType | null): RangeSet {
  const hi = version === 4 ? 0xffff_ffffn : (1n << 128n) - 1n
  if (type === null) return [{ lo: 0n, hi }]
  if (version === 6) {
    const multicast = 0xffn << 120n
    return type === 'multicast' ? [{ lo: multicast, hi }] : [{ lo: 0n, hi: multicast - 1n }]
  }
  switch (type) {
    case 'multicast':
      return [{ lo: 0xe000_0000n, hi: 0xefff_ffffn }]
    case 'broadcast':
      return [
        { lo: 0n, hi: 0xdfff_ffffn },
        { lo: 0xf000_0000n, hi },
      ]
    default:
      return [
        { lo: 1n, hi: 0xdfff_ffffn },
        { lo: 0xf000_0000n, hi: hi - 1n },
      ]
  }
}
