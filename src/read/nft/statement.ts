import { FIELDS, type FieldName } from '../../netfilter/field.ts'
import type { Match } from '../../netfilter/match.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import { statementText } from '../../netfilter/nft/text.ts'
import { TCP_FLAG } from '../../netfilter/packet.ts'
import type { RejectWith, Statement, Verdict } from '../../netfilter/ruleset.ts'
import { type FieldRef, fieldOf, fieldsOf } from './field.ts'
import { intervalsOf, valuesOf } from './value.ts'

/** Where a statement stands, and what it may add there: anonymous sets and maps become named ones. */
export type Place = {
  readonly family: string
  /** Names an anonymous set of these elements. */
  readonly addTuples: (elements: readonly (readonly (string | number | bigint)[])[]) => string
  /** Names an anonymous map; null: its elements were not understood. */
  readonly addMap: (fields: readonly FieldRef[], items: readonly Json[]) => string | null
  /** nft before 1.1 drops a limit it cannot read in a set statement and loads the rest (`loadWarning` of the corpus). */
  readonly ignoresMalformedLimit: boolean
}

/** One JSON statement as the kernel would hold it; several where nft adds a dependency. Never throws, never ignores. */
export function readStatement(statement: Json, place: Place): readonly Statement[] {
  const text = statementText(statement)
  const opaque: Statement = { kind: 'opaque', text }
  const entry = typeof statement === 'string' ? ([statement, null] as const) : onlyEntry(statement)
  if (entry === null) return [opaque]
  const [kind, body] = entry
  const verdict = verdictOf(kind, body)
  if (verdict !== null) return [{ kind: 'verdict', verdict, text }]
  switch (kind) {
    case 'match': {
      const match = isObject(body) ? readMatch(body, place) : null
      return [match === null ? opaque : { kind: 'match', match, text }]
    }
    case 'vmap':
      return [isObject(body) ? (readVmap(body, place, text) ?? opaque) : opaque]
    case 'limit':
      return [isObject(body) ? (readLimit(body, [], text) ?? opaque) : opaque]
    case 'set':
      return isObject(body) ? (readDynamic(body, place, text) ?? [opaque]) : [opaque]
    case 'log':
      return [readLog(isObject(body) ? body : {}, text)]
    case 'mangle':
      return [isObject(body) ? (readMangle(body, text) ?? opaque) : opaque]
    case 'reject':
      return readReject(isObject(body) ? body : {}, place, text) ?? [opaque]
    case 'ct helper':
      return [typeof body === 'string' ? { kind: 'ct-helper', name: body, text } : opaque]
    case 'notrack':
      return [{ kind: 'notrack', text }]
    case 'counter':
    case 'comment':
      return [{ kind: 'comment', comment: '', text }]
    default:
      return [opaque]
  }
}

/** A verdict statement; null when it is none. */
export function verdictOf(kind: string, body: Json): Verdict | null {
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { kind }
    case 'jump':
    case 'goto': {
      const chain = isObject(body) ? stringAt(body, 'target') : null
      return chain === null ? null : { kind, chain }
    }
    default:
      return null
  }
}

function readMatch(body: JsonObject, place: Place): Match | null {
  const left = body['left'] ?? null
  const right = body['right'] ?? null
  const op = stringAt(body, 'op') ?? '=='
  const masked = onlyEntry(left)
  if (masked !== null && masked[0] === '&' && isList(masked[1]))
    return readMasked(masked[1], op, right)
  const fields = fieldsOf(left)
  if (fields === null || (op !== '==' && op !== '!=' && op !== 'in')) return null
  const negate = op === '!='
  const set = typeof right === 'string' && right.startsWith('@') ? right.slice(1) : null
  if (set !== null)
    return withProtocols(fields, {
      kind: 'lookup',
      fields: fields.map((at) => at.field),
      set,
      negate,
    })
  const [only, ...others] = fields
  if (only === undefined) return null
  if (others.length > 0) return readTuples(fields, right, negate, place)
  return withProtocols(fields, fieldMatch(only.field, right, op))
}

function fieldMatch(field: FieldName, right: Json, op: string): Match | null {
  const negate = op === '!='
  // `ct state == [established, new]` compares with both bits at once, which no packet has: it never matches
  if (isList(right) && op !== 'in')
    return isBitmask(field)
      ? { kind: 'field', field, values: { kind: 'names', exact: new Set(), prefixes: [] }, negate }
      : null
  const intervals = intervalsOf(field, right)
  return intervals === null
    ? null
    : { kind: 'field', field, values: valuesOf(field, intervals), negate }
}

function isBitmask(field: FieldName): boolean {
  return field === 'ct state'
}

/** `tcp dport` is looked at only in TCP packets, whatever the comparison says. */
function withProtocols(fields: readonly FieldRef[], match: Match | null): Match | null {
  if (match === null) return null
  const protocols = new Set(fields.flatMap((at) => (at.protocol === null ? [] : [at.protocol])))
  if (protocols.size === 0) return match
  const needed = [...protocols].map(
    (protocol): Match => ({
      kind: 'field',
      field: 'meta l4proto',
      values: { kind: 'numbers', ranges: [{ lo: protocol, hi: protocol }] },
      negate: false,
    }),
  )
  return { kind: 'all-of', matches: [...needed, match], negate: false }
}

function readMasked(operands: readonly Json[], op: string, right: Json): Match | null {
  const ref = fieldOf(operands[0] ?? null)
  const mask = bitsOf(operands[1] ?? null)
  const value = bitsOf(right)
  if (ref === null || mask === null || value === null || FIELDS[ref.field].kind !== 'number')
    return null
  if (op !== '==' && op !== '!=') return null
  return { kind: 'masked', field: ref.field, mask, value, negate: op === '!=' }
}

/** Flags or a number: `"syn"`, `["fin","syn"]`, `{"|":["fin","syn"]}`, 6. */
function bitsOf(expression: Json): number | null {
  if (typeof expression === 'number') return expression
  if (typeof expression === 'string') {
    const flag = expression.toUpperCase()
    return Object.hasOwn(TCP_FLAG, flag) ? TCP_FLAG[flag as keyof typeof TCP_FLAG] : null
  }
  const entry = onlyEntry(expression)
  const parts = isList(expression)
    ? expression
    : entry !== null && entry[0] === '|' && isList(entry[1])
      ? entry[1]
      : null
  if (parts === null) return null
  let bits = 0
  for (const part of parts) {
    const more = bitsOf(part)
    if (more === null) return null
    bits |= more
  }
  return bits
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
  return withProtocols(fields, {
    kind: 'lookup',
    fields: fields.map((at) => at.field),
    set,
    negate,
  })
}

/** The values of one element of a concatenated set or map; null when one is not a single value. */
export function tupleOf(
  fields: readonly FieldRef[],
  item: Json,
): readonly (string | number | bigint)[] | null {
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

function singleOf(ref: FieldRef, part: Json): string | number | bigint | null {
  const intervals = intervalsOf(ref.field, part)
  const [only] = intervals ?? []
  if (only === undefined || intervals?.length !== 1) return null
  switch (only.kind) {
    case 'name':
      return only.name
    case 'number':
      return only.lo === only.hi ? only.lo : null
    case 'address':
      return only.range.lo === only.range.hi ? only.range.lo : null
  }
}

function readVmap(body: JsonObject, place: Place, text: string): Statement | null {
  const fields = fieldsOf(body['key'] ?? null)
  if (fields === null) return null
  const data = body['data'] ?? null
  const names = fields.map((at) => at.field)
  if (typeof data === 'string')
    return { kind: 'vmap', fields: names, map: data.replace(/^@/, ''), text }
  const entry = onlyEntry(data)
  if (entry === null || entry[0] !== 'set' || !isList(entry[1])) return null
  const map = place.addMap(fields, entry[1])
  return map === null ? null : { kind: 'vmap', fields: names, map, text }
}

function readLimit(body: JsonObject, keyed: readonly FieldName[], text: string): Statement | null {
  const per = stringAt(body, 'per') ?? 'second'
  const rate = body['rate']
  const unit = stringAt(body, 'rate_unit') ?? 'packets'
  if (typeof rate !== 'number' || unit !== 'packets') return null
  if (per !== 'second' && per !== 'minute' && per !== 'hour' && per !== 'day') return null
  const burst = typeof body['burst'] === 'number' ? body['burst'] : 5
  return {
    kind: 'match',
    match: { kind: 'limit', rate, per, burst, over: body['inv'] === true, keyed },
    text,
  }
}

/** `update @set { ip saddr limit rate over ... }`: matches while the bucket of this address is exceeded (nft_dynset). */
function readDynamic(body: JsonObject, place: Place, text: string): readonly Statement[] | null {
  const ref = fieldOf(body['elem'] ?? null)
  if (ref === null) return null
  const stored = body['stmt']
  const present: Statement = {
    kind: 'match',
    match: { kind: 'present', field: ref.field, negate: false },
    text,
  }
  if (stored === undefined) return [present]
  if (!isList(stored)) return place.ignoresMalformedLimit ? [present] : null
  const limits = stored.map((item) => {
    const entry = onlyEntry(item)
    return entry !== null && entry[0] === 'limit' && isObject(entry[1])
      ? readLimit(entry[1], [ref.field], text)
      : null
  })
  return limits.every((limit) => limit !== null) ? [present, ...limits] : null
}

function readLog(body: JsonObject, text: string): Statement {
  const group = body['group']
  return {
    kind: 'log',
    prefix: stringAt(body, 'prefix') ?? '',
    group: typeof group === 'number' ? group : null,
    text,
  }
}

function readMangle(body: JsonObject, text: string): Statement | null {
  const ref = fieldOf(body['key'] ?? null)
  const value = body['value']
  if (typeof value !== 'number') return null
  if (ref?.field === 'ct mark')
    return { kind: 'set-mark', which: 'ct', value, mask: 0xffff_ffff, text }
  return ref?.field === 'meta mark'
    ? { kind: 'set-mark', which: 'meta', value, mask: 0xffff_ffff, text }
    : null
}

const REJECT_CODES: ReadonlySet<string> = new Set<RejectWith>([
  'net-unreachable',
  'host-unreachable',
  'prot-unreachable',
  'port-unreachable',
  'net-prohibited',
  'host-prohibited',
  'admin-prohibited',
  'no-route',
  'addr-unreachable',
  'policy-fail',
  'reject-route',
])

/**
 * REJECT with the dependency nft adds: `reject with icmp` only concerns IPv4, `tcp reset` only TCP, and in the bridge
 * family plain `reject` only IP (stmt_evaluate_reject, nftables src/evaluate.c).
 */
function readReject(body: JsonObject, place: Place, text: string): readonly Statement[] | null {
  const type = stringAt(body, 'type') ?? 'icmpx'
  const code = stringAt(body, 'expr') ?? 'port-unreachable'
  if (type === 'tcp reset')
    return [
      dependency('meta l4proto', [6], text),
      { kind: 'verdict', verdict: { kind: 'reject', with: 'tcp-reset' }, text },
    ]
  if (!REJECT_CODES.has(code)) return null
  const verdict: Statement = {
    kind: 'verdict',
    verdict: { kind: 'reject', with: code as RejectWith },
    text,
  }
  const etherTypes =
    type === 'icmp'
      ? [0x0800]
      : type === 'icmpv6'
        ? [0x86dd]
        : place.family === 'bridge'
          ? [0x0800, 0x86dd]
          : []
  return etherTypes.length === 0 ? [verdict] : [dependency('ether type', etherTypes, text), verdict]
}

function dependency(field: FieldName, values: readonly number[], text: string): Statement {
  const ranges = values.map((value) => ({ lo: value, hi: value }))
  return {
    kind: 'match',
    match: { kind: 'field', field, values: { kind: 'numbers', ranges }, negate: false },
    text,
  }
}
