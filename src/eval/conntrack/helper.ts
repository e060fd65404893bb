import { parseAddr } from '../../ip/address.ts'
import type { ConntrackEntry, ConntrackExpectation, Direction } from '../../netfilter/conntrack.ts'
import { type Packet, PROTO } from '../../netfilter/packet.ts'
import { withExpectation } from './expectation.ts'
import { withEntry } from './table.ts'
import type { Tracked } from './track.ts'

/** Helpers whose payload is read; of the others a connection has the name only. */
export const READ_HELPERS: ReadonlySet<string> = new Set(['ftp', 'tftp'])

/**
 * What the helper of a connection makes of a packet that has passed all hooks but the last: `nf_confirm`,
 * net/netfilter/nf_conntrack_proto.c.
 */
export function helped(tracked: Tracked, packet: Packet, now: number): Tracked {
  const { entry, direction, state } = tracked
  // nf_confirm leaves out what is only related to the connection
  if (entry?.helper == null || direction === null || !isOwn(entry, packet)) return tracked
  switch (entry.helper) {
    case 'ftp':
      return state === 'established' ? ftp(tracked, entry, direction, packet, now) : tracked
    case 'tftp':
      return tftp(tracked, entry, packet, now)
    default:
      return tracked
  }
}

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
 * PORT and EPRT of the client, 227 and 229 of the server, where they begin a line: `help`, nf_conntrack_ftp.c. A line
 * begins where a packet before ended in a newline; the first data packet of an end only says where the next line is.
 */
function ftp(
  tracked: Tracked,
  entry: ConntrackEntry,
  direction: Direction,
  { l4 }: Packet,
  now: number,
): Tracked {
  if (l4.kind !== 'tcp' || l4.payload === undefined || l4.payload === '') return tracked
  const { payload } = l4
  const at = direction === 'original' ? 0 : 1
  const starts = entry.lineStarts[at]
  const seq = l4.segment?.seq ?? starts.at(-1) ?? 0
  const atStart = starts.includes(seq)
  let { table } = tracked
  const announced = atStart ? announcedBy(entry, direction, payload, now) : null
  if (announced !== null) table = withExpectation(table, announced, MOST)
  let next = entry
  if (payload.endsWith('\n')) {
    const after = (seq + payload.length) >>> 0
    const own = starts.includes(after) ? starts : [...starts, after].slice(-2)
    next = {
      ...entry,
      lineStarts: at === 0 ? [own, entry.lineStarts[1]] : [entry.lineStarts[0], own],
    }
  }
  if (next === entry) return { ...tracked, table }
  return { ...tracked, entry: next, table: next.confirmed ? withEntry(table, next) : table }
}

function announcedBy(
  entry: ConntrackEntry,
  direction: Direction,
  payload: string,
  now: number,
): ConntrackExpectation | null {
  const own = direction === 'original' ? entry.original : entry.reply
  const other = direction === 'original' ? entry.reply : entry.original
  const place =
    direction === 'original' ? fromClient(payload, own.version) : fromServer(payload, own.version)
  if (place === null) return null
  // another address than the speaker's own is not believed (`loose` is off)
  if (place.address !== null && place.address !== own.src) return null
  return {
    zone: entry.zone,
    master: entry.id,
    version: own.version,
    proto: PROTO.tcp,
    src: other.src,
    dst: other.dst,
    sport: null,
    dport: place.port,
    helper: null,
    expiresAt: now + WAIT,
  }
}

type Announced = { readonly address: bigint | null; readonly port: number }

function fromClient(payload: string, version: 4 | 6): Announced | null {
  const port = /^PORT (\d{1,3}(?:,\d{1,3}){5})\r/i.exec(payload)
  if (port !== null) return version === 4 ? commaPlace(port[1] ?? '') : null
  const extended = /^EPRT ([!-~])([12])\1([0-9A-Fa-f.:]+)\1(\d{1,5})\1\r/i.exec(payload)
  if (extended === null) return null
  const address = parseAddr(extended[3] ?? '')
  if (address === null || address.version !== version) return null
  if ((extended[2] === '1') !== (version === 4)) return null
  return portPlace(address.bits, Number(extended[4]))
}

function fromServer(payload: string, version: 4 | 6): Announced | null {
  const passive = /^227 [^(]*\((\d{1,3}(?:,\d{1,3}){5})\)/.exec(payload)
  if (passive !== null) return version === 4 ? commaPlace(passive[1] ?? '') : null
  const extended = /^229 [^(]*\(([!-~])\1\1(\d{1,5})\1\)/.exec(payload)
  return extended === null ? null : portPlace(null, Number(extended[2]))
}

/** `10,0,0,5,4,1`: four bytes of the address, two of the port. */
function commaPlace(text: string): Announced | null {
  const bytes = text.split(',').map(Number)
  if (bytes.some((byte) => byte > 255)) return null
  const [a = 0, b = 0, c = 0, d = 0, high = 0, low = 0] = bytes
  return portPlace(BigInt(((a * 256 + b) * 256 + c) * 256 + d), high * 256 + low)
}

function portPlace(address: bigint | null, port: number): Announced | null {
  return port === 0 || port > 65_535 ? null : { address, port }
}

/** A request to read or write: the data comes from another port of the server (`tftp_help`, nf_conntrack_tftp.c). */
function tftp(tracked: Tracked, entry: ConntrackEntry, { l4 }: Packet, now: number): Tracked {
  if (l4.kind !== 'udp' || l4.payload === undefined || l4.payload.length < 4) return tracked
  const opcode = l4.payload.charCodeAt(0) * 256 + l4.payload.charCodeAt(1)
  if (opcode !== 1 && opcode !== 2) return tracked
  const { src, dst, dport, version } = entry.reply
  const expectation: ConntrackExpectation = {
    zone: entry.zone,
    master: entry.id,
    version,
    proto: PROTO.udp,
    src,
    dst,
    sport: null,
    dport,
    helper: 'tftp',
    expiresAt: now + WAIT,
  }
  return { ...tracked, table: withExpectation(tracked.table, expectation, MOST) }
}
