import type { ConntrackEntry, ConntrackExpectation } from '../../netfilter/conntrack.ts'

/** The connections of one node, as a value: each step makes a new one. */
export type ConntrackTable = {
  readonly entries: readonly ConntrackEntry[]
  readonly expectations: readonly ConntrackExpectation[]
}

export const EMPTY_TABLE: ConntrackTable = { entries: [], expectations: [] }
