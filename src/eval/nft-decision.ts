import type { ChainTrace, RuleHit, Trace } from './trace.ts'

/**
 * The rule or policy that ended the last base chain a packet ran, as `nft monitor trace` would name it last:
 * `inet:proxmox-firewall:cluster-in:rule:3`, `bridge:proxmox-firewall-guests:vm-in:policy:accept`; null when no base
 * chain saw the packet. Rules are numbered from 1 as `nft -a list ruleset` lists them.
 */
export function nftDecision(trace: Trace): string | null {
  const base = trace.hops.findLast((hop) => hop.chains.length > 0)?.chains.at(-1)
  if (base === undefined) return null
  const { table, chain } = base
  if (base.end === 'policy')
    return `${table.family}:${table.name}:${chain.name}:policy:${chain.base?.policy ?? 'accept'}`
  const last = lastHit(base)
  if (last === null) return null
  return `${table.family}:${table.name}:${last.chain.chain.name}:rule:${last.hit.index + 1}`
}

/** The rule that ran last, in this chain or in one it went into. */
function lastHit(chain: ChainTrace): { readonly chain: ChainTrace; readonly hit: RuleHit } | null {
  const hit = chain.hits.at(-1)
  if (hit === undefined) return null
  const inner = hit.into === null ? null : lastHit(hit.into)
  return inner ?? { chain, hit }
}
