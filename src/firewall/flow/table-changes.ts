import { mapChanges } from '../../eval/conntrack/persistent-map.ts'
import { type ConntrackTable, EMPTY_TABLE, entriesOf } from '../../eval/conntrack/table.ts'
import type { ConntrackExpectation } from '../../netfilter/conntrack.ts'
import type { TableChange } from '../../render/flow-view.ts'
import type { Tables } from './flow-result.ts'

/**
 * What of the tables is another afterwards; `now` tells what is only expired. Entries of which only the time until they
 * are forgotten is another are among them. Cost: that of the change.
 */
export function changesOf(before: Tables, after: Tables, now: number): readonly TableChange[] {
  return [...after].flatMap(([node, table]) => {
    const old = before.get(node)
    if (old === table) return []
    const was = old ?? EMPTY_TABLE
    return [
      ...entryChanges(node, was, table, now),
      ...expectationChanges(node, was.expectations, table.expectations, now),
    ]
  })
}

/** What is forgotten between two moments because nobody used it. */
export function expiredBetween(tables: Tables, from: number, to: number): readonly TableChange[] {
  const isOver = ({ expiresAt }: { readonly expiresAt: number }): boolean =>
    expiresAt > from && expiresAt <= to
  return [...tables].flatMap(([node, table]) => [
    ...entriesOf(table)
      .filter(isOver)
      .map((entry) => ({ node, kind: 'gone' as const, entry, why: 'expired' as const })),
    ...table.expectations.filter(isOver).map((expectation) => ({
      node,
      kind: 'expects-no-more' as const,
      expectation,
      why: 'expired' as const,
    })),
  ])
}

function entryChanges(
  node: string,
  before: ConntrackTable,
  after: ConntrackTable,
  now: number,
): readonly TableChange[] {
  const changes: TableChange[] = []
  for (const { before: was, after: entry } of mapChanges(before.byId, after.byId)) {
    if (entry !== null && was !== null) changes.push({ node, kind: 'changed', before: was, entry })
    else if (entry !== null) changes.push({ node, kind: 'new', entry })
    // what expired while the clock went was told then
    else if (was !== null && was.expiresAt > now)
      changes.push({ node, kind: 'gone', entry: was, why: 'removed' })
  }
  return changes.sort((a, b) => idOf(a) - idOf(b))
}

function idOf(change: TableChange): number {
  return 'entry' in change ? change.entry.id : 0
}

function expectationChanges(
  node: string,
  before: readonly ConntrackExpectation[],
  after: readonly ConntrackExpectation[],
  now: number,
): readonly TableChange[] {
  const old = new Set(before)
  const kept = new Set(after)
  return [
    ...after
      .filter((one) => !old.has(one))
      .map((expectation) => ({ node, kind: 'expects' as const, expectation })),
    ...before
      .filter((one) => !kept.has(one) && one.expiresAt > now)
      .map((expectation) => ({
        node,
        kind: 'expects-no-more' as const,
        expectation,
        why: 'removed' as const,
      })),
  ]
}
