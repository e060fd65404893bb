import type { Tested } from '../eval/trace.ts'
import type { FieldName } from '../netfilter/field.ts'
import type { Match } from '../netfilter/match.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Miss } from './answer.ts'
import { showBytes } from './escape.ts'
import { showActual } from './words.ts'

/** One rule that was passed over, or many in a row that failed for the same reason. */
export type Passed =
  | { readonly kind: 'one'; readonly from: number; readonly miss: Miss }
  | {
      readonly kind: 'run'
      readonly from: number
      readonly to: number
      readonly count: number
      readonly why: string
    }

/** Runs longer than this are summed up: a node with a thousand guests has a rule for each NIC in one chain. */
const longestRun = 12

/** Sums up long runs of neighbours that failed in the same field with the same value; none if `full`. */
export function foldMisses(misses: readonly Miss[], full: boolean): readonly Passed[] {
  const passed: Passed[] = []
  for (let from = 0; from < misses.length; ) {
    const why = sameReason(misses[from])
    let to = from + 1
    while (
      to < misses.length &&
      why !== null &&
      isNext(misses, to) &&
      sameReason(misses[to]) === why
    )
      to += 1
    if (!full && why !== null && to - from > longestRun) {
      const [first, last] = [misses[from], misses[to - 1]]
      if (first !== undefined && last !== undefined)
        passed.push({ kind: 'run', from: first.index, to: last.index, count: to - from, why })
    } else {
      for (const miss of misses.slice(from, to))
        passed.push({ kind: 'one', from: miss.index, miss })
    }
    from = to
  }
  return passed
}

function isNext(misses: readonly Miss[], at: number): boolean {
  return misses[at]?.index === (misses[at - 1]?.index ?? Number.NaN) + 1
}

/** `physdev out is tap105i0 in this packet`, equal for rules that failed alike. */
function sameReason(miss: Miss | undefined): string | null {
  const statement = miss?.failed?.statement
  if (miss?.failed == null || statement?.kind !== 'match') return null
  const fields = fieldsOf(statement.match)
  return fields.length === 0 ? null : actually(fields, miss.failed)
}

/** Why a rule did not match: its term and what the packet has there. */
export function showMiss({ failed }: Miss): string {
  if (failed === null) return 'not reached'
  const term = showBytes(failed.statement.text.trim().replace(/^-m [a-z]+ (?=[!-])/, ''), 120)
  if (failed.statement.kind !== 'match') return `${term}`
  const { match } = failed.statement
  const fields = fieldsOf(match)
  if (failed.result === 'unknown') return `${term} cannot be decided`
  if (fields.length === 0) return term
  return `${term}, but ${actually(fields, failed)}`
}

function actually(fields: readonly FieldName[], failed: Tested): string {
  const parts = fields.map((field, i) => {
    const value = failed.actual[i] ?? null
    return value === null
      ? `the packet has no ${plainName(field)}`
      : `${plainName(field)} ${field === 'tcp flags' ? 'are' : 'is'} ${showActual(field, value)}`
  })
  return parts.join(' and ')
}

/** Words for fields whose nft names an iptables user does not know. */
const PLAIN: Partial<Record<FieldName, string>> = {
  'ip saddr': 'source',
  'ip daddr': 'destination',
  'ip6 saddr': 'source',
  'ip6 daddr': 'destination',
  'meta l4proto': 'protocol',
  'th sport': 'source port',
  'th dport': 'destination port',
  'meta iifname': 'input device',
  'meta oifname': 'output device',
  'physdev in': 'input bridge port',
  'physdev out': 'output bridge port',
  'tcp flags': 'TCP flags',
  'ct state': 'state',
  'meta mark': 'mark',
  'ct mark': 'connection mark',
  'ether saddr': 'source MAC',
  'ether daddr': 'destination MAC',
  'fib saddr type': 'source address type',
  'fib daddr type': 'destination address type',
}

function plainName(field: FieldName): string {
  return PLAIN[field] ?? field
}

function fieldsOf(match: Match): readonly FieldName[] {
  switch (match.kind) {
    case 'field':
    case 'masked':
    case 'present':
      return [match.field]
    case 'any-of':
    case 'lookup':
      return match.fields
    case 'all-of':
      return match.matches.flatMap(fieldsOf)
    case 'limit':
    case 'opaque':
      return []
    default:
      return unreachable(match)
  }
}
