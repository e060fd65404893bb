import { showAddr } from '../ip/address.ts'
import { type CtState, type Known, type Packet, protocolOf } from '../netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from './query.ts'

/**
 * The question about a packet that is known whole, between two ends (endpoint texts). What of it is unknown is not said;
 * the frame's MAC address is that of its sender unless it is known to be another.
 */
export function queryOfPacket(
  from: string,
  to: string,
  { ether, l3, l4 }: Packet,
  state: CtState | null,
): Query {
  const base: Query = { ...EMPTY_QUERY, from, to, mac: told(ether.src), vlan: ether.vlan }
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return { ...base, ethertype: ether.type }
  const version = l3.kind === 'ip' ? 4 : 6
  const address = (bits: Known<bigint>): string | null =>
    bits === 'unknown' ? null : showAddr({ version, bits })
  const ip: Query = {
    ...base,
    ...{ src: address(l3.src), dst: address(l3.dst), family: version, state },
  }
  switch (l4.kind) {
    case 'none':
      return ip
    case 'icmp':
    case 'icmpv6':
      return l4.type === 'unknown'
        ? { ...ip, proto: protocolOf({ ether, l3, l4 }) }
        : { ...ip, icmpType: l4.code === 'unknown' ? `${l4.type}` : `${l4.type}/${l4.code}` }
    case 'other':
      return { ...ip, proto: l4.proto }
    default:
      return {
        ...ip,
        proto: protocolOf({ ether, l3, l4 }),
        sport: told(l4.sport),
        dport: told(l4.dport),
        flags: l4.kind === 'tcp' ? told(l4.flags) : null,
      }
  }
}

function told<T>(value: Known<T>): T | null {
  return value === 'unknown' ? null : value
}
