import { addressType, type Fib } from '../netfilter/fib.ts'
import { FIELDS, type FieldName } from '../netfilter/field.ts'
import type { AddrType, CtState } from '../netfilter/packet.ts'
import { PROTO } from '../netfilter/packet.ts'
import { rangeOf, type ValueSet } from './value-set.ts'

/** The packets an analysis is about: those of one network layer. */
export type Family = 'ip' | 'ip6' | 'arp'

/**
 * Fields a packet is free to have any value in, from the top of a diagram to its foot: few classes first, fields that
 * rules look at together beside one another. Devices and marks are no such fields: the path and the walk tell them.
 */
const ORDER = [
  'ct state',
  'ip daddr',
  'ip6 daddr',
  'arp operation',
  'arp daddr ip',
  'meta l4proto',
  'th dport',
  'icmp type',
  'icmp code',
  'icmpv6 type',
  'icmpv6 code',
  'ether saddr',
  'ip saddr',
  'ip6 saddr',
  'arp saddr ip',
  'arp saddr ether',
  'th sport',
  'tcp flags',
  'ether daddr',
  'meta pkttype',
] as const satisfies readonly FieldName[]

export type FreeField = (typeof ORDER)[number]

const OF_ALL: ReadonlySet<FieldName> = new Set(['ct state', 'meta pkttype'] as const)

/** The free fields of a family, in order. */
export function freeFields(family: Family): readonly FreeField[] {
  return ORDER.filter((field) => {
    if (field.startsWith('arp ')) return family === 'arp'
    if (field.startsWith('ip ')) return family === 'ip'
    if (field.startsWith('ip6 ')) return family === 'ip6'
    return family !== 'arp' || field.startsWith('ether ') || OF_ALL.has(field)
  })
}

/** Names that a free field can have, in the order of their numbers in a {@link ValueSet}; null: it has numbers. */
export function namesIn(field: FieldName): readonly string[] | null {
  if (field === 'ct state') return CT_STATES
  return field === 'meta pkttype' ? PACKET_TYPES : null
}

const CT_STATES: readonly CtState[] = ['new', 'established', 'related', 'invalid', 'untracked']
const PACKET_TYPES = ['host', 'broadcast', 'multicast', 'other'] as const

/** The value past the last one of a free field. */
export function endOf(field: FieldName): number | bigint {
  const names = namesIn(field)
  if (names !== null) return names.length
  const { bits } = FIELDS[field]
  return bits > 53 ? 1n << BigInt(bits) : 2 ** bits
}

/**
 * Protocols of packets that have a field at all; null: all have it. To have a protocol is to have its header
 * (`packetValues`, eval/field-value.ts): fragments are put together before rules see them.
 */
export function protocolsWith(field: FieldName): ValueSet | null {
  switch (field) {
    case 'th sport':
    case 'th dport':
      return PORTED
    case 'tcp flags':
      return rangeOf(PROTO.tcp, PROTO.tcp)
    case 'icmp type':
    case 'icmp code':
      return rangeOf(PROTO.icmp, PROTO.icmp)
    case 'icmpv6 type':
    case 'icmpv6 code':
      return rangeOf(PROTO.icmpv6, PROTO.icmpv6)
    default:
      return null
  }
}

const PORTED: ValueSet = [PROTO.tcp, PROTO.udp, PROTO.dccp, PROTO.sctp, PROTO.udplite]
  .toSorted((a, b) => a - b)
  .flatMap((proto) => [proto, proto + 1])

/** The addresses that are of one of these types to a host: `fib saddr type`, `xt_addrtype`. */
export function addressesWithType(
  fib: Fib,
  version: 4 | 6,
  isAsked: (type: AddrType) => boolean,
): ValueSet {
  const end = version === 4 ? 1n << 32n : 1n << 128n
  const cuts = new Set<bigint>([0n])
  const own =
    version === 4
      ? [...fib.local4, ...fib.broadcast4, ...FIXED4]
      : [...fib.local6, ...fib.anycast6, ...FIXED6]
  for (const { lo, hi } of own) {
    cuts.add(lo)
    if (hi + 1n < end) cuts.add(hi + 1n)
  }
  const sorted = [...cuts].sort((a, b) => (a < b ? -1 : 1))
  const values: (number | bigint)[] = []
  const put = (at: bigint): void => {
    values.push(version === 4 ? Number(at) : at)
  }
  let inside = false
  for (const at of sorted) {
    if (isAsked(addressType(fib, version, at)) === inside) continue
    inside = !inside
    put(at)
  }
  if (inside) put(end)
  return values
}

/** Where {@link addressType} may change whatever the host's addresses. */
const FIXED4 = [
  { lo: 0n, hi: 0n },
  { lo: 0x7f00_0000n, hi: 0x7fff_fffen },
  { lo: 0x7fff_ffffn, hi: 0x7fff_ffffn },
  { lo: 0xe000_0000n, hi: 0xefff_ffffn },
  { lo: 0xffff_ffffn, hi: 0xffff_ffffn },
]
const FIXED6 = [
  { lo: 1n, hi: 1n },
  { lo: 0xffn << 120n, hi: (1n << 128n) - 1n },
]
