import type { Rule, Statement, Table } from '../netfilter/ruleset.ts'

/**
 * Looks for a chain that a hook reaches and that leads back to itself: `mark_source_chains`,
 * net/ipv4/netfilter/ip_tables.c. Chains no hook reaches may loop. Cost: linear; the walk keeps its own stack.
 */
export function findLoop(table: Table): { readonly chain: string; readonly rule: Rule } | null {
  const state = new Map<string, 'open' | 'done'>()
  const jumps = jumpsOf(table)
  for (const [name, chain] of table.chains) {
    if (chain.base === null || state.has(name)) continue
    const stack = [{ name, at: 0 }]
    state.set(name, 'open')
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const jump = jumps.get(frame.name)?.[frame.at]
      frame.at += 1
      if (jump === undefined) {
        state.set(frame.name, 'done')
        stack.pop()
      } else if (state.get(jump.to) === 'open') {
        return { chain: jump.to, rule: jump.rule }
      } else if (!state.has(jump.to)) {
        state.set(jump.to, 'open')
        stack.push({ name: jump.to, at: 0 })
      }
    }
  }
  return null
}

type Jump = { readonly to: string; readonly rule: Rule }

/** Where the rules of each chain lead; of those in a row that share their statement the first stands for all. */
function jumpsOf(table: Table): ReadonlyMap<string, readonly Jump[]> {
  const jumps = new Map<string, readonly Jump[]>()
  for (const [name, { rules }] of table.chains) {
    const found: Jump[] = []
    let before: Statement | undefined
    for (const rule of rules) {
      const last = rule.body.at(-1)
      if (last === before || last?.kind !== 'verdict') continue
      before = last
      const { verdict } = last
      if (verdict.kind === 'jump' || verdict.kind === 'goto')
        found.push({ to: verdict.chain, rule })
    }
    if (found.length > 0) jumps.set(name, found)
  }
  return jumps
}
