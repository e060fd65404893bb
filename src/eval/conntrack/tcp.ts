import type {
  ConntrackEntry,
  ConntrackSettings,
  Direction,
  TcpState,
  TcpTracking,
  TcpWindow,
} from '../../netfilter/conntrack.ts'
import { TCP_FLAG, type TcpSegment } from '../../netfilter/packet.ts'
import { timeoutOf } from './settings.ts'
import { before, endOf, inWindow, NO_WINDOW, WINDOW_FLAG, withOptions } from './tcp-window.ts'

const { FIN, SYN, RST, ACK, URG, PSH, ECE, CWR } = TCP_FLAG

/** Combinations that are valid at all, less PSH, ECE and CWR: `tcp_valid_flags`, nf_conntrack_proto_tcp.c. */
const VALID: ReadonlySet<number> = new Set([
  SYN,
  SYN | URG,
  SYN | ACK,
  RST,
  RST | ACK,
  FIN | ACK,
  FIN | ACK | URG,
  ACK,
  ACK | URG,
])

/** `tcp_error`, checksums apart: false for flags no stack sends. */
export function hasValidFlags(flags: number): boolean {
  return VALID.has(flags & ~(PSH | ECE | CWR))
}

type Index = TcpTracking['lastIndex']

/** `get_conntrack_index` */
function indexOf(flags: number): Index {
  if ((flags & RST) !== 0) return 'rst'
  if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? 'synack' : 'syn'
  if ((flags & FIN) !== 0) return 'fin'
  return (flags & ACK) !== 0 ? 'ack' : 'none'
}

/** Columns of the table below. */
const STATES: readonly TcpState[] = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
]

type Move = TcpState | 'invalid' | 'ignore'

const WORDS: Readonly<Record<string, Move>> = {
  SS: 'SYN_SENT',
  SR: 'SYN_RECV',
  ES: 'ESTABLISHED',
  FW: 'FIN_WAIT',
  CW: 'CLOSE_WAIT',
  LA: 'LAST_ACK',
  TW: 'TIME_WAIT',
  CL: 'CLOSE',
  S2: 'SYN_SENT2',
  '--': 'invalid',
  ig: 'ignore',
}

function row(text: string): ReadonlyMap<TcpState, Move> {
  const moves = text.split(' ').map((word) => WORDS[word] as Move)
  return new Map(STATES.map((state, index) => [state, moves[index] as Move]))
}

/**
 * What a segment makes of a connection: `tcp_conntracks`, nf_conntrack_proto_tcp.c. Columns are the states it is in:
 * NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2.
 */
const MOVES: Readonly<Record<Direction, Readonly<Record<Index, ReadonlyMap<TcpState, Move>>>>> = {
  original: {
    syn: row('SS SS ig ig ig ig ig SS SS S2'),
    synack: row('-- -- SR -- -- -- -- -- -- SR'),
    fin: row('-- -- FW FW LA LA LA TW CL --'),
    ack: row('ES -- ES ES CW CW TW TW CL --'),
    rst: row('-- CL CL CL CL CL CL CL CL CL'),
    none: row('-- -- -- -- -- -- -- -- -- --'),
  },
  reply: {
    syn: row('-- S2 -- -- -- -- -- SS -- S2'),
    synack: row('-- SR ig ig ig ig ig ig ig SR'),
    fin: row('-- -- FW FW LA LA LA TW CL --'),
    ack: row('-- ig SR ES CW CW TW TW CL ig'),
    rst: row('-- CL CL CL CL CL CL CL CL CL'),
    none: row('-- -- -- -- -- -- -- -- -- --'),
  },
}

/** The state of a connection nobody knows yet; null where its first segment opens none: `tcp_new`. */
export function tcpOpened(
  flags: number,
  segment: TcpSegment,
  { tcpLoose }: ConntrackSettings,
): TcpTracking | null {
  const move = MOVES.original[indexOf(flags)].get('NONE')
  if (move === undefined || move === 'invalid') return null
  const end = endOf(segment, flags)
  const maxwin = segment.window === 0 ? 1 : segment.window
  if (move === 'SYN_SENT') {
    const window = withOptions({ ...NO_WINDOW, end, maxend: end, maxwin }, segment, flags)
    return { ...NOTHING_SEEN, windows: [window, NO_WINDOW] }
  }
  if (!tcpLoose) return null
  // picked up in the middle: nothing is known of its scaling, so any window will do
  const taken = WINDOW_FLAG.sackPermitted | WINDOW_FLAG.beLiberal
  const window: TcpWindow = {
    ...NO_WINDOW,
    end,
    maxwin,
    maxend: (end + maxwin) >>> 0,
    flags: taken,
  }
  return { ...NOTHING_SEEN, windows: [window, { ...NO_WINDOW, flags: taken }] }
}

const NOTHING_SEEN: TcpTracking = {
  state: 'NONE',
  windows: null,
  lastDirection: 'original',
  lastIndex: 'none',
  lastSeq: 0,
  lastAck: 0,
  lastEnd: 0,
  lastWindow: 0,
  lastScale: 0,
  lastFlags: 0,
  retransmissions: 0,
}

/** What becomes of a connection by one segment of it. */
export type TcpStep =
  | { readonly kind: 'valid'; readonly entry: ConntrackEntry }
  | { readonly kind: 'invalid'; readonly entry: ConntrackEntry }
  /** It ends, and the segment passes as its last. */
  | { readonly kind: 'killed' }
  /** It ends, and the segment is looked up again. */
  | { readonly kind: 'reopened' }

/** `nf_conntrack_tcp_packet`, of a connection that has a state. `now` in ms. */
export function tcpStep(
  entry: ConntrackEntry,
  tracking: TcpTracking,
  direction: Direction,
  flags: number,
  segment: TcpSegment,
  settings: ConntrackSettings,
  now: number,
): TcpStep {
  const index = indexOf(flags)
  let old = tracking.state
  let before_ = tracking
  let next = MOVES[direction][index].get(old) ?? 'invalid'
  const windowFlags = (tracking.windows?.[0].flags ?? 0) | (tracking.windows?.[1].flags ?? 0)
  if (next === 'SYN_SENT' && (old === 'TIME_WAIT' || old === 'CLOSE')) {
    // of a dump nobody knows the flags; but there is no way to TIME_WAIT without a FIN
    const closed =
      (windowFlags & WINDOW_FLAG.closeInit) !== 0 ||
      (tracking.windows === null && old === 'TIME_WAIT')
    const aborted = tracking.lastDirection === direction && tracking.lastIndex === 'rst'
    if (closed || aborted) return { kind: 'reopened' }
    next = 'ignore'
  }
  let checked = true
  if (next === 'invalid') return { kind: 'invalid', entry }
  if (next === 'ignore') {
    const synced = syncedBy(tracking, direction, index, segment)
    if (synced === null)
      return {
        kind: 'valid',
        entry: { ...entry, tcp: ignored(tracking, direction, index, flags, segment) },
      }
    before_ = synced
    old = 'SYN_SENT'
    next = 'SYN_RECV'
  } else if (next === 'TIME_WAIT') {
    if (old === 'LAST_ACK' && isChallengeAck(tracking, direction, index)) {
      const lastFlags = tracking.lastFlags & ~WINDOW_FLAG.expectChallengeAck
      return { kind: 'valid', entry: { ...entry, tcp: { ...tracking, lastFlags } } }
    }
  } else if (next === 'SYN_SENT2') {
    before_ = { ...tracking, lastFlags: tracking.lastFlags | WINDOW_FLAG.simultaneousOpen }
  } else if (next === 'SYN_RECV') {
    const simultaneous = (tracking.lastFlags & WINDOW_FLAG.simultaneousOpen) !== 0
    if (direction === 'reply' && index === 'ack' && simultaneous) next = 'ESTABLISHED'
  } else if (next === 'CLOSE' && index === 'rst') {
    const reset = resetIn(entry, tracking, direction, segment, settings)
    if (reset === 'invalid') return { kind: 'invalid', entry }
    if (reset === 'keeps state') next = old
    checked = reset !== 'not checked'
  }
  let seen = before_
  if (checked) {
    const { action, tracking: after_ } = inWindow(before_, direction, flags, segment, settings)
    if (action === 'ignore') return { kind: 'valid', entry: { ...entry, tcp: after_ } }
    if (action === 'invalid')
      return { kind: 'invalid', entry: outOfWindow(entry, after_, direction, index, settings, now) }
    seen = after_
  }
  seen = { ...seen, lastIndex: index, lastDirection: direction, state: next }
  if (old !== next && next === 'FIN_WAIT') seen = withClosing(seen, direction)
  return settled(entry, seen, old, index, settings, now)
}

/** What stands at the end of `nf_conntrack_tcp_packet`: timeouts, ASSURED, and the reset nobody had answered before. */
function settled(
  entry: ConntrackEntry,
  tcp: TcpTracking,
  old: TcpState,
  index: Index,
  settings: ConntrackSettings,
  now: number,
): TcpStep {
  const { state } = tcp
  let timeout = timeoutIn(tcp, index, settings)
  let { assured } = entry
  if (!entry.seenReply) {
    if (index === 'rst') return { kind: 'killed' }
    if (index === 'syn' && old === 'SYN_SENT') return { kind: 'valid', entry: { ...entry, tcp } }
    const unacknowledged = timeoutOf(settings, 'tcp_timeout_unacknowledged')
    if (state === 'ESTABLISHED') timeout = Math.min(timeout, unacknowledged)
  } else if (!assured && (old === 'SYN_RECV' || old === 'ESTABLISHED') && state === 'ESTABLISHED')
    assured = true
  return { kind: 'valid', entry: { ...entry, tcp, assured, expiresAt: now + timeout } }
}

function timeoutIn(tcp: TcpTracking, index: Index, settings: ConntrackSettings): number {
  const own = timeoutOf(settings, `tcp_timeout_${SYSCTLS[tcp.state]}`)
  const retransmitted = timeoutOf(settings, 'tcp_timeout_max_retrans')
  const unacknowledged = timeoutOf(settings, 'tcp_timeout_unacknowledged')
  const flags = (tcp.windows?.[0].flags ?? 0) | (tcp.windows?.[1].flags ?? 0)
  if (tcp.retransmissions >= settings.tcpMaxRetrans && own > retransmitted) return retransmitted
  // a reset that was not believed; kernels before 6.12.117 give it the 10 s of CLOSE
  if (index === 'rst' && tcp.state === 'ESTABLISHED' && own > unacknowledged) return unacknowledged
  if ((flags & WINDOW_FLAG.unacknowledged) !== 0 && own > unacknowledged) return unacknowledged
  if (tcp.windows !== null && tcp.lastWindow === 0 && own > retransmitted) return retransmitted
  return own
}

/** Names of the timeouts of states: SYN_SENT2 has that of SYN_SENT. */
const SYSCTLS: Readonly<Record<TcpState, string>> = {
  NONE: 'syn_sent',
  SYN_SENT: 'syn_sent',
  SYN_RECV: 'syn_recv',
  ESTABLISHED: 'established',
  FIN_WAIT: 'fin_wait',
  CLOSE_WAIT: 'close_wait',
  LAST_ACK: 'last_ack',
  TIME_WAIT: 'time_wait',
  CLOSE: 'close',
  SYN_SENT2: 'syn_sent',
}

/** A SYN/ACK that answers a SYN which was ignored: the ends are in step, and conntrack gets in step with them. */
function syncedBy(
  tracking: TcpTracking,
  direction: Direction,
  index: Index,
  segment: TcpSegment,
): TcpTracking | null {
  const { lastIndex, lastDirection, lastEnd, lastWindow, lastScale, windows } = tracking
  const answers =
    index === 'synack' &&
    lastIndex === 'syn' &&
    lastDirection !== direction &&
    segment.ack === lastEnd
  if (!answers) return null
  const lastFlags = tracking.lastFlags & ~WINDOW_FLAG.expectChallengeAck
  if (windows === null) return { ...tracking, state: 'SYN_SENT', lastFlags }
  const other: TcpWindow = {
    ...windows[lastDirection === 'original' ? 0 : 1],
    end: lastEnd,
    maxend: lastEnd,
    maxwin: lastWindow === 0 ? 1 : lastWindow,
    scale: lastScale,
    flags: lastFlags,
  }
  return {
    ...tracking,
    // tcp_in_window still looks at the state the entry had
    lastFlags,
    windows: lastDirection === 'original' ? [other, reset(windows[1])] : [reset(windows[0]), other],
  }
}

/** `nf_ct_tcp_state_reset`: what was said of it to be liberal stays. */
function reset({ flags }: TcpWindow): TcpWindow {
  return { ...NO_WINDOW, flags: flags & WINDOW_FLAG.beLiberal }
}

/** A segment that may be right while conntrack is out of step: remembered, and let through. */
function ignored(
  tracking: TcpTracking,
  direction: Direction,
  index: Index,
  flags: number,
  segment: TcpSegment,
): TcpTracking {
  const next: TcpTracking = {
    ...tracking,
    lastIndex: index,
    lastDirection: direction,
    lastSeq: segment.seq,
    lastEnd: endOf(segment, flags),
    lastWindow: segment.window,
  }
  if (index === 'syn' && direction === 'original') {
    const seen = withOptions(NO_WINDOW, segment, flags)
    const challenged = tracking.state === 'LAST_ACK' ? WINDOW_FLAG.expectChallengeAck : 0
    return { ...next, lastScale: seen.scale, lastFlags: seen.flags | challenged }
  }
  if (tracking.state === 'SYN_SENT' && index === 'ack' && direction === 'reply')
    return { ...next, lastAck: segment.ack }
  return next
}

/** An ACK that answers a SYN that was let through (RFC 5961) is not the last one of a close. */
function isChallengeAck(tracking: TcpTracking, direction: Direction, index: Index): boolean {
  return (
    index === 'ack' &&
    tracking.lastDirection !== direction &&
    tracking.lastIndex === 'syn' &&
    (tracking.lastFlags & WINDOW_FLAG.expectChallengeAck) !== 0
  )
}

/** `tcp_can_early_drop` */
const CLOSING: ReadonlySet<TcpState> = new Set([
  'FIN_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
])

/** What a reset is taken for, before its window is looked at. */
function resetIn(
  entry: ConntrackEntry,
  tracking: TcpTracking,
  direction: Direction,
  { seq, ack }: TcpSegment,
  { tcpIgnoreInvalidRst }: ConntrackSettings,
): 'checked' | 'not checked' | 'keeps state' | 'invalid' {
  if (CLOSING.has(tracking.state)) return 'not checked'
  const established = tracking.state === 'ESTABLISHED' && entry.assured
  const other = tracking.windows?.[direction === 'original' ? 1 : 0]
  let result: 'checked' | 'keeps state' = 'checked'
  const judged = other !== undefined && (other.flags & WINDOW_FLAG.maxackSet) !== 0
  if (judged && tracking.lastIndex !== 'syn') {
    if (seq === 0 && !established) return 'checked'
    if (before(seq, other.maxack) && !tcpIgnoreInvalidRst) return 'invalid'
    if (!established || seq === other.maxack) return 'checked'
    const { lastIndex, lastDirection, lastEnd } = tracking
    if (lastIndex === 'ack' && lastDirection === direction && seq === lastEnd) return 'checked'
    result = 'keeps state'
  }
  const { lastIndex, lastEnd } = tracking
  // a SYN of the other end that was let through, or an ACK of either: a valid one is remembered as ignored ones are
  const ofSyn = entry.seenReply && lastIndex === 'syn' && tracking.lastDirection !== direction
  const ofAck = !entry.assured && lastIndex === 'ack'
  if ((ofSyn || ofAck) && ack === lastEnd) return result === 'checked' ? 'not checked' : result
  const ofChallenge =
    tracking.state === 'SYN_SENT' &&
    lastIndex === 'ack' &&
    tracking.lastDirection === 'reply' &&
    seq === tracking.lastAck
  return ofChallenge && result === 'checked' ? 'not checked' : result
}

/** `nf_tcp_handle_invalid`: two ends that both close a connection out of their windows do not keep it for days. */
function outOfWindow(
  entry: ConntrackEntry,
  tcp: TcpTracking,
  direction: Direction,
  index: Index,
  settings: ConntrackSettings,
  now: number,
): ConntrackEntry {
  const own = { ...entry, tcp }
  if (!entry.assured || (index !== 'fin' && index !== 'rst')) return own
  const answered =
    tcp.lastDirection !== direction && (tcp.lastIndex === 'fin' || tcp.lastIndex === 'rst')
  if (!answered) return { ...own, tcp: { ...tcp, lastIndex: index, lastDirection: direction } }
  const left = entry.expiresAt - now
  const shorter = timeoutOf(settings, 'tcp_timeout_unacknowledged')
  if (left < 120_000 || left <= shorter) return own
  return { ...own, expiresAt: now + shorter }
}

function withClosing(tcp: TcpTracking, direction: Direction): TcpTracking {
  if (tcp.windows === null) return tcp
  const [original, reply] = tcp.windows
  const closing = (window: TcpWindow): TcpWindow => ({
    ...window,
    flags: window.flags | WINDOW_FLAG.closeInit,
  })
  return {
    ...tcp,
    windows: direction === 'original' ? [closing(original), reply] : [original, closing(reply)],
  }
}
