import { parseAddr } from '../../ip/address.ts'
import { parseMac } from '../../ip/mac.ts'
import { rangeOf } from '../../ip/prefix.ts'
import { normalise, type Range } from '../../ip/range-set.ts'
import { FIELDS, type FieldName } from '../../netfilter/field.ts'
import type { NumberRanges, Values } from '../../netfilter/match.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { isList, isObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import { numberOf } from '../../netfilter/nft/names.ts'

/** One value or interval of a field. */
export type Interval =
  | { readonly kind: 'address'; readonly range: Range }
  | { readonly kind: 'number'; readonly lo: number; readonly hi: number }
  | { readonly kind: 'name'; readonly name: string }

/** The elements an expression stands for: one value, or those of an anonymous set; null: not understood. */
export function intervalsOf(field: FieldName, expression: Json): readonly Interval[] | null {
  const entry = onlyEntry(expression)
  const list = entry !== null && entry[0] === 'set' ? entry[1] : expression
  const items = isList(list) ? list : [list]
  const intervals = items.map((item) => intervalOf(field, item))
  return intervals.every((interval) => interval !== null) ? intervals : null
}

/** One element: a value, `{"range":[a,b]}`, `{"prefix":{...}}`, or any of them wrapped in `{"elem":{"val":...}}`. */
export function intervalOf(field: FieldName, expression: Json): Interval | null {
  const entry = onlyEntry(expression)
  if (entry === null) return singleValue(field, expression)
  const [kind, body] = entry
  if (kind === 'elem' && isObject(body)) return intervalOf(field, body['val'] ?? null)
  if (kind === 'range' && isList(body) && body.length === 2)
    return between(field, body[0] ?? null, body[1] ?? null)
  if (kind === 'prefix' && isObject(body)) return prefixOf(stringAt(body, 'addr'), body['len'])
  return null
}

function between(field: FieldName, first: Json, last: Json): Interval | null {
  const lo = singleValue(field, first)
  const hi = singleValue(field, last)
  if (lo?.kind === 'address' && hi?.kind === 'address')
    return { kind: 'address', range: { lo: lo.range.lo, hi: hi.range.hi } }
  if (lo?.kind === 'number' && hi?.kind === 'number')
    return { kind: 'number', lo: lo.lo, hi: hi.hi }
  return null
}

function prefixOf(text: string | null, length: Json | undefined): Interval | null {
  const address = text === null ? null : parseAddr(text)
  if (address === null || typeof length !== 'number') return null
  return { kind: 'address', range: rangeOf({ address, prefix: length }) }
}

function singleValue(field: FieldName, value: Json): Interval | null {
  switch (FIELDS[field].kind) {
    case 'address': {
      const address = typeof value === 'string' ? parseAddr(value) : null
      return address === null
        ? null
        : { kind: 'address', range: { lo: address.bits, hi: address.bits } }
    }
    case 'number': {
      const number = numericValue(field, value)
      return number === null ? null : { kind: 'number', lo: number, hi: number }
    }
    case 'name':
      return typeof value === 'string' ? { kind: 'name', name: value } : null
  }
}

function numericValue(field: FieldName, value: Json): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  if (field === 'ether saddr' || field === 'ether daddr' || field === 'arp saddr ether')
    return parseMac(value)
  return numberOf(field, value)
}

/** Intervals as what a match compares with. Interface names that end in `*` are prefixes (nft wildcard). */
export function valuesOf(field: FieldName, intervals: readonly Interval[]): Values {
  switch (FIELDS[field].kind) {
    case 'address':
      return {
        kind: 'addresses',
        ranges: normalise(intervals.flatMap((at) => (at.kind === 'address' ? [at.range] : []))),
      }
    case 'number':
      return { kind: 'numbers', ranges: numberRanges(intervals) }
    case 'name': {
      const names = intervals.flatMap((at) => (at.kind === 'name' ? [at.name] : []))
      const device = field.endsWith('name')
      return {
        kind: 'names',
        exact: new Set(names.filter((name) => !(device && name.endsWith('*')))),
        prefixes: device
          ? names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
          : [],
      }
    }
  }
}

function numberRanges(intervals: readonly Interval[]): NumberRanges {
  const sorted = intervals
    .flatMap((at) => (at.kind === 'number' ? [at] : []))
    .toSorted((a, b) => a.lo - b.lo)
  const merged: { lo: number; hi: number }[] = []
  for (const { lo, hi } of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && lo <= last.hi + 1) last.hi = Math.max(last.hi, hi)
    else merged.push({ lo, hi })
  }
  return merged
}
