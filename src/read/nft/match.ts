import { FIELDS, type FieldName } from '../../netfilter/field.ts'
import type { Match, NumberRanges } from '../../netfilter/match.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { flagBits, partsOf } from '../../netfilter/nft/datatype.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import { type FieldRef, fieldOf, fieldsOf } from './field.ts'
import type { Place } from './place.ts'
import { type Interval, intervalsOf, valuesOf } from './value.ts'

/** What a `match` statement asks; null when pvefw cannot evaluate it. */
export function readMatch(body: JsonObject, place: Place): Match | null {
  const left = body['left'] ?? null
  const right = body['right'] ?? null
  const op = stringAt(body, 'op') ?? '=='
  const masked = onlyEntry(left)
  if (masked !== null && masked[0] === '&' && isList(masked[1]))
    return readMasked(masked[1], op, right)
  const fields = fieldsOf(left)
  if (fields === null) return null
  const [only, ...others] = fields
  if (only === undefined) return null
  if (typeof right === 'string' && right.startsWith('@'))
    return op === '==' || op === '!='
      ? readLookup(fields, right.slice(1), op === '!=', place)
      : null
  if (others.length > 0)
    return op === '==' || op === '!=' ? readTuples(fields, right, op === '!=', place) : null
  return withNeeds(fields, fieldMatch(only.field, right, op))
}

/** Null for a set that is not held: what is in it is not known. */
function readLookup(
  fields: readonly FieldRef[],
  set: string,
  negate: boolean,
  place: Place,
): Match | null {
  const ranges = place.numbersOf(set)
  const [only] = fields
  if (ranges !== null && only !== undefined)
    return withNeeds(fields, {
      kind: 'field',
      field: only.field,
      values: { kind: 'numbers', ranges },
      negate,
    })
  if (!place.holdsSet(set)) return null
  return withNeeds(fields, { kind: 'lookup', fields: fields.map((at) => at.field), set, negate })
}

function fieldMatch(field: FieldName, right: Json, op: string): Match | null {
  switch (op) {
    case '<':
    case '>':
    case '<=':
    case '>=':
      return compared(field, right, op)
    case '==':
    case '!=':
    case 'in':
    case '!':
      break
    default:
      return null
  }
  if (field === 'tcp flags') return flagsMatch(right, op)
  if (op === '!') return null
  const negate = op === '!='
  const parts = partsOf(right)
  // `ct state == established | new` compares with both bits at once, which no packet has: it never matches
  if (parts !== null && op !== 'in') return field === 'ct state' ? names(field, [], negate) : null
  const intervals = intervalsOf(field, parts ?? right)
  return intervals === null
    ? null
    : { kind: 'field', field, values: valuesOf(field, intervals), negate }
}

function names(field: FieldName, exact: readonly string[], negate: boolean): Match {
  const values = { kind: 'names', exact: new Set(exact), prefixes: [] } as const
  return { kind: 'field', field, values, negate }
}

/** `tcp dport >= 1024`. */
function compared(field: FieldName, right: Json, op: '<' | '>' | '<=' | '>='): Match | null {
  const { kind, bits } = FIELDS[field]
  const intervals = intervalsOf(field, right)
  const [only] = intervals ?? []
  if (kind !== 'number' || intervals?.length !== 1 || only?.kind !== 'number') return null
  const last = 2 ** bits - 1
  const ranges: Readonly<Record<typeof op, readonly [number, number]>> = {
    '<': [0, only.lo - 1],
    '<=': [0, only.lo],
    '>': [only.lo + 1, last],
    '>=': [only.lo, last],
  }
  const [lo, hi] = ranges[op]
  const list: NumberRanges = lo > hi ? [] : [{ lo, hi }]
  return { kind: 'field', field, values: { kind: 'numbers', ranges: list }, negate: false }
}

/**
 * TCP flags without a mask: `tcp flags syn,ack` (`in`) is met by any of them, `tcp flags ! syn,ack` by none, `==` by
 * just these.
 */
function flagsMatch(right: Json, op: string): Match | null {
  const entry = onlyEntry(right)
  if (entry !== null && entry[0] === 'set') {
    const items = isList(entry[1]) ? entry[1].map(flagBits) : [null]
    if (!items.every((bits) => bits !== null) || op === 'in' || op === '!') return null
    const ranges = items.toSorted((a, b) => a - b).map((bits) => ({ lo: bits, hi: bits }))
    return {
      kind: 'field',
      field: 'tcp flags',
      values: { kind: 'numbers', ranges },
      negate: op === '!=',
    }
  }
  const bits = flagBits(right)
  if (bits === null) return null
  if (op === 'in') return masked(bits, 0, true)
  if (op === '!') return masked(bits, 0, false)
  return masked(0xff, bits, op === '!=')
}

function masked(mask: number, value: number, negate: boolean): Match {
  return { kind: 'masked', field: 'tcp flags', mask, value, negate }
}

function readMasked(operands: readonly Json[], op: string, right: Json): Match | null {
  const ref = fieldOf(operands[0] ?? null)
  const mask = flagBits(operands[1] ?? null)
  const value = flagBits(right)
  if (ref === null || mask === null || value === null || FIELDS[ref.field].kind !== 'number')
    return null
  if (op !== '==' && op !== '!=') return null
  return withNeeds([ref], {
    kind: 'masked',
    field: ref.field,
    mask,
    value: value >>> 0,
    negate: op === '!=',
  })
}

function withNeeds(fields: readonly FieldRef[], match: Match | null): Match | null {
  if (match === null) return null
  const needed = needsOf(fields)
  return needed.length === 0
    ? match
    : { kind: 'all-of', matches: [...needed, match], negate: false }
}

/** `tcp dport` is looked at only in TCP packets, `ip protocol` only in IPv4, whatever the comparison says. */
export function needsOf(fields: readonly FieldRef[]): readonly Match[] {
  const needed: Match[] = []
  const add = (field: FieldName, number: number): void => {
    const values = { kind: 'numbers', ranges: [{ lo: number, hi: number }] } as const
    needed.push({ kind: 'field', field, values, negate: false })
  }
  for (const protocol of new Set(fields.map((at) => at.protocol)))
    if (protocol !== null) add('meta l4proto', protocol)
  for (const type of new Set(fields.map((at) => at.etherType)))
    if (type !== null) add('ether type', type)
  return needed
}

/** A concatenation compared with an anonymous set: `iifname . ether saddr != { "tap100i0" . bc:24:... }`. */
function readTuples(
  fields: readonly FieldRef[],
  right: Json,
  negate: boolean,
  place: Place,
): Match | null {
  const entry = onlyEntry(right)
  const listed = entry !== null && entry[0] === 'set' ? entry[1] : right
  const tuples = (isList(listed) ? listed : [listed]).map((item) => tupleOf(fields, item))
  if (!tuples.every((tuple) => tuple !== null)) return null
  const set = place.addTuples(tuples)
  return withNeeds(fields, { kind: 'lookup', fields: fields.map((at) => at.field), set, negate })
}

/** A value of an element: number, name or address. */
export type Single = string | number | bigint

/** The values of one element of a concatenated set or map; null when one is not a single value. */
export function tupleOf(fields: readonly FieldRef[], item: Json): readonly Single[] | null {
  const entry = onlyEntry(item)
  const element =
    entry !== null && entry[0] === 'elem' && isObject(entry[1]) ? (entry[1]['val'] ?? null) : item
  const concat = onlyEntry(element)
  const parts =
    concat !== null && concat[0] === 'concat' && isList(concat[1]) ? concat[1] : [element]
  if (parts.length !== fields.length) return null
  const values = parts.map((part, at) => singleOf(fields[at] as FieldRef, part))
  return values.every((value) => value !== null) ? values : null
}

function singleOf(ref: FieldRef, part: Json): Single | null {
  const intervals = intervalsOf(ref.field, part)
  const [only] = intervals ?? []
  return only === undefined || intervals?.length !== 1 ? null : valueOfInterval(only)
}

function valueOfInterval(only: Interval): Single | null {
  switch (only.kind) {
    case 'name':
      return only.name.endsWith('*') ? null : only.name
    case 'number':
      return only.lo === only.hi ? only.lo : null
    case 'address':
      return only.range.lo === only.range.hi ? only.range.lo : null
  }
}
