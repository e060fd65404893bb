import type { ChainTrace, HopTrace, RuleHit, Trace } from '../eval/trace.ts'
import type { Moment, Place, Run, Walked } from './moment.ts'

/** Everything that happens, in the order of the kernel; never empty. */
export type Timeline = { readonly runs: readonly Run[]; readonly moments: readonly Moment[] }

/**
 * Cuts what was recorded of packets into the moments a debugger stops at: each packet, each hop where a chain saw it,
 * each rule whose turn came, each end of a chain, each verdict. Linear in the rules that were reached.
 */
export function timelineOf(runs: readonly Run[]): Timeline {
  const moments: Moment[] = []
  for (const run of runs) {
    moments.push({ kind: 'packet', run })
    const { walk } = run
    if (walk === null) continue
    for (const hop of walk.trace.hops) addHop(moments, run, walk, hop)
    moments.push({ kind: 'verdict', run, walk })
  }
  return { runs, moments }
}

function addHop(moments: Moment[], run: Run, walk: Walked, hop: HopTrace): void {
  if (hop.chains.length === 0) return
  moments.push({ kind: 'hop', run, walk, hop })
  for (const chain of hop.chains)
    addChain(moments, {
      ...{ run, walk, hop, chain, caller: null, depth: 2 },
      reached: reachedIn(walk.trace, chain),
    })
}

function addChain(moments: Moment[], place: Place): void {
  const { chain, walk, reached, depth } = place
  let next = 0
  for (const hit of chain.hits) {
    for (; next < hit.index; next += 1)
      moments.push({ kind: 'rule', place, index: next, hit: null })
    moments.push({ kind: 'rule', place, index: hit.index, hit })
    next = hit.index + 1
    if (hit.into !== null)
      addChain(moments, {
        ...place,
        chain: hit.into,
        caller: { place, hit },
        depth: depth + 1,
        reached: reachedIn(walk.trace, hit.into),
      })
  }
  for (; next < reached; next += 1) moments.push({ kind: 'rule', place, index: next, hit: null })
  if (cameToItsEnd(chain)) moments.push({ kind: 'end', place })
}

/** The chain came to its end: its caller goes on, or its policy decides. */
function cameToItsEnd({ end }: ChainTrace): boolean {
  return end === 'fell-through' || end === 'policy'
}

/** How many rules of a chain had their turn: all before the one that ended the walk, and that one. */
function reachedIn(trace: Trace, chain: ChainTrace): number {
  const last = chain.hits.at(-1)
  const doubtful = trace.outcome === 'unknown' ? (trace.assumptions.at(-1)?.rule ?? null) : null
  if (doubtful !== null && chain === stoppedIn(trace)) {
    const at = chain.chain.rules.lastIndexOf(doubtful)
    if (at !== -1) return Math.max(at, last?.index ?? -1) + 1
  }
  switch (chain.end) {
    case 'verdict':
    case 'return':
      return last === undefined ? 0 : last.index + 1
    default:
      return ended(last) ? (last?.index ?? -1) + 1 : chain.chain.rules.length
  }
}

/** The walk left a base chain by its last hit, and came to its policy all the same. */
function ended(last: RuleHit | undefined): boolean {
  const kind = last?.verdict.kind
  return kind === 'goto' || kind === 'return'
}

/** The chain in which a walk of unknown outcome ends; null for every other. */
export function stoppedIn(trace: Trace): ChainTrace | null {
  if (trace.outcome !== 'unknown') return null
  let chain = trace.hops.at(-1)?.chains.at(-1) ?? null
  for (;;) {
    const into: ChainTrace | null = chain?.hits.at(-1)?.into ?? null
    if (into === null || into.end === 'fell-through' || into.end === 'return') return chain
    chain = into
  }
}
