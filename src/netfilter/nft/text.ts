import type { Json } from './command.ts'
import { datatypeOf, datatypesOf, partsOf } from './datatype.ts'
import { expressionText, keyText, valueText } from './expression-text.ts'
import { isList, isObject, type JsonObject, onlyEntry, ownOf, stringAt } from './json.ts'
import { listedRule } from './listed.ts'

/** Longest text made of one statement; what is beyond is cut, for dumps that are not what they seem. */
const maxText = 2000

/**
 * What differs between versions of nft in how rules are listed. nft 0.9.9 to 1.0.9 print masked TCP flags their own way,
 * `tcp flags syn / fin,syn`; 1.1.0 came back to the operators.
 */
export type Wording = 'operators' | 'slashes'

/** A rule in nft's words, as `nft list ruleset` prints it; without the figures of counters. */
export function ruleText(statements: readonly Json[]): string {
  return listedRule(statements)
    .map((statement) => statementText(statement))
    .join(' ')
}

/** One listed statement in nft's words. */
export function statementText(statement: Json, wording: Wording = 'operators'): string {
  const text = anyStatement(statement, wording)
  return text.length > maxText ? `${text.slice(0, maxText)}...` : text
}

function anyStatement(statement: Json, wording: Wording): string {
  if (typeof statement === 'string') return statement
  const entry = onlyEntry(statement)
  if (entry === null) return JSON.stringify(statement)
  const [kind, body] = entry
  if (kind === 'counter' && typeof body === 'string') return `counter name "${body}"`
  if ((kind === 'limit' || kind === 'quota') && typeof body === 'string')
    return `${kind} name "${body}"`
  if (kind === 'ct helper' && typeof body === 'string') return `ct helper set "${body}"`
  if (!isObject(body)) return body === null ? kind : `${kind} ${expressionText(body)}`
  const word = ownOf(WORDED, kind)
  return word === undefined ? `${kind} ${JSON.stringify(body)}` : word(body, wording)
}

type Worded = (body: JsonObject, wording: Wording) => string

const WORDED: Readonly<Record<string, Worded>> = {
  match: matchText,
  vmap: (body) =>
    `${expressionText(body['key'] ?? null)} vmap ${verdictMapText(body['key'] ?? null, body['data'] ?? null)}`,
  jump: (body) => `jump ${stringAt(body, 'target') ?? ''}`,
  goto: (body) => `goto ${stringAt(body, 'target') ?? ''}`,
  limit: limitText,
  log: logText,
  reject: rejectText,
  mangle: (body) => {
    const key = body['key'] ?? null
    return `${expressionText(key)} set ${mangleText(key, body['value'] ?? null)}`
  },
  set: (body) => dynamicText(body),
  counter: () => 'counter',
  quota: (body) =>
    `quota ${body['inv'] === true ? 'over ' : ''}${String(body['val'])} ${stringAt(body, 'val_unit') ?? 'bytes'}`,
  'ct count': (body) => `ct count ${body['inv'] === true ? 'over ' : ''}${String(body['val'])}`,
  queue: queueText,
  masquerade: (body) => natText('masquerade', body),
  redirect: (body) => natText('redirect', body),
  snat: (body) => natText('snat', body),
  dnat: (body) => natText('dnat', body),
  xt: (body) => `xt ${stringAt(body, 'type') ?? ''} "${stringAt(body, 'name') ?? ''}"`,
  synproxy: (body) =>
    `synproxy mss ${String(body['mss'] ?? '')} wscale ${String(body['wscale'] ?? '')}`,
  flow: (body) => `flow ${stringAt(body, 'op') ?? 'add'} ${stringAt(body, 'flowtable') ?? ''}`,
}

function matchText(body: JsonObject, wording: Wording): string {
  const left = body['left'] ?? null
  const right = body['right'] ?? null
  const op = stringAt(body, 'op') ?? '=='
  const masked = onlyEntry(left)
  if (masked !== null && masked[0] === '&' && isList(masked[1]) && isFlags(left))
    return maskedFlagsText(masked[1], op, right, wording)
  const field = expressionText(left)
  const parts = onlyEntry(right)?.[0] === '|' ? partsOf(right) : null
  const shownOp = op === 'in' || (op === '==' && !showsEqual(left, right)) ? '' : `${op} `
  const shown =
    parts === null ? valueText(left, right) : parts.map((part) => expressionText(part)).join(' | ')
  return `${field} ${shownOp}${shown}`
}

/**
 * `==` is listed where a flag would mean any of several, and behind operators: `must_print_eq_op`, src/expression.c. Not
 * with several flags at once, so nft reads its own `ct state established | new`, which never matches, as either of them.
 */
function showsEqual(left: Json, right: Json): boolean {
  return isMasked(left) || (isFlags(left) && onlyEntry(right) === null)
}

function isMasked(left: Json): boolean {
  return onlyEntry(left)?.[0] === '&'
}

function isFlags(left: Json): boolean {
  return ['tcp_flag', 'ct_state'].includes(datatypeOf(left))
}

/** `tcp flags & (fin | syn) == syn`, or `tcp flags syn / fin,syn`. */
function maskedFlagsText(
  [field = null, mask = null]: readonly Json[],
  op: string,
  right: Json,
  wording: Wording,
): string {
  const name = expressionText(field)
  const maskFlags = (partsOf(mask) ?? [mask]).map((flag) => expressionText(flag))
  const flags = right === 0 ? null : (partsOf(right) ?? [right]).map((flag) => expressionText(flag))
  const single = maskFlags.length === 1
  if (wording === 'operators' || (single && flags !== null)) {
    const shownMask = single ? maskFlags.join('') : `(${maskFlags.join(' | ')})`
    return `${name} & ${shownMask} ${op} ${flags === null ? '0x0' : flags.join(' | ')}`
  }
  if (flags === null)
    return op === '!=' ? `${name} ${maskFlags.join(',')}` : `${name} ! ${maskFlags.join(',')}`
  return `${name} ${op === '!=' ? '!= ' : ''}${flags.join(',')} / ${maskFlags.join(',')}`
}

/** `ct mark set 0x00000064`, `meta mark set meta mark & 0x000000ff`. */
function mangleText(key: Json, value: Json): string {
  const entry = onlyEntry(value)
  if (entry !== null && isList(entry[1]) && /^(?:[&|^]|<<|>>)$/.test(entry[0])) {
    const [first = null, second = null] = entry[1]
    return `${mangleText(key, first)} ${entry[0]} ${mangleText(key, second)}`
  }
  return valueText(key, value)
}

function limitText(body: JsonObject): string {
  const over = body['inv'] === true ? 'over ' : ''
  const unit = stringAt(body, 'rate_unit')
  const burst = body['burst']
  // the burst nft takes by itself is not listed
  const isOwn = typeof burst !== 'number' || burst === (unit === null ? 5 : 0)
  const shown = isOwn
    ? ''
    : ` burst ${burst} ${unit === null ? 'packets' : (stringAt(body, 'burst_unit') ?? 'bytes')}`
  const rate = `${expressionText(body['rate'] ?? null)}${unit === null ? '' : ` ${unit}`}`
  return `limit rate ${over}${rate}/${stringAt(body, 'per') ?? 'second'}${shown}`
}

function logText(body: JsonObject): string {
  const words = ['log']
  const prefix = stringAt(body, 'prefix')
  if (prefix !== null) words.push(`prefix "${prefix}"`)
  for (const key of ['group', 'snaplen', 'queue-threshold'])
    if (typeof body[key] === 'number') words.push(`${key} ${String(body[key])}`)
  const level = stringAt(body, 'level')
  if (level !== null) words.push(`level ${level}`)
  const flags = body['flags']
  if (flags !== undefined)
    words.push(`flags ${isList(flags) ? flags.join(',') : expressionText(flags)}`)
  return words.join(' ')
}

/** `reject with tcp reset`; the default, icmpx port-unreachable, is not shown. */
function rejectText(body: JsonObject): string {
  const type = stringAt(body, 'type')
  const code = stringAt(body, 'expr')
  if (type === null || (type === 'icmpx' && code === 'port-unreachable')) return 'reject'
  return code === null ? `reject with ${type}` : `reject with ${type} ${code}`
}

/** `update @set { ip saddr timeout 5m limit rate over 10/second }`. */
function dynamicText(body: JsonObject): string {
  const statements = body['stmt']
  const list = isList(statements) ? statements : statements === undefined ? [] : [statements]
  const key = body['elem'] ?? null
  const entry = onlyEntry(key)
  const timeout =
    entry !== null && entry[0] === 'elem' && isObject(entry[1]) ? entry[1]['timeout'] : undefined
  const parts = [
    expressionText(key),
    ...(typeof timeout === 'number' ? [`timeout ${durationText(timeout)}`] : []),
    ...list.map((item) => statementText(item)),
  ]
  return `${stringAt(body, 'op') ?? 'add'} ${stringAt(body, 'set') ?? ''} { ${parts.join(' ')} }`
}

/** Seconds as nft shows them: `1m`, `1h30m`. */
export function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`)
  return shown.length === 0 ? '0s' : shown.join('')
}

function queueText(body: JsonObject): string {
  const flags = body['flags']
  const shown = flags === undefined ? '' : `flags ${(isList(flags) ? flags : [flags]).join(',')} `
  return `queue ${shown}to ${expressionText(body['num'] ?? 0)}`
}

/** `dnat ip to 10.0.0.5:8080`, `masquerade to :1000-2000 random`. */
function natText(kind: string, body: JsonObject): string {
  const family = stringAt(body, 'family')
  const address = body['addr']
  const port = body['port']
  const flags = body['flags']
  const words = [kind]
  if (family !== null) words.push(family)
  if (address !== undefined || port !== undefined) {
    const host = address === undefined ? '' : expressionText(address)
    const shown = host.includes(':') && port !== undefined ? `[${host}]` : host
    words.push('to', `${shown}${port === undefined ? '' : `:${expressionText(port)}`}`)
  }
  if (flags !== undefined) words.push(isList(flags) ? flags.join(',') : expressionText(flags))
  return words.join(' ')
}

function verdictMapText(key: Json, data: Json): string {
  if (typeof data === 'string') return data
  const entry = onlyEntry(data)
  const items: readonly Json[] =
    entry !== null && entry[0] === 'set' && isList(entry[1]) ? entry[1] : []
  const datatypes = datatypesOf(key)
  const shown = items.map((item) =>
    isList(item)
      ? `${keyText(datatypes, item[0] ?? null)} : ${statementText(item[1] ?? null)}`
      : expressionText(item),
  )
  return `{ ${shown.join(', ')} }`
}
