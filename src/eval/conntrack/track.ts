import type {
  ConntrackEntry,
  ConntrackSettings,
  Direction,
  TcpTracking,
  Tuple,
} from '../../netfilter/conntrack.ts'
import {
  type CtState,
  type Packet,
  PROTO,
  TCP_FLAG,
  type TcpSegment,
} from '../../netfilter/packet.ts'
import type { HelperChoice } from '../../netfilter/ruleset.ts'
import { dccpExpected, dccpOpened, dccpStep } from './dccp.ts'
import { expectedBy } from './expectation.ts'
import { isUntracked } from './first-packet.ts'
import { sctpExpected, sctpOpened, sctpStep } from './sctp.ts'
import { timeoutOf } from './settings.ts'
import {
  type ConntrackTable,
  entryWithId,
  findEntry,
  withEntry,
  withoutEntry,
  type Zone,
} from './table.ts'
import { hasValidFlags, tcpOpened, tcpStep } from './tcp.ts'
import { inverted, tupleOf } from './tuple.ts'

/** What conntrack makes of a packet: `nf_conntrack_in`, net/netfilter/nf_conntrack_core.c. */
export type Tracked = {
  readonly state: CtState
  readonly direction: Direction | null
  /** The connection the packet is of: one that the table does not hold yet where it is the first; null: of none. */
  readonly entry: ConntrackEntry | null
  readonly table: ConntrackTable
}

/** What rules before conntrack said of the packet. */
export type Template = Zone & { readonly helper: HelperChoice | null }

export const NO_TEMPLATE: Template = { zone: 0, zoneOf: 'both', helper: null }

/**
 * Looks a packet up. `now` in ms of the table's clock. A connection that is known changes at once, whatever becomes of
 * the packet; a new one is in the table only after `confirmed`. Null: a part of the packet that decides is not known.
 */
export function track(
  table: ConntrackTable,
  packet: Packet,
  now: number,
  settings: ConntrackSettings,
  template: Template = NO_TEMPLATE,
): Tracked | null {
  const { l3, l4 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return of('untracked', table)
  if (l4.kind === 'icmp' || l4.kind === 'icmpv6') {
    if (l4.type === 'unknown') return null
    if (l4.kind === 'icmpv6' && isUntracked(l4.type)) return of('untracked', table)
    if (isError(packet)) return ofError(table, packet, l4.inner, now, template)
    // `nf_conntrack_icmpv4_error`: types above NR_ICMP_TYPES are none
    if (l4.kind === 'icmp' && l4.type > 18) return of('invalid', table)
  }
  if (l4.kind === 'tcp' && l4.flags !== 'unknown' && !hasValidFlags(l4.flags))
    return of('invalid', table)
  const tuple = tupleOf(packet)
  if (tuple === null || (l4.kind === 'tcp' && l4.flags === 'unknown')) return null
  const found = findEntry(table, tuple, template, now)
  return found === null
    ? opened(table, packet, tuple, now, settings, template)
    : continued(table, packet, found.entry, found.direction, now, settings, template)
}

function of(state: 'untracked' | 'invalid', table: ConntrackTable): Tracked {
  return { state, direction: null, entry: null, table }
}

/** `icmp_is_err` of `nf_conntrack_icmpv4_error`; all below 128, and redirects, of `nf_conntrack_icmpv6_error`. */
function isError({ l3, l4 }: Packet): boolean {
  if (l4.kind === 'icmp') return [3, 4, 5, 11, 12].includes(Number(l4.type))
  if (l4.kind !== 'icmpv6') return false
  if (l4.type !== REDIRECT) return Number(l4.type) < 128
  // `nf_conntrack_icmpv6_redirect`: of a router of the link; without hop limit 255 no host believes it either
  return l4.code === 0 && l3.kind === 'ip6' && l3.src !== 'unknown' && l3.src >> 118n === LINK_LOCAL
}

const REDIRECT = 137

/** fe80::/10 */
const LINK_LOCAL = 0xfe80n >> 6n

/**
 * An error belongs to the connection of the packet it quotes, if it goes to the end that packet came from:
 * `nf_conntrack_inet_error`, nf_conntrack_proto.c.
 */
function ofError(
  table: ConntrackTable,
  packet: Packet,
  inner: Packet | undefined,
  now: number,
  zone: Zone,
): Tracked {
  const quoted = inner === undefined ? null : tupleOf(inner)
  const answer = quoted === null ? null : inverted(quoted)
  const found = answer === null ? null : findEntry(table, answer, zone, now)
  if (found === null) return of('invalid', table)
  const { entry, direction } = found
  const end = direction === 'original' ? entry.original.dst : entry.reply.dst
  const { l3 } = packet
  if ((l3.kind !== 'ip' && l3.kind !== 'ip6') || l3.dst !== end) return of('invalid', table)
  return { state: 'related', direction, entry, table }
}

/** A packet of no known connection: `init_conntrack`, and what its protocol says of a first packet. */
function opened(
  table: ConntrackTable,
  packet: Packet,
  tuple: Tuple,
  now: number,
  settings: ConntrackSettings,
  template: Template,
): Tracked {
  const { zone, zoneOf } = template
  const reply = inverted(tuple)
  if (reply === null) return of('invalid', table)
  const expected = expectedBy(table, tuple, zone, now)
  const master = expected === null ? null : entryWithId(table, expected.master)
  const blank: ConntrackEntry = {
    id: table.nextId,
    zone,
    zoneOf,
    original: tuple,
    reply,
    seenReply: false,
    assured: false,
    confirmed: false,
    dying: false,
    tcp: null,
    sctp: null,
    dccp: null,
    udpStreamAt: null,
    mark: master?.mark ?? 0,
    helper: expected === null ? helperFor(template.helper, tuple) : expected.helper,
    lineStarts: [[], []],
    master: master?.id ?? null,
    expiresAt: now,
  }
  const left =
    expected === null
      ? table
      : { ...table, expectations: table.expectations.filter((each) => each !== expected) }
  const state = master === null ? 'new' : 'related'
  const { l4 } = packet
  switch (l4.kind) {
    case 'tcp': {
      const flags = Number(l4.flags)
      const segment = segmentOf(l4, blank, 'original')
      const tcp = tcpOpened(flags, segment, settings)
      if (tcp === null) return of('invalid', left)
      const step = tcpStep(blank, tcp, 'original', flags, segment, settings, now)
      if (step.kind !== 'valid') return of('invalid', left)
      return { state, direction: 'original', entry: step.entry, table: left }
    }
    case 'sctp': {
      const own = l4.packet ?? sctpExpected(null, 'original')
      const sctp = sctpOpened(own)
      if (sctp === null) return of('invalid', left)
      const step = sctpStep(blank, sctp, 'original', own, settings, now)
      if (!step.valid) return of('invalid', left)
      return { state, direction: 'original', entry: step.entry, table: left }
    }
    case 'dccp': {
      const own = l4.packet ?? dccpExpected(null, 'original')
      const dccp = dccpOpened(own)
      if (dccp === null) return of('invalid', left)
      const step = dccpStep(blank, dccp, 'original', own, settings, now)
      if (step.kind !== 'valid') return of('invalid', left)
      return { state, direction: 'original', entry: step.entry, table: left }
    }
    case 'icmp':
      if (!QUERIES.has(Number(l4.type))) return of('invalid', left)
      break
    case 'icmpv6':
      if (!QUERIES6.has(Number(l4.type))) return of('invalid', left)
      break
    default:
  }
  const entry = { ...blank, ...refreshed(blank, tuple.proto, now, settings, false) }
  return { state, direction: 'original', entry, table: left }
}

/** `valid_new` of `nf_conntrack_icmp_packet` and `nf_conntrack_icmpv6_packet`. */
const QUERIES: ReadonlySet<number> = new Set([8, 13, 15, 17])
const QUERIES6: ReadonlySet<number> = new Set([128, 139])

function continued(
  table: ConntrackTable,
  packet: Packet,
  entry: ConntrackEntry,
  direction: Direction,
  now: number,
  settings: ConntrackSettings,
  template: Template,
): Tracked {
  const state: CtState =
    direction === 'reply' || entry.seenReply
      ? 'established'
      : entry.master !== null
        ? 'related'
        : 'new'
  const { l4 } = packet
  let next: ConntrackEntry
  if (l4.kind === 'tcp' && entry.tcp !== null) {
    const flags = Number(l4.flags)
    const segment = segmentOf(l4, entry, direction)
    const step = tcpStep(entry, entry.tcp, direction, flags, segment, settings, now)
    switch (step.kind) {
      case 'invalid':
        return of('invalid', withEntry(table, step.entry))
      case 'reopened':
        return opened(
          withoutEntry(table, entry),
          packet,
          direction === 'original' ? entry.original : entry.reply,
          now,
          settings,
          template,
        )
      case 'killed':
        return killed(table, entry, state, direction)
      default:
        next = step.entry
    }
  } else if (l4.kind === 'sctp' && entry.sctp !== null) {
    const own = l4.packet ?? sctpExpected(entry.sctp, direction)
    const step = sctpStep(entry, entry.sctp, direction, own, settings, now)
    if (!step.valid) return of('invalid', withEntry(table, step.entry))
    next = step.entry
  } else if (l4.kind === 'dccp' && entry.dccp !== null) {
    const own = l4.packet ?? dccpExpected(entry.dccp, direction)
    const step = dccpStep(entry, entry.dccp, direction, own, settings, now)
    if (step.kind === 'killed') return killed(table, entry, state, direction)
    if (step.kind === 'invalid') return of('invalid', withEntry(table, step.entry))
    next = step.entry
  } else next = { ...entry, ...refreshed(entry, entry.original.proto, now, settings, true) }
  if (direction === 'reply') next = { ...next, seenReply: true }
  return { state, direction, entry: next, table: withEntry(table, next) }
}

/** The packet is the last of its connection: `nf_ct_kill_acct`. */
function killed(
  table: ConntrackTable,
  entry: ConntrackEntry,
  state: CtState,
  direction: Direction,
): Tracked {
  return { state, direction, entry: { ...entry, dying: true }, table: withoutEntry(table, entry) }
}

/** What protocols without a state of their own do with a packet: nf_conntrack_proto_udp.c, _icmp.c, _generic.c, _gre.c. */
function refreshed(
  entry: ConntrackEntry,
  proto: number,
  now: number,
  settings: ConntrackSettings,
  known: boolean,
): Pick<ConntrackEntry, 'expiresAt' | 'udpStreamAt' | 'assured'> {
  const { seenReply, assured } = entry
  const until = (name: string): number => now + timeoutOf(settings, name)
  switch (proto) {
    case PROTO.udp: {
      const udpStreamAt = known ? entry.udpStreamAt : now + 2000
      // an entry read from a dump: nobody knows when it began
      const streams = seenReply && (udpStreamAt === null ? assured : now > udpStreamAt)
      return {
        expiresAt: until(streams ? 'udp_timeout_stream' : 'udp_timeout'),
        udpStreamAt,
        assured: assured || streams,
      }
    }
    case PROTO.udplite:
      return {
        expiresAt: until(seenReply ? 'udp_timeout_stream' : 'udp_timeout'),
        udpStreamAt: null,
        assured: assured || seenReply,
      }
    case PROTO.gre:
      return {
        expiresAt: until(seenReply ? 'gre_timeout_stream' : 'gre_timeout'),
        udpStreamAt: null,
        assured: assured || seenReply,
      }
    case PROTO.icmp:
      return { expiresAt: until('icmp_timeout'), udpStreamAt: null, assured }
    case PROTO.icmpv6:
      return { expiresAt: until('icmpv6_timeout'), udpStreamAt: null, assured }
    default:
      return { expiresAt: until('generic_timeout'), udpStreamAt: null, assured }
  }
}

/** Helpers are of one protocol each, those of objects perhaps of one family: `nft_ct_helper_obj_eval`. */
export function helperFor(choice: HelperChoice | null, { proto, version }: Tuple): string | null {
  if (choice === null || choice.proto !== proto) return null
  return choice.version === null || choice.version === version ? choice.name : null
}

/** The segment, or, where nobody says, the one its connection expects next. */
function segmentOf(
  l4: Extract<Packet['l4'], { kind: 'tcp' }>,
  entry: ConntrackEntry,
  direction: Direction,
): TcpSegment {
  if (l4.segment !== undefined) return l4.segment
  const windows: TcpTracking['windows'] = entry.tcp?.windows ?? null
  const own = windows?.[direction === 'original' ? 0 : 1]
  const other = windows?.[direction === 'original' ? 1 : 0]
  const hasAck = l4.flags !== 'unknown' && (l4.flags & TCP_FLAG.ACK) !== 0
  return {
    seq: own?.end ?? 0,
    ack: hasAck ? (other?.end ?? 0) : 0,
    window: 64_240,
    length: l4.payload?.length ?? 0,
    windowScale: null,
    sackPermitted: false,
  }
}

/**
 * The packet has passed its last hook: its connection is in the table from now on (`__nf_conntrack_confirm`). Only a
 * packet of the original direction of a connection that is not there yet changes anything.
 */
export function confirmed(tracked: Tracked): Tracked {
  const { entry, direction, table } = tracked
  if (entry === null || entry.confirmed || entry.dying || direction !== 'original') return tracked
  const own = { ...entry, id: table.nextId, confirmed: true }
  return { ...tracked, entry: own, table: withEntry(table, own) }
}
