import { parseAddr } from '../../ip/address.ts'
import type { FieldName } from '../../netfilter/field.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import type { RejectWith, Statement } from '../../netfilter/ruleset.ts'
import type { Place } from './place.ts'

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
export function readReject(
  body: JsonObject,
  place: Place,
  text: string,
): readonly Statement[] | null {
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

export function readLog(body: JsonObject, text: string): Statement {
  const group = body['group']
  return {
    kind: 'log',
    prefix: stringAt(body, 'prefix') ?? '',
    group: typeof group === 'number' ? group : null,
    text,
  }
}

/** A limit of packets or bytes; null for what is none. */
export function readLimit(
  body: JsonObject,
  keyed: readonly FieldName[],
  text: string,
): Statement | null {
  const per = stringAt(body, 'per') ?? 'second'
  const rate = body['rate']
  if (typeof rate !== 'number') return null
  if (per !== 'second' && per !== 'minute' && per !== 'hour' && per !== 'day') return null
  const unit = stringAt(body, 'rate_unit') ?? 'packets'
  const burst = typeof body['burst'] === 'number' ? body['burst'] : unit === 'packets' ? 5 : 0
  return {
    kind: 'match',
    match: { kind: 'limit', rate, per, burst, over: body['inv'] === true, keyed },
    text,
  }
}

/** `queue flags bypass to 0-3`. */
export function readQueue(body: JsonObject, text: string): Statement | null {
  const num = body['num'] ?? 0
  const entry = onlyEntry(num)
  const ends = entry !== null && entry[0] === 'range' && isList(entry[1]) ? entry[1] : [num, num]
  const [from, to] = ends
  if (typeof from !== 'number' || typeof to !== 'number') return null
  const flags = body['flags']
  const bypass = (isList(flags) ? flags : [flags]).includes('bypass')
  return { kind: 'verdict', verdict: { kind: 'queue', from, to, bypass }, text }
}

/** `snat`, `masquerade`, `dnat`, `redirect`. */
export function readNat(kind: string, body: Json, text: string): Statement {
  const isSource = kind === 'snat' || kind === 'masquerade'
  const address = isObject(body) ? stringAt(body, 'addr') : null
  return {
    kind: 'nat',
    which: isSource ? 'source' : 'destination',
    to: address === null ? null : parseAddr(address),
    text,
  }
}
