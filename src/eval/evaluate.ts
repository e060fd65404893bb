import { assumptionsOf } from './assumptions.ts'
import { attempt, type Found } from './attempt.ts'
import type { ConntrackTable } from './conntrack/table.ts'
import { answerOf, replyFate } from './reply.ts'
import type { Outcome, Question, Trace } from './trace.ts'

/** Walks that are tried before a packet with unknown fields is given up: enough for a guest without address. */
const mostWalks = 128

/** Walks the packet over its path and writes down every chain it entered and every rule that matched. */
export function evaluate(question: Question): Trace {
  const first = attempt(question, [], -1, true)
  const { packet, path } = question
  if (first.forks.length === 0 && first.outcome !== 'unknown') {
    const { hops, outcome, rejectWith, table } = first
    const assumptions = assumptionsOf(question, first, null)
    if (rejectWith === null)
      return {
        packet,
        path,
        hops,
        outcome,
        assumptions,
        reply: null,
        ...trackedAs(question, table),
      }
    const { reply, table: after } = answerOf(question, hops, rejectWith, table)
    return { packet, path, hops, outcome, assumptions, reply, ...trackedAs(question, after) }
  }
  const found = explore(question)
  const shown = found.pivot === null ? first : attempt(question, found.choices, found.pivot, true)
  const { rejectWith, hops } = shown
  const isReject = found.outcome === 'reject' && rejectWith !== null
  return {
    packet,
    path,
    hops,
    outcome: found.outcome,
    assumptions: assumptionsOf(question, shown, found),
    reply: isReject ? replyFate(question, hops, rejectWith) : null,
    ...trackedAs(question, shown.table),
  }
}

function trackedAs({ tracking }: Question, table: ConntrackTable | null): Pick<Trace, 'tracked'> {
  return tracking === undefined || table === null ? {} : { tracked: table }
}

/** The outcome alone, by the same walk without writing it down. */
export function verdictOf(question: Question): Outcome {
  const first = attempt(question, [], -1, false)
  return first.forks.length === 0 ? first.outcome : explore(question).outcome
}

/**
 * Tries both ways at every fork, depth first, until two ways end differently: Kleene's unknown, refined by what each
 * answer excludes.
 */
function explore(question: Question): Found {
  let walks = 0
  const visit = (choices: readonly boolean[]): Found => {
    walks += 1
    const { outcome, forks } = attempt(question, choices, -1, false)
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
