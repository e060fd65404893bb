import type { RestoreEbtables, RestoreLine } from '../netfilter/restore.ts'
import type { Chain, Rule, Statement } from '../netfilter/ruleset.ts'
import { type EbtablesReader, readEbtablesRule } from './ebtables-rule.ts'
import type { ReadFacts, ReadTable, Refusal } from './facts.ts'
import { findLoop } from './loops.ts'
import { type BuiltIn, type ChainText, meansOf, type Standing, unread } from './tables.ts'

/** The tables of ebtables. */
export type EbtablesTableName = 'filter' | 'nat' | 'broute'

/** Built-in chains with their priorities: net/bridge/netfilter/ebtable_{filter,nat,broute}.c. */
export const EBTABLES_BUILT_IN: Readonly<Record<EbtablesTableName, readonly BuiltIn[]>> = {
  filter: [
    { name: 'INPUT', hook: 'input', priority: -200 },
    { name: 'FORWARD', hook: 'forward', priority: -200 },
    { name: 'OUTPUT', hook: 'output', priority: 200 },
  ],
  nat: [
    { name: 'PREROUTING', hook: 'prerouting', priority: -300 },
    { name: 'OUTPUT', hook: 'output', priority: 100 },
    { name: 'POSTROUTING', hook: 'postrouting', priority: 300 },
  ],
  broute: [{ name: 'BROUTING', hook: 'prerouting', priority: -0x8000_0000 }],
}

/** A whole table as text, its chains in order. */
export type EbtablesText = {
  readonly table: EbtablesTableName
  readonly chains: ReadonlyMap<string, ChainText>
}

/** Longest name of a chain: EBT_CHAIN_MAXNAMELEN less the closing zero, include/uapi/linux/netfilter_bridge/ebtables.h. */
const longestChain = 31

/**
 * Reads what is handed to `ebtables-restore`: all chains with policy ACCEPT, which in ebtables user chains have as
 * well, so the end of one accepts. Refused lines are left out; the tool stops at the first and changes nothing.
 */
export function readEbtables(input: RestoreEbtables, facts: ReadFacts): ReadTable {
  const refusals: Refusal[] = []
  const chains = new Map<string, ChainText>()
  for (const { name } of EBTABLES_BUILT_IN.filter) {
    const lines = input.hooks.filter(({ chain }) => chain === name).map(({ line }) => line)
    chains.set(name, { policy: 'accept', lines })
  }
  for (const [name, lines] of input.chains) {
    chains.set(name, { policy: 'accept', lines })
    const [first] = lines
    if (name.length > longestChain && first !== undefined)
      refusals.push({
        line: first,
        message: `Chain name length can't exceed ${longestChain} characters`,
      })
  }
  const { table, refusals: more } = readEbtablesTable({ table: 'filter', chains }, facts, 'handed')
  refusals.push(...more)
  const loop = findLoop(table)
  if (loop !== null)
    refusals.push({
      line: { text: loop.rule.text, origin: loop.rule.origin },
      message: `loop in chain '${loop.chain}'`,
    })
  return { table, refusals }
}

/** Reads a table; of one that a kernel listed a line that cannot be read is a rule nobody can evaluate. */
export function readEbtablesTable(
  { table, chains: texts }: EbtablesText,
  facts: ReadFacts,
  standing: Standing,
): ReadTable {
  const builtIn = new Map(EBTABLES_BUILT_IN[table].map((chain) => [chain.name, chain]))
  const refusals: Refusal[] = []
  const reader: EbtablesReader = {
    facts,
    isListed: standing === 'listed',
    isChain: (name) => texts.has(name) && !builtIn.has(name),
  }
  const bodies = new Map<string, readonly Statement[] | string>()
  const chains = new Map<string, Chain>()
  for (const [name, { policy, lines }] of texts) {
    const rules = readLines(reader, lines, bodies, refusals)
    const base = builtIn.get(name)
    chains.set(name, {
      name,
      rules,
      base:
        base === undefined
          ? null
          : {
              hook: base.hook,
              priority: base.priority,
              policy: policy === 'drop' ? 'drop' : 'accept',
            },
      userPolicy: policy,
    })
  }
  return {
    table: { family: 'bridge', name: table, chains, sets: new Map(), maps: new Map() },
    refusals,
  }
}

function readLines(
  reader: EbtablesReader,
  lines: readonly RestoreLine[],
  bodies: Map<string, readonly Statement[] | string>,
  refusals: Refusal[],
): readonly Rule[] {
  const rules: Rule[] = []
  let number = 0
  for (const line of lines) {
    number += 1
    const { text, origin } = line
    let body = bodies.get(text)
    if (body === undefined) {
      body = readEbtablesRule(reader, text)
      bodies.set(text, body)
    }
    if (typeof body === 'string') {
      refusals.push({ line, message: body })
      if (reader.isListed) rules.push({ body: unread(text), origin, line: number, text })
    } else {
      const own = reader.isListed ? { ...origin, means: meansOf(body) } : origin
      rules.push({ body, origin: own, line: number, text })
    }
  }
  return rules
}
