import { showAddr } from '../ip/address.ts'
import { parseMac } from '../ip/mac.ts'
import type { Fib } from '../netfilter/fib.ts'
import type { Path } from '../netfilter/hook.ts'
import { type CtState, ETHERTYPE, type Known, type Packet } from '../netfilter/packet.ts'
import { checkQuery } from '../packet/check-query.ts'
import { agreeOnFamily, type FamilyEvidence, familyEvidence } from '../packet/family.ts'
import { type Filled, layer4Of } from '../packet/layer4.ts'
import { parseQueryFields } from '../packet/parse-fields.ts'
import { isProblem, type Problem, problem } from '../packet/problem.ts'
import type { NameTables, Query } from '../packet/query.ts'
import { addressBoth, familiesOf, type PacketAddress } from './addressing.ts'
import { isTagged } from './attachment.ts'
import { describeEnd } from './describe.ts'
import { type End, type Ends, endsOf } from './ends.ts'
import type { FirmPlace } from './place.ts'
import { type Route, routeBetween } from './route.ts'
import { sameSegment } from './segment.ts'
import type { Topology } from './topology.ts'

/** A query made into a packet and its way: all that an evaluator needs. */
export type Resolved = {
  readonly kind: 'resolved'
  readonly packet: Packet
  readonly path: Path
  /** As asked for; null: conntrack decides. */
  readonly state: CtState | null
  /** The routing tables of `tree.node`; other nodes' are `topology.fibOf(leg.node)`. */
  readonly fib: Fib
  /** Whatever nobody said and was taken for granted, in the order it came up. */
  readonly filled: readonly Filled[]
  readonly from: ResolvedEnd
  readonly to: ResolvedEnd
}

export type ResolvedEnd = { readonly place: FirmPlace; readonly text: string }

/** Why there is no answer: at least one problem. */
export type Refused = { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/**
 * From what somebody asks to a packet and the hooks it passes. Contradictions are refused with advice; what is not
 * said is filled in and listed; addresses nobody tells stay unknown.
 */
export function resolveQuery(
  topology: Topology,
  asked: Query,
  tables: NameTables,
): Resolved | Refused {
  const problems = checkQuery(asked)
  if (problems.length > 0) return { kind: 'refused', problems }
  const resolved = resolve(topology, asked, tables)
  return isProblem(resolved) ? { kind: 'refused', problems: [resolved] } : resolved
}

function resolve(topology: Topology, asked: Query, tables: NameTables): Resolved | Problem {
  const ends = endsOf(topology, asked, tables)
  if (isProblem(ends)) return ends
  const query = withEndpointPorts(asked, ends, tables)
  if (isProblem(query)) return query
  const [trouble] = checkQuery(query)
  if (trouble !== undefined) return trouble
  const filled: Filled[] = [...ends.filled]
  const family = familyOf(topology, query, ends, filled)
  if (isProblem(family)) return family
  const isIp = query.ethertype === null || isIpType(query.ethertype)
  const transport = isIp ? layer4Of(query, family) : NO_TRANSPORT
  if (isProblem(transport)) return transport
  filled.push(...transport.filled)
  const route = routeBetween(topology, ends.from.place, ends.to.place, {
    family: isIp ? family : null,
    src: ends.from.address,
    dst: ends.to.address,
    vlan: query.vlan,
  })
  if (isProblem(route)) return route
  noteWhereOutsideIs(ends, route, filled)
  const addresses = addressBoth(topology, route, ends.from, ends.to, family, filled)
  const ether = etherOf(query, ends, route, addresses.dst, family, filled)
  return {
    kind: 'resolved',
    packet: {
      ether,
      l3: layer3Of(query, family, addresses, ether.src),
      l4: transport.l4,
    },
    path: route.path,
    state: query.state,
    fib: topology.fibOf(topology.tree.node),
    filled,
    from: { place: ends.from.place, text: describeEnd(ends.from.place, route.from) },
    to: { place: ends.to.place, text: describeEnd(ends.to.place, route.to) },
  }
}

const NO_TRANSPORT = { l4: { kind: 'none' }, filled: [] } as const

/** `--to 105:80/tcp`: ports and protocol of the endpoints' texts are the query's. */
function withEndpointPorts(query: Query, { from, to }: Ends, tables: NameTables): Query | Problem {
  const proto = to.proto ?? from.proto
  if (from.port === null && to.port === null && proto === null) return query
  const read = parseQueryFields(
    { sport: from.port, dport: to.port, proto: proto ?? query.proto?.toString() ?? null },
    tables,
  )
  if (isProblem(read)) return read
  for (const field of ['sport', 'dport', 'proto'] as const) {
    const [before, now] = [query[field], read[field]]
    if (before !== null && now !== null && before !== now)
      return problem(
        'query/said-twice',
        `${field} is both ${before} and ${now}`,
        'leave one of them out',
      )
  }
  return {
    ...query,
    sport: query.sport ?? read.sport,
    dport: query.dport ?? read.dport,
    proto: query.proto ?? read.proto,
  }
}

/** What everything said agrees on; else the one the ends are known to have; else IPv4. */
function familyOf(
  topology: Topology,
  query: Query,
  { from, to }: Ends,
  filled: Filled[],
): 4 | 6 | Problem {
  const evidence: FamilyEvidence[] = [...familyEvidence(query)]
  for (const { address } of [from, to])
    if (address !== null) evidence.push({ family: address.version, what: showAddr(address) })
  if (query.ethertype === ETHERTYPE.ip6) evidence.push({ family: 6, what: 'ethertype 0x86dd' })
  if (query.ethertype === ETHERTYPE.ip || query.ethertype === ETHERTYPE.arp)
    evidence.push({
      family: 4,
      what: query.ethertype === ETHERTYPE.arp ? 'arp' : 'ethertype 0x0800',
    })
  const agreed = agreeOnFamily(evidence)
  if (agreed !== null) return agreed
  const only = [from, to]
    .map((end) => new Set(familiesOf(topology, end)))
    .find((families) => families.size === 1)
  const family = [...(only ?? [4 as const])][0] ?? 4
  const why =
    only === undefined ? 'nothing says otherwise' : 'the only family an end has an address of'
  filled.push({ field: 'family', value: `IPv${family}`, why })
  return family
}

function isIpType(ethertype: number): boolean {
  return ethertype === ETHERTYPE.ip || ethertype === ETHERTYPE.ip6
}

/** Says where the outside was taken to be, unless it was said. */
function noteWhereOutsideIs(ends: Ends, route: Route, filled: Filled[]): void {
  for (const side of ['from', 'to'] as const) {
    const { place } = ends[side]
    const { why } = route[side]
    if (place.kind !== 'outside' || why === null) continue
    const value = describeEnd(place, route[side])
    const known = filled.findIndex(({ field }) => field === side)
    if (known === -1) filled.push({ field: side, value, why })
    else filled[known] = { field: side, value, why: `${filled[known]?.why}; ${why}` }
  }
}

function layer3Of(
  query: Query,
  family: 4 | 6,
  { src, dst }: { readonly src: PacketAddress; readonly dst: PacketAddress },
  senderMac: Known<number>,
): Packet['l3'] {
  if (query.ethertype === ETHERTYPE.arp)
    return { kind: 'arp', operation: 1, senderIp: src.bits, targetIp: dst.bits, senderMac }
  if (query.ethertype !== null && !isIpType(query.ethertype)) return { kind: 'other' }
  return {
    kind: family === 4 ? 'ip' : 'ip6',
    src: src.bits,
    dst: dst.bits,
    srcType: src.type,
    dstType: dst.type,
  }
}

/** The Ethernet header as the frame starts. The outside's and the host's MAC addresses stand in no file. */
function etherOf(
  query: Query,
  { from, to }: Ends,
  route: Route,
  dst: PacketAddress,
  family: 4 | 6,
  filled: Filled[],
): Packet['ether'] {
  const own = macOf(from)
  if (query.mac === null && own === 'unknown' && from.place.kind === 'guest')
    filled.push({
      field: 'mac',
      value: 'unknown',
      why: `${from.place.nic.id} of guest ${from.place.guest.vmid} has none in its line: Proxmox makes one up each time it is read`,
    })
  const { attachment } = route.from
  const tagged = attachment.kind === 'port' && isTagged(attachment)
  return {
    src: query.mac ?? own,
    dst: groupMac(query, dst, family) ?? (isBridged(route) ? macOf(to) : 'unknown'),
    type: query.ethertype ?? (family === 4 ? ETHERTYPE.ip : ETHERTYPE.ip6),
    vlan: tagged ? attachment.segment.vlan : null,
  }
}

function macOf({ place }: End): Known<number> {
  if (place.kind !== 'guest' || place.nic.mac === null) return 'unknown'
  return parseMac(place.nic.mac.value) ?? 'unknown'
}

/** Frame and receiver in one segment: the frame carries the receiver's address. */
function isBridged({ from, to }: Route): boolean {
  if (from.attachment.kind === 'host') return true
  return (
    from.attachment.kind === 'port' &&
    to.attachment.kind === 'port' &&
    sameSegment(from.attachment.segment, to.attachment.segment)
  )
}

/** Broadcast and multicast addresses have MAC addresses of their own: RFC 894, RFC 1112, RFC 2464. */
function groupMac(query: Query, { bits }: PacketAddress, family: 4 | 6): number | null {
  if (query.ethertype === ETHERTYPE.arp) return 0xffff_ffff_ffff
  if (bits === 'unknown') return null
  if (family === 6)
    return bits >> 120n === 0xffn ? 0x3333_0000_0000 + Number(bits & 0xffff_ffffn) : null
  if (bits === 0xffff_ffffn) return 0xffff_ffff_ffff
  return bits >> 28n === 0xen ? 0x0100_5e00_0000 + Number(bits & 0x7f_ffffn) : null
}
