import type { Hop } from '../netfilter/hook.ts'
import type { CtState, Known } from '../netfilter/packet.ts'
import type { RejectWith } from '../netfilter/ruleset.ts'
import type { Walk } from './chain.ts'
import { type ConntrackTable, isEmpty } from './conntrack/table.ts'
import { type Fork, newDoubt } from './doubt.ts'
import { CT_MARK_SLOT, MARK_SLOT, packetValues } from './field-value.ts'
import { type HopTracking, runHop } from './hop.ts'
import type { HopTrace, Outcome, Question } from './trace.ts'
import { forget, keepMarks, look, passed, trackerOf } from './tracker.ts'

/** One walk over the whole path, with the forks it took. */
export type Attempt = {
  readonly outcome: Outcome
  readonly rejectWith: RejectWith | null
  readonly hops: readonly HopTrace[]
  readonly forks: readonly Fork[]
  readonly assumed: Walk['assumed']
  /** What conntrack holds after it; null: there is no table. */
  readonly table: ConntrackTable | null
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
  choices: readonly boolean[],
  stopAt: number,
  recording: boolean,
): Attempt {
  const { ruleset, path, packet, fib } = question
  const walk: Walk = {
    packet,
    fib,
    values: packetValues(packet),
    doubt: newDoubt(choices, stopAt, mayBeKnown(question)),
    recording,
    notrack: false,
    template: null,
    tracker: trackerOf(question),
    translated: new Set(),
    assumed: [],
  }
  walk.values[CT_MARK_SLOT] = question.ctMark
  const hops: HopTrace[] = []
  const { forks } = walk.doubt
  const { tracker } = walk
  const ended = (outcome: Outcome, rejectWith: RejectWith | null): Attempt => ({
    outcome,
    rejectWith,
    hops,
    forks,
    assumed: walk.assumed,
    table: tracker.table,
  })
  let at: Hop | null = null
  const tracking: HopTracking = {
    state: () => tracker.state,
    look: ({ values, notrack, template }) => {
      if (at !== null) look(tracker, question, at, values, { notrack, template })
    },
  }
  for (const leg of path.legs) {
    walk.values[MARK_SLOT] = question.mark
    for (const hop of leg.hops) {
      at = hop
      if (hop.tracks) {
        walk.notrack = false
        walk.template = null
        forget(tracker)
      }
      const { verdict, rejectWith, chains } = runHop(walk, ruleset, hop, tracking)
      if (recording) hops.push(hopTrace(walk, hop, leg.node, tracker.state, chains))
      if (verdict !== 'accept') {
        keepMarks(tracker, walk.values)
        return ended(verdict, rejectWith)
      }
      const lost = passed(tracker, question, hop, walk.values)
      if (lost !== null) {
        const last = hops.pop()
        if (last !== undefined) hops.push({ ...last, lost })
        return ended('drop', null)
      }
    }
  }
  return ended('accept', null)
}

/** A packet of which something is not known may be of a connection that is there. */
function mayBeKnown({ state, tracking }: Question): boolean {
  return state === null && tracking !== undefined && !isEmpty(tracking.table)
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
