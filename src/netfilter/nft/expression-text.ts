import type { Json } from './command.ts'
import {
  bitsOf,
  type Datatype,
  datatypeOf,
  datatypesOf,
  partsOf,
  SYMBOL_FIELD,
} from './datatype.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from './json.ts'

/** Deepest nesting that is put into words: dumps are no deeper than ten, what is deeper is not one. */
const deepest = 32

/** An expression in nft's words: `ip saddr`, `meta l4proto`, `iifname . ether saddr`, `10.0.0.0/8`. */
export function expressionText(expression: Json, depth = 0): string {
  if (expression === null || typeof expression !== 'object') return String(expression)
  if (depth > deepest) return '...'
  const text = (inner: Json | undefined): string => expressionText(inner ?? null, depth + 1)
  if (isList(expression)) return expression.map(text).join(', ')
  const entry = onlyEntry(expression)
  if (entry === null) return objectText(expression)
  const [kind, body] = entry
  switch (kind) {
    case 'concat':
      return isList(body) ? body.map(text).join(' . ') : text(body)
    case 'set':
      return `{ ${(isList(body) ? body : [body]).map(text).join(', ')} }`
    case 'range':
      return isList(body) ? body.map(text).join('-') : text(body)
    case '&':
      return isList(body)
        ? `${text(body[0])} & ${maskText(datatypeOf(body[0] ?? null), body[1] ?? null, depth)}`
        : text(body)
    case '|':
    case '^':
    case '<<':
    case '>>':
      return isList(body) ? body.map(text).join(` ${kind} `) : text(body)
    default:
  }
  if (!isObject(body)) return `${kind} ${text(body)}`
  switch (kind) {
    case 'prefix':
      return prefixText(body)
    case 'payload':
      return payloadText(body)
    case 'meta':
      return metaText(stringAt(body, 'key') ?? '')
    case 'ct':
      return connectionText(body)
    case 'elem':
      return text(body['val'])
    case 'fib':
      return `fib ${flagsText(body['flags'] ?? null)} ${stringAt(body, 'result') ?? ''}`
    case 'map':
      return `${text(body['key'])} map ${mapText(body['data'] ?? null, depth)}`
    case 'rt':
    case 'socket':
    case 'ipsec':
      return `${kind} ${stringAt(body, 'key') ?? ''}`
    case 'tcp option':
    case 'ip option':
    case 'exthdr':
      return `${kind} ${stringAt(body, 'name') ?? ''}${fieldText(body)}`
    case 'numgen':
      return `numgen ${stringAt(body, 'mode') ?? ''} mod ${text(body['mod'])}`
    default:
      return objectText(expression)
  }
}

/** What nobody has words for is shown as it stands. */
function objectText(value: Json): string {
  return JSON.stringify(value)
}

function fieldText(body: JsonObject): string {
  const field = stringAt(body, 'field')
  return field === null ? '' : ` ${field}`
}

function mapText(data: Json, depth: number): string {
  const entry = onlyEntry(data)
  const items = entry !== null && entry[0] === 'set' && isList(entry[1]) ? entry[1] : null
  if (items === null) return expressionText(data, depth + 1)
  const shown = items.map((item) =>
    (isList(item) ? item : [item]).map((part) => expressionText(part, depth + 1)).join(' : '),
  )
  return `{ ${shown.join(', ')} }`
}

function maskText(datatype: Datatype, mask: Json, depth: number): string {
  if (datatype === 'mark' && typeof mask === 'number') return hex(mask, 8)
  const parts = partsOf(mask)
  if (parts === null) return expressionText(mask, depth + 1)
  return `(${parts.map((part) => expressionText(part, depth + 1)).join(' | ')})`
}

function prefixText(body: JsonObject): string {
  const address = stringAt(body, 'addr') ?? ''
  const length = body['len']
  const full = length === (address.includes(':') ? 128 : 32)
  return full ? address : `${address}/${String(length)}`
}

function payloadText(body: JsonObject): string {
  const base = stringAt(body, 'base')
  if (base !== null) return `@${base},${String(body['offset'])},${String(body['len'])}`
  return `${stringAt(body, 'protocol') ?? ''} ${stringAt(body, 'field') ?? ''}`
}

/** Devices are listed without `meta` before them, other keys with it. */
function metaText(key: string): string {
  return /^[io]if(?:name|type|group)?$/.test(key) ? key : `meta ${key}`
}

function connectionText(body: JsonObject): string {
  const words = ['direction', 'dir', 'family', 'key'].map((name) => stringAt(body, name))
  return ['ct', ...words.filter((word) => word !== null)].join(' ')
}

function flagsText(flags: Json): string {
  return isList(flags)
    ? flags.map((flag) => expressionText(flag)).join(' . ')
    : expressionText(flags)
}

/** The value an expression is compared with or set to: names quoted, marks as eight digits, flags as they are asked for. */
export function valueText(left: Json, value: Json): string {
  const datatypes = datatypesOf(left)
  const [datatype = 'other'] = datatypes
  if (typeof value === 'string' && value.startsWith('@')) return value
  const entry = onlyEntry(value)
  if (entry !== null && entry[0] === 'set' && isList(entry[1])) {
    const items = entry[1].map((item) => keyText(datatypes, item))
    return `{ ${items.join(', ')} }`
  }
  if (typeof value === 'boolean') return value ? 'exists' : 'missing'
  if (typeof value === 'number' && isRaw(left)) return `0x${value.toString(16)}`
  if (isList(value)) return value.map((part) => singleText(datatype, part)).join(',')
  return keyText(datatypes, value)
}

/** The key of an element of a set or map of these datatypes. */
export function keyText(datatypes: readonly Datatype[], key: Json): string {
  const entry = onlyEntry(key)
  if (entry !== null && entry[0] === 'concat' && isList(entry[1]))
    return entry[1].map((part, at) => singleText(datatypes[at] ?? 'other', part)).join(' . ')
  if (entry !== null && entry[0] === 'elem' && isObject(entry[1]))
    return keyText(datatypes, entry[1]['val'] ?? null)
  return singleText(datatypes[0] ?? 'other', key)
}

function singleText(datatype: Datatype, value: Json): string {
  const entry = onlyEntry(value)
  if (entry !== null && entry[0] === 'range' && isList(entry[1]))
    return entry[1].map((end) => singleText(datatype, endOf(datatype, end))).join('-')
  if (typeof value === 'string' && (datatype === 'ifname' || datatype === 'helper'))
    return `"${value}"`
  if (datatype === 'mark' && typeof value === 'number') return hex(value, 8)
  if (datatype === 'ether_type' && typeof value === 'number') return hex(value, 4)
  return expressionText(value)
}

/** The end of a range: listed as a number, be there a symbol for it. */
function endOf(datatype: Datatype, end: Json): Json {
  const bits = SYMBOL_FIELD[datatype] === undefined ? null : bitsOf(datatype, end)
  return bits === null ? end : Number(bits)
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}

/** Bytes of a header that have no name. */
function isRaw(left: Json): boolean {
  const entry = onlyEntry(left)
  return entry !== null && entry[0] === 'payload' && isObject(entry[1]) && 'base' in entry[1]
}
