import { lineNumber } from '../source/source-file.ts'
import { arrived } from './go.ts'
import { runOf } from './moment.ts'
import { lookedAt, shownPlace } from './rows.ts'
import { ruleAt } from './situation.ts'
import { momentOf, type StepState } from './state.ts'
import { flipBackend, noted, refusedFor } from './what-if.ts'

/** To the rule that decides about the packet. */
export function toDecider(state: StepState): StepState {
  const { moments } = state.recorded.timeline
  const { walk, number } = runOf(momentOf(state))
  const hit = walk?.answer.origin.hit ?? null
  const at = moments.findIndex((one) => one.kind === 'rule' && hit !== null && one.hit === hit)
  if (at !== -1) return arrived(state, at)
  const policy = moments.findLastIndex(
    (one) => one.kind === 'end' && runOf(one).number === number && one.place.caller === null,
  )
  return policy === -1
    ? refusedFor(state, 'no rule decides: no chain sees the packet')
    : noted(arrived(state, policy), 'no rule decides, this policy does')
}

/**
 * To the rule that keeps the one that is looked at from deciding: where it matches as well and comes too late, the one
 * that came first; where its turn never came, the one that ended the walk of its chain.
 */
export function toShadow(state: StepState): StepState {
  const place = shownPlace(state)
  const index = place === null ? -1 : lookedAt(state, 'rules')
  const rule = place?.chain.chain.rules[index]
  if (place === null || rule === undefined) return refusedFor(state, 'no rule is looked at here')
  const { moments } = state.recorded.timeline
  const late = place.walk.answer.overruled.find((one) => one.rule === rule)
  const first = late?.first ?? (index >= place.reached ? place.chain.hits.at(-1)?.rule : undefined)
  if (first === undefined) return refusedFor(state, 'its turn came: no rule kept it from deciding')
  const at = moments.findIndex(
    (one) => one.kind === 'rule' && one.hit?.rule === first && runOf(one) === place.run,
  )
  if (at === -1) return refusedFor(state, 'the rule that came first is not on this way')
  const why =
    late === undefined ? 'the walk of the chain ended here' : 'it matches too, but this comes first'
  return noted(arrived(state, at), why)
}

/** The same line of the configuration in the other backend: its rule there, and the packet at it. */
export function toOtherBackend(state: StepState): StepState {
  const span = ruleAt(momentOf(state))?.origin.span ?? null
  const flipped = flipBackend(state)
  if (flipped.setting === state.setting || span === null) return flipped
  const line = lineNumber(span.file, span.start)
  const { moments } = flipped.recorded.timeline
  const at = moments.findIndex((moment) => {
    const own = ruleAt(moment)?.origin.span ?? null
    return own?.file.path === span.file.path && lineNumber(own.file, own.start) === line
  })
  const { backend } = flipped.setting.firewall
  if (at === -1)
    return refusedFor(flipped, `as ${backend} filters it, the packet never comes to this line`)
  return noted({ ...flipped, at }, `the same line as ${backend} filters it`)
}
