import { type Marks, marksAfter } from '../eval/marks.ts'
import { membershipsOf } from '../eval/membership.ts'
import type { Outcome } from '../eval/trace.ts'
import type { CtState, Known } from '../netfilter/packet.ts'
import type { Rule } from '../netfilter/ruleset.ts'
import type { Span } from '../source/source-file.ts'
import { hopOf, isDoubtful, type Moment, type Place, placeOf, stackOf } from './moment.ts'

/** What became of the packet by a moment; `on-its-way`: nothing yet. */
export type SoFar = Outcome | 'on-its-way'

/** The verdict by a moment: a rule that decides has decided when its turn is over. */
export function verdictSoFar(moment: Moment): SoFar {
  switch (moment.kind) {
    case 'verdict':
      return moment.walk.trace.outcome
    case 'rule': {
      if (isDoubtful(moment)) return 'unknown'
      const kind = moment.hit?.verdict.kind
      // what accepts in one chain may still be dropped in the next one
      return kind === 'drop' || kind === 'reject' ? kind : 'on-its-way'
    }
    case 'end': {
      const { chain, end } = moment.place.chain
      const policy = chain.base?.policy ?? chain.userPolicy
      return end === 'policy' && policy === 'drop' ? 'drop' : 'on-its-way'
    }
    default:
      return 'on-its-way'
  }
}

/** Marks of packet and connection at a moment: in a rule, what they are when its turn is over. */
export function marksAt(moment: Moment): Marks {
  if (moment.kind === 'packet') return { mark: 0, ctMark: 0 }
  if (moment.kind === 'verdict') {
    const last = moment.walk.trace.hops.at(-1)
    return { mark: last?.mark ?? 0, ctMark: last?.ctMark ?? 0 }
  }
  if (moment.kind === 'hop') {
    const [first] = moment.hop.chains
    return { mark: first?.markBefore ?? 0, ctMark: first?.ctMarkBefore ?? 0 }
  }
  const until = moment.kind === 'end' ? Number.POSITIVE_INFINITY : moment.index
  return marksIn(moment.place, until)
}

/** Marks behind rule `index` of a chain; of a jump, before what it leads into. */
function marksIn({ chain }: Place, index: number): Marks {
  let marks: Marks = { mark: chain.markBefore, ctMark: chain.ctMarkBefore }
  for (const hit of chain.hits) {
    if (hit.index > index) break
    marks = marksAfter(hit.index === index ? { ...hit, into: null } : hit, marks)
  }
  return marks
}

/** What conntrack says of the packet where it is; null where nothing says so yet. */
export function stateAt(moment: Moment): Known<CtState> | null {
  if (moment.kind === 'verdict') return moment.walk.trace.hops.at(-1)?.state ?? null
  return hopOf(moment)?.state ?? null
}

/** The rule whose turn it is. */
export function ruleAt(moment: Moment): Rule | null {
  return moment.kind === 'rule' ? (moment.place.chain.chain.rules[moment.index] ?? null) : null
}

/** The rule at a moment, or at the verdict the one that decided. */
export function ruleShown(moment: Moment): Rule | null {
  return moment.kind === 'verdict' ? moment.walk.answer.origin.rule : ruleAt(moment)
}

/**
 * The line of the configuration that a moment is about: the rule's own, at the end of a chain and where no line made
 * the rule that of the nearest caller; at the verdict the deciding one.
 */
export function spanAt(moment: Moment): { readonly span: Span; readonly own: boolean } | null {
  if (moment.kind === 'verdict') {
    const { span } = moment.walk.answer.origin
    return span === null ? null : { span, own: true }
  }
  const own = ruleAt(moment)?.origin.span ?? null
  if (own !== null) return { span: own, own: true }
  const place = placeOf(moment)
  if (place === null) return null
  for (const { caller } of stackOf(place).toReversed()) {
    const span = caller?.hit.rule.origin.span ?? null
    if (span !== null) return { span, own: false }
  }
  return null
}

/** Sets that the rule at a moment asks for and that hold an address of the packet, with the element. */
export function setsAt(moment: Moment): ReturnType<typeof membershipsOf> {
  const rule = ruleAt(moment)
  const place = placeOf(moment)
  if (rule === null || place === null) return []
  return membershipsOf(rule, place.chain.table, place.walk.trace.packet)
}
