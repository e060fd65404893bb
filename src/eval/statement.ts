import type { Fib } from '../netfilter/fib.ts'
import { FIELDS, type FieldName, fieldSlot } from '../netfilter/field.ts'
import type { Match, Values as MatchValues } from '../netfilter/match.ts'
import type { Packet } from '../netfilter/packet.ts'
import type { NfSet } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import { type FieldValue, UNKNOWN, type Values, valueAt } from './field-value.ts'
import { type SetIndex, setContains, setIndex, tupleKey } from './set-index.ts'

/** Three-valued truth (Kleene): numbers, because rules are tested by the million. */
export const NO = 0
export const YES = 1
export const UNSURE = 2
export type Truth = typeof NO | typeof YES | typeof UNSURE

/** How a test is made; what it needs is in the fields of {@link Test} named beside it. */
export const TEST = {
  /** lo, hi */
  number: 0,
  /** bounds */
  numbers: 1,
  /** bigs: IPv6 addresses */
  addresses: 2,
  /** name */
  name: 3,
  /** prefix */
  prefix: 4,
  /** match */
  names: 5,
  /** lo (mask), hi (value) */
  masked: 6,
  present: 7,
  /** index, version */
  lookup: 8,
  /** index, slots */
  tuple: 9,
  /** parts */
  anyOf: 10,
  allOf: 11,
  /** Taken as not exceeded. */
  limit: 12,
  opaque: 13,
} as const

/**
 * A match made ready to be tested. INVARIANT: all tests have all fields in the same order, so that the engine sees
 * one shape.
 */
export type Test = {
  readonly kind: (typeof TEST)[keyof typeof TEST]
  readonly slot: number
  readonly negate: boolean
  readonly lo: number
  readonly hi: number
  /** lo, hi, lo, hi ... */
  readonly bounds: readonly number[]
  readonly bigs: readonly { readonly lo: bigint; readonly hi: bigint }[]
  readonly name: string
  /** `! --physdev-in x` matches a frame that came through no bridge (see FIELDS). */
  readonly absentMatches: boolean
  readonly version: 4 | 6
  readonly index: SetIndex | null
  readonly slots: readonly number[]
  readonly parts: readonly Test[]
  readonly match: Match
}

const PHYSIN = fieldSlot('physdev in')

const blank = {
  slot: 0,
  negate: false,
  lo: 0,
  hi: 0,
  bounds: [],
  bigs: [],
  name: '',
  absentMatches: false,
  version: 4,
  index: null,
  slots: [],
  parts: [],
} as const

function test(kind: Test['kind'], match: Match, more: Partial<Test>): Test {
  const { slot, negate, lo, hi, bounds, bigs, name, absentMatches, version, index, slots, parts } =
    {
      ...blank,
      ...more,
    }
  return {
    kind,
    slot,
    negate,
    lo,
    hi,
    bounds,
    bigs,
    name,
    absentMatches,
    version,
    index,
    slots,
    parts,
    match,
  }
}

/** Makes a match ready; `sets` are those of its table. */
export function prepareTest(match: Match, sets: ReadonlyMap<string, NfSet>): Test {
  switch (match.kind) {
    case 'field':
      return fieldTest(match, match.field, match.values, match.negate)
    case 'masked': {
      const { field, mask, value, negate } = match
      const slot = fieldSlot(field)
      return test(TEST.masked, match, { slot, lo: mask, hi: value >>> 0, negate })
    }
    case 'present':
      return test(TEST.present, match, { slot: fieldSlot(match.field), negate: match.negate })
    case 'any-of': {
      const { fields, values, negate } = match
      const parts = fields.map((field) => fieldTest(match, field, values, false))
      return test(TEST.anyOf, match, { parts, negate })
    }
    case 'all-of': {
      const parts = match.matches.map((part) => prepareTest(part, sets))
      return test(TEST.allOf, match, { parts, negate: match.negate })
    }
    case 'lookup':
      return lookupTest(match, sets)
    case 'limit':
      return test(TEST.limit, match, { negate: match.over })
    case 'opaque':
      return test(TEST.opaque, match, {})
    default:
      return unreachable(match)
  }
}

function lookupTest(
  match: Extract<Match, { kind: 'lookup' }>,
  sets: ReadonlyMap<string, NfSet>,
): Test {
  const { fields, negate } = match
  const index = setIndex(match.set, sets)
  const [field] = fields
  if (field === undefined || fields.length > 1 || FIELDS[field].kind !== 'address')
    return test(TEST.tuple, match, { index, negate, slots: fields.map(fieldSlot) })
  const version = FIELDS[field].bits === 32 ? 4 : 6
  return test(TEST.lookup, match, { index, negate, slot: fieldSlot(field), version })
}

function fieldTest(match: Match, field: FieldName, values: MatchValues, negate: boolean): Test {
  const slot = fieldSlot(field)
  switch (values.kind) {
    case 'numbers':
      return numberTest(match, slot, values.ranges, negate)
    case 'addresses':
      if (FIELDS[field].bits === 128)
        return test(TEST.addresses, match, { slot, negate, bigs: values.ranges })
      return numberTest(
        match,
        slot,
        values.ranges.map(({ lo, hi }) => ({ lo: Number(lo), hi: Number(hi) })),
        negate,
      )
    case 'names': {
      const { exact, prefixes } = values
      const [name] = exact
      const [prefix] = prefixes
      const absentMatches = negate && field.startsWith('physdev')
      const more = { slot, negate, absentMatches, version: 4 } as const
      if (name !== undefined && exact.size === 1 && prefixes.length === 0)
        return test(TEST.name, match, { ...more, name })
      if (prefix !== undefined && exact.size === 0 && prefixes.length === 1)
        return test(TEST.prefix, match, { ...more, name: prefix })
      return test(TEST.names, match, more)
    }
    default:
      return unreachable(values)
  }
}

function numberTest(
  match: Match,
  slot: number,
  ranges: readonly { readonly lo: number; readonly hi: number }[],
  negate: boolean,
): Test {
  const [only] = ranges
  if (only !== undefined && ranges.length === 1)
    return test(TEST.number, match, { slot, negate, lo: only.lo, hi: only.hi })
  return test(TEST.numbers, match, {
    slot,
    negate,
    bounds: ranges.flatMap(({ lo, hi }) => [lo, hi]),
  })
}

/** Whether a packet passes a test. Limits are not exceeded: a plain one passes, one that wants more than its rate does not. */
export function runTest(one: Test, values: Values, packet: Packet, fib: Fib): Truth {
  switch (one.kind) {
    case TEST.anyOf:
      return runAny(one, values, packet, fib)
    case TEST.allOf:
      return runAll(one, values, packet, fib)
    case TEST.tuple:
      return runTuple(one, values, packet, fib)
    case TEST.limit:
      return one.negate ? NO : YES
    case TEST.opaque:
      return UNSURE
    default: {
      const value = valueAt(values, one.slot, packet, fib)
      if (value === UNKNOWN) return one.kind === TEST.present ? truth(!one.negate) : UNSURE
      if (value === null) return whenAbsent(one, values)
      return truth(holds(one, value) !== one.negate)
    }
  }
}

function truth(value: boolean): Truth {
  return value ? YES : NO
}

function whenAbsent(one: Test, values: Values): Truth {
  if (one.kind === TEST.present) return truth(one.negate)
  return truth(one.absentMatches && values[PHYSIN] === null)
}

/** A test of one field whose value is known, negation left aside. */
function holds(one: Test, value: number | bigint | string): boolean {
  switch (one.kind) {
    case TEST.number:
      return (value as number) >= one.lo && (value as number) <= one.hi
    case TEST.numbers:
      return inBounds(one.bounds, value as number)
    case TEST.addresses:
      return inRanges(one.bigs, value as bigint)
    case TEST.name:
      return value === one.name
    case TEST.prefix:
      return (value as string).startsWith(one.name)
    case TEST.names:
      return inNames(one.match, value as string)
    case TEST.masked:
      return ((value as number) & one.lo) >>> 0 === one.hi
    case TEST.lookup:
      return one.index !== null && setContains(one.index, one.version, value as number | bigint)
    default:
      return value !== ''
  }
}

function inBounds(bounds: readonly number[], value: number): boolean {
  for (let i = 0; i < bounds.length; i += 2)
    if (value >= (bounds[i] as number) && value <= (bounds[i + 1] as number)) return true
  return false
}

function inRanges(ranges: Test['bigs'], value: bigint): boolean {
  for (const { lo, hi } of ranges) if (value >= lo && value <= hi) return true
  return false
}

function inNames(match: Match, value: string): boolean {
  if ((match.kind !== 'field' && match.kind !== 'any-of') || match.values.kind !== 'names')
    return false
  const { exact, prefixes } = match.values
  return exact.has(value) || prefixes.some((prefix) => value.startsWith(prefix))
}

function runAny(one: Test, values: Values, packet: Packet, fib: Fib): Truth {
  let result: Truth = NO
  for (const part of one.parts) {
    const found = runTest(part, values, packet, fib)
    if (found === YES) return truth(!one.negate)
    if (found === UNSURE) result = UNSURE
  }
  return result === UNSURE ? UNSURE : truth(one.negate)
}

function runAll(one: Test, values: Values, packet: Packet, fib: Fib): Truth {
  let result: Truth = YES
  for (const part of one.parts) {
    const found = runTest(part, values, packet, fib)
    if (found === NO) return truth(one.negate)
    if (found === UNSURE) result = UNSURE
  }
  return result === UNSURE ? UNSURE : truth(!one.negate)
}

function runTuple(one: Test, values: Values, packet: Packet, fib: Fib): Truth {
  const key: (string | number | bigint)[] = []
  for (const slot of one.slots) {
    const value: FieldValue = valueAt(values, slot, packet, fib)
    if (value === UNKNOWN) return UNSURE
    if (value === null) return NO
    key.push(value)
  }
  const { index } = one
  return truth((index?.kind === 'tuples' && index.keys.has(tupleKey(key))) !== one.negate)
}
