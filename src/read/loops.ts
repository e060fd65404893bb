import type { Rule, Statement, Table } from '../netfilter/ruleset.ts'

/**
 * Looks for a chain that a hook reaches and that leads back to itself: `mark_source_chains`,
 * net/ipv4/netfilter/ip_tables.c. Chains no hook reaches may loop. Cost: linear; the walk keeps its own stack.
 */
export function findLoop(table: Table): { readonly chain: string; readonly rule: Rule } | null {
  const nodes = nodesOf(table)
  for (const [name, { base }] of table.chains) {
    const start = base === null ? undefined : nodes.get(name)
    if (start === undefined || start.state !== 'new') continue
    start.state = 'open'
    const stack = [start]
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const jump = node.jumps[node.at]
      node.at += 1
      if (jump === undefined) {
        node.state = 'done'
        stack.pop()
        continue
      }
      const next = nodes.get(jump.to)
      if (next?.state === 'open') return { chain: jump.to, rule: jump.rule }
      if (next?.state !== 'new') continue
      next.state = 'open'
      stack.push(next)
    }
  }
  return null
}

type Jump = { readonly to: string; readonly rule: Rule }

/** A chain that leads to others, and how far the walk has come in it. */
type Node = { readonly jumps: readonly Jump[]; at: number; state: 'new' | 'open' | 'done' }

function nodesOf(table: Table): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>()
  for (const [name, { rules }] of table.chains) {
    const jumps = jumpsOf(rules)
    if (jumps.length > 0) nodes.set(name, { jumps, at: 0, state: 'new' })
  }
  return nodes
}

/** Where rules lead; of those in a row that share their statement the first stands for all. */
function jumpsOf(rules: readonly Rule[]): readonly Jump[] {
  const jumps: Jump[] = []
  let before: Statement | undefined
  for (const rule of rules) {
    const last = rule.body[rule.body.length - 1]
    if (last === before || last?.kind !== 'verdict') continue
    before = last
    const { verdict } = last
    if (verdict.kind === 'jump' || verdict.kind === 'goto') jumps.push({ to: verdict.chain, rule })
  }
  return jumps
}
