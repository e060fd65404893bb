import type {
  ConntrackEntry,
  ConntrackSettings,
  DccpState,
  DccpTracking,
  Direction,
} from '../../netfilter/conntrack.ts'
import { DCCP_TYPE, type DccpPacket } from '../../netfilter/packet.ts'
import { timeoutOf } from './settings.ts'

/** Columns of the table below: `enum ct_dccp_states`. */
const STATES: readonly DccpState[] = [
  'NONE',
  'REQUEST',
  'RESPOND',
  'PARTOPEN',
  'OPEN',
  'CLOSEREQ',
  'CLOSING',
  'TIMEWAIT',
]

type Move = DccpState | 'invalid' | 'ignore'

const WORDS: Readonly<Record<string, Move>> = {
  RQ: 'REQUEST',
  RS: 'RESPOND',
  PO: 'PARTOPEN',
  OP: 'OPEN',
  CR: 'CLOSEREQ',
  CG: 'CLOSING',
  TW: 'TIMEWAIT',
  IG: 'ignore',
  IV: 'invalid',
}

function moves(rows: string): readonly (readonly Move[])[] {
  return rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .trim()
        .split(/\s+/)
        .slice(1)
        .map((word) => WORDS[word] as Move),
    )
}

/**
 * What a packet makes of a connection: `dccp_state_table`, net/netfilter/nf_conntrack_proto_dccp.c (gone since 6.16). Rows
 * are types, in the order of their numbers; columns states, in the order of {@link STATES}.
 */
const MOVES: Readonly<Record<'client' | 'server', readonly (readonly Move[])[]>> = {
  client: moves(`
    request  RQ RQ RS IG IG IG IG RQ
    response IV IG IG IG IG IG IG IV
    data     IV IV IV IV OP CR CG IV
    ack      IV IV PO PO OP CR CG IV
    dataAck  IV IV PO PO OP CR CG IV
    closeReq IV IV IV IV IV IV IV IV
    close    IV IV IV CG CG CG IV IV
    reset    IV TW TW TW TW TW TW IG
    sync     IV IG IG IG IG IG IG IG
    syncAck  IV IG IG IG IG IG IG IG`),
  server: moves(`
    request  IV IG IG IG IG IG IG RQ
    response IV RS RS IG IG IG IG IV
    data     IV IV IV OP OP IV CG IV
    ack      IV IV IV OP OP IV CG IV
    dataAck  IV IV IV OP OP IV CG IV
    closeReq IV IV IV CR CR CR CR IV
    close    IV IV IV CG CG IV CG IV
    reset    IV TW TW TW TW TW TW TW
    sync     IV IG IG IG IG IG IG IG
    syncAck  IV IG IG IG IG IG IG IG`),
}

/** The connection a first packet begins; null: none, as only a REQUEST does (`dccp_new`). */
export function dccpOpened({ type }: DccpPacket): DccpTracking | null {
  if (MOVES.client[type]?.[0] !== 'REQUEST') return null
  return {
    state: 'NONE',
    client: 'original',
    lastType: DCCP_TYPE.request,
    lastDirection: 'original',
    handshakeSeq: 0,
  }
}

export type DccpStep =
  | { readonly kind: 'valid' | 'invalid'; readonly entry: ConntrackEntry }
  /** It ends, and the packet passes as its last. */
  | { readonly kind: 'killed' }

/** `nf_conntrack_dccp_packet`, of a connection that has a state. `now` in ms. */
export function dccpStep(
  entry: ConntrackEntry,
  tracking: DccpTracking,
  direction: Direction,
  { type, seq, ack }: DccpPacket,
  settings: ConntrackSettings,
  now: number,
): DccpStep {
  if (type >= MOVES.client.length) return { kind: 'invalid', entry }
  if (type === DCCP_TYPE.reset && !entry.seenReply) return { kind: 'killed' }
  const role = tracking.client === direction ? 'client' : 'server'
  const old = tracking.state
  let next = MOVES[role][type]?.[STATES.indexOf(old)] ?? 'invalid'
  let seen = tracking
  let { assured } = entry
  if (next === 'invalid') return { kind: 'invalid', entry }
  if (next === 'ignore') {
    const answers =
      tracking.lastDirection !== direction &&
      tracking.lastType === DCCP_TYPE.request &&
      type === DCCP_TYPE.response
    if (!answers) {
      const dccp = { ...tracking, lastDirection: direction, lastType: type }
      return { kind: 'valid', entry: { ...entry, dccp } }
    }
    // a response to a request that was ignored: the ends are in step
    const client = direction === 'original' ? 'reply' : 'original'
    seen = { ...tracking, client, handshakeSeq: seq }
    next = 'RESPOND'
  } else if (next === 'REQUEST') {
    // begun anew from the other side
    if (old === 'TIMEWAIT' && role === 'server') seen = { ...tracking, client: direction }
  } else if (next === 'RESPOND') {
    if (old === 'REQUEST') seen = { ...tracking, handshakeSeq: seq }
  } else if (next === 'PARTOPEN') {
    const confirms = type === DCCP_TYPE.ack && ack === tracking.handshakeSeq
    if (old === 'RESPOND' && confirms) assured = true
  }
  const dccp = { ...seen, state: next, lastDirection: direction, lastType: type }
  const name = `dccp_timeout_${next === 'NONE' ? 'request' : next.toLowerCase()}`
  return {
    kind: 'valid',
    entry: { ...entry, dccp, assured, expiresAt: now + timeoutOf(settings, name) },
  }
}

/** What a connection expects next, where a question does not say what a packet is. */
export function dccpExpected(tracking: DccpTracking | null, direction: Direction): DccpPacket {
  const isClient = tracking === null || tracking.client === direction
  const packet = (type: number, ack: number = 0): DccpPacket => ({ type, seq: 42, ack })
  switch (tracking?.state) {
    case undefined:
    case 'NONE':
    case 'REQUEST':
    case 'TIMEWAIT':
      return packet(isClient ? DCCP_TYPE.request : DCCP_TYPE.response)
    case 'RESPOND':
      return isClient ? packet(DCCP_TYPE.ack, tracking?.handshakeSeq) : packet(DCCP_TYPE.response)
    default:
      return packet(DCCP_TYPE.dataAck)
  }
}
