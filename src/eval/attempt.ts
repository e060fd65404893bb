import type { Hop } from '../netfilter/hook.ts'
import type { CtState, Known } from '../netfilter/packet.ts'
import type { RejectWith } from '../netfilter/ruleset.ts'
import type { Walk } from './chain.ts'
import { type Fork, newDoubt } from './doubt.ts'
import { CT_MARK_SLOT, MARK_SLOT, packetValues } from './field-value.ts'
import { runHop } from './hop.ts'
import type { HopTrace, Outcome, Question } from './trace.ts'

/** One walk over the whole path, with the forks it took. */
export type Attempt = {
  readonly outcome: Outcome
  readonly rejectWith: RejectWith | null
  readonly hops: readonly HopTrace[]
  readonly forks: readonly Fork[]
  readonly assumed: Walk['assumed']
}

/** What can be said of all packets the question stands for. */
export type Found = {
  readonly outcome: Outcome
  /** Answers that lead to the first fork that decides. */
  readonly choices: readonly boolean[]
  /** Number of that fork; null: there is none, the outcome is the same whatever is not known. */
  readonly pivot: number | null
  /** The walks were too many to be tried. */
  readonly gaveUp: boolean
}

/**
 * One walk. The mark of the packet stays with it on one node, as a frame that crosses a veth pair keeps its mark
 * (skb_scrub_packet, net/core/skbuff.c) but loses its connection, which each lookup finds anew.
 */
export function attempt(
  question: Question,
  state: Known<CtState>,
  choices: readonly boolean[],
  stopAt: number,
  recording: boolean,
): Attempt {
  const { ruleset, path, packet, fib } = question
  const walk: Walk = {
    packet,
    fib,
    values: packetValues(packet),
    doubt: newDoubt(choices, stopAt),
    recording,
    notrack: false,
    translated: new Set(),
    assumed: [],
  }
  walk.values[CT_MARK_SLOT] = question.ctMark
  const hops: HopTrace[] = []
  const { forks } = walk.doubt
  for (const leg of path.legs) {
    walk.values[MARK_SLOT] = question.mark
    for (const hop of leg.hops) {
      if (hop.tracks) walk.notrack = false
      const { verdict, rejectWith, chains } = runHop(walk, ruleset, hop, state)
      if (recording) hops.push(hopTrace(walk, hop, leg.node, state, chains))
      if (verdict !== 'accept')
        return { outcome: verdict, rejectWith, hops, forks, assumed: walk.assumed }
    }
  }
  return { outcome: 'accept', rejectWith: null, hops, forks, assumed: walk.assumed }
}

function hopTrace(
  walk: Walk,
  hop: Hop,
  node: string,
  state: Known<CtState>,
  chains: HopTrace['chains'],
): HopTrace {
  return {
    hop,
    node,
    state: walk.notrack ? 'untracked' : state,
    chains,
    mark: Number(walk.values[MARK_SLOT]),
    ctMark: Number(walk.values[CT_MARK_SLOT]),
  }
}
