import { parseAddr } from '../ip/address.ts'
import type {
  ConntrackEntry,
  DccpState,
  DccpTracking,
  SctpState,
  SctpTracking,
  TcpState,
  TcpTracking,
  Tuple,
} from '../netfilter/conntrack.ts'
import { DCCP_TYPE, PROTO } from '../netfilter/packet.ts'
import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { lineSpan, type SourceFile, type Span } from '../source/source-file.ts'

/** Longest line that is read; those of a kernel have some 400 letters. */
const longestLine = 8192

/** Complaints that are made one by one. */
const mostComplaints = 200

/**
 * The connections of a dump: `conntrack -L`, also with `-o extended,id,timestamp,labels`, or /proc/net/nf_conntrack
 * (ct_seq_show, net/netfilter/nf_conntrack_standalone.c). Its moment is 0 of the clock of `expiresAt`. The dump does
 * not tell the windows of TCP, so these are unknown; of offloaded connections, which have no time, a day is left
 * (nf_ct_offload_timeout). A line that is none is passed over and told, and so is a second one of a connection. Cost:
 * linear.
 */
export function readConntrack(file: SourceFile): Parsed<readonly ConntrackEntry[]> {
  const entries: ConntrackEntry[] = []
  const diagnostics: Diagnostic[] = []
  const known = new Set<string>()
  let untold = 0
  const complain = (span: Span, message: string, help: string | null = null): void => {
    if (diagnostics.length >= mostComplaints) untold += 1
    else diagnostics.push(diagnostic('warning', 'read/bad-line', span, message, { help }))
  }
  for (let line = 1; line <= file.lineStarts.length; line += 1) {
    const span = lineSpan(file, line)
    if (span.end - span.start > longestLine) {
      complain({ ...span, end: span.start + 80 }, 'this line is longer than any connection')
      continue
    }
    const text = file.text.slice(span.start, span.end)
    if (text.trim() === '' || /^conntrack v[\d.]+ \(conntrack-tools\): /.test(text)) continue
    const read = readEntry(text, entries.length + 1)
    if (typeof read === 'string') {
      complain(span, read, 'give the output of `conntrack -L`')
      continue
    }
    const key = `${read.zone} ${keyOf(read.original)}`
    if (known.has(key)) {
      complain(span, 'this connection stands above already: it is passed over')
      continue
    }
    known.add(key)
    entries.push(read)
  }
  if (untold > 0)
    diagnostics.push(
      diagnostic('warning', 'read/bad-line', null, `so are ${untold} more lines of ${file.path}`),
    )
  return { value: entries, diagnostics }
}

function keyOf({ version, src, dst, proto, sport, dport }: Tuple): string {
  return `${version} ${src} ${dst} ${proto} ${sport} ${dport}`
}

const TCP_STATES: ReadonlyMap<string, TcpState> = new Map(
  (
    [
      ...['NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK'],
      ...['TIME_WAIT', 'CLOSE', 'SYN_SENT2'],
    ] as const
  ).map((state) => [state, state]),
)

/** Seconds an offloaded connection is kept: NF_CT_DAY. */
const offloadedSeconds = 86_400

/** One line, or why it is none. */
function readEntry(text: string, id: number): ConntrackEntry | string {
  // `[start=Mon Jan  1 00:00:00 2024]` is one word with blanks in it
  const whole = text.includes('[st')
    ? text.replace(/\[[^\]]*\]/g, (word) => word.replace(/\s/g, '_'))
    : text
  const words = whole.match(/\S+/g) ?? []
  let at = words[0] === 'ipv4' || words[0] === 'ipv6' ? 2 : 0
  const proto = readNumber(words[at + 1], 255)
  if (proto === null || !/^[a-z][a-z0-9-]*$/.test(words[at] ?? ''))
    return 'this is no line of a list of connections'
  at += 2
  const seconds = readNumber(words[at], 0xffff_ffff)
  if (seconds !== null) at += 1
  const state = /^[A-Z][A-Z0-9_]*$/.test(words[at] ?? '') ? (words[at] ?? null) : null
  if (state !== null) at += 1
  const fields = readFields(words.slice(at))
  if (typeof fields === 'string') return fields
  const original = tupleOf(fields.original, proto)
  const reply = tupleOf(fields.reply, proto)
  if (original === null || reply === null || original.version !== reply.version)
    return 'this connection has not the addresses and ports of both directions'
  const isOffloaded = fields.flags.has('[OFFLOAD]') || fields.flags.has('[HW_OFFLOAD]')
  if (seconds === null && !isOffloaded) return 'this connection does not say how long it lasts'
  const tcp = proto === PROTO.tcp ? trackingOf(state, isOffloaded) : null
  if (proto === PROTO.tcp && tcp === null) return 'this is no state of a TCP connection'
  const sctp = proto === PROTO.sctp ? associationOf(state) : null
  if (proto === PROTO.sctp && sctp === null) return 'this is no state of an SCTP association'
  const dccp = proto === PROTO.dccp ? dccpOf(state) : null
  if (proto === PROTO.dccp && dccp === null) return 'this is no state of a DCCP connection'
  const mark = readNumber(fields.once.get('mark') ?? '0', 0xffff_ffff)
  const { zone, zoneOf } = zoneOfFields(fields)
  if (mark === null || zone === null) return 'the mark or the zone of this connection is no number'
  return {
    id,
    zone,
    zoneOf,
    original,
    reply,
    seenReply: !fields.flags.has('[UNREPLIED]'),
    assured: fields.flags.has('[ASSURED]') || isOffloaded,
    confirmed: true,
    dying: false,
    tcp,
    sctp,
    dccp,
    udpStreamAt: proto === PROTO.udp || proto === PROTO.udplite ? 0 : null,
    mark,
    helper: fields.once.get('helper') ?? null,
    lineStarts: [null, null],
    master: null,
    expiresAt: (seconds ?? offloadedSeconds) * 1000,
  }
}

/** `ctnl: zone`, `zone-orig`, `zone-reply`: ct_show_zone, net/netfilter/nf_conntrack_standalone.c. */
function zoneOfFields({ once }: Fields): {
  readonly zone: number | null
  readonly zoneOf: ConntrackEntry['zoneOf']
} {
  const [name, zoneOf] = once.has('zone-orig')
    ? (['zone-orig', 'original'] as const)
    : once.has('zone-reply')
      ? (['zone-reply', 'reply'] as const)
      : (['zone', 'both'] as const)
  return { zone: readNumber(once.get(name) ?? '0', 0xffff), zoneOf }
}

function trackingOf(state: string | null, isOffloaded: boolean): TcpTracking | null {
  const known = TCP_STATES.get(state ?? (isOffloaded ? 'ESTABLISHED' : ''))
  if (known === undefined) return null
  return {
    state: known,
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

const SCTP_STATES: ReadonlySet<string> = new Set<SctpState>([
  ...(['NONE', 'CLOSED', 'COOKIE_WAIT', 'COOKIE_ECHOED', 'ESTABLISHED'] as const),
  ...(['SHUTDOWN_SENT', 'SHUTDOWN_RECD', 'SHUTDOWN_ACK_SENT', 'HEARTBEAT_SENT'] as const),
])

function associationOf(state: string | null): SctpTracking | null {
  if (state === null || !SCTP_STATES.has(state)) return null
  const inits = [false, false] as const
  return { state: state as SctpState, tags: null, inits, heartbeatFailed: null }
}

const DCCP_STATES: ReadonlySet<string> = new Set<DccpState>([
  ...(['NONE', 'REQUEST', 'RESPOND', 'PARTOPEN', 'OPEN', 'CLOSEREQ', 'CLOSING'] as const),
  'TIMEWAIT',
])

function dccpOf(state: string | null): DccpTracking | null {
  if (state === null || !DCCP_STATES.has(state)) return null
  return {
    state: state as DccpState,
    client: 'original',
    lastType: DCCP_TYPE.data,
    lastDirection: 'original',
    handshakeSeq: 0,
  }
}

type Fields = {
  /** What the two directions say: `src`, `dport`, `type` ... */
  readonly original: ReadonlyMap<string, string>
  readonly reply: ReadonlyMap<string, string>
  /** What is said once: `mark`, `zone`, `helper` ... */
  readonly once: ReadonlyMap<string, string>
  readonly flags: ReadonlySet<string>
}

/** Words of which there is one a direction; `packets` and `bytes` are counters (nf_conntrack_acct). */
const OF_A_TUPLE: ReadonlySet<string> = new Set([
  ...['src', 'dst', 'sport', 'dport', 'type', 'code', 'id', 'srckey', 'dstkey'],
  ...['packets', 'bytes'],
])

const FLAGS: ReadonlySet<string> = new Set([
  ...['[UNREPLIED]', '[ASSURED]', '[OFFLOAD]', '[HW_OFFLOAD]'],
])

function readFields(words: readonly string[]): Fields | string {
  const original = new Map<string, string>()
  const reply = new Map<string, string>()
  const once = new Map<string, string>()
  const flags = new Set<string>()
  const isIcmp = words.some((word) => word.startsWith('type='))
  for (const word of words) {
    if (word.startsWith('[')) {
      if (!FLAGS.has(word) && !/^\[(?:start|stop)=/.test(word)) return `${cut(word)} is not known`
      flags.add(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(0, Math.max(equals, 0))
    const value = word.slice(equals + 1)
    // the id of `-o id` stands behind both tuples; ICMP has an id of its own in each
    const isTuple = OF_A_TUPLE.has(name) && (name !== 'id' || (isIcmp && !reply.has('id')))
    if (isTuple) {
      const side =
        name === 'src' && original.has('src') ? reply : reply.has('src') ? reply : original
      if (side.has(name)) return `${cut(word)} stands there once more`
      side.set(name, value)
    } else if (/^[a-z][a-z0-9_-]*=/.test(word)) once.set(name, value)
    else return `${cut(word)} is not known`
  }
  return { original, reply, once, flags }
}

function cut(word: string): string {
  return `\`${word.replaceAll('_', ' ').slice(0, 40)}\``
}

/** Null: it is not whole. */
function tupleOf(fields: ReadonlyMap<string, string>, proto: number): Tuple | null {
  const src = parseAddr(fields.get('src') ?? '')
  const dst = parseAddr(fields.get('dst') ?? '')
  const ports = portsOf(fields, proto)
  if (src === null || dst === null || src.version !== dst.version || ports === null) return null
  return { version: src.version, src: src.bits, dst: dst.bits, proto, ...ports }
}

/** Protocols whose tuples have ports: those of nf_conntrack_l4proto with `sport=`. */
const WITH_PORTS: readonly number[] = [PROTO.tcp, PROTO.udp, PROTO.udplite, PROTO.sctp, PROTO.dccp]

function portsOf(
  fields: ReadonlyMap<string, string>,
  proto: number,
): Pick<Tuple, 'sport' | 'dport'> | null {
  if (WITH_PORTS.includes(proto)) return pair(fields, 'sport', 'dport')
  // the key of GRE, 16 bits a direction (nf_conntrack_proto_gre.c)
  if (proto === PROTO.gre && fields.has('srckey')) return pair(fields, 'srckey', 'dstkey')
  if (proto !== PROTO.icmp && proto !== PROTO.icmpv6) return { sport: 0, dport: 0 }
  const id = readNumber(fields.get('id'), 0xffff)
  const type = readNumber(fields.get('type'), 255)
  const code = readNumber(fields.get('code'), 255)
  return id === null || type === null || code === null
    ? null
    : { sport: id, dport: type * 256 + code }
}

function pair(
  fields: ReadonlyMap<string, string>,
  first: string,
  second: string,
): Pick<Tuple, 'sport' | 'dport'> | null {
  const sport = readNumber(fields.get(first), 0xffff)
  const dport = readNumber(fields.get(second), 0xffff)
  return sport === null || dport === null ? null : { sport, dport }
}

function readNumber(text: string | undefined, most: number): number | null {
  if (text === undefined || !/^(?:\d{1,10}|0x[\da-f]{1,8})$/.test(text)) return null
  const number = Number(text)
  return number <= most ? number : null
}
