import { intersect, type Range, type RangeSet, subtract } from '../ip/range-set.ts'
import { addressesOfType, addressType, EMPTY_FIB, type Fib } from '../netfilter/fib.ts'
import { FIELD_NAMES, FIELDS, type FieldName, fieldSlot } from '../netfilter/field.ts'
import type { Packet } from '../netfilter/packet.ts'
import type { Chain, Rule } from '../netfilter/ruleset.ts'
import { UNKNOWN, type Values, valueAt } from './field-value.ts'
import { coverage } from './set-index.ts'
import { NO, runTest, TEST, type Test, UNSURE, YES } from './statement.ts'

/**
 * A test that could go either way: where the walks of the possible packets part. `test` null: the rule matches, and
 * what it does is not known.
 */
export type Fork = { readonly chain: Chain; readonly rule: Rule; readonly test: Test | null }

/** The values a field that is not known may still have. */
type Domain =
  | { readonly kind: 'ranges'; readonly ranges: RangeSet }
  | { readonly kind: 'names'; readonly names: ReadonlySet<string> }

/**
 * What one walk has taken of the fields that are not known. Each fork narrows the domain of its field, so a packet
 * whose destination was taken to be in 10.0.0.0/8 is not asked about 192.168.0.0/16 any more.
 */
export type Doubt = {
  /** Answers of the first forks; those after them are `no`. */
  readonly choices: readonly boolean[]
  /** The walk ends before this fork is taken; -1: it takes them all. */
  readonly stopAt: number
  readonly forks: Fork[]
  readonly domains: Map<number, Domain>
  /** Answers about what has no domain, by its text: the same question twice gets the same answer. */
  readonly answers: Map<string, boolean>
  /** Conntrack holds connections the packet may be of. */
  readonly mayBeKnown: boolean
}

/** The end of the walk: it was to stop at this fork. */
export const STOP = 3

export function newDoubt(
  choices: readonly boolean[],
  stopAt: number,
  mayBeKnown: boolean = false,
): Doubt {
  return { choices, stopAt, forks: [], domains: new Map(), answers: new Map(), mayBeKnown }
}

type Packetful = { readonly values: Values; readonly packet: Packet; readonly fib: Fib }
type Settled = typeof NO | typeof YES | typeof STOP

/** Decides a test that is {@link UNSURE}: by what is still possible, else by taking a fork. */
export function settle(
  one: Test,
  at: Packetful,
  doubt: Doubt,
  where: Pick<Fork, 'chain' | 'rule'>,
): Settled {
  switch (one.kind) {
    case TEST.anyOf:
      return settleParts(one, at, doubt, where, YES)
    case TEST.allOf:
      return settleParts(one, at, doubt, where, NO)
    default: {
      const possible = possibleValues(one)
      if (possible === null) return negated(settleByText(one, doubt, where), one.negate)
      return negated(settleByDomain(one, possible, at, doubt, where), one.negate)
    }
  }
}

function negated(result: Settled, negate: boolean): Settled {
  if (result === STOP || !negate) return result
  return result === YES ? NO : YES
}

/** Part by part, until one has the result that settles the whole. */
function settleParts(
  one: Test,
  at: Packetful,
  doubt: Doubt,
  where: Pick<Fork, 'chain' | 'rule'>,
  settling: typeof NO | typeof YES,
): Settled {
  for (const part of one.parts) {
    const known = runTest(part, at.values, at.packet, at.fib)
    const result = known === UNSURE ? settle(part, at, doubt, where) : known
    if (result === STOP) return STOP
    if (result === settling) return negated(settling, one.negate)
  }
  return negated(settling === YES ? NO : YES, one.negate)
}

/** Takes the next fork: the given answer, or no. */
function fork(one: Test, doubt: Doubt, where: Pick<Fork, 'chain' | 'rule'>): Settled {
  const number = doubt.forks.length
  doubt.forks.push({ ...where, test: one })
  if (number === doubt.stopAt) return STOP
  return doubt.choices[number] === true ? YES : NO
}

function settleByText(one: Test, doubt: Doubt, where: Pick<Fork, 'chain' | 'rule'>): Settled {
  const key = JSON.stringify(one.match, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value instanceof Set ? [...value] : value,
  )
  const known = doubt.answers.get(key)
  if (known !== undefined) return known ? YES : NO
  const result = fork(one, doubt, where)
  if (result !== STOP) doubt.answers.set(key, result === YES)
  return result
}

function settleByDomain(
  one: Test,
  possible: Domain,
  { packet }: Packetful,
  doubt: Doubt,
  where: Pick<Fork, 'chain' | 'rule'>,
): Settled {
  const domain = doubt.domains.get(one.slot) ?? fullDomain(one.slot, packet, doubt)
  const { inside, outside } = split(domain, possible)
  if (isEmpty(inside)) return NO
  if (isEmpty(outside)) return YES
  const result = fork(one, doubt, where)
  if (result !== STOP) doubt.domains.set(one.slot, result === YES ? inside : outside)
  return result
}

function isEmpty(domain: Domain): boolean {
  return domain.kind === 'ranges' ? domain.ranges.length === 0 : domain.names.size === 0
}

function split(
  domain: Domain,
  possible: Domain,
): { readonly inside: Domain; readonly outside: Domain } {
  if (domain.kind === 'names' || possible.kind === 'names') {
    const names = domain.kind === 'names' ? [...domain.names] : []
    const matched = possible.kind === 'names' ? possible.names : new Set<string>()
    return {
      inside: { kind: 'names', names: new Set(names.filter((name) => matched.has(name))) },
      outside: { kind: 'names', names: new Set(names.filter((name) => !matched.has(name))) },
    }
  }
  const { inside, outside } = splitRanges(domain.ranges, possible.ranges)
  return {
    inside: { kind: 'ranges', ranges: inside },
    outside: { kind: 'ranges', ranges: outside },
  }
}

/** Most terms are one range: then only the ranges it touches are looked at. */
function splitRanges(
  all: RangeSet,
  possible: RangeSet,
): { readonly inside: RangeSet; readonly outside: RangeSet } {
  const [only] = possible
  if (only === undefined || possible.length > 1)
    return { inside: intersect(all, possible), outside: subtract(all, possible) }
  const from = firstEndingFrom(all, only.lo)
  let to = from
  while (to < all.length && (all[to] as Range).lo <= only.hi) to += 1
  const touched = all.slice(from, to)
  return {
    inside: intersect(touched, possible),
    outside: [...all.slice(0, from), ...subtract(touched, possible), ...all.slice(to)],
  }
}

/** Index of the first range that ends at `value` or later. */
function firstEndingFrom(ranges: RangeSet, value: bigint): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle] as Range).hi < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The values a test of one field lets pass, negation left aside; null: there is no saying. */
function possibleValues(one: Test): Domain | null {
  switch (one.kind) {
    case TEST.number:
      return { kind: 'ranges', ranges: [{ lo: BigInt(one.lo), hi: BigInt(one.hi) }] }
    case TEST.numbers:
      return { kind: 'ranges', ranges: toRanges(one.bounds) }
    case TEST.addresses:
      return { kind: 'ranges', ranges: one.bigs }
    case TEST.name:
      return { kind: 'names', names: new Set([one.name]) }
    case TEST.names:
      return one.match.kind === 'field' && one.match.values.kind === 'names'
        ? { kind: 'names', names: one.match.values.exact }
        : null
    case TEST.masked:
      return one.lo <= 0xff ? { kind: 'ranges', ranges: maskedValues(one) } : null
    case TEST.lookup: {
      const ranges = one.index === null ? [] : coverage(one.index, one.version)
      return ranges === null ? null : { kind: 'ranges', ranges }
    }
    default:
      return null
  }
}

function toRanges(bounds: readonly number[]): RangeSet {
  const ranges: { readonly lo: bigint; readonly hi: bigint }[] = []
  for (let i = 0; i < bounds.length; i += 2)
    ranges.push({ lo: BigInt(bounds[i] ?? 0), hi: BigInt(bounds[i + 1] ?? 0) })
  return ranges
}

/** Values of eight bits (TCP flags) that pass a mask. */
function maskedValues(one: Test): RangeSet {
  const values: { readonly lo: bigint; readonly hi: bigint }[] = []
  for (let value = 0; value <= 0xff; value += 1)
    if ((value & one.lo) === one.hi) values.push({ lo: BigInt(value), hi: BigInt(value) })
  return values
}

/** What a field can be before anything is known of it. */
function fullDomain(slot: number, packet: Packet, { mayBeKnown }: Doubt): Domain {
  const field = FIELD_NAMES[slot] ?? 'meta mark'
  const { kind, bits } = FIELDS[field]
  if (kind === 'name') {
    // of a packet of no flow whose state depends on its flags or type
    if (field === 'ct state') {
      const known = mayBeKnown ? ['established', 'related'] : []
      return { kind: 'names', names: new Set(['new', 'invalid', 'untracked', ...known]) }
    }
    const names =
      field === 'meta pkttype'
        ? packetTypes(packet)
        : ['unicast', 'local', 'broadcast', 'anycast', 'multicast']
    return { kind: 'names', names: new Set(names) }
  }
  if (kind === 'address') return { kind: 'ranges', ranges: addresses(field, packet) }
  return { kind: 'ranges', ranges: [{ lo: 0n, hi: (1n << BigInt(bits)) - 1n }] }
}

/**
 * What a frame can be to the link layer (`skb->pkt_type`, eth_type_trans in net/ethernet/eth.c): told by its MAC
 * address, else by the IP address it was sent for.
 */
export function packetTypes({ ether, l3 }: Packet): readonly string[] {
  if (ether.dst !== 'unknown') {
    if (ether.dst === 0xffff_ffff_ffff) return ['broadcast']
    return isGroupAddress(ether.dst) ? ['multicast'] : ['host', 'other']
  }
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return ['host', 'broadcast', 'multicast', 'other']
  const known = l3.dst !== 'unknown'
  const type = known ? addressType(EMPTY_FIB, l3.kind === 'ip' ? 4 : 6, l3.dst) : l3.dstType
  if (type === null) return ['host', 'broadcast', 'multicast', 'other']
  return type === 'broadcast' || type === 'multicast' ? [type] : ['host', 'other']
}

/** The lowest bit of the first octet. */
function isGroupAddress(mac: number): boolean {
  return Math.floor(mac / 2 ** 40) % 2 === 1
}

function addresses(field: FieldName, { l3 }: Packet): RangeSet {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return addressesOfType(4, null)
  const type = field.endsWith('saddr') ? l3.srcType : l3.dstType
  return addressesOfType(l3.kind === 'ip' ? 4 : 6, type)
}

/** True where a packet leaves a field of a hop open. */
export function isUnknown(field: FieldName, at: Packetful): boolean {
  return valueAt(at.values, fieldSlot(field), at.packet, at.fib) === UNKNOWN
}
