import type { FieldValue, Values } from '../eval/field-value.ts'
import { UNKNOWN } from '../eval/field-value.ts'
import { coverage } from '../eval/set-index.ts'
import { runTest, TEST, type Test, UNSURE, YES } from '../eval/statement.ts'
import type { Fib } from '../netfilter/fib.ts'
import { FIELD_NAMES, FIELDS, type FieldName, fieldSlot } from '../netfilter/field.ts'
import type { AddrType, Packet } from '../netfilter/packet.ts'
import type { Table } from '../netfilter/ruleset.ts'
import { addressesWithType, namesIn, protocolsWith } from './fields.ts'
import { NO_VALUES, rangeOf, type ValueSet, valuesOfBounds, valuesOfRanges } from './value-set.ts'

/** What must hold of a packet, as far as its free fields go. */
export type Formula =
  | { readonly kind: 'const'; readonly value: boolean }
  | {
      readonly kind: 'in'
      readonly field: FieldName
      readonly values: ValueSet
      readonly negate: boolean
    }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[] }
  | { readonly kind: 'not'; readonly part: Formula }
  /** Nobody can tell: both are possible, the same wherever `name` is the same. */
  | { readonly kind: 'free'; readonly name: string; readonly text: string }
  /** It depends on marks: while sets are collected, nobody knows them. */
  | { readonly kind: 'later' }

export const YES_FORMULA: Formula = { kind: 'const', value: true }
export const NO_FORMULA: Formula = { kind: 'const', value: false }

/** What is known of a packet where a rule is tested: free fields are unknown, all others have their values. */
export type Surroundings = {
  readonly values: Values
  readonly packet: Packet
  readonly fib: Fib
  /** Slots of the free fields: where such a one is known all the same, it is known here (the state before conntrack). */
  readonly free: ReadonlySet<number>
}

function isFree(slot: number, { values, free }: Surroundings): boolean {
  return values[slot] === UNKNOWN && free.has(slot)
}

/** A test of the evaluator as a formula. `name` tells this rule from others with the same test. */
export function formulaOf(test: Test, at: Surroundings, table: Table, name: string): Formula {
  switch (test.kind) {
    case TEST.anyOf:
      return negated(any(test.parts.map((part) => formulaOf(part, at, table, name))), test.negate)
    case TEST.allOf:
      return negated(all(test.parts.map((part) => formulaOf(part, at, table, name))), test.negate)
    case TEST.tuple:
      return tupleFormula(test, at, table)
    case TEST.limit: {
      const within: Formula = { kind: 'free', name: `limit ${name}`, text: 'limit' }
      return negated(within, test.negate)
    }
    case TEST.opaque: {
      const text = test.match.kind === 'opaque' ? test.match.text : ''
      return { kind: 'free', name: `opaque ${text}`, text }
    }
    default:
      return fieldFormula(test, at)
  }
}

function fieldFormula(test: Test, at: Surroundings): Formula {
  const { slot, negate } = test
  if (!isFree(slot, at)) {
    const found = runTest(test, at.values, at.packet, at.fib)
    if (found === UNSURE) return typeFormula(test, at) ?? { kind: 'later' }
    return found === YES ? YES_FORMULA : NO_FORMULA
  }
  const field = FIELD_NAMES[slot] as FieldName
  if (test.kind === TEST.present) return negated(presence(field), negate)
  return whenPresent(field, { kind: 'in', field, values: valuesOf(test, field), negate })
}

/** The values of a test of a free field, negation left aside. */
function valuesOf(test: Test, field: FieldName): ValueSet {
  const known = prepared.get(test)
  if (known !== undefined) return known
  const made = makeValues(test, field)
  prepared.set(test, made)
  return made
}

const prepared = new WeakMap<Test, ValueSet>()

function makeValues(test: Test, field: FieldName): ValueSet {
  switch (test.kind) {
    case TEST.number:
      return rangeOf(test.lo, test.hi)
    case TEST.numbers:
      return valuesOfBounds(test.bounds)
    case TEST.addresses:
      return valuesOfRanges(test.bigs, FIELDS[field].bits)
    case TEST.masked:
      return maskedValues(test.lo, test.hi, FIELDS[field].bits)
    case TEST.lookup: {
      const ranges = test.index === null ? [] : coverage(test.index, test.version)
      return valuesOfRanges(ranges ?? [], FIELDS[field].bits)
    }
    case TEST.name:
    case TEST.prefix:
    case TEST.names:
      return namedValues(test, namesIn(field) ?? [])
    default:
      throw new Error(`a test of ${field} that is none of its values`)
  }
}

/** Values of a field of few bits that pass a mask. */
function maskedValues(mask: number, value: number, bits: number): ValueSet {
  if (bits > 16) throw new Error(`a mask on a free field of ${bits} bits`)
  const bounds: number[] = []
  for (let each = 0; each < 2 ** bits; each += 1)
    if ((each & mask) >>> 0 === value) bounds.push(each, each)
  return valuesOfBounds(bounds)
}

function namedValues(test: Test, names: readonly string[]): ValueSet {
  const bounds = names.flatMap((name, number) => (hasName(test, name) ? [number, number] : []))
  return valuesOfBounds(bounds)
}

/** Whether a test of names lets one pass, negation left aside. */
function hasName({ kind, name: own, match }: Test, name: string): boolean {
  if (kind === TEST.name) return name === own
  if (kind === TEST.prefix) return name.startsWith(own)
  if ((match.kind !== 'field' && match.kind !== 'any-of') || match.values.kind !== 'names')
    return false
  const { exact, prefixes } = match.values
  return exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

/** `fib saddr type` of an address that is free: the addresses of these types. Null for other fields. */
function typeFormula(test: Test, { packet, fib }: Surroundings): Formula | null {
  const field = FIELD_NAMES[test.slot] as FieldName
  if (field !== 'fib saddr type' && field !== 'fib daddr type') return null
  const { kind } = packet.l3
  if (kind !== 'ip' && kind !== 'ip6') return NO_FORMULA
  const end = field === 'fib saddr type' ? 'saddr' : 'daddr'
  if (test.kind === TEST.present) return test.negate ? NO_FORMULA : YES_FORMULA
  const asked = (type: AddrType): boolean => hasName(test, type)
  return {
    kind: 'in',
    field: `${kind} ${end}`,
    values: typedAddresses(fib, kind === 'ip' ? 4 : 6, asked),
    negate: test.negate,
  }
}

const typed = new WeakMap<Fib, Map<string, ValueSet>>()

function typedAddresses(fib: Fib, version: 4 | 6, isAsked: (type: AddrType) => boolean): ValueSet {
  let known = typed.get(fib)
  if (known === undefined) {
    known = new Map()
    typed.set(fib, known)
  }
  const types = (['unicast', 'local', 'broadcast', 'anycast', 'multicast'] as const).filter(isAsked)
  const key = `${version} ${types.join()}`
  let values = known.get(key)
  if (values === undefined) {
    values = addressesWithType(fib, version, isAsked)
    known.set(key, values)
  }
  return values
}

/** Concatenations: those elements that agree with what is known, by their free parts. */
function tupleFormula(test: Test, at: Surroundings, table: Table): Formula {
  const { match, slots, negate } = test
  const set = match.kind === 'lookup' ? table.sets.get(match.set) : undefined
  if (match.kind !== 'lookup') return NO_FORMULA
  const { fields } = match
  // a packet that lacks one of the fields is not in it, nor in its opposite
  if (slots.some((slot) => at.values[slot] === null)) return NO_FORMULA
  const elements = set?.kind === 'tuples' ? set.elements : []
  const found: Formula[] = []
  for (const element of elements) {
    const key = keyFormula(fields, element, at)
    if (key.kind === 'later') return key
    found.push(key)
  }
  return all([...fields.map(presence), negated(any(found), negate)])
}

/** The packets whose fields have these values. */
export function keyFormula(
  fields: readonly FieldName[],
  key: readonly (string | number | bigint)[],
  at: Surroundings,
): Formula {
  const parts: Formula[] = []
  for (const [i, field] of fields.entries()) {
    const wanted = key[i] as string | number | bigint
    const slot = fieldSlot(field)
    const value = at.values[slot] as FieldValue
    if (value === null) return NO_FORMULA
    if (!isFree(slot, at)) {
      if (value === UNKNOWN) return { kind: 'later' }
      if (!isEqual(value, wanted)) return NO_FORMULA
      continue
    }
    parts.push(
      whenPresent(field, { kind: 'in', field, values: single(field, wanted), negate: false }),
    )
  }
  return all(parts)
}

function isEqual(value: FieldValue, wanted: string | number | bigint): boolean {
  return typeof wanted === 'string' ? value === wanted : `${String(value)}` === `${wanted}`
}

/** One value of a field; none where it can have no such value. */
function single(field: FieldName, wanted: string | number | bigint): ValueSet {
  const names = namesIn(field)
  if (typeof wanted === 'string') {
    const number = names?.indexOf(wanted) ?? -1
    return number === -1 ? NO_VALUES : rangeOf(number, number)
  }
  if (FIELDS[field].bits > 53) return [BigInt(wanted), BigInt(wanted) + 1n]
  return rangeOf(Number(wanted), Number(wanted))
}

/** That a packet has a field at all. */
function presence(field: FieldName): Formula {
  const values = protocolsWith(field)
  return values === null
    ? YES_FORMULA
    : { kind: 'in', field: 'meta l4proto', values, negate: false }
}

/** A packet that lacks a field matches nothing about it, negated or not. */
export function whenPresent(field: FieldName, formula: Formula): Formula {
  return protocolsWith(field) === null ? formula : all([presence(field), formula])
}

export function all(parts: readonly Formula[]): Formula {
  const open = parts.filter((part) => part.kind !== 'const' || !part.value)
  if (open.some((part) => part.kind === 'const')) return NO_FORMULA
  const [only] = open
  if (only === undefined) return YES_FORMULA
  return open.length === 1 ? only : { kind: 'and', parts: open }
}

export function any(parts: readonly Formula[]): Formula {
  const open = parts.filter((part) => part.kind !== 'const' || part.value)
  if (open.some((part) => part.kind === 'const')) return YES_FORMULA
  const [only] = open
  if (only === undefined) return NO_FORMULA
  return open.length === 1 ? only : { kind: 'or', parts: open }
}

export function negated(formula: Formula, negate = true): Formula {
  if (!negate) return formula
  switch (formula.kind) {
    case 'const':
      return formula.value ? NO_FORMULA : YES_FORMULA
    case 'not':
      return formula.part
    case 'later':
      return formula
    default:
      return { kind: 'not', part: formula }
  }
}

/** Every set of values a formula asks for, with its field; and what in it nobody can tell. */
export function collect(
  formula: Formula,
  onValues: (field: FieldName, values: ValueSet) => void,
  onFree: (name: string, text: string) => void,
): void {
  switch (formula.kind) {
    case 'in':
      onValues(formula.field, formula.values)
      break
    case 'and':
    case 'or':
      for (const part of formula.parts) collect(part, onValues, onFree)
      break
    case 'not':
      collect(formula.part, onValues, onFree)
      break
    case 'free':
      onFree(formula.name, formula.text)
      break
    default:
      break
  }
}
