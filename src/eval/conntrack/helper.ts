import type { ConntrackEntry, ConntrackExpectation, Direction } from '../../netfilter/conntrack.ts'
import { type Packet, PROTO } from '../../netfilter/packet.ts'
import { withExpectation } from './expectation.ts'
import { readLine } from './ftp.ts'
import { rivalOf, withEntry } from './table.ts'
import { after, before } from './tcp-window.ts'
import { confirmed, type Tracked } from './track.ts'

/** What becomes of a packet at its last hook, and why conntrack drops it there; null: it does not. */
export type Finished = { readonly tracked: Tracked; readonly lost: string | null }

/**
 * A packet has passed all hooks but the last: the helper of its connection reads it, and unless that drops it its
 * connection is in the table from now on. `nf_confirm`, net/netfilter/nf_conntrack_proto.c.
 */
export function finished(tracked: Tracked, packet: Packet, now: number): Finished {
  if (hasRival(tracked, now)) return { tracked, lost: RIVAL }
  const after_ = confirmed(tracked)
  const { entry, direction } = after_
  if (entry?.helper == null || direction === null || !isOwn(entry, packet))
    return { tracked: after_, lost: null }
  const result = helped(after_, entry, direction, packet, now)
  // a connection that begins with a packet that is dropped never comes into the table
  return result.lost !== null && after_ !== tracked ? { tracked, lost: result.lost } : result
}

const RIVAL = 'a connection of another zone gets the same answers: conntrack takes only one'

/** Of two connections that differ in the zone of one direction only, the second is dropped: `nf_ct_resolve_clash`. */
function hasRival({ entry, direction, table }: Tracked, now: number): boolean {
  if (entry === null || entry.confirmed || entry.dying || direction !== 'original') return false
  return rivalOf(table, entry, now) !== null
}

function helped(
  tracked: Tracked,
  entry: ConntrackEntry,
  direction: Direction,
  packet: Packet,
  now: number,
): Finished {
  switch (entry.helper) {
    case 'ftp':
      return tracked.state === 'established'
        ? ftp(tracked, entry, direction, packet, now)
        : { tracked, lost: null }
    case 'tftp':
      return tftp(tracked, entry, packet, now)
    default:
      return { tracked, lost: null }
  }
}

/** nf_confirm leaves out ICMP errors of the reply direction; of the others the helpers make nothing. */
function isOwn({ original }: ConntrackEntry, { l4 }: Packet): boolean {
  return (
    (l4.kind === 'tcp' && original.proto === PROTO.tcp) ||
    (l4.kind === 'udp' && original.proto === PROTO.udp)
  )
}

/** Seconds an announced connection is waited for, and how many may be: `ftp_exp_policy`, `tftp_exp_policy`. */
const WAIT = 300_000
const MOST = 1

/**
 * What an end of the control connection says where it begins a line: `help`, net/netfilter/nf_conntrack_ftp.c. A line
 * begins where a packet before ended in a newline; anything else is only looked at for where it ends. Of a connection
 * read from a dump nobody knows where its lines begin: its next packet is taken for one.
 */
function ftp(
  tracked: Tracked,
  entry: ConntrackEntry,
  direction: Direction,
  { l4 }: Packet,
  now: number,
): Finished {
  if (l4.kind !== 'tcp' || l4.payload === undefined || l4.payload === '')
    return { tracked, lost: null }
  const { payload } = l4
  const at = direction === 'original' ? 0 : 1
  const starts = entry.lineStarts[at]
  const seq = l4.segment?.seq ?? starts?.at(-1) ?? 0
  let next = tracked
  let lost: string | null = null
  if (starts === null || starts.includes(seq)) {
    const own = direction === 'original' ? entry.original : entry.reply
    const line = readLine(payload, direction, own.version)
    if (line.kind === 'partial')
      return { tracked, lost: `the helper ftp drops a part of ${line.command.trim()}` }
    // another address than the speaker's own is not believed (`loose` is off)
    if (line.kind === 'announces' && (line.place.address ?? own.src) === own.src) {
      const other = direction === 'original' ? entry.reply : entry.original
      const { src, dst, version } = other
      const wanted = { version, proto: PROTO.tcp, src, dst, dport: line.place.port }
      const table = withExpectation(tracked.table, expectationOf(entry, wanted, now), MOST)
      if (table === null) lost = CLASH
      else next = { ...tracked, table }
    }
  }
  if (!payload.endsWith('\n')) return { tracked: next, lost }
  const known = { ...entry, lineStarts: startingAt(entry, at, (seq + payload.length) >>> 0) }
  const table = known.confirmed ? withEntry(next.table, known) : next.table
  return { tracked: { ...next, entry: known, table }, lost }
}

const CLASH = 'the helper drops it: another connection expects the same'

/** `update_nl_seq`: the last two places are kept. */
function startingAt(
  { lineStarts }: ConntrackEntry,
  at: 0 | 1,
  seq: number,
): ConntrackEntry['lineStarts'] {
  const [original, reply] = lineStarts
  const next = added(at === 0 ? original : reply, seq)
  return at === 0 ? [next, reply] : [original, next]
}

function added(starts: readonly number[] | null, seq: number): readonly number[] {
  if (starts === null) return [seq]
  if (starts.includes(seq)) return starts
  if (starts.length < 2) return [...starts, seq]
  const [first = 0, second = 0] = starts
  const oldest = before(first, second) ? first : second
  return after(seq, oldest) ? [oldest === first ? second : first, seq] : starts
}

function expectationOf(
  { zone, id }: ConntrackEntry,
  wanted: Pick<ConntrackExpectation, 'version' | 'proto' | 'src' | 'dst' | 'dport'>,
  now: number,
): ConntrackExpectation {
  return { ...wanted, zone, master: id, sport: null, helper: null, expiresAt: now + WAIT }
}

/** A request to read or write: the data comes from another port of the server (`tftp_help`, nf_conntrack_tftp.c). */
function tftp(tracked: Tracked, entry: ConntrackEntry, { l4 }: Packet, now: number): Finished {
  if (l4.kind !== 'udp' || l4.payload === undefined || l4.payload.length < 4)
    return { tracked, lost: null }
  const opcode = l4.payload.charCodeAt(0) * 256 + l4.payload.charCodeAt(1)
  if (opcode !== 1 && opcode !== 2) return { tracked, lost: null }
  const { src, dst, dport, version } = entry.reply
  const wanted = { version, proto: PROTO.udp, src, dst, dport }
  const table = withExpectation(tracked.table, expectationOf(entry, wanted, now), MOST)
  return table === null ? { tracked, lost: CLASH } : { tracked: { ...tracked, table }, lost: null }
}
