import { type IpAddr, parseAddr, showAddr } from '../../ip/address.ts'
import { PROTO, TCP_FLAG } from '../../netfilter/packet.ts'
import type { Connection, Direction, PacketFacts } from '../../packet/flow/step.ts'
import { EPHEMERAL_PORT, type Filled } from '../../packet/layer4.ts'
import { isProblem, type Problem, problem, quoted } from '../../packet/problem.ts'
import { hasPorts, showProtocol } from '../../packet/protocol.ts'
import { EMPTY_QUERY, type Query } from '../../packet/query.ts'
import type { FirmPlace } from '../../topology/place.ts'
import { type Resolved, resolveQuery } from '../../topology/resolve.ts'
import { ask } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'

/** How the way back differs from the way there. */
export type WayBack = {
  /** Where answers start and go, as ends of a question; null: where the packets forth go and start. */
  readonly from: string | null
  readonly to: string | null
  /** A bridge or device the outside is behind on the way back, or `elsewhere`: answers pass no node of the tree. */
  readonly via: string | null
}

export const SAME_WAY: WayBack = { from: null, to: null, via: null }

/** The two ends of a conversation, made firm: what each of its packets is asked with. */
export type TwoWays = {
  /** Without protocol and ports: the ends and their addresses. */
  readonly forth: Query
  readonly back: Query
  /** Protocol, and ports of what goes forth, of the connection that was asked about. */
  readonly proto: number
  readonly sport: number | null
  readonly dport: number | null
  readonly icmpType: string | null
  readonly client: IpAddr
  readonly server: IpAddr
  readonly filled: readonly Filled[]
  /** The first packet as it was understood. */
  readonly resolved: Resolved
  /** Answers pass no node of the tree. */
  readonly backUnseen: boolean
}

/** An address for whoever is outside, where no rule asks for it: RFC 5737 TEST-NET-2, RFC 3849. */
const STRANGER = { 4: '198.51.100.1', 6: '2001:db8::1' } as const

/**
 * Makes the ends of a conversation firm. An address of the outside that nobody told is filled in if no rule asks for
 * it on the way forth; one of a guest or node is never invented.
 */
export function twoWays(firewall: NodeFirewall, asked: Query, wayBack: WayBack): TwoWays | Problem {
  const query: Query = { ...asked, state: null, flags: null }
  const first = resolve(firewall, query)
  if (isProblem(first)) return first
  if (first.packet.l4.kind === 'none')
    return problem(
      'flow/mixed-protocols',
      'a frame without IP header belongs to no conversation',
      'conntrack knows IPv4 and IPv6 only',
    )
  const addresses = addressesOf(firewall, query, first)
  if (isProblem(addresses)) return addresses
  const { src: client, dst: server } = addresses
  const said = { src: showAddr(client), dst: showAddr(server) }
  const from = endText(firewall, first.from.place, query, query.from ?? query.src, client)
  const to = endText(firewall, first.to.place, query, query.to ?? query.dst, server)
  const common = { ...EMPTY_QUERY, family: client.version, vlan: query.vlan }
  const forth: Query = { ...common, ...said, from, to, mac: query.mac }
  const reversed: Query = { ...common, from: to, to: from, src: said.dst, dst: said.src }
  const back = differently(reversed, first, wayBack)
  if (isProblem(back)) return back
  const { l4 } = first.packet
  return {
    forth,
    back,
    proto: l4.kind === 'other' ? l4.proto : PROTO[l4.kind],
    ...portsOf(first),
    icmpType: query.icmpType,
    client,
    server,
    filled: [
      ...first.filled.filter(({ field }) => !addresses.told.has(field)),
      ...addresses.filled,
    ],
    resolved: first,
    backUnseen: wayBack.via === 'elsewhere',
  }
}

function resolve(firewall: NodeFirewall, query: Query): Resolved | Problem {
  const resolved = resolveQuery(firewall.topology, query, firewall.tables)
  if (resolved.kind === 'resolved') return resolved
  return resolved.problems[0] ?? problem('query/no-destination', 'nothing says what is asked')
}

function portsOf({ packet: { l4 } }: Resolved): Pick<TwoWays, 'sport' | 'dport'> {
  if (!('sport' in l4)) return { sport: null, dport: null }
  return {
    sport: l4.sport === 'unknown' ? EPHEMERAL_PORT : l4.sport,
    dport: l4.dport === 'unknown' ? null : l4.dport,
  }
}

type Addresses = {
  readonly src: IpAddr
  readonly dst: IpAddr
  readonly filled: readonly Filled[]
  /** Fields that `filled` tells of anew. */
  readonly told: ReadonlySet<string>
}

function addressesOf(
  firewall: NodeFirewall,
  query: Query,
  { packet: { l3 }, from, to }: Resolved,
): Addresses | Problem {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6')
    return problem('flow/mixed-protocols', 'a frame without IP header belongs to no conversation')
  const version = l3.kind === 'ip' ? 4 : 6
  const filled: Filled[] = []
  const found: Partial<Record<'src' | 'dst', IpAddr>> = {}
  for (const [field, place] of [
    ['src', from.place],
    ['dst', to.place],
  ] as const) {
    const bits = l3[field]
    if (bits !== 'unknown') {
      found[field] = { version, bits }
      continue
    }
    const made = strangerFor(firewall, query, field, place, version)
    if (isProblem(made)) return made
    found[field] = made
    const why = 'an address for examples: no rule asks which it is'
    filled.push({ field, value: showAddr(made), why })
  }
  const { src, dst } = found
  if (src === undefined || dst === undefined) throw new Error('an end without address')
  return { src, dst, filled, told: new Set(filled.map(({ field }) => field)) }
}

function strangerFor(
  firewall: NodeFirewall,
  query: Query,
  field: 'src' | 'dst',
  place: FirmPlace,
  version: 4 | 6,
): IpAddr | Problem {
  const which = field === 'src' ? 'source' : 'destination'
  const advice = `say it with --${field} ADDRESS`
  if (place.kind !== 'outside')
    return problem(
      'flow/address-unknown',
      `a conversation needs addresses, and nothing tells the ${which}`,
      advice,
    )
  const asked = ask(firewall, query)
  if (asked.kind === 'traced' && asked.trace.outcome === 'unknown')
    return problem(
      'flow/address-unknown',
      `a conversation needs addresses, and rules ask for the ${which}, which nothing tells`,
      advice,
    )
  const stranger = parseAddr(STRANGER[version])
  if (stranger === null) throw new Error('no address')
  return stranger
}

/** An end as a text that names that very place again, for packets of either direction. */
function endText(
  { tree }: NodeFirewall,
  place: FirmPlace,
  { iface }: Query,
  said: string | null,
  address: IpAddr,
): string {
  switch (place.kind) {
    case 'host':
      return place.node === tree.node ? 'host' : place.node
    case 'guest':
      return `${place.guest.vmid}/${place.nic.id}`
    case 'port':
      return `${place.bridge}/${place.port}`
    default: {
      // an outside that was told by its address is where that address is, if no device was said
      if (said !== null && !said.startsWith('outside') && iface === null) return showAddr(address)
      return place.device === null ? 'outside' : `outside:${place.device}`
    }
  }
}

function differently(
  reversed: Query,
  { from, to }: Resolved,
  { from: otherFrom, to: otherTo, via }: WayBack,
): Query | Problem {
  const back = { ...reversed, from: otherFrom ?? reversed.from, to: otherTo ?? reversed.to }
  if (via === null || via === 'elsewhere') return back
  const isNic = /^net\d{1,2}$/.test(via)
  if (isNic) {
    const { place } = to
    if (place.kind === 'guest') return { ...back, from: `${place.guest.vmid}/${via}` }
  } else {
    if (from.place.kind === 'outside') return { ...back, to: `outside:${via}` }
    if (to.place.kind === 'outside') return { ...back, from: `outside:${via}` }
  }
  return problem(
    'flow/way-back',
    isNic
      ? `${quoted(via)} of which guest? the answers come from none`
      : `neither end is outside, so nothing comes back by ${quoted(via)}`,
    'say where answers start with --reply-from, or where they go with --reply-to',
  )
}

/** The question for one packet of a conversation; a problem where there can be no such packet. */
export function queryFor(
  ways: TwoWays,
  direction: Direction,
  connection: Connection | null,
  what: PacketFacts,
): Query | Problem {
  const ends = ways[direction]
  const forthPorts = connection ?? { sport: ways.sport, dport: ways.dport }
  const ports =
    direction === 'forth'
      ? { sport: forthPorts.sport, dport: forthPorts.dport }
      : { sport: forthPorts.dport, dport: forthPorts.sport }
  switch (what.kind) {
    case 'tcp':
    case 'udp':
      return { ...ends, proto: PROTO[what.kind], ...ports, flags: flagsOf(what) }
    case 'echo':
      return { ...ends, icmpType: what.reply ? 'echo-reply' : 'echo-request' }
    case 'icmp':
      return { ...ends, icmpType: what.type, ...(what.src === null ? {} : { src: what.src }) }
    default: {
      const { proto, icmpType } = ways
      if (hasPorts(proto)) return { ...ends, proto, ...ports, flags: flagsOf(what, proto) }
      return icmpType === null ? { ...ends, proto } : { ...ends, icmpType }
    }
  }
}

function flagsOf(what: PacketFacts, proto: number = PROTO.udp): number | null {
  if (what.kind === 'tcp') return what.flags
  return proto === PROTO.tcp ? TCP_FLAG.ACK : null
}

/** A packet of a connection that is of no such protocol: a script of another one than was asked about. */
export function protocolProblem(ways: TwoWays, what: PacketFacts): Problem | null {
  const own = what.kind === 'tcp' || what.kind === 'udp' ? PROTO[what.kind] : null
  const isEcho = what.kind === 'echo'
  const asked = ways.proto
  const isIcmp = asked === PROTO.icmp || asked === PROTO.icmpv6
  if ((own === null || own === asked) && (!isEcho || isIcmp)) return null
  return problem(
    'flow/mixed-protocols',
    `the script sends ${own === null ? 'a ping' : showProtocol(own)}, but ${showProtocol(asked)} was asked about`,
    'leave the protocol of the question out, or write packets of it',
  )
}
