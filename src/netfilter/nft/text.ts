import type { FieldName } from '../field.ts'
import type { Json } from './command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from './json.ts'
import { numberOf, PORT_PROTOCOLS, symbolOf } from './names.ts'

/** Longest text made of one statement; what is beyond is cut, for dumps that are not what they seem. */
const maxText = 2000

/**
 * A rule in nft's words. As `nft list ruleset` does, a protocol match before a port match goes into it:
 * `meta l4proto tcp th dport 22` is listed as `tcp dport 22` (payload_dependency_kill, nftables src/payload.c).
 */
export function ruleText(statements: readonly Json[]): string {
  const texts: string[] = []
  let protocol: string | null = null
  for (const statement of statements) {
    const named = portProtocol(statement)
    if (named !== null) {
      if (protocol !== null) texts.push(`meta l4proto ${protocol}`)
      protocol = named
      continue
    }
    if (protocol !== null && !readsPort(statement)) {
      if (!texts.some((text) => text.startsWith(`${protocol} `)))
        texts.push(`meta l4proto ${protocol}`)
      protocol = null
    }
    texts.push(statementText(statement, protocol))
  }
  if (protocol !== null && !texts.some((text) => text.startsWith(`${protocol} `)))
    texts.push(`meta l4proto ${protocol}`)
  return texts.join(' ')
}

/** The protocol of `meta l4proto == tcp` when it is one whose ports have names. */
function portProtocol(statement: Json): string | null {
  const match = onlyEntry(statement)
  if (match === null || match[0] !== 'match' || !isObject(match[1])) return null
  const { op, left, right } = match[1]
  if (op !== '==' || expressionText(left ?? null) !== 'meta l4proto') return null
  const number =
    typeof right === 'number'
      ? right
      : typeof right === 'string'
        ? numberOf('meta l4proto', right)
        : null
  return Object.keys(PORT_PROTOCOLS).find((name) => PORT_PROTOCOLS[name] === number) ?? null
}

function readsPort(statement: Json): boolean {
  const match = onlyEntry(statement)
  if (match === null || match[0] !== 'match' || !isObject(match[1])) return false
  return /^th [sd]port$/.test(expressionText(match[1]['left'] ?? null))
}

/** One statement in nft's words; `protocol` is put in place of `th` in `th dport`. */
export function statementText(statement: Json, protocol: string | null = null): string {
  const text = anyStatement(statement)
  const shown = protocol === null ? text : text.replace(/^th /, `${protocol} `)
  return shown.length > maxText ? `${shown.slice(0, maxText)}...` : shown
}

function anyStatement(statement: Json): string {
  if (typeof statement === 'string') return statement
  const entry = onlyEntry(statement)
  if (entry === null) return JSON.stringify(statement)
  const [kind, body] = entry
  if (!isObject(body)) return body === null ? kind : `${kind} ${expressionText(body)}`
  switch (kind) {
    case 'match':
      return matchText(body)
    case 'vmap':
      return `${expressionText(body['key'] ?? null)} vmap ${mapText(body['data'] ?? null)}`
    case 'jump':
    case 'goto':
      return `${kind} ${stringAt(body, 'target') ?? ''}`
    case 'limit':
      return limitText(body)
    case 'log':
      return logText(body)
    case 'reject':
      return rejectText(body)
    case 'mangle':
      return `${expressionText(body['key'] ?? null)} set ${mangleValue(body)}`
    case 'set':
      return `${stringAt(body, 'op') ?? 'add'} ${stringAt(body, 'set') ?? ''} { ${dynamicText(body)} }`
    case 'counter':
      return 'counter'
    default:
      return `${kind} ${JSON.stringify(body)}`
  }
}

function matchText(body: JsonObject): string {
  const left = body['left'] ?? null
  const field = expressionText(left)
  const op = stringAt(body, 'op') ?? '=='
  const flags = field.includes(' & ')
  const shownOp = op === '==' ? (flags ? '== ' : '') : op === 'in' ? '' : `${op} `
  const right = body['right'] ?? null
  return `${field} ${shownOp}${flags ? flagText(right) : valueText(fieldName(field), right)}`
}

function flagText(value: Json): string {
  if (value === 0) return '0x0'
  return isList(value) ? value.map(expressionText).join(' | ') : expressionText(value)
}

/** `ct mark set 0x00000064`. */
function mangleValue(body: JsonObject): string {
  const value = body['value'] ?? null
  return typeof value === 'number'
    ? `0x${value.toString(16).padStart(8, '0')}`
    : expressionText(value)
}

function limitText(body: JsonObject): string {
  const over = body['inv'] === true ? 'over ' : ''
  const burst = body['burst']
  const packets = typeof burst === 'number' ? ` burst ${burst} packets` : ''
  return `limit rate ${over}${expressionText(body['rate'] ?? null)}/${stringAt(body, 'per') ?? 'second'}${packets}`
}

function logText(body: JsonObject): string {
  const prefix = stringAt(body, 'prefix')
  const group = body['group']
  return `log${prefix === null ? '' : ` prefix "${prefix}"`}${typeof group === 'number' ? ` group ${group}` : ''}`
}

/** `reject with tcp reset`; the default, icmpx port-unreachable, is not shown. */
function rejectText(body: JsonObject): string {
  const type = stringAt(body, 'type')
  const code = stringAt(body, 'expr')
  if (type === null || (type === 'icmpx' && code === 'port-unreachable')) return 'reject'
  return code === null ? `reject with ${type}` : `reject with ${type} ${code}`
}

function dynamicText(body: JsonObject): string {
  const statements = body['stmt']
  const list = isList(statements) ? statements : statements === undefined ? [] : [statements]
  return [expressionText(body['elem'] ?? null), ...list.map((item) => anyStatement(item))].join(' ')
}

function mapText(data: Json): string {
  if (typeof data === 'string') return data
  const entry = onlyEntry(data)
  const items: readonly Json[] =
    entry !== null && entry[0] === 'set' && isList(entry[1]) ? entry[1] : []
  const shown = items.map(mapElementText)
  return `{ ${shown.join(', ')} }`
}

function mapElementText(item: Json): string {
  if (!isList(item)) return expressionText(item)
  return `${expressionText(item[0] ?? null)} : ${anyStatement(item[1] ?? null)}`
}

/** An expression in nft's words: `ip saddr`, `meta l4proto`, `iifname . ether saddr`, `10.0.0.0/8`. */
export function expressionText(expression: Json): string {
  if (expression === null || typeof expression !== 'object') return String(expression)
  if (isList(expression)) return expression.map(expressionText).join(', ')
  const entry = onlyEntry(expression)
  if (entry === null) return JSON.stringify(expression)
  const [kind, body] = entry
  if (kind === 'concat' && isList(body)) return body.map(expressionText).join(' . ')
  if (kind === 'set') return `{ ${(isList(body) ? body : [body]).map(expressionText).join(', ')} }`
  if (kind === 'range' && isList(body)) return body.map(expressionText).join('-')
  if (kind === '&' && isList(body))
    return `${expressionText(body[0] ?? null)} & ${maskText(body[1] ?? null)}`
  if (kind === '|' && isList(body)) return body.map(expressionText).join(' | ')
  if (!isObject(body)) return `${kind} ${expressionText(body)}`
  if (kind === 'prefix') return prefixText(body)
  if (kind === 'payload') return payloadText(body)
  if (kind === 'meta') return metaText(stringAt(body, 'key') ?? '')
  if (kind === 'ct') return `ct ${stringAt(body, 'key') ?? ''}`
  if (kind === 'elem') return expressionText(body['val'] ?? null)
  if (kind === 'fib')
    return `fib ${expressionText(body['flags'] ?? null)} ${stringAt(body, 'result') ?? ''}`
  return JSON.stringify(expression)
}

function maskText(mask: Json): string {
  if (isList(mask)) return `(${mask.map(expressionText).join(' | ')})`
  const entry = onlyEntry(mask)
  return entry !== null && entry[0] === '|' ? `(${expressionText(mask)})` : expressionText(mask)
}

function prefixText(body: JsonObject): string {
  const address = stringAt(body, 'addr') ?? ''
  const length = body['len']
  const full = length === (address.includes(':') ? 128 : 32)
  return full ? address : `${address}/${String(length)}`
}

function payloadText(body: JsonObject): string {
  return `${stringAt(body, 'protocol') ?? ''} ${stringAt(body, 'field') ?? ''}`
}

/** Interface names and marks stand without `meta` before them when listed, other keys with it. */
function metaText(key: string): string {
  return /^(?:[io]if(?:name)?)$/.test(key) ? key : `meta ${key}`
}

const FIELD_OF_TEXT: Readonly<Record<string, FieldName>> = {
  'icmp type': 'icmp type',
  'icmp code': 'icmp code',
  'icmpv6 type': 'icmpv6 type',
  'icmpv6 code': 'icmpv6 code',
  'meta l4proto': 'meta l4proto',
  'meta protocol': 'ether type',
}

function fieldName(text: string): FieldName | null {
  return FIELD_OF_TEXT[text] ?? (text === 'iifname' || text === 'oifname' ? 'meta iifname' : null)
}

/** A right side as listed: names quoted, numbers as symbols where nft has them, the elements of a set in order. */
function valueText(field: FieldName | null, value: Json): string {
  const entry = onlyEntry(value)
  if (entry !== null && entry[0] === 'set' && isList(entry[1])) {
    const items = [...entry[1]].toSorted((a, b) => sortKey(field, a) - sortKey(field, b))
    return `{ ${items.map((item) => valueText(field, item)).join(', ')} }`
  }
  if (field === 'meta iifname')
    return typeof value === 'string' ? `"${value}"` : expressionText(value)
  if (field !== null && typeof value === 'number') return symbolOf(field, value) ?? String(value)
  if (field === 'meta l4proto' && typeof value === 'string')
    return symbolOf(field, numberOf(field, value) ?? -1) ?? value
  return expressionText(value)
}

/** Elements of an anonymous set are listed by number; what has none keeps its place. */
function sortKey(field: FieldName | null, item: Json): number {
  if (typeof item === 'number') return item
  if (typeof item === 'string') return field === null ? 0 : (numberOf(field, item) ?? 0)
  const entry = onlyEntry(item)
  if (entry !== null && entry[0] === 'range' && isList(entry[1]) && typeof entry[1][0] === 'number')
    return entry[1][0]
  return 0
}
