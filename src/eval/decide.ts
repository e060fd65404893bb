import { isPassive } from './compiled-chain.ts'
import type { ChainTrace, Decision, RuleHit, Trace } from './trace.ts'

/**
 * The kernel's own last word on a packet: the last rule that matched, rules that only log or comment left aside (so
 * for an accept it may be just a jump or a mark), and whether a policy followed it.
 */
export function decide(trace: Trace): Decision {
  const base = trace.hops.findLast((hop) => hop.chains.length > 0)?.chains.at(-1) ?? null
  const kind = base === null ? 'none' : endedByPolicy(base) ? 'policy' : 'rule'
  for (const hop of trace.hops.toReversed()) {
    for (const chain of hop.chains.toReversed()) {
      const last = lastHit(chain)
      if (last === null) continue
      const { chain: where, hit } = last
      return { kind, hop, table: where.table, chain: where.chain, hit, base }
    }
  }
  return { kind, hop: null, table: null, chain: null, hit: null, base }
}

/**
 * The rule of a decision as the kernel numbers it, `filter:tap100i0-OUT:rule:8`, ebtables' `ebtables:FORWARD:rule:1`;
 * null where no rule matched.
 */
export function kernelName({ table, chain, hit }: Decision): string | null {
  if (table === null || chain === null || hit === null) return null
  const name = table.family === 'bridge' ? 'ebtables' : table.name
  return `${name}:${chain.name}:rule:${hit.index + 1}`
}

/** By the policy of a base chain, or of the user chain the walk ended in (ebtables). */
function endedByPolicy({ end, hits }: ChainTrace): boolean {
  const into = hits.at(-1)?.into ?? null
  return end === 'policy' || (end === 'verdict' && into !== null && endedByPolicy(into))
}

/** The rule that ran last, in this chain or in one it went into. */
function lastHit(chain: ChainTrace): { readonly chain: ChainTrace; readonly hit: RuleHit } | null {
  for (const hit of chain.hits.toReversed()) {
    const inner = hit.into === null ? null : lastHit(hit.into)
    if (inner !== null) return inner
    if (!isPassive(hit.rule)) return { chain, hit }
  }
  return null
}
