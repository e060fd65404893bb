import type { Json } from '../../netfilter/nft/command.ts'
import { isList, type JsonObject, onlyEntry } from '../../netfilter/nft/json.ts'
import type { Statement } from '../../netfilter/ruleset.ts'
import { fieldOf } from './field.ts'

/** Keys whose change no rule that pvefw evaluates can see. */
const UNSEEN: ReadonlySet<string> = new Set(['priority', 'nftrace', 'random', 'secmark'])

const all = 0xffff_ffff

/**
 * `meta mark set meta mark & 0xff | 0x100`, `ct mark set meta mark`: what a rule does to the marks. What it does to
 * fields nothing is decided by is no statement's business (`comment`); null: unknown.
 */
export function readMangle(body: JsonObject, text: string): Statement | null {
  const key = body['key'] ?? null
  const value = body['value'] ?? null
  const entry = onlyEntry(key)
  if (entry === null) return null
  const ref = fieldOf(key)
  if (ref?.field === 'meta mark' || ref?.field === 'ct mark')
    return markStatement(ref.field, value, text)
  const [kind, inner] = entry
  const zone = zoneStatement(kind, inner, value, text)
  if (zone !== null) return zone
  const name = inner !== null && typeof inner === 'object' && 'key' in inner ? inner['key'] : null
  const isUnseen =
    kind === 'tcp option' ||
    kind === 'ip option' ||
    (kind === 'meta' && typeof name === 'string' && UNSEEN.has(name)) ||
    (kind === 'ct' && (name === 'label' || name === 'event' || name === 'secmark')) ||
    isUnseenPayload(kind, inner)
  return isUnseen ? { kind: 'comment', comment: '', text } : null
}

/** `ct zone set 5`, `ct original zone set 5`: numbers only, others come from maps. */
function zoneStatement(kind: string, body: Json, value: Json, text: string): Statement | null {
  if (kind !== 'ct' || body === null || typeof body !== 'object' || isList(body)) return null
  const { key, dir } = body as JsonObject
  if (key !== 'zone' || typeof value !== 'number' || !(value >= 0 && value <= 0xffff)) return null
  const of = dir === 'original' || dir === 'reply' ? dir : 'both'
  return { kind: 'ct-zone', zone: value, of, helper: null, text }
}

/** Fields of headers that no match of pvefw reads. */
function isUnseenPayload(kind: string, body: Json): boolean {
  if (kind !== 'payload' || body === null || typeof body !== 'object' || isList(body)) return false
  const field = (body as JsonObject)['field']
  return ['dscp', 'ecn', 'ttl', 'hoplimit', 'checksum', 'id', 'frag-off'].includes(String(field))
}

function markStatement(to: 'meta mark' | 'ct mark', value: Json, text: string): Statement | null {
  const which = to === 'meta mark' ? 'meta' : 'ct'
  const change = changeOf(value)
  if (change === null) return null
  const { from, and, xor } = change
  if (from === null) return { kind: 'set-mark', which, value: xor, mask: all, text }
  if (from === to) return { kind: 'set-mark', which, value: xor, mask: (all & ~and) >>> 0, text }
  // copied and changed on the way at once: no target of iptables does that
  if (xor !== 0) return null
  return { kind: 'copy-mark', to: which, fromMask: and, toMask: all, text }
}

/** `(from & and) ^ xor`; a number alone has no `from`. */
type Change = {
  readonly from: 'meta mark' | 'ct mark' | null
  readonly and: number
  readonly xor: number
}

function changeOf(value: Json): Change | null {
  if (typeof value === 'number') return isMark(value) ? { from: null, and: 0, xor: value } : null
  const entry = onlyEntry(value)
  if (entry === null) return null
  const [operator, operands] = entry
  if (!isList(operands)) {
    const field = fieldOf(value)?.field
    return field === 'meta mark' || field === 'ct mark' ? { from: field, and: all, xor: 0 } : null
  }
  const [left = null, right] = operands
  const before = isNested(left) ? changeOf(left) : null
  if (before === null || typeof right !== 'number' || !isMark(right)) return null
  const { from, and, xor } = before
  switch (operator) {
    case '&':
      return { from, and: (and & right) >>> 0, xor: (xor & right) >>> 0 }
    // a | b is (a & ~b) ^ b
    case '|':
      return { from, and: (and & ~right) >>> 0, xor: ((xor & ~right) ^ right) >>> 0 }
    case '^':
      return { from, and, xor: (xor ^ right) >>> 0 }
    default:
      return null
  }
}

/** Anything but a number: those come last. */
function isNested(value: Json): boolean {
  return value !== null && typeof value === 'object'
}

function isMark(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= all
}
