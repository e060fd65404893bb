import { unreachable } from '../source/unreachable.ts'
import { depthOf, isDoubtful, type Moment, runOf } from './moment.ts'
import type { Timeline } from './timeline.ts'

/**
 * The moves of a debugger. `into`: the next moment; `over`: the next that is no deeper; `out`: the next that is less
 * deep; `match`: the next rule that matches; `continue`: the next breakpoint, else the verdict; `verdict`: that of this
 * packet, or of the next.
 */
export type Move = 'into' | 'over' | 'out' | 'match' | 'continue' | 'verdict'

/** Ahead in time or back: evaluation is pure, so both cost the same. */
export type Way = 'ahead' | 'back'

/**
 * Where a move leads; where it leads nowhere it stops at the first or the last moment. `breaks` says where `continue`
 * stops. INVARIANT: the answer is a number of a moment.
 */
export function moved(
  { moments }: Timeline,
  at: number,
  move: Move,
  way: Way,
  breaks: (moment: Moment, before: Moment | null) => boolean,
): number {
  const here = moments[at]
  if (here === undefined) return 0
  const step = way === 'ahead' ? 1 : -1
  const last = moments.length - 1
  for (let next = at + step; next >= 0 && next <= last; next += step) {
    const moment = moments[next]
    if (moment === undefined) break
    if (stops(move, here, moment, way, () => breaks(moment, moments[next - 1] ?? null))) return next
  }
  return way === 'ahead' ? last : 0
}

function stops(move: Move, here: Moment, next: Moment, way: Way, breaks: () => boolean): boolean {
  switch (move) {
    case 'into':
      return true
    case 'over':
      return depthOf(next) <= depthOf(here)
    case 'out':
      return depthOf(next) < depthOf(here) || (depthOf(here) === 0 && runOf(next) !== runOf(here))
    case 'match':
      return isMatch(next) || next.kind === 'verdict'
    case 'continue':
      return isEnd(next, way) || breaks()
    case 'verdict':
      return isEnd(next, way)
    default:
      return unreachable(move)
  }
}

/** Ahead the verdict of a packet, back its start; what no rule sees has no verdict. */
function isEnd(moment: Moment, way: Way): boolean {
  return moment.kind === (way === 'ahead' ? 'verdict' : 'packet')
}

function isMatch(moment: Moment): boolean {
  return moment.kind === 'rule' && (moment.hit !== null || isDoubtful(moment))
}
