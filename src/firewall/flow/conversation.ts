import { endOf } from '../../eval/conntrack/tcp-window.ts'
import { showAddr } from '../../ip/address.ts'
import { type Layer4, type Packet, PROTO, TCP_FLAG } from '../../netfilter/packet.ts'
import type { Data, FlowStep, Said } from '../../packet/flow-script.ts'

/** The ports of a connection, as its client sees them, and where both streams stand. */
export type Stream = {
  readonly sport: number
  readonly dport: number
  /** Number of the next byte, of the end the question starts at and of the other. */
  readonly next: { out: number; back: number }
  /** Whether what an end said last arrived; null: it has said nothing. */
  readonly arrived: { out: boolean | null; back: boolean | null }
  /** The last packet of each end that arrived: what an error quotes. */
  readonly last: { out: Packet | null; back: Packet | null }
}

export function newStream(sport: number, dport: number): Stream {
  return {
    sport,
    dport,
    next: { out: 1000, back: 5000 },
    arrived: { out: null, back: null },
    last: { out: null, back: null },
  }
}

type PacketStep = Extract<FlowStep, { kind: 'packet' }>

/**
 * Why an end would not send this: it has not got what it would answer. Null: it sends it. A datagram needs no answer to
 * the one before; a segment with ACK acknowledges something.
 */
export function unsent(
  { direction, said, anyway }: PacketStep,
  { arrived }: Stream,
): string | null {
  if (anyway) return null
  const other = direction === 'out' ? arrived.back : arrived.out
  const own = arrived[direction]
  const opens = said.kind === 'tcp' && (said.flags & TCP_FLAG.ACK) === 0
  if (opens || other === true) return null
  if (said.kind === 'error' || said.kind === 'pong')
    return 'nothing has arrived that it would answer'
  if (said.kind !== 'tcp')
    return other === null || direction === 'out' ? null : 'the packet it answers did not arrive'
  if (other === false) return 'the packet it answers did not arrive'
  return own === null || own
    ? 'the other end has not answered'
    : 'the packet before it did not arrive'
}

/** The transport header of a step. */
export function layer4(
  said: Said,
  direction: 'out' | 'back',
  stream: Stream,
  packet: Packet,
): Layer4 {
  const [sport, dport] =
    direction === 'out' ? [stream.sport, stream.dport] : [stream.dport, stream.sport]
  switch (said.kind) {
    case 'tcp': {
      const other = direction === 'out' ? 'back' : 'out'
      const hasAck = (said.flags & TCP_FLAG.ACK) !== 0
      const isSyn = (said.flags & TCP_FLAG.SYN) !== 0
      const text = payloadOf(said.data, packet)
      return {
        kind: 'tcp',
        sport,
        dport,
        flags: said.flags,
        segment: {
          seq: (stream.next[direction] + said.seqOff) >>> 0,
          ack: hasAck ? (stream.next[other] + said.ackOff) >>> 0 : 0,
          window: said.window ?? 64_240,
          length: text?.length ?? said.data.length,
          windowScale: isSyn ? 7 : null,
          sackPermitted: isSyn,
        },
        ...(text === null ? {} : { payload: text }),
      }
    }
    case 'udp': {
      const text = payloadOf(said.data, packet)
      return { kind: 'udp', sport, dport, ...(text === null ? {} : { payload: text }) }
    }
    default: {
      // an error quotes what the other end sent
      const quoted = direction === 'out' ? stream.last.back : stream.last.out
      const { l4 } = packet
      if (l4.kind !== 'icmp' && l4.kind !== 'icmpv6') return l4
      return said.kind === 'error'
        ? { ...l4, ...(quoted === null ? {} : { inner: quoted }) }
        : { ...l4, id: stream.sport & 0xffff }
    }
  }
}

/** `$CLIENT` and `$SERVER` as FTP writes addresses: with commas in IPv4. */
function payloadOf(data: Data, { l3 }: Packet): string | null {
  const text: string | null = data.text
  if (text === null) return null
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return text
  const own = l3.src
  if (own === 'unknown') return text
  const shown = showAddr({ version: l3.kind === 'ip' ? 4 : 6, bits: own })
  const written = l3.kind === 'ip' ? shown.replaceAll('.', ',') : shown
  // each end tells its own address
  return text.replaceAll('$CLIENT', written).replaceAll('$SERVER', written)
}

/** Protocol number of what is said; `family` of the addresses it goes by. */
export function protocolOfSaid(said: Said, family: 4 | 6): number {
  if (said.kind === 'tcp' || said.kind === 'udp') return PROTO[said.kind]
  return family === 4 ? PROTO.icmp : PROTO.icmpv6
}

/** The ICMP type of what is said, as a query has it; null for what has ports. */
export function icmpTypeOf(said: Said): string | null {
  switch (said.kind) {
    case 'ping':
      return 'echo-request'
    case 'pong':
      return 'echo-reply'
    case 'error':
      return said.type
    default:
      return null
  }
}

/** Notes what became of a packet. */
export function told(
  stream: Stream,
  direction: 'out' | 'back',
  packet: Packet,
  arrived: boolean,
): void {
  stream.arrived[direction] = arrived
  const { l4 } = packet
  // what did not arrive will have to be sent again from the same place
  if (arrived && l4.kind === 'tcp' && l4.segment !== undefined && l4.flags !== 'unknown') {
    const end = endOf(l4.segment, l4.flags)
    if (l4.segment.seq === stream.next[direction]) stream.next[direction] = end
  }
  if (arrived) stream.last[direction] = packet
}
