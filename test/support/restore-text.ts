import type { Origin } from '../../src/netfilter/origin.ts'
import type {
  RestoreEbtables,
  RestoreLine,
  RestoreSet,
  RestoreTable,
} from '../../src/netfilter/restore.ts'

/** Takes apart the texts that are handed to the kernel's tools: what the compiler emits, from a file of a test. */
const imported: Origin = {
  kind: 'generated',
  by: 'test',
  why: 'text of a test',
  span: null,
  means: null,
}

export type SplitTable = {
  readonly table: RestoreTable
  /** One-based line of the text each line stands in. */
  readonly lineNumbers: ReadonlyMap<RestoreLine, number>
}

/** Text for iptables-restore; an empty text is an empty table. */
export function splitRestoreTable(
  text: string,
  family: 'ip' | 'ip6',
  table: 'filter' | 'raw',
): SplitTable {
  const hooks: { readonly chain: string; readonly line: RestoreLine }[] = []
  const chains = new Map<string, RestoreLine[]>()
  const lineNumbers = new Map<RestoreLine, number>()
  for (const [index, row] of text.split('\n').entries()) {
    const declared = /^:(\S+) /.exec(row)?.[1]
    if (declared !== undefined) chains.set(declared, [])
    const [, chain = '', rule = ''] = /^-A (\S+) (.*)$/.exec(row) ?? []
    if (chain === '') continue
    const line: RestoreLine = { text: rule, origin: imported }
    lineNumbers.set(line, index + 1)
    const own = chains.get(chain)
    if (own === undefined) hooks.push({ chain, line })
    else own.push(line)
  }
  return { table: { family, table, hooks, chains }, lineNumbers }
}

/** Text for `ipset restore`. A name that is created twice is two sets. */
export function splitIpset(text: string): readonly RestoreSet[] {
  const sets: { name: string; create: RestoreLine; adds: RestoreLine[] }[] = []
  for (const row of text.split('\n')) {
    const [command, name = ''] = row.split(' ')
    const line: RestoreLine = { text: row, origin: imported }
    if (command === 'create') sets.push({ name, create: line, adds: [] })
    if (command === 'add') sets.findLast((set) => set.name === name)?.adds.push(line)
  }
  return sets
}

const ebtablesBuiltIn: readonly string[] = ['INPUT', 'FORWARD', 'OUTPUT']

/** Text for ebtables-restore. */
export function splitEbtables(text: string): RestoreEbtables {
  const hooks: { readonly chain: string; readonly line: RestoreLine }[] = []
  const chains = new Map<string, RestoreLine[]>()
  for (const row of text.split('\n')) {
    const declared = /^:(\S+) /.exec(row)?.[1]
    if (declared !== undefined && !ebtablesBuiltIn.includes(declared)) chains.set(declared, [])
    const [, chain = '', rule = ''] = /^-A (\S+) (.*)$/.exec(row) ?? []
    if (chain === '') continue
    const line: RestoreLine = { text: rule, origin: imported }
    const own = chains.get(chain)
    if (own === undefined) hooks.push({ chain, line })
    else own.push(line)
  }
  return { hooks, chains }
}
