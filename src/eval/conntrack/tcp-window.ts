import type {
  ConntrackSettings,
  Direction,
  TcpTracking,
  TcpWindow,
} from '../../netfilter/conntrack.ts'
import { TCP_FLAG, type TcpSegment } from '../../netfilter/packet.ts'

/** Bits of `IP_CT_TCP_FLAG_*`, include/uapi/linux/netfilter/nf_conntrack_tcp.h. */
export const WINDOW_FLAG = {
  windowScale: 0x01,
  sackPermitted: 0x02,
  closeInit: 0x04,
  beLiberal: 0x08,
  unacknowledged: 0x10,
  maxackSet: 0x20,
  expectChallengeAck: 0x40,
  simultaneousOpen: 0x80,
} as const

const { SYN, ACK, RST, FIN } = TCP_FLAG

/** What window tracking says of a segment: `enum nf_ct_tcp_action`. `ignore`: it passes, and changes nothing. */
export type WindowResult = {
  readonly action: 'accept' | 'ignore' | 'invalid'
  readonly tracking: TcpTracking
}

/** Numbers of 32 bits that wrap: include/net/tcp.h `before`, `after`. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

export function after(a: number, b: number): boolean {
  return before(b, a)
}

function wrap(value: number): number {
  return value >>> 0
}

/** `segment_seq_plus_len` */
export function endOf({ seq, length }: TcpSegment, flags: number): number {
  return wrap(seq + length + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1))
}

export const NO_WINDOW: TcpWindow = { end: 0, maxend: 0, maxwin: 0, maxack: 0, scale: 0, flags: 0 }

/** `tcp_options`: what the options of a segment make of a window; one without options changes nothing. */
export function withOptions(window: TcpWindow, segment: TcpSegment, flags: number): TcpWindow {
  const hasOptions = (flags & SYN) !== 0 || segment.windowScale !== null || segment.sackPermitted
  if (!hasOptions) return window
  const { windowScale, sackPermitted } = segment
  return {
    ...window,
    scale: windowScale === null ? 0 : Math.min(windowScale, 14),
    flags:
      (window.flags & WINDOW_FLAG.beLiberal) |
      (windowScale === null ? 0 : WINDOW_FLAG.windowScale) |
      (sackPermitted ? WINDOW_FLAG.sackPermitted : 0),
  }
}

/** The acknowledgement may be this far behind: MAXACKWINDOW. */
function ackWindow({ maxwin }: TcpWindow): number {
  return Math.max(maxwin, 66_000)
}

/**
 * Whether a segment is in the window of its connection, and what is known of both windows after it: `tcp_in_window`,
 * net/netfilter/nf_conntrack_proto_tcp.c. Selective acknowledgements are not looked at: a question has none.
 */
export function inWindow(
  tracking: TcpTracking,
  direction: Direction,
  flags: number,
  segment: TcpSegment,
  { tcpBeLiberal }: ConntrackSettings,
): WindowResult {
  const { windows, state } = tracking
  if (windows === null) return { action: 'accept', tracking }
  const own = direction === 'original' ? 0 : 1
  let sender = windows[own]
  let receiver = windows[1 - own] as TcpWindow
  const isSyn = (flags & SYN) !== 0
  const hasAck = (flags & ACK) !== 0
  let { seq, ack } = segment
  let end = endOf(segment, flags)
  let win = segment.window
  const made = (): TcpTracking['windows'] => (own === 0 ? [sender, receiver] : [receiver, sender])

  if (sender.maxwin === 0) {
    if (isSyn) {
      ;[sender, receiver] = begun(sender, receiver, segment, flags, direction)
      if (!hasAck) return { action: 'accept', tracking: { ...tracking, windows: made() } }
    } else {
      // in the middle of a connection: its history is lost
      const scaled = wrap(win << sender.scale)
      const maxwin = scaled === 0 ? 1 : scaled
      sender = { ...sender, end, maxwin, maxend: wrap(end + maxwin) }
      if (receiver.maxwin === 0) receiver = { ...receiver, end: ack, maxend: ack }
      else if (ack === wrap(receiver.end + 1)) receiver = { ...receiver, end: ack }
    }
  } else if (isSyn && after(end, sender.end) && (state === 'SYN_SENT' || state === 'SYN_RECV')) {
    ;[sender, receiver] = begun(sender, receiver, segment, flags, direction)
    if (direction === 'reply' && !hasAck)
      return { action: 'accept', tracking: { ...tracking, windows: made() } }
  }

  // without an acknowledgement, or with one of zero in a reset, it is taken for the right one
  if (!hasAck || ((flags & RST) !== 0 && ack === 0)) ack = receiver.end
  // a reset that answers a SYN
  if ((flags & RST) !== 0 && seq === 0 && state === 'SYN_SENT') {
    seq = sender.end
    end = sender.end
  }

  const liberal = tcpBeLiberal || (sender.flags & WINDOW_FLAG.beLiberal) !== 0
  const refused = (action: 'ignore' | 'invalid'): WindowResult => ({
    action: liberal ? 'accept' : action,
    tracking: { ...tracking, windows: made() },
  })
  const lowest = wrap(receiver.end - ackWindow(sender) - 1)
  if (!before(seq, wrap(sender.maxend + 1))) {
    const overshot = wrap(end - sender.maxend + 1)
    const inReceiver = receiver.maxwin !== 0 && after(end, wrap(sender.end - receiver.maxwin - 1))
    if (
      inReceiver &&
      after(ack, lowest) &&
      overshot <= receiver.maxwin &&
      before(ack, wrap(receiver.end + 1))
    ) {
      // a sender that sends more than it may: let through, so that the answer to it is none too many
      sender = { ...sender, end, flags: sender.flags | WINDOW_FLAG.unacknowledged }
      return refused('ignore')
    }
    return refused('invalid')
  }
  if (!before(ack, wrap(receiver.end + 1))) return refused('invalid')
  if (receiver.maxwin !== 0 && !after(end, wrap(sender.end - receiver.maxwin - 1)))
    return refused('ignore')
  if (!after(ack, lowest)) return refused('ignore')

  if (!isSyn) win = wrap(win << sender.scale)
  if (sender.maxwin < win) sender = { ...sender, maxwin: win }
  if (after(end, sender.end))
    sender = { ...sender, end, flags: sender.flags | WINDOW_FLAG.unacknowledged }
  if (hasAck && ((sender.flags & WINDOW_FLAG.maxackSet) === 0 || after(ack, sender.maxack)))
    sender = { ...sender, maxack: ack, flags: sender.flags | WINDOW_FLAG.maxackSet }
  if (receiver.maxwin !== 0 && after(end, sender.maxend))
    receiver = { ...receiver, maxwin: wrap(receiver.maxwin + end - sender.maxend) }
  if (after(wrap(ack + win), wrap(receiver.maxend - 1)))
    receiver = { ...receiver, maxend: wrap(ack + win + (win === 0 ? 1 : 0)) }
  if (ack === receiver.end)
    receiver = { ...receiver, flags: receiver.flags & ~WINDOW_FLAG.unacknowledged }

  const next: TcpTracking = { ...tracking, windows: made() }
  const isPlainAck = hasAck && (flags & (SYN | FIN | RST)) === 0
  if (!isPlainAck) return { action: 'accept', tracking: next }
  const again =
    tracking.lastDirection === direction &&
    tracking.lastSeq === seq &&
    tracking.lastAck === ack &&
    tracking.lastEnd === end &&
    tracking.lastWindow === segment.window
  return {
    action: 'accept',
    tracking: again
      ? { ...next, retransmissions: tracking.retransmissions + 1 }
      : {
          ...next,
          lastDirection: direction,
          lastSeq: seq,
          lastAck: ack,
          lastEnd: end,
          lastWindow: segment.window,
          retransmissions: 0,
        },
  }
}

/** `tcp_init_sender`: scaling is in force only where both ends offer it (RFC 7323, 2.2). */
function begun(
  sender: TcpWindow,
  receiver: TcpWindow,
  segment: TcpSegment,
  flags: number,
  direction: Direction,
): readonly [TcpWindow, TcpWindow] {
  const end = endOf(segment, flags)
  const fresh = withOptions(
    { ...sender, end, maxend: end, maxwin: segment.window === 0 ? 1 : segment.window },
    segment,
    flags,
  )
  const both = fresh.flags & receiver.flags & WINDOW_FLAG.windowScale
  if (direction !== 'reply' || both !== 0) return [fresh, receiver]
  return [
    { ...fresh, scale: 0 },
    { ...receiver, scale: 0 },
  ]
}
