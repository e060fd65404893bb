import type { Origin } from '../netfilter/origin.ts'
import type { RestoreLine, RestoreTable } from '../netfilter/restore.ts'
import type { Chain, NfSet, Rule, Table } from '../netfilter/ruleset.ts'
import type { ReadFacts, ReadTable, Refusal } from './facts.ts'
import { findLoop } from './loops.ts'
import { type LineReader, lineReader } from './rule-draft.ts'
import { type Bodies, readRuleLine } from './rule-line.ts'
import {
  BUILT_IN,
  type BuiltIn,
  type ChainText,
  meansOf,
  type Standing,
  type TableName,
  unread,
} from './tables.ts'
import { longestLine } from './words.ts'

/** Longest name of a chain: XT_EXTENSION_MAXNAMELEN less the closing zero, include/uapi/linux/netfilter/x_tables.h. */
const longestChain = 28

/** A whole table as text, its chains in order. */
export type TableText = {
  readonly family: 'ip' | 'ip6'
  readonly table: TableName
  readonly chains: ReadonlyMap<string, ChainText>
}

/**
 * Reads what is handed to `iptables-restore -n` into the chains the kernel would hold, on an otherwise empty table.
 * Refused lines are left out of the table and told in the order of the text; the tool stops at the first, and then
 * the kernel keeps the table it had (see {@link emptyTable}).
 */
export function readRestoreTable(
  { family, table: name, hooks, chains: own }: RestoreTable,
  sets: ReadonlyMap<string, NfSet>,
  facts: ReadFacts,
): ReadTable {
  const refusals: Refusal[] = []
  for (const [chain, lines] of own) {
    const message = chainRefusal(chain)
    if (message !== null) refusals.push({ line: chainLine(chain, lines), message })
  }
  const chains = new Map<string, ChainText>()
  for (const { name: chain } of BUILT_IN[name]) {
    const lines = hooks.filter((hook) => hook.chain === chain).map(({ line }) => line)
    chains.set(chain, { policy: 'accept', lines })
  }
  for (const [chain, lines] of own) chains.set(chain, { policy: 'return', lines })
  const { table, refusals: more } = readTable(
    { family, table: name, chains },
    sets,
    facts,
    'handed',
  )
  refusals.push(...more)
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

/**
 * Reads a table. Of one that a kernel listed nothing is refused: a line that cannot be read is a rule nobody can
 * evaluate, told as a refusal all the same; sets that are not known leave open whether they match.
 */
export function readTable(
  { family, table, chains: texts }: TableText,
  sets: ReadonlyMap<string, NfSet>,
  facts: ReadFacts,
  standing: Standing,
): ReadTable {
  const builtIn = new Map(BUILT_IN[table].map((chain) => [chain.name, chain]))
  const reader = lineReader({
    version: family === 'ip' ? 4 : 6,
    table,
    facts,
    sets,
    isListed: standing === 'listed',
    isChain: (name) => texts.has(name) && !builtIn.has(name),
    isBuiltIn: (name) => builtIn.has(name),
  })
  const refusals: Refusal[] = []
  const bodies = new Map<string, Bodies | string>()
  const chains = new Map<string, Chain>()
  for (const [name, { policy, lines }] of texts) {
    const rules = readLines(reader, name, lines, bodies, refusals)
    const base = builtIn.get(name)
    chains.set(name, {
      name,
      rules,
      base: base === undefined ? null : baseOf(table, base, policy),
      userPolicy: 'return',
    })
  }
  return { table: { family, name: table, chains, sets, maps: new Map() }, refusals }
}

/** The table of a kernel that was handed nothing, or whose restore was refused: built-in chains that accept. */
export function emptyTable(
  family: RestoreTable['family'],
  name: RestoreTable['table'],
  sets: ReadonlyMap<string, NfSet>,
): Table {
  const chains = BUILT_IN[name].map((chain): [string, Chain] => [
    chain.name,
    {
      name: chain.name,
      rules: [],
      base: baseOf(name, chain, 'accept'),
      userPolicy: 'return',
    },
  ])
  return { family, name, chains: new Map(chains), sets, maps: new Map() }
}

function baseOf(
  table: TableName,
  { hook, priority }: BuiltIn,
  policy: ChainText['policy'],
): Chain['base'] {
  const base = { hook, priority, policy: policy === 'drop' ? 'drop' : 'accept' } as const
  return table === 'nat' ? { ...base, type: 'nat' } : base
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
    if (!reader.isListed && chain.length + text.length + 4 > longestLine) {
      refusals.push({
        line,
        message: `line of more than ${longestLine} characters: iptables-restore takes its rest for a line of its own`,
      })
    } else if (typeof read === 'string') {
      refusals.push({ line, message: read })
      if (reader.isListed) rules.push({ body: unread(text), origin, line: number, text })
    } else {
      for (const body of read)
        rules.push({ body, origin: originIn(reader, origin, body), line: number, text })
    }
  }
  return rules
}

/** Of a rule that was listed, its own verdict is what it means. */
function originIn(reader: LineReader, origin: Origin, body: Bodies[number]): Origin {
  return reader.isListed ? { ...origin, means: meansOf(body) } : origin
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
