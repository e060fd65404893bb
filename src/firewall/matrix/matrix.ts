import { parseMac } from '../../ip/mac.ts'
import { PROTO, TCP_FLAG } from '../../netfilter/packet.ts'
import { type RegionNames, regionWords, valueWords } from '../../render/region-words.ts'
import { type Analysis, analyse } from '../../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import type { Family } from '../../symbolic/fields.ts'
import { all, type Formula } from '../../symbolic/formula.ts'
import { type Piece, piecesOf } from '../../symbolic/piece.ts'
import { inState, isOneOf, plausiblePackets, possiblePackets } from '../../symbolic/possible.ts'
import { rangeOf, type ValueSet, valuesOfBounds, valuesOfRanges } from '../../symbolic/value-set.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { regionNames } from '../region-names.ts'
import { addressesOfEnd, type NodeWay, nodeWay, type WayEnd } from '../ways.ts'

/** A service by its name and ports. */
export type MatrixService = {
  readonly name: string
  readonly proto: number
  /** Inclusive; empty for protocols without ports. */
  readonly ports: readonly (readonly [number, number])[]
}

/** Who of the senders gets through: `part` with whom, in words. */
export type Reach =
  | { readonly kind: 'yes' | 'no' | 'no-way' }
  | { readonly kind: 'part'; readonly who: readonly string[]; readonly more: boolean }

export type Matrix = {
  readonly from: readonly WayEnd[]
  readonly to: readonly WayEnd[]
  readonly services: readonly MatrixService[]
  /** By service, sender, receiver. */
  readonly cells: readonly (readonly (readonly Reach[])[])[]
}

/**
 * Who reaches whom with the first packet of a connection. Senders have the addresses that are known of them, or any; so
 * have receivers.
 */
export function matrixOf(
  firewall: NodeFirewall,
  from: readonly WayEnd[],
  to: readonly WayEnd[],
  services: readonly MatrixService[],
  family: 'ip' | 'ip6',
): Matrix {
  const ways = from.map((sender) =>
    to.map((receiver) =>
      sender.text === receiver.text ? null : nodeWay(firewall, sender, receiver, family),
    ),
  )
  const asked = services.map((service) => serviceFormula(service, family))
  const ends = new Map(
    [...from, ...to].map((end) => [end.text, endFormulas(firewall, end, family)]),
  )
  const base = all([possiblePackets(family), plausiblePackets(family), inState('new')])
  const analysis = analyse({
    family,
    questions: ways.flat().flatMap((way) => (way === null ? [] : [way.question])),
    regions: [
      base,
      ...asked,
      ...[...ends.values()].flatMap(({ sends, receives }) => [sends, receives]),
    ],
  })
  const { arena, packets } = analysis.space
  const fresh = packets(base)
  const cells = asked.map((service) => {
    const region = arena.where(fresh, packets(service))
    return ways.map((row) =>
      row.map((way): Reach => {
        if (way === null) return { kind: 'no-way' }
        const sends = packets(ends.get(way.from.text)?.sends ?? all([]))
        const receives = packets(ends.get(way.to.text)?.receives ?? all([]))
        return reachOf(analysis, way, arena.where(arena.where(region, sends), receives), firewall)
      }),
    )
  })
  return { from, to, services, cells }
}

function reachOf(analysis: Analysis, way: NodeWay, region: Diagram, firewall: NodeFirewall): Reach {
  const { space } = analysis
  const { arena } = space
  const through = arena.relabel(analysis.answer(way.question), (leaf) =>
    analysis.leaf(leaf).kind === 'through' ? TRUE : NONE,
  )
  const reached = arena.where(region, through)
  if (reached === NONE) return { kind: 'no' }
  if (reached === region) return { kind: 'yes' }
  const { pieces, more } = piecesOf(space, reached, 3, region)
  const names = regionNames(firewall, way.family)
  return { kind: 'part', who: pieces.map((piece) => whoIn(piece, way.family, names)), more }
}

/** Only the senders, where nothing else tells those who get through from the others. */
function whoIn(piece: Piece, family: Family, names: RegionNames): string {
  const field = family === 'ip6' ? 'ip6 saddr' : 'ip saddr'
  const own = piece.fields.get(field)
  if (own === undefined || piece.fields.size > 1 || piece.doubts.length > 0)
    return regionWords(family, piece, names)
  return `from ${valueWords(field, own, names, piece.domains?.get(field))}`
}

function serviceFormula({ proto, ports }: MatrixService, family: 'ip' | 'ip6'): Formula {
  const parts: Formula[] = [isOneOf('meta l4proto', rangeOf(proto, proto))]
  if (ports.length > 0) parts.push(isOneOf('th dport', valuesOfBounds(ports.flat())))
  if (proto === PROTO.tcp) parts.push(isOneOf('tcp flags', rangeOf(TCP_FLAG.SYN, TCP_FLAG.SYN)))
  if (ports.length > 0) parts.push(isOneOf('th sport', rangeOf(1024, 65_535)))
  if (proto === PROTO.icmp && family === 'ip') parts.push(isOneOf('icmp type', rangeOf(8, 8)))
  if (proto === PROTO.icmpv6 && family === 'ip6')
    parts.push(isOneOf('icmpv6 type', rangeOf(128, 128)))
  return all(parts)
}

/** What packets from and to an end have: its addresses, and a guest's own MAC address. */
function endFormulas(
  firewall: NodeFirewall,
  end: WayEnd,
  family: 'ip' | 'ip6',
): { readonly sends: Formula; readonly receives: Formula } {
  const version = family === 'ip' ? 4 : 6
  const own = addressesOfEnd(firewall, end, version)
  const ranges = own
    .map((bits) => ({ lo: bits, hi: bits }))
    .sort((a, b) => (a.lo < b.lo ? -1 : a.lo > b.lo ? 1 : 0))
  const values: ValueSet = valuesOfRanges(ranges, version === 4 ? 32 : 128)
  const mac = macOf(firewall, end)
  const at = (field: 'saddr' | 'daddr'): readonly Formula[] =>
    ranges.length === 0 ? [] : [isOneOf(`${family} ${field}`, values)]
  const framed = mac === null ? [] : [isOneOf('ether saddr', rangeOf(mac, mac))]
  return { sends: all([...at('saddr'), ...framed]), receives: all(at('daddr')) }
}

function macOf({ topology }: NodeFirewall, { kind, text }: WayEnd): number | null {
  if (kind !== 'guest') return null
  const [name = '', nic] = text.split('/')
  const nics = topology.guests.get(Number(name.slice(2)))?.nics ?? []
  const own = nic === undefined ? nics[0] : nics.find(({ id }) => id === nic)
  return own?.mac == null ? null : parseMac(own.mac.value)
}
