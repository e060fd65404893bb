import type { Tree } from '../../config/tree.ts'
import {
  type Handed,
  RESTORE_STEPS,
  type RestoreLine,
  type RestoreSet,
  type RestoreStep,
} from '../../netfilter/restore.ts'
import type { NfSet, Ruleset, Table } from '../../netfilter/ruleset.ts'
import { readEbtables } from '../../read/ebtables.ts'
import { type ReadFacts, type Refusal, readFacts } from '../../read/facts.ts'
import { readIpset } from '../../read/ipset.ts'
import { emptyTable, readRestoreTable } from '../../read/iptables.ts'

/** A line that one of the tools refuses. */
export type RefusedLine = {
  readonly step: RestoreStep
  readonly line: RestoreLine
  /** In the tool's words. */
  readonly message: string
}

export type Held = {
  /** What an empty kernel holds after the update. */
  readonly ruleset: Ruleset
  /** Everything that would be refused, in the order of the steps; the update ends at the first. */
  readonly refused: readonly RefusedLine[]
}

/**
 * What the kernel's tools make of an update (`apply_ruleset`): each step is taken as a whole or not at all, but
 * for `ipset restore`, which does one line after the other; the first refusal ends the update. Linear.
 */
export function hold(handed: Handed, tree: Tree): Held {
  const facts = readFacts(tree.services, tree.protocols, tree.ethertypes)
  const all = readIpset(handed.ipset)
  const tables = readTables(handed, all.sets, facts)
  const refusals: Readonly<Record<RestoreStep, readonly Refusal[]>> = {
    ipset: all.refusals,
    v4: tables.v4.refusals,
    v4raw: tables.v4raw.refusals,
    v6: tables.v6.refusals,
    v6raw: tables.v6raw.refusals,
    ebtables: tables.ebtables.refusals,
  }
  const refused = RESTORE_STEPS.flatMap((step) =>
    refusals[step].map(({ line, message }): RefusedLine => ({ step, line, message })),
  )
  const [first] = refused
  const end = first === undefined ? RESTORE_STEPS.length : RESTORE_STEPS.indexOf(first.step)
  const sets =
    first?.step === 'ipset' ? readIpset(linesBefore(handed.ipset, first.line)).sets : all.sets
  const isDone = (step: RestoreStep): boolean => RESTORE_STEPS.indexOf(step) < end
  const kept = TABLES.map(([step, family, name]) =>
    isDone(step) ? tables[step].table : emptyTable(family, name, sets),
  )
  const bridge = isDone('ebtables') ? tables.ebtables.table : emptyBridge(facts)
  return { ruleset: { backend: 'iptables', tables: [...kept, bridge] }, refused }
}

const TABLES = [
  ['v4', 'ip', 'filter'],
  ['v4raw', 'ip', 'raw'],
  ['v6', 'ip6', 'filter'],
  ['v6raw', 'ip6', 'raw'],
] as const

function readTables(handed: Handed, sets: ReadonlyMap<string, NfSet>, facts: ReadFacts) {
  return {
    v4: readRestoreTable(handed.v4, sets, facts),
    v4raw: readRestoreTable(handed.v4raw, sets, facts),
    v6: readRestoreTable(handed.v6, sets, facts),
    v6raw: readRestoreTable(handed.v6raw, sets, facts),
    ebtables: readEbtables(handed.ebtables, facts),
  }
}

function emptyBridge(facts: ReadFacts): Table {
  return readEbtables({ hooks: [], chains: new Map() }, facts).table
}

/** The sets up to a line, which is not among them. */
function linesBefore(sets: readonly RestoreSet[], end: RestoreLine): readonly RestoreSet[] {
  const at = sets.findIndex(({ create, adds }) => create === end || adds.includes(end))
  const last = sets[at]
  if (last === undefined) return sets
  const before = sets.slice(0, at)
  if (last.create === end) return before
  return [...before, { ...last, adds: last.adds.slice(0, last.adds.indexOf(end)) }]
}
