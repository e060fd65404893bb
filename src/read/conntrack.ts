import { parseAddr } from '../ip/address.ts'
import type { ConntrackEntry, TcpState, Tuple } from '../netfilter/conntrack.ts'
import { PROTO } from '../netfilter/packet.ts'

/** A line of a dump that tells of no connection, and why. */
export type UnreadLine = {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type ReadConnections = {
  readonly entries: readonly ConntrackEntry[]
  readonly unread: readonly UnreadLine[]
}

const longestLine = 4096
const mostEntries = 1_000_000

const STATES: ReadonlySet<string> = new Set([
  ...['NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK'],
  ...['TIME_WAIT', 'CLOSE', 'SYN_SENT2'],
])

/**
 * Connections of `conntrack -L` (also `-o extended`, `-o id`) or /proc/net/nf_conntrack. Timeouts count from `now`, ms.
 * Windows are in no dump, so any segment of such a connection is in them. Lines that cannot be read are told and left
 * out.
 */
export function readConnections(text: string, now: number): ReadConnections {
  const entries: ConntrackEntry[] = []
  const unread: UnreadLine[] = []
  for (const [index, line] of text.split('\n').entries()) {
    // the count conntrack prints at its end
    if (line.trim() === '' || /^conntrack v[\d.]+/.test(line)) continue
    if (entries.length >= mostEntries) {
      unread.push({ line: index + 1, column: 1, message: `more than ${mostEntries} connections` })
      break
    }
    const read =
      line.length > longestLine ? 'a line too long for a connection' : readLine(line, now)
    if (typeof read === 'string') unread.push({ line: index + 1, column: 1, message: read })
    else entries.push({ ...read, id: entries.length + 1 })
  }
  return { entries, unread }
}

function readLine(line: string, now: number): ConntrackEntry | string {
  const words = line.trim().split(/\s+/)
  // `-o extended` and /proc begin with the family and its number
  const at = words[0] === 'ipv4' || words[0] === 'ipv6' ? 2 : 0
  const proto = Number(words[at + 1])
  if (words[at] === undefined || !Number.isInteger(proto) || proto < 0 || proto > 255)
    return 'no protocol and its number'
  const seconds = Number(words[at + 2])
  const hasTimeout = Number.isInteger(seconds) && seconds >= 0
  const rest = words.slice(at + (hasTimeout ? 3 : 2))
  const state = rest.find((word) => STATES.has(word)) ?? null
  const facts = rest.flatMap((word) => {
    const found = /^([a-z-]+)=(.*)$/.exec(word)
    return found === null ? [] : [[found[1] ?? '', found[2] ?? ''] as const]
  })
  const starts = facts.flatMap(([name], index) => (name === 'src' ? [index] : []))
  if (starts.length < 2) return 'not the two ends of both directions'
  const original = tupleIn(facts.slice(starts[0], starts[1]), proto)
  const reply = tupleIn(facts.slice(starts[1]), proto)
  if (original === null || reply === null) return 'an address or a port that is none'
  const flags = new Set(rest.filter((word) => word.startsWith('[')))
  const fact = (name: string): string | null => facts.find(([each]) => each === name)?.[1] ?? null
  return {
    id: 0,
    zone: Number(fact('zone') ?? 0),
    original,
    reply,
    seenReply: !flags.has('[UNREPLIED]'),
    assured: flags.has('[ASSURED]'),
    confirmed: true,
    dying: false,
    tcp: proto === PROTO.tcp ? trackingOf(state) : null,
    udpStreamAt: null,
    mark: Number(fact('mark') ?? 0) >>> 0,
    helper: fact('helper'),
    lineStarts: [[], []],
    master: null,
    expiresAt: now + (hasTimeout ? seconds : 600) * 1000,
  }
}

function trackingOf(state: string | null): ConntrackEntry['tcp'] {
  return {
    state: (state ?? 'ESTABLISHED') as TcpState,
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
}

function tupleIn(facts: readonly (readonly [string, string])[], proto: number): Tuple | null {
  const fact = (name: string): string | null => facts.find(([each]) => each === name)?.[1] ?? null
  const [src, dst] = [parseAddr(fact('src') ?? ''), parseAddr(fact('dst') ?? '')]
  if (src === null || dst === null || src.version !== dst.version) return null
  const isIcmp = proto === PROTO.icmp || proto === PROTO.icmpv6
  const number = (name: string): number => Number(fact(name) ?? 0)
  const sport = isIcmp ? number('id') : number('sport')
  const dport = isIcmp ? number('type') * 256 + number('code') : number('dport')
  const isPort = (value: number): boolean =>
    Number.isInteger(value) && value >= 0 && value <= 65_535
  if (!isPort(sport) || !isPort(dport)) return null
  return { version: src.version, src: src.bits, dst: dst.bits, proto, sport, dport }
}
