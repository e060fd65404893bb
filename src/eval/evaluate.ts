import type { CtState, Known } from '../netfilter/packet.ts'
import { assumptionsOf } from './assumptions.ts'
import { attempt, type Found } from './attempt.ts'
import { stateOf } from './conntrack/first-packet.ts'
import { replyFate } from './reply.ts'
import type { Outcome, Question, Trace } from './trace.ts'

/** Walks that are tried before a packet with unknown fields is given up: enough for a guest without address. */
const mostWalks = 128

/** Walks the packet over its path and writes down every chain it entered and every rule that matched. */
export function evaluate(question: Question): Trace {
  const state = question.state ?? stateOf(question.packet)
  const first = attempt(question, state, [], -1, true)
  const { packet, path } = question
  if (first.forks.length === 0 && first.outcome !== 'unknown') {
    const { hops, outcome, rejectWith } = first
    const reply = rejectWith === null ? null : replyFate(question, hops, rejectWith)
    return { packet, path, hops, outcome, assumptions: assumptionsOf(question, first, null), reply }
  }
  const found = explore(question, state)
  const shown =
    found.pivot === null ? first : attempt(question, state, found.choices, found.pivot, true)
  const { rejectWith, hops } = shown
  const isReject = found.outcome === 'reject' && rejectWith !== null
  return {
    packet,
    path,
    hops,
    outcome: found.outcome,
    assumptions: assumptionsOf(question, shown, found),
    reply: isReject ? replyFate(question, hops, rejectWith) : null,
  }
}

/** The outcome alone, by the same walk without writing it down. */
export function verdictOf(question: Question): Outcome {
  const state = question.state ?? stateOf(question.packet)
  const first = attempt(question, state, [], -1, false)
  return first.forks.length === 0 ? first.outcome : explore(question, state).outcome
}

/**
 * Tries both ways at every fork, depth first, until two ways end differently: Kleene's unknown, refined by what each
 * answer excludes.
 */
function explore(question: Question, state: Known<CtState>): Found {
  let walks = 0
  const visit = (choices: readonly boolean[]): Found => {
    walks += 1
    const { outcome, forks } = attempt(question, state, choices, -1, false)
    // the walk itself did not know what a rule does
    if (outcome === 'unknown') return { outcome, choices, pivot: forks.length - 1, gaveUp: false }
    const taken = [...choices]
    // a fork further down that decides on one side only: told if none up here does
    let deeper: Found | null = null
    for (let at = choices.length; at < forks.length; at += 1) {
      if (walks >= mostWalks) return { outcome: 'unknown', choices: taken, pivot: at, gaveUp: true }
      const other = visit([...taken, true])
      if (other.gaveUp) return other
      if (other.outcome === 'unknown') deeper ??= other
      else if (other.outcome !== outcome)
        return { outcome: 'unknown', choices: taken, pivot: at, gaveUp: false }
      taken.push(false)
    }
    return deeper ?? { outcome, choices, pivot: null, gaveUp: false }
  }
  return visit([])
}
