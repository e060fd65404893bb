import { type Packet, PROTO, TCP_FLAG } from '../netfilter/packet.ts'
import { addressBytes } from './frame.ts'
import { numberIn } from './netlink.ts'

/**
 * What a datagram that came back to the sender says: `rst`, `icmp3/3`, `icmpv6-1/4`; null where it is no answer to the
 * packet.
 */
export function responseOf(datagram: Uint8Array, { l3, l4 }: Packet): string | null {
  if ((l3.kind !== 'ip' && l3.kind !== 'ip6') || l3.src === 'unknown') return null
  const version = l3.kind === 'ip' ? 4 : 6
  if ((datagram[0] ?? 0) >> 4 !== version) return null
  const to = addressBytes(l3.src, version)
  const at = version === 4 ? 16 : 24
  if (!to.every((byte, index) => datagram[at + index] === byte)) return null
  const proto = datagram[version === 4 ? 9 : 6]
  const body = datagram.subarray(version === 4 ? ((datagram[0] ?? 0) & 15) * 4 : 40)
  if (proto === PROTO.tcp && l4.kind === 'tcp') {
    const isReset = ((body[13] ?? 0) & TCP_FLAG.RST) !== 0
    return isReset && numberIn(body.subarray(2, 4)) === l4.sport ? 'rst' : null
  }
  if (proto === PROTO.icmp && [3, 11, 12].includes(body[0] ?? 0)) return `icmp${body[0]}/${body[1]}`
  if (proto === PROTO.icmpv6 && (body[0] ?? 255) < 128) return `icmpv6-${body[0]}/${body[1]}`
  return null
}
