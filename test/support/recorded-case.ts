import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NfSet, Ruleset } from '../../src/netfilter/ruleset.ts'
import { readEbtables } from '../../src/read/ebtables.ts'
import type { ReadTable, Refusal } from '../../src/read/facts.ts'
import { readIpset } from '../../src/read/ipset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { debianFacts } from './debian-facts.ts'
import { type SplitTable, splitEbtables, splitIpset, splitRestoreTable } from './restore-text.ts'

/** The recorded texts of a case, as the kernel would hold them. */
export type RecordedRuleset = {
  readonly ruleset: Ruleset
  readonly sets: ReadonlyMap<string, NfSet>
  /** By file, in the order the files are handed over. */
  readonly tables: readonly {
    readonly file: string
    readonly split: SplitTable
    readonly read: ReadTable
  }[]
  readonly setRefusals: readonly Refusal[]
  readonly ebtables: ReadTable
}

/** Reads `expect/iptables/*.rules`, ipset.txt and ebtables.txt of a case. */
export function readRecorded(directory: string): RecordedRuleset {
  const text = (file: string): string => {
    const path = join(directory, 'expect', 'iptables', file)
    return existsSync(path) ? readFileSync(path, 'latin1') : ''
  }
  const { sets, refusals: setRefusals } = readIpset(splitIpset(text('ipset.txt')))
  const files = [
    ['v4.rules', 'ip', 'filter'],
    ['v4raw.rules', 'ip', 'raw'],
    ['v6.rules', 'ip6', 'filter'],
    ['v6raw.rules', 'ip6', 'raw'],
  ] as const
  const tables = files.map(([file, family, table]) => {
    const split = splitRestoreTable(text(file), family, table)
    return { file, split, read: readRestoreTable(split.table, sets, debianFacts) }
  })
  const ebtables = readEbtables(splitEbtables(text('ebtables.txt')), debianFacts)
  const ruleset: Ruleset = {
    backend: 'iptables',
    tables: [...tables.map(({ read }) => read.table), ebtables.table],
  }
  return { ruleset, sets, tables, setRefusals, ebtables }
}

/** Rows of a JSON-lines file of a case; none if it is missing. */
export function jsonLines<T>(directory: string, ...path: readonly string[]): readonly T[] {
  const file = join(directory, ...path)
  if (!existsSync(file)) return []
  const rows = readFileSync(file, 'utf8').split('\n')
  return rows.filter((row) => row !== '').map((row) => JSON.parse(row) as T)
}
