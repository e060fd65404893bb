import { TCP_FLAG, type TcpSegment } from '../../netfilter/packet.ts'
import type { Direction, SegmentFacts, Shift } from '../../packet/flow/step.ts'

/** What one end of a TCP connection knows. Numbers are unsigned 32 bits. */
type TcpEnd = {
  /** Its initial and its next sequence number, and that of the segment it sent last. */
  readonly first: number
  readonly next: number
  readonly last: number
  /** What it has got of the other end, as it acknowledges it; null: nothing. */
  readonly got: number | null
  readonly scales: boolean
  /** It has sent or seen the end of the connection. */
  readonly closed: boolean
}

/** The two ends of a TCP connection. */
export type Stream = Readonly<Record<Direction, TcpEnd>>

const { SYN, FIN, RST, ACK } = TCP_FLAG

/** Initial sequence numbers: any would do, these are told apart. */
const INITIAL: Readonly<Record<Direction, number>> = { forth: 1_000_000, back: 5_000_000 }

/** What Linux offers: 64240 bytes in a SYN, then 64256 scaled by 2^7. */
const SYN_WINDOW = 64_240
const SCALED_WINDOW = 502
const SCALE = 7

export const NEW_STREAM: Stream = { forth: newEnd('forth', 0), back: newEnd('back', 0) }

function newEnd(side: Direction, after: number): TcpEnd {
  const next = unsigned(INITIAL[side] + after)
  return { first: next, next, last: next, got: null, scales: false, closed: false }
}

/**
 * The segment an end sends, right in its stream but for what the facts say otherwise, and the stream after it was
 * sent. A SYN of an end that is through with a connection begins another one.
 */
export function sent(
  stream: Stream,
  direction: Direction,
  facts: SegmentFacts,
): { readonly segment: TcpSegment; readonly stream: Stream } {
  const isSyn = (facts.flags & SYN) !== 0
  const before = isSyn && stream[direction].closed ? reopened(stream) : stream
  const own = before[direction]
  const peer = before[opposite(direction)]
  // a SYN that is sent again has the number of the first
  const repeats = facts.again || (isSyn && own.next !== own.first)
  const right = facts.again ? own.last : repeats ? own.first : own.next
  const seq = shifted(right, facts.seq)
  const acks = (facts.flags & ACK) !== 0
  const scale = facts.windowScale ?? (isSyn ? SCALE : -1)
  const segment: TcpSegment = {
    seq,
    ack: shifted(acks ? (own.got ?? peer.next) : 0, facts.ack),
    window: facts.window ?? windowOf(facts.flags, own.scales && peer.scales),
    length: facts.length,
    windowScale: scale === -1 ? null : scale,
    sackPermitted: facts.sackPermitted ?? isSyn,
  }
  const ends = (facts.flags & (FIN | RST)) !== 0
  const after: TcpEnd = {
    ...own,
    last: right,
    // a segment that is off the stream takes nothing of it
    next:
      repeats || facts.seq !== null ? own.next : unsigned(right + lengthOf(segment, facts.flags)),
    scales: isSyn ? segment.windowScale !== null : own.scales,
    closed: own.closed || ends,
  }
  return { segment, stream: { ...before, [direction]: after } }
}

/** The stream when that segment has got to the other end. */
export function arrived(
  stream: Stream,
  direction: Direction,
  segment: TcpSegment,
  flags: number,
): Stream {
  const receiver = opposite(direction)
  const end = unsigned(segment.seq + lengthOf(segment, flags))
  const own = stream[receiver]
  const isNext = own.got === null || own.got === segment.seq || (flags & SYN) !== 0
  return {
    ...stream,
    [receiver]: {
      ...own,
      got: isNext ? end : own.got,
      closed: own.closed || (flags & RST) !== 0,
    },
  }
}

/** The stream when an end got a reset that was none of the other end. */
export function closedAt(stream: Stream, side: Direction): Stream {
  return { ...stream, [side]: { ...stream[side], closed: true } }
}

export function opposite(direction: Direction): Direction {
  return direction === 'forth' ? 'back' : 'forth'
}

function reopened({ forth, back }: Stream): Stream {
  const step = 1_000_000
  return {
    forth: newEnd('forth', forth.next - INITIAL.forth + step),
    back: newEnd('back', back.next - INITIAL.back + step),
  }
}

function windowOf(flags: number, scaled: boolean): number {
  if ((flags & RST) !== 0) return 0
  return scaled && (flags & SYN) === 0 ? SCALED_WINDOW : SYN_WINDOW
}

/** SYN and FIN take a number each: RFC 9293, 3.4. */
function lengthOf({ length }: TcpSegment, flags: number): number {
  return length + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1)
}

function shifted(right: number, shift: Shift | null): number {
  if (shift === null) return right
  return unsigned(shift.kind === 'is' ? shift.value : right + shift.value)
}

function unsigned(value: number): number {
  return ((value % 2 ** 32) + 2 ** 32) % 2 ** 32
}
