import type { Json } from '../../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import { statementText } from '../../netfilter/nft/text.ts'
import type { Statement, Verdict } from '../../netfilter/ruleset.ts'
import { readLimit, readLog, readNat, readQueue, readReject } from './effect.ts'
import { type FieldRef, fieldsOf } from './field.ts'
import { readMangle } from './mangle.ts'
import { needsOf, readMatch } from './match.ts'
import type { Place } from './place.ts'
import { readXt } from './xt.ts'

/**
 * One listed statement as the kernel would hold it; several where nft adds a dependency. Never throws, never ignores: a
 * match nobody can evaluate may match or not, anything else leaves the verdict open.
 */
export function readStatement(
  statement: Json,
  place: Place,
  text: string = statementText(statement),
): readonly Statement[] {
  const opaque: Statement = { kind: 'opaque', text }
  const entry = typeof statement === 'string' ? ([statement, null] as const) : onlyEntry(statement)
  if (entry === null) return [opaque]
  const [kind, body] = entry
  const verdict = verdictOf(kind, body)
  if (verdict !== null) return [{ kind: 'verdict', verdict, text }]
  const object: JsonObject = isObject(body) ? body : {}
  switch (kind) {
    case 'match': {
      const match = readMatch(object, place)
      return [match === null ? undecided(text) : { kind: 'match', match, text }]
    }
    case 'vmap':
      return readVmap(object, place, text) ?? [opaque]
    case 'limit':
      return [readLimit(object, [], text) ?? undecided(text)]
    case 'quota':
    case 'ct count':
      return [undecided(text)]
    case 'set':
      return readDynamic(object, place, text)
    case 'log':
      return [readLog(object, text)]
    case 'mangle':
      return [readMangle(object, text) ?? opaque]
    case 'reject':
      return readReject(object, place, text) ?? [opaque]
    case 'queue':
      return [readQueue(object, text) ?? opaque]
    case 'snat':
    case 'masquerade':
    case 'dnat':
    case 'redirect':
      return [readNat(kind, body, text)]
    case 'ct helper':
      return [readHelper(body, place, text) ?? opaque]
    case 'notrack':
      return [{ kind: 'notrack', text }]
    case 'xt':
      return [readXt(object, text)]
    // none of them decides about this packet: copies, counts, notes for later ones
    case 'counter':
    case 'comment':
    case 'last':
    case 'dup':
    case 'flow':
    case 'ct timeout':
    case 'ct expectation':
    case 'secmark':
      return [{ kind: 'comment', comment: '', text }]
    default:
      return [opaque]
  }
}

/** A helper is an object of the table: its name is not the helper's. */
function readHelper(body: Json, { helperNamed }: Place, text: string): Statement | null {
  const helper = typeof body === 'string' ? helperNamed(body) : null
  return helper === null ? null : { kind: 'ct-helper', helper, text }
}

/** A match that may or may not be met. */
function undecided(text: string): Statement {
  return { kind: 'match', match: { kind: 'opaque', text }, text }
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

function readVmap(body: JsonObject, place: Place, text: string): readonly Statement[] | null {
  const fields = fieldsOf(body['key'] ?? null)
  if (fields === null) return null
  const data = body['data'] ?? null
  const name = typeof data === 'string' ? data.replace(/^@/, '') : anonymousMap(fields, data, place)
  if (name === null || !place.holdsMap(name)) return null
  const needed = needsOf(fields).map((match): Statement => ({ kind: 'match', match, text }))
  return [...needed, { kind: 'vmap', fields: fields.map((at) => at.field), map: name, text }]
}

function anonymousMap(fields: readonly FieldRef[], data: Json, place: Place): string | null {
  const entry = onlyEntry(data)
  if (entry === null || entry[0] !== 'set' || !isList(entry[1])) return null
  return place.addMap(fields, entry[1])
}

/** `update @set { ip saddr limit rate over ... }`: matches while the bucket of this address is exceeded (nft_dynset). */
function readDynamic(body: JsonObject, place: Place, text: string): readonly Statement[] {
  const key = body['elem'] ?? null
  const entry = onlyEntry(key)
  const value =
    entry !== null && entry[0] === 'elem' && isObject(entry[1]) ? (entry[1]['val'] ?? null) : key
  const refs = fieldsOf(value)
  // of a packet without the field nothing is added, and the rule ends
  if (refs === null) return [undecided(text)]
  const fields = refs.map((ref) => ref.field)
  const present = fields.map(
    (field): Statement => ({
      kind: 'match',
      match: { kind: 'present', field, negate: false },
      text,
    }),
  )
  const stored = body['stmt']
  if (stored === undefined) return present
  if (!isList(stored)) return place.ignoresMalformedLimit ? present : [{ kind: 'opaque', text }]
  const more = stored.map((item): Statement => {
    const inner = onlyEntry(item)
    if (inner !== null && inner[0] === 'counter') return { kind: 'comment', comment: '', text }
    return inner !== null && inner[0] === 'limit' && isObject(inner[1])
      ? (readLimit(inner[1], fields, text) ?? undecided(text))
      : undecided(text)
  })
  return [...present, ...more]
}
