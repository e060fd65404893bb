import type { Direction, Tuple } from '../../netfilter/conntrack.ts'
import { type Packet, PROTO, protocolOf } from '../../netfilter/packet.ts'

/**
 * The tuple of a packet: `nf_ct_get_tuple`, net/netfilter/nf_conntrack_core.c. Null for one that has none (ARP), or
 * where a part of it is not known.
 */
export function tupleOf(packet: Packet): Tuple | null {
  const { l3, l4 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return null
  const proto = protocolOf(packet)
  if (proto === null || l3.src === 'unknown' || l3.dst === 'unknown') return null
  const common = { version: l3.kind === 'ip' ? 4 : 6, src: l3.src, dst: l3.dst, proto } as const
  switch (l4.kind) {
    case 'icmp':
    case 'icmpv6':
      if (l4.type === 'unknown' || l4.code === 'unknown') return null
      return { ...common, sport: l4.id ?? 0, dport: (l4.type << 8) | l4.code }
    case 'other':
    case 'none':
      return { ...common, sport: 0, dport: 0 }
    default:
      if (l4.sport === 'unknown' || l4.dport === 'unknown') return null
      return { ...common, sport: l4.sport, dport: l4.dport }
  }
}

/** Types that answer one another: `invmap`, nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c. */
const ANSWERS: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  [PROTO.icmp]: { 8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17 },
  [PROTO.icmpv6]: { 128: 129, 129: 128, 139: 140, 140: 139 },
}

/** The tuple of what answers: `nf_ct_invert_tuple`. Null for ICMP types nothing answers. */
export function inverted({ version, src, dst, proto, sport, dport }: Tuple): Tuple | null {
  const types = ANSWERS[proto]
  if (types === undefined) return { version, src: dst, dst: src, proto, sport: dport, dport: sport }
  const type = types[dport >> 8]
  if (type === undefined) return null
  return { version, src: dst, dst: src, proto, sport, dport: (type << 8) | (dport & 255) }
}

/** The zone a connection is in by the tuples of one direction: `nf_ct_zone_id`, net/netfilter/nf_conntrack_zones.h. */
export function zoneIn(
  { zone, zoneOf }: { readonly zone: number; readonly zoneOf: 'both' | Direction },
  direction: Direction,
): number {
  return zoneOf === 'both' || zoneOf === direction ? zone : 0
}

/** A text that is the same for equal tuples of one zone and direction only. */
export function tupleText(
  { version, src, dst, proto, sport, dport }: Tuple,
  zone: number,
  direction: Direction,
): string {
  return `${direction} ${zone} ${version} ${proto} ${src} ${sport} ${dst} ${dport}`
}
