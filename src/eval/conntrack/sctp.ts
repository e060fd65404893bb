import type {
  ConntrackEntry,
  ConntrackSettings,
  Direction,
  SctpState,
  SctpTracking,
} from '../../netfilter/conntrack.ts'
import { SCTP_CHUNK, type SctpChunk, type SctpPacket } from '../../netfilter/packet.ts'
import { timeoutOf } from './settings.ts'

/** Columns of the table below: `enum sctp_conntrack`. */
const STATES: readonly SctpState[] = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
]

const WORDS: Readonly<Record<string, SctpState | 'invalid'>> = {
  CL: 'CLOSED',
  CW: 'COOKIE_WAIT',
  CE: 'COOKIE_ECHOED',
  ES: 'ESTABLISHED',
  SS: 'SHUTDOWN_SENT',
  SR: 'SHUTDOWN_RECD',
  SA: 'SHUTDOWN_ACK_SENT',
  HS: 'HEARTBEAT_SENT',
  IV: 'invalid',
}

type Moves = ReadonlyMap<number, readonly (SctpState | 'invalid')[]>

function moves(rows: string): Moves {
  return new Map(
    rows
      .trim()
      .split('\n')
      .map((row) => {
        const [name = '', ...words] = row.trim().split(/\s+/)
        return [
          SCTP_CHUNK[name as keyof typeof SCTP_CHUNK],
          words.map((word) => WORDS[word] as SctpState | 'invalid'),
        ]
      }),
  )
}

/**
 * What a chunk makes of an association: `sctp_conntracks`, net/netfilter/nf_conntrack_proto_sctp.c. Columns are the
 * states it is in, in the order of {@link STATES}; chunks that are not here change nothing.
 */
const MOVES: Readonly<Record<Direction, Moves>> = {
  original: moves(`
    init             CL CL CW CE ES CL CL SA CW
    initAck          CL CL CW CE ES SS SR SA CL
    abort            CL CL CL CL CL CL CL CL CL
    shutdown         CL CL CW CE SS SS SR SA CL
    shutdownAck      SA CL CW CE ES SA SA SA SA
    error            CL CL CW CE ES SS SR SA CL
    cookieEcho       CL CL CE CE ES SS SR SA CL
    cookieAck        CL CL CW ES ES SS SR SA CL
    shutdownComplete CL CL CW CE ES SS SR CL CL
    heartbeat        HS CL CW CE ES SS SR SA HS
    heartbeatAck     CL CL CW CE ES SS SR SA HS`),
  reply: moves(`
    init             IV CL CW CE ES SS SR SA IV
    initAck          IV CW CW CE ES SS SR SA IV
    abort            IV CL CL CL CL CL CL CL IV
    shutdown         IV CL CW CE SR SS SR SA IV
    shutdownAck      IV CL CW CE ES SA SA SA IV
    error            IV CL CW CL ES SS SR SA IV
    cookieEcho       IV CL CE CE ES SS SR SA IV
    cookieAck        IV CL CW ES ES SS SR SA IV
    shutdownComplete IV CL CW CE ES SS SR CL IV
    heartbeat        IV CL CW CE ES SS SR SA HS
    heartbeatAck     IV CL CW CE ES SS SR SA ES`),
}

function moved(direction: Direction, state: SctpState, type: number): SctpState | 'invalid' {
  return MOVES[direction].get(type)?.[STATES.indexOf(state)] ?? state
}

/** Names of the timeouts of states, behind `sctp_timeout_`. */
const SYSCTLS: Readonly<Record<SctpState, string>> = {
  NONE: 'closed',
  CLOSED: 'closed',
  COOKIE_WAIT: 'cookie_wait',
  COOKIE_ECHOED: 'cookie_echoed',
  ESTABLISHED: 'established',
  SHUTDOWN_SENT: 'shutdown_sent',
  SHUTDOWN_RECD: 'shutdown_recd',
  SHUTDOWN_ACK_SENT: 'shutdown_ack_sent',
  HEARTBEAT_SENT: 'heartbeat_sent',
}

/** `do_basic_checks`: what stands alone, or first, does; and there is a chunk at all. */
function isWellFormed({ chunks }: SctpPacket): boolean {
  const { init, initAck, shutdownComplete, cookieAck, cookieEcho } = SCTP_CHUNK
  let alone = false
  for (const [index, { type }] of chunks.entries()) {
    if (type === init || type === initAck || type === shutdownComplete) alone = true
    if (index > 0 && (alone || type === cookieAck || type === cookieEcho)) return false
  }
  return chunks.length > 0
}

const NO_TAGS: readonly [number, number] = [0, 0]

/** The association a first packet begins; null: none. `sctp_new`, and what is not looked at out of the blue (RFC 9260, 8.4). */
export function sctpOpened({ tag, chunks }: SctpPacket): SctpTracking | null {
  const { init, heartbeat, shutdownAck, abort, shutdownComplete, cookieAck } = SCTP_CHUNK
  let tags = NO_TAGS
  for (const { type, initTag } of chunks) {
    if (type === abort || type === shutdownComplete || type === cookieAck) return null
    const state = moved('original', 'NONE', type)
    if (state === 'NONE' || state === 'invalid') return null
    if (type === init) {
      if (tag !== 0) return null
      tags = [tags[0], initTag]
    } else if (type === heartbeat) tags = [tag, tags[1]]
    else if (type === shutdownAck) tags = [tags[0], tag]
  }
  return { state: 'NONE', tags, inits: [false, false], heartbeatFailed: null }
}

/** What becomes of an association by a packet of it. */
export type SctpStep = {
  readonly valid: boolean
  readonly entry: ConntrackEntry
}

/** `nf_conntrack_sctp_packet`, of an association that has a state. `now` in ms. */
export function sctpStep(
  entry: ConntrackEntry,
  tracking: SctpTracking,
  direction: Direction,
  packet: SctpPacket,
  settings: ConntrackSettings,
  now: number,
): SctpStep {
  const { valid, sctp, isNew, refreshes } = through(tracking, direction, packet, entry.confirmed)
  const next = { ...entry, sctp, assured: entry.assured || isNew }
  if (!valid || !refreshes) return { valid, entry: next }
  const timeout = timeoutOf(settings, `sctp_timeout_${SYSCTLS[sctp.state]}`)
  return { valid, entry: { ...next, expiresAt: now + timeout } }
}

/** Whether a packet of no association begins one. */
export function sctpOpens(packet: SctpPacket): boolean {
  const fresh = sctpOpened(packet)
  return fresh !== null && through(fresh, 'original', packet, false).valid
}

type Through = {
  readonly valid: boolean
  /** As far as the packet was read: what a chunk said holds, even if one behind it makes the packet invalid. */
  readonly sctp: SctpTracking
  /** The association was established. */
  readonly isNew: boolean
  readonly refreshes: boolean
}

/** Chunk by chunk. */
function through(
  tracking: SctpTracking,
  direction: Direction,
  packet: SctpPacket,
  confirmed: boolean,
): Through {
  let sctp = tracking
  let isNew = false
  let refreshes = true
  const ended = (valid: boolean): Through => ({ valid, sctp, isNew, refreshes })
  if (!isWellFormed(packet) || !hasTag(packet, tracking, direction)) return ended(false)
  for (const chunk of packet.chunks) {
    const checked = checkTag(sctp, direction, packet, chunk, refreshes)
    if (checked === 'invalid') return ended(false)
    sctp = checked.tracking
    if (checked.ignored) {
      refreshes = false
      continue
    }
    const old = sctp.state
    const state = moved(direction, old, chunk.type)
    const noted = state === 'invalid' ? null : withInit(sctp, direction, chunk)
    if (state === 'invalid' || noted === null) return ended(false)
    // an INIT that comes again keeps no association alive
    const isAgain = chunk.type === SCTP_CHUNK.init && old === 'CLOSED' && state === 'CLOSED'
    if (isAgain && confirmed) refreshes = false
    sctp = { ...noted, state }
    if (old !== state && state === 'ESTABLISHED') isNew = true
  }
  return ended(true)
}

/** Chunks that have rules of their own about the verification tag, or none: RFC 9260, 8.5.1. */
const SPECIAL: ReadonlySet<number> = new Set([
  SCTP_CHUNK.init,
  SCTP_CHUNK.shutdownComplete,
  SCTP_CHUNK.cookieEcho,
  SCTP_CHUNK.abort,
  SCTP_CHUNK.shutdownAck,
  SCTP_CHUNK.heartbeat,
  SCTP_CHUNK.heartbeatAck,
])

function hasTag(
  { tag, chunks }: SctpPacket,
  { tags }: SctpTracking,
  direction: Direction,
): boolean {
  if (tags === null || chunks.some(({ type }) => SPECIAL.has(type))) return true
  return tag === tags[direction === 'original' ? 0 : 1]
}

type Checked = 'invalid' | { readonly tracking: SctpTracking; readonly ignored: boolean }

/** The tag of a packet by what one of its chunks asks of it. Of an association read from a dump nobody knows the tags. */
function checkTag(
  tracking: SctpTracking,
  direction: Direction,
  { tag, chunks }: SctpPacket,
  { type, isReflected }: SctpChunk,
  refreshes: boolean,
): Checked {
  const { tags } = tracking
  const passes: Checked = { tracking, ignored: false }
  if (tags === null) return passes
  const at = direction === 'original' ? 0 : 1
  const own = tags[at]
  switch (type) {
    case SCTP_CHUNK.init:
      return tag === 0 ? passes : 'invalid'
    case SCTP_CHUNK.abort:
    case SCTP_CHUNK.shutdownComplete:
      return tag === (isReflected ? tags[at === 0 ? 1 : 0] : own) ? passes : 'invalid'
    case SCTP_CHUNK.cookieEcho:
      return tag === own ? passes : 'invalid'
    case SCTP_CHUNK.cookieAck:
      return { tracking: { ...tracking, inits: [false, false] }, ignored: false }
    case SCTP_CHUNK.heartbeat:
    case SCTP_CHUNK.heartbeatAck:
      break
    default:
      return passes
  }
  if (own === 0) return { tracking: { ...tracking, tags: withTag(tags, at, tag) }, ignored: false }
  if (tag === own) return { tracking: { ...tracking, heartbeatFailed: null }, ignored: false }
  if (!refreshes || chunks.some((chunk) => chunk.type === SCTP_CHUNK.data)) return 'invalid'
  if (type === SCTP_CHUNK.heartbeat)
    return { tracking: { ...tracking, heartbeatFailed: direction }, ignored: true }
  // the answer to a heartbeat that had another tag: the association has begun anew
  if (tracking.heartbeatFailed === null || tracking.heartbeatFailed === direction) return 'invalid'
  const renewed = at === 0 ? ([tag, 0] as const) : ([0, tag] as const)
  return { tracking: { ...tracking, tags: renewed, heartbeatFailed: null }, ignored: false }
}

function withTag(
  [original, reply]: readonly [number, number],
  at: 0 | 1,
  tag: number,
): readonly [number, number] {
  return at === 0 ? [tag, reply] : [original, tag]
}

/** INIT and INIT ACK say which tag the other end is to use; null: one that answers nothing, or two that collide. */
function withInit(
  tracking: SctpTracking,
  direction: Direction,
  { type, initTag }: SctpChunk,
): SctpTracking | null {
  const { tags, inits, state } = tracking
  const at = direction === 'original' ? 0 : 1
  const other = at === 0 ? 1 : 0
  if (tags === null || (type !== SCTP_CHUNK.init && type !== SCTP_CHUNK.initAck)) return tracking
  const known = tags[other]
  const next = { ...tracking, tags: withTag(tags, other, initTag) }
  if (type === SCTP_CHUNK.init) {
    if (state !== 'NONE' && known === initTag) return next
    const both = inits[0] && inits[1]
    const others = both ? false : inits[other]
    return { ...next, inits: at === 0 ? [true, others] : [others, true] }
  }
  if (!inits[other] && known !== 0 && known !== initTag) return null
  if (inits[0] && inits[1] && known !== initTag) return null
  return next
}

/** What an association expects next, where a question does not say what a packet holds. */
export function sctpExpected(tracking: SctpTracking | null, direction: Direction): SctpPacket {
  const tag = tracking?.tags?.[direction === 'original' ? 0 : 1] ?? 0
  const packet = (type: number, initTag: number = 0): SctpPacket => ({
    tag: type === SCTP_CHUNK.init ? 0 : tag,
    chunks: [{ type, isReflected: false, initTag }],
  })
  switch (tracking?.state) {
    case undefined:
      return packet(SCTP_CHUNK.init, 0x1234)
    case 'CLOSED':
      return direction === 'reply'
        ? packet(SCTP_CHUNK.initAck, 0x5678)
        : packet(SCTP_CHUNK.init, 0x1234)
    case 'COOKIE_WAIT':
      return packet(direction === 'reply' ? SCTP_CHUNK.initAck : SCTP_CHUNK.cookieEcho, 0x5678)
    case 'COOKIE_ECHOED':
      return packet(direction === 'reply' ? SCTP_CHUNK.cookieAck : SCTP_CHUNK.cookieEcho)
    default:
      return packet(SCTP_CHUNK.data)
  }
}
