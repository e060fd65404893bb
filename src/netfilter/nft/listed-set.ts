import { showAddr } from '../../ip/address.ts'
import { showMac } from '../../ip/mac.ts'
import { cidrsOf } from '../../ip/prefix.ts'
import { normalise, type Range } from '../../ip/range-set.ts'
import type { Json } from './command.ts'
import {
  bitsOf,
  type Datatype,
  datatypesOf,
  rangeOfValue,
  SYMBOL_FIELD,
  versionOf,
  WIDTH,
} from './datatype.ts'
import { isList, isObject, onlyEntry } from './json.ts'
import { numberOf, symbolOf } from './names.ts'

/** A single value as nft lists it: by its symbol where there is one, addresses in their usual text. */
export function listedValue(datatype: Datatype, value: Json): Json {
  const entry = onlyEntry(value)
  if (entry !== null) return listedInterval(datatype, value)
  if (datatype === 'ipv6_addr') {
    const bits = bitsOf(datatype, value)
    return bits === null ? value : showAddr({ version: 6, bits })
  }
  if (datatype === 'ether_addr' && typeof value === 'string') {
    const bits = bitsOf(datatype, value)
    return bits === null ? value : showMac(Number(bits))
  }
  if (datatype === 'pkt_type' && value === 'unicast') return 'host'
  const field = SYMBOL_FIELD[datatype]
  if (field === undefined) return value
  const number =
    typeof value === 'number' ? value : typeof value === 'string' ? numberOf(field, value) : null
  return number === null ? value : (symbolOf(field, number) ?? number)
}

/** A prefix without its host bits, one of full length as the address; a range with the symbols of its ends. */
function listedInterval(datatype: Datatype, value: Json): Json {
  const entry = onlyEntry(value)
  if (entry === null) return value
  if (entry[0] === 'range' && isList(entry[1]))
    return { range: entry[1].map((end) => listedValue(datatype, end)) }
  if (entry[0] !== 'prefix' || !isAddress(datatype)) return value
  const range = rangeOfValue(datatype, value)
  return range === null ? value : intervalOf(datatype, range)
}

function isAddress(datatype: Datatype): datatype is 'ipv4_addr' | 'ipv6_addr' {
  return datatype === 'ipv4_addr' || datatype === 'ipv6_addr'
}

/** An interval of a set: a value, a prefix where it is one, else a range. */
function intervalOf(datatype: Datatype, { lo, hi }: Range): Json {
  if (!isAddress(datatype))
    return lo === hi
      ? listedValue(datatype, Number(lo))
      : { range: [listedValue(datatype, Number(lo)), listedValue(datatype, Number(hi))] }
  const version = versionOf(datatype)
  const show = (bits: bigint): string => showAddr({ version, bits })
  if (lo === hi) return show(lo)
  const [only, ...more] = cidrsOf(version, { lo, hi })
  if (only !== undefined && more.length === 0)
    return { prefix: { addr: show(lo), len: only.prefix } }
  return { range: [show(lo), show(hi)] }
}

/**
 * Elements of a set as nft lists them: values sorted as numbers; where one is an interval, all sorted and, with
 * `merges`, those that touch made one (`interval_map_decompose`, src/segtree.c; `list_expr_sort`, src/mergesort.c). What
 * is not understood keeps the order it has.
 */
export function listedElements(
  datatypes: readonly Datatype[],
  items: readonly Json[],
  merges: boolean,
): readonly Json[] {
  const [datatype, ...more] = datatypes
  if (datatype === undefined || more.length > 0) return listedTuples(datatypes, items)
  const keys = items.map((item) => rangeOfValue(datatype, keyOf(item)))
  if (!keys.every((key) => key !== null)) return items.map((item) => listedItem(datatype, item))
  const isPlain = items.every((item) => item === keyOf(item))
  if (isPlain && merges && keys.some(({ lo, hi }) => lo !== hi) && items.every(isMergeable))
    return normalise(keys).map((range) => intervalOf(datatype, range))
  return sorted(
    keys.map(({ lo }) => lo),
    items.map((item) => listedItem(datatype, item)),
  )
}

/** The key of an element: without timeout, comment and counter, and without what a map has for it. */
function keyOf(item: Json): Json {
  const key = isList(item) ? (item[0] ?? null) : item
  const entry = onlyEntry(key)
  return entry !== null && entry[0] === 'elem' && isObject(entry[1])
    ? (entry[1]['val'] ?? null)
    : key
}

function isMergeable(item: Json): boolean {
  return !isList(item)
}

/** An element with its key as nft lists it. */
function listedItem(datatype: Datatype, item: Json): Json {
  return withKey(item, (key) => listedValue(datatype, key))
}

function withKey(item: Json, change: (key: Json) => Json): Json {
  if (isList(item)) return [withKey(item[0] ?? null, change), ...item.slice(1)]
  const entry = onlyEntry(item)
  return entry !== null && entry[0] === 'elem' && isObject(entry[1])
    ? { elem: { ...entry[1], val: change(entry[1]['val'] ?? null) } }
    : change(item)
}

/** Concatenations sort as the bytes of their values do, the last byte counting most. */
function listedTuples(datatypes: readonly Datatype[], items: readonly Json[]): readonly Json[] {
  const shown = items.map((item) => withKey(item, (key) => listedTuple(datatypes, key)))
  const keys = items.map((item) => tupleKey(datatypes, keyOf(item)))
  return keys.every((key) => key !== null) ? sorted(keys, shown) : shown
}

function listedTuple(datatypes: readonly Datatype[], key: Json): Json {
  const entry = onlyEntry(key)
  if (entry === null || entry[0] !== 'concat' || !isList(entry[1])) return key
  return { concat: entry[1].map((part, at) => listedValue(datatypes[at] ?? 'other', part)) }
}

function tupleKey(datatypes: readonly Datatype[], key: Json): bigint | null {
  const entry = onlyEntry(key)
  if (entry === null || entry[0] !== 'concat' || !isList(entry[1])) return null
  let bits = 0n
  for (let at = entry[1].length - 1; at >= 0; at -= 1) {
    const datatype = datatypes[at] ?? 'other'
    const width = WIDTH[datatype]
    const value = bitsOf(datatype, entry[1][at] ?? null)
    if (value === null || width === 0) return null
    bits = (bits << BigInt(width * 8)) | (isHostOrder(datatype) ? value : swapped(value, width))
  }
  return bits
}

function isHostOrder(datatype: Datatype): boolean {
  return ['ifname', 'ct_state', 'mark', 'fib_addrtype', 'pkt_type'].includes(datatype)
}

function swapped(value: bigint, width: number): bigint {
  let bits = 0n
  for (let at = 0; at < width; at += 1) bits = (bits << 8n) | ((value >> BigInt(8 * at)) & 0xffn)
  return bits
}

/** Each once, by its key. */
function sorted(keys: readonly bigint[], items: readonly Json[]): readonly Json[] {
  const order = keys.map((_, at) => at)
  order.sort((a, b) => compare(keys[a] ?? 0n, keys[b] ?? 0n) || a - b)
  return order
    .filter((at, place) => place === 0 || keys[at] !== keys[order[place - 1] ?? -1])
    .map((at) => items[at] ?? null)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * An anonymous set beside an expression, with its elements as listed. nft makes a value of a set written with one
 * element; nobody here writes such, and one that is listed comes of elements that were merged.
 */
export function listedAnonymous(left: Json, right: Json): Json {
  const entry = onlyEntry(right)
  if (entry === null || entry[0] !== 'set') return right
  const items = isList(entry[1]) ? entry[1] : [entry[1]]
  return { set: listedElements(datatypesOf(left), items, true) }
}
