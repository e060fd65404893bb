import { type Hook, PRIORITY } from '../netfilter/hook.ts'
import type { Origin } from '../netfilter/origin.ts'
import type { RestoreLine, RestoreTable } from '../netfilter/restore.ts'
import type { Chain, NfSet, Rule, Table } from '../netfilter/ruleset.ts'
import type { ReadFacts, ReadTable, Refusal } from './facts.ts'
import { findLoop } from './loops.ts'
import { type LineReader, lineReader } from './rule-draft.ts'
import { type Bodies, readRuleLine } from './rule-line.ts'
import { longestLine } from './words.ts'

type BuiltIn = readonly (readonly [name: string, hook: Hook])[]

/** Built-in chains of the two tables, in the kernel's order: iptable_filter.c, iptable_raw.c. */
const BUILT_IN: Readonly<Record<RestoreTable['table'], BuiltIn>> = {
  filter: [
    ['INPUT', 'input'],
    ['FORWARD', 'forward'],
    ['OUTPUT', 'output'],
  ],
  raw: [
    ['PREROUTING', 'prerouting'],
    ['OUTPUT', 'output'],
  ],
}

/** Longest name of a chain: XT_EXTENSION_MAXNAMELEN less the closing zero, include/uapi/linux/netfilter/x_tables.h. */
const longestChain = 28

/**
 * Reads what is handed to `iptables-restore -n` into the chains the kernel would hold, on an otherwise empty table.
 * Refused lines are left out of the table and told in the order of the text; the tool stops at the first, and then
 * the kernel keeps the table it had (see {@link emptyTable}).
 */
export function readRestoreTable(
  input: RestoreTable,
  sets: ReadonlyMap<string, NfSet>,
  facts: ReadFacts,
): ReadTable {
  const builtIn = new Map(BUILT_IN[input.table])
  const reader = lineReader({
    version: input.family === 'ip' ? 4 : 6,
    table: input.table,
    facts,
    sets,
    isChain: (name) => input.chains.has(name),
    isBuiltIn: (name) => builtIn.has(name),
  })
  const refusals: Refusal[] = []
  const bodies = new Map<string, Bodies | string>()
  const read = (chain: string, lines: readonly RestoreLine[]): readonly Rule[] =>
    readLines(reader, chain, lines, bodies, refusals)
  const chains = new Map<string, Chain>()
  for (const name of input.chains.keys()) {
    const message = chainRefusal(name)
    if (message !== null) refusals.push({ line: chainLine(name, input.chains.get(name)), message })
  }
  for (const [name, hook] of builtIn) {
    const lines = input.hooks.filter(({ chain }) => chain === name).map(({ line }) => line)
    chains.set(name, baseChain(name, hook, priorityOf(input.table), read(name, lines)))
  }
  for (const [name, lines] of input.chains)
    chains.set(name, { name, rules: read(name, lines), base: null, userPolicy: 'return' })
  const table: Table = { family: input.family, name: input.table, chains, sets, maps: new Map() }
  const loop = findLoop(table)
  if (loop !== null) {
    const { chain, rule } = loop
    refusals.push({
      line: { text: rule.text, origin: rule.origin },
      message: `the kernel refuses the table: chain ${chain} calls itself (too many levels of symbolic links)`,
    })
  }
  return { table, refusals }
}

/** The table of a kernel that was handed nothing, or whose restore was refused: built-in chains that accept. */
export function emptyTable(
  family: RestoreTable['family'],
  name: RestoreTable['table'],
  sets: ReadonlyMap<string, NfSet>,
): Table {
  const chains = BUILT_IN[name].map(([chain, hook]): [string, Chain] => [
    chain,
    baseChain(chain, hook, priorityOf(name), []),
  ])
  return { family, name, chains: new Map(chains), sets, maps: new Map() }
}

function priorityOf(table: RestoreTable['table']): number {
  return table === 'raw' ? PRIORITY.raw : PRIORITY.filter
}

function baseChain(name: string, hook: Hook, priority: number, rules: readonly Rule[]): Chain {
  return { name, rules, base: { hook, priority, policy: 'accept' }, userPolicy: 'return' }
}

/** The rules of a chain's lines. Equal lines have equal statements: they are read once per table. */
function readLines(
  reader: LineReader,
  chain: string,
  lines: readonly RestoreLine[],
  bodies: Map<string, Bodies | string>,
  refusals: Refusal[],
): readonly Rule[] {
  const rules: Rule[] = []
  let number = 0
  for (const line of lines) {
    number += 1
    const { text, origin } = line
    let read = bodies.get(text)
    if (read === undefined) {
      read = readRuleLine(reader, text)
      bodies.set(text, read)
    }
    if (chain.length + text.length + 4 > longestLine)
      refusals.push({
        line,
        message: `line of more than ${longestLine} characters: iptables-restore takes its rest for a line of its own`,
      })
    else if (typeof read === 'string') refusals.push({ line, message: read })
    else for (const body of read) rules.push({ body, origin, line: number, text })
  }
  return rules
}

/** `parse_chain`, iptables/xshared.c; names of targets are taken for the kernel's own. */
function chainRefusal(name: string): string | null {
  if (name.length > longestChain) return `Invalid chain name \`${name}' (${longestChain} chars max)`
  if (name.startsWith('-') || name.startsWith('!'))
    return `Invalid chain name \`${name}': may not start with \`-' or \`!'`
  if (['ACCEPT', 'DROP', 'RETURN', 'QUEUE'].includes(name))
    return `error creating chain '${name}':File exists`
  return null
}

/** The line that creates a chain stands for no rule: it is blamed on the first rule in it. */
function chainLine(name: string, lines: readonly RestoreLine[] | undefined): RestoreLine {
  const origin: Origin = lines?.[0]?.origin ?? {
    kind: 'generated',
    by: 'iptables-restore',
    why: `chain ${name} is created`,
    span: null,
    means: null,
  }
  return { text: `:${name} - [0:0]`, origin }
}
