import { evaluate } from '../../eval/evaluate.ts'
import type { Outcome, Question, Trace } from '../../eval/trace.ts'
import { analyse } from '../../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import type { Family } from '../../symbolic/fields.ts'
import { all, type Formula } from '../../symbolic/formula.ts'
import type { Decider } from '../../symbolic/leaf.ts'
import { type Piece, piecesOf } from '../../symbolic/piece.ts'
import { plausiblePackets, possiblePackets } from '../../symbolic/possible.ts'
import { type Witness, witnessOf } from '../../symbolic/witness.ts'
import { rulesOf } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { likedOn, type NodeWay, nodeWay, type WayEnd } from '../ways.ts'

/** What is looked for. */
export type Wanted = {
  readonly pairs: readonly (readonly [WayEnd, WayEnd])[]
  /** What packets of a family must have; null: there are none of this family. */
  readonly packets: (family: Family) => Formula | null
  /** Null: any. */
  readonly outcome: Outcome | null
  /** Rules that must have had their say; null: any. */
  readonly by: ((decider: Decider) => boolean) | null
  /** `pairs` are all that were asked for. */
  readonly allPairs: boolean
  /** Only the first packet is wanted. */
  readonly first: boolean
}

/** Packets of one way that are what was looked for. */
export type Match = {
  readonly way: NodeWay
  readonly family: Family
  readonly outcome: Outcome
  readonly pieces: readonly Piece[]
  readonly more: boolean
  readonly witness: Witness
  readonly trace: Trace
}

export type FoundPackets = {
  readonly matches: readonly Match[]
  /** Ways that were searched to the end: on all others than those of the matches there is no such packet. */
  readonly searched: number
}

const OUTCOME_OF = {
  through: 'accept',
  drop: 'drop',
  reject: 'reject',
  unknown: 'unknown',
} as const

/** Looks for packets on ways of one node. That none is found is a proof: there is none that any program sends. */
export function findPackets(firewall: NodeFirewall, wanted: Wanted): FoundPackets {
  const matches: Match[] = []
  let searched = 0
  for (const family of ['ip', 'ip6', 'arp'] as const) {
    const formula = wanted.packets(family)
    if (formula === null) continue
    const ways = wanted.pairs.flatMap(([from, to]) => nodeWay(firewall, from, to, family) ?? [])
    const asked = all([formula, possiblePackets(family), plausiblePackets(family)])
    const analysis = analyse({
      family,
      questions: ways.map(({ question }) => question),
      regions: [asked],
      ...(wanted.by === null ? {} : { isNoted: wanted.by }),
    })
    const { space } = analysis
    const { arena } = space
    const region = space.packets(asked)
    const known = new Map<
      Diagram,
      readonly { readonly outcome: Outcome; readonly those: Diagram }[]
    >()
    for (const way of ways) {
      const answer = analysis.answer(way.question)
      const parts = known.get(answer) ?? partsOf(answer)
      known.set(answer, parts)
      searched += 1
      for (const { outcome, those } of parts) {
        const found = arena.where(region, those)
        const witness = witnessOf(space, found, likedOn(way))
        if (witness === null) continue
        const { pieces, more } = piecesOf(space, those, wanted.first ? 1 : 12, region)
        matches.push({
          ...{ way, family, outcome, pieces, more, witness },
          trace: traceOf(firewall, way, witness, outcome),
        })
        if (wanted.first) return { matches, searched }
      }
    }

    function partsOf(answer: Diagram) {
      const outcomes = wanted.outcome === null ? OUTCOMES : [wanted.outcome]
      return outcomes.map((outcome) => ({
        outcome,
        those: arena.relabel(answer, (number) => {
          const leaf = analysis.leaf(number)
          const kind =
            leaf.kind in OUTCOME_OF ? OUTCOME_OF[leaf.kind as keyof typeof OUTCOME_OF] : null
          const isBy = wanted.by === null || leaf.state.noted
          return kind === outcome && isBy ? TRUE : NONE
        }),
      }))
    }
  }
  return { matches, searched }
}

const OUTCOMES: readonly Outcome[] = ['accept', 'drop', 'reject', 'unknown']

function traceOf(
  firewall: NodeFirewall,
  { question }: NodeWay,
  { packet, state, doubts }: Witness,
  outcome: Outcome,
): Trace {
  const asked: Question = {
    ruleset: rulesOf(firewall),
    path: question.path,
    packet,
    state,
    fib: question.fib,
    mark: question.mark,
    ctMark: question.ctMark,
  }
  const trace = evaluate(asked)
  const isSure = doubts.every(({ text, holds }) => text === 'limit' && holds)
  if (isSure && trace.outcome !== outcome && trace.outcome !== 'unknown')
    throw new Error(`a packet that was to be ${outcome} is ${trace.outcome} when it is traced`)
  return trace
}
