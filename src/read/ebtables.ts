import type { Hook } from '../netfilter/hook.ts'
import type { RestoreEbtables, RestoreLine } from '../netfilter/restore.ts'
import type { Chain, Rule, Statement, Table } from '../netfilter/ruleset.ts'
import { type EbtablesReader, readEbtablesRule } from './ebtables-rule.ts'
import type { ReadFacts, ReadTable, Refusal } from './facts.ts'
import { findLoop } from './loops.ts'

/** Built-in chains of table filter with the priorities of `ebt_ops_filter`, net/bridge/netfilter/ebtable_filter.c. */
const BUILT_IN: readonly (readonly [name: string, hook: Hook, priority: number])[] = [
  ['INPUT', 'input', -200],
  ['FORWARD', 'forward', -200],
  ['OUTPUT', 'output', 200],
]

/** Longest name of a chain: EBT_CHAIN_MAXNAMELEN less the closing zero, include/uapi/linux/netfilter_bridge/ebtables.h. */
const longestChain = 31

/**
 * Reads what is handed to `ebtables-restore`: all chains with policy ACCEPT, which in ebtables user chains have as
 * well, so the end of one accepts. Refused lines are left out; the tool stops at the first and changes nothing.
 */
export function readEbtables(input: RestoreEbtables, facts: ReadFacts): ReadTable {
  const refusals: Refusal[] = []
  const reader: EbtablesReader = { facts, isChain: (name) => input.chains.has(name) }
  const bodies = new Map<string, readonly Statement[] | string>()
  const chains = new Map<string, Chain>()
  for (const [name, hook, priority] of BUILT_IN) {
    const lines = input.hooks.filter(({ chain }) => chain === name).map(({ line }) => line)
    const rules = readLines(reader, lines, bodies, refusals)
    chains.set(name, {
      name,
      rules,
      base: { hook, priority, policy: 'accept' },
      userPolicy: 'accept',
    })
  }
  for (const [name, lines] of input.chains) {
    const [first] = lines
    if (name.length > longestChain && first !== undefined)
      refusals.push({
        line: first,
        message: `Chain name length can't exceed ${longestChain} characters`,
      })
    const rules = readLines(reader, lines, bodies, refusals)
    chains.set(name, { name, rules, base: null, userPolicy: 'accept' })
  }
  const table: Table = {
    family: 'bridge',
    name: 'filter',
    chains,
    sets: new Map(),
    maps: new Map(),
  }
  const loop = findLoop(table)
  if (loop !== null)
    refusals.push({
      line: { text: loop.rule.text, origin: loop.rule.origin },
      message: `loop in chain '${loop.chain}'`,
    })
  return { table, refusals }
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
    let body = bodies.get(line.text)
    if (body === undefined) {
      body = readEbtablesRule(reader, line.text)
      bodies.set(line.text, body)
    }
    if (typeof body === 'string') refusals.push({ line, message: body })
    else rules.push({ body, origin: line.origin, line: number, text: line.text })
  }
  return rules
}
