import { type AddrType, type CtState, type Packet, PROTO } from '../netfilter/packet.ts'
import { type Diagram, NONE } from './diagram.ts'
import { type Family, type FreeField, namesIn } from './fields.ts'

import { templateOf } from './place.ts'
import type { Level, Space } from './space.ts'
import type { ValueSet } from './value-set.ts'

/** One packet of a region, with what was taken of what nobody can tell. */
export type Witness = {
  readonly packet: Packet
  readonly state: CtState
  readonly doubts: readonly { readonly text: string; readonly holds: boolean }[]
}

/** For a field the values that are liked, the best first: the first that some packet of the region has is taken. */
export type Preferences = ReadonlyMap<FreeField, readonly ValueSet[]>

export const NO_PREFERENCES: Preferences = new Map()

/** What a packet has if nothing else is liked better: a TCP connection to a well-known port, begun from a client's port. */
const USUAL: Preferences = new Map<FreeField, readonly ValueSet[]>([
  ['ct state', [[0, 1]]],
  ['meta l4proto', [only(PROTO.tcp), only(PROTO.udp), only(PROTO.icmp), only(PROTO.icmpv6)]],
  ['th dport', [only(22), only(8006), only(443), only(80), [1, 1024]]],
  [
    'th sport',
    [
      [49_152, 65_536],
      [1024, 65_536],
    ],
  ],
  ['tcp flags', [only(2), only(16), only(18)]],
  ['icmp type', [only(8)]],
  ['icmp code', [only(0)]],
  ['icmpv6 type', [only(128)]],
  ['icmpv6 code', [only(0)]],
  ['arp operation', [only(1)]],
  // private networks first (RFC 1918, RFC 4193), then what is in use in the world
  ['ip saddr', PRIVATE4()],
  ['ip daddr', PRIVATE4()],
  ['ip6 saddr', PRIVATE6()],
  ['ip6 daddr', PRIVATE6()],
])

function only(value: number): ValueSet {
  return [value, value + 1]
}

function PRIVATE4(): readonly ValueSet[] {
  return [
    [0xc0a8_0000, 0xc0a9_0000],
    [0x0a00_0000, 0x0b00_0000],
    [0xac10_0000, 0xac20_0000],
    [0x0100_0000, 0x7f00_0000],
    [0x8000_0000, 0xe000_0000],
  ]
}

function PRIVATE6(): readonly ValueSet[] {
  return [
    [0xfdn << 120n, 0xfen << 120n],
    [0x2n << 124n, 0x4n << 124n],
  ]
}

/**
 * A packet of the region that people find likely; null for the empty one. Levels are gone down from the top, and on
 * each the class that is liked best among those that still lead to a packet is taken.
 */
export function witnessOf(
  space: Space,
  region: Diagram,
  preferences: Preferences = NO_PREFERENCES,
): Witness | null {
  if (region === NONE) return null
  const { arena, levels, family } = space
  const values = new Map<FreeField, number | bigint>()
  const doubts: { readonly text: string; readonly holds: boolean }[] = []
  let at = region
  for (const [i, level] of levels.entries()) {
    const here = at >= 0 && arena.levelOf(at) === i
    if (level.kind === 'doubt') {
      if (!here) continue
      // a rate that is kept is the more likely thing
      const holds = arena.kid(at, 1) !== NONE
      doubts.push({ text: level.text, holds })
      at = arena.kid(at, holds ? 1 : 0)
      continue
    }
    // where no rule looks at it, nobody has to know it
    if (!here && level.field.startsWith('ether ')) continue
    const asked = [...(preferences.get(level.field) ?? []), ...(USUAL.get(level.field) ?? [])]
    const { cls, value } = bestOf(
      level,
      asked,
      here ? (each) => arena.kid(at, each) !== NONE : null,
    )
    values.set(level.field, value)
    if (here) at = arena.kid(at, cls)
  }
  const state = (namesIn('ct state')?.[Number(values.get('ct state') ?? 0)] ?? 'new') as CtState
  return { packet: packetOf(family, values), state, doubts }
}

function bestOf(
  { partition }: Extract<Level, { kind: 'field' }>,
  liked: readonly ValueSet[],
  leads: ((cls: number) => boolean) | null,
): { readonly cls: number; readonly value: number | bigint } {
  const { starts, classes, end } = partition
  let fallback: { readonly cls: number; readonly value: number | bigint } | null = null
  const possible: number[] = []
  for (const [i, cls] of classes.entries()) {
    if (leads !== null && !leads(cls)) continue
    possible.push(i)
    fallback ??= { cls, value: starts[i] as number | bigint }
  }
  for (const wanted of liked)
    for (const i of possible) {
      const value = firstIn(wanted, starts[i] as number | bigint, starts[i + 1] ?? end)
      if (value !== null) return { cls: classes[i] as number, value }
    }
  if (fallback === null) throw new Error('a region without packets')
  return fallback
}

/**
 * The first value of a set from `from` up to `end`; of a range of addresses rather its second, which a host can have
 * where the first is the network's own.
 */
function firstIn(
  wanted: ValueSet,
  from: number | bigint,
  end: number | bigint,
): number | bigint | null {
  for (let i = 0; i < wanted.length; i += 2) {
    const lo = wanted[i] as number | bigint
    const hi = wanted[i + 1] as number | bigint
    const first = lo > from ? lo : from
    const last = hi < end ? hi : end
    if (first >= last) continue
    const next = typeof first === 'bigint' ? first + 1n : first + 1
    const isNetwork =
      typeof first === 'bigint' ? first % 256n === 0n : first > 65_535 && first % 256 === 0
    return isNetwork && next < last ? next : first
  }
  return null
}

/** A packet with these values; what it lacks by its protocol is left out. */
export function packetOf(
  family: Family,
  values: ReadonlyMap<FreeField, number | bigint>,
  vlan: number | null = null,
): Packet {
  const template = templateOf(family, vlan)
  const number = (field: FreeField): number => Number(values.get(field) ?? 0)
  const ether = {
    ...template.ether,
    src: values.has('ether saddr') ? number('ether saddr') : ('unknown' as const),
    dst: values.has('ether daddr') ? number('ether daddr') : ('unknown' as const),
  }
  if (family === 'arp')
    return {
      ether,
      l3: {
        kind: 'arp',
        operation: number('arp operation'),
        senderIp: BigInt(values.get('arp saddr ip') ?? 0),
        targetIp: BigInt(values.get('arp daddr ip') ?? 0),
        senderMac: number('arp saddr ether'),
      },
      l4: { kind: 'none' },
    }
  const any: AddrType | null = null
  const l3 = {
    kind: family,
    src: BigInt(values.get(`${family} saddr`) ?? 0),
    dst: BigInt(values.get(`${family} daddr`) ?? 0),
    srcType: any,
    dstType: any,
  }
  return { ether, l3, l4: layer4(number) }
}

function layer4(number: (field: FreeField) => number): Packet['l4'] {
  const proto = number('meta l4proto')
  const ports = { sport: number('th sport'), dport: number('th dport') }
  switch (proto) {
    case PROTO.tcp:
      return { kind: 'tcp', ...ports, flags: number('tcp flags') }
    case PROTO.udp:
      return { kind: 'udp', ...ports }
    case PROTO.udplite:
      return { kind: 'udplite', ...ports }
    case PROTO.sctp:
      return { kind: 'sctp', ...ports }
    case PROTO.dccp:
      return { kind: 'dccp', ...ports }
    case PROTO.icmp:
      return { kind: 'icmp', type: number('icmp type'), code: number('icmp code') }
    case PROTO.icmpv6:
      return { kind: 'icmpv6', type: number('icmpv6 type'), code: number('icmpv6 code') }
    default:
      return { kind: 'other', proto }
  }
}
