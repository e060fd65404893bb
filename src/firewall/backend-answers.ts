import type { Problem } from '../packet/problem.ts'
import type { Query } from '../packet/query.ts'
import type { Compared } from '../render/comparison.ts'
import { answerOf } from './answer.ts'
import { ask } from './ask.ts'
import { isRefused, type NodeFirewall } from './node-firewall.ts'

/** What each of some backends says to a packet, or why none can be asked. */
export type Answers =
  | { readonly kind: 'answers'; readonly answers: readonly BackendAnswer[] }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/** `refusedOn`: the firewall that refuses its configuration, the node's own or one on the way; null: none. */
export type BackendAnswer = Compared & { readonly refusedOn: NodeFirewall | null }

/** Asks the firewalls of several backends; with `anyway` also those that refuse their configuration. */
export function askAll(firewalls: readonly NodeFirewall[], query: Query, anyway: boolean): Answers {
  const answers: BackendAnswer[] = []
  for (const firewall of firewalls) {
    const asked = ask(firewall, query)
    if (asked.kind === 'refused') return { kind: 'problems', problems: asked.problems }
    const passed = [firewall, ...asked.stages.map((stage) => stage.firewall)]
    const refusedOn = passed.find(isRefused) ?? null
    const { backend } = firewall
    answers.push(
      refusedOn === null || anyway
        ? { kind: 'answered', backend, answer: answerOf(firewall, asked), refusedOn }
        : { kind: 'refused', backend, refusedOn },
    )
  }
  return { kind: 'answers', answers }
}

/** The verdict of one backend. */
export function verdictOf(one: Compared): string {
  return one.kind === 'refused' ? 'refused' : one.answer.trace.outcome
}

/** True when not all say the same. */
export function differ(answers: readonly Compared[]): boolean {
  return new Set(answers.map(verdictOf)).size > 1
}
