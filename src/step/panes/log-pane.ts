import { logOf } from '../effects.ts'
import { wrapped } from '../fit.ts'
import type { StepState } from '../state.ts'
import type { PaneView, Room } from './pane.ts'

/** What was done so far, the latest at the bottom. */
export function logPane(state: StepState, room: Room): PaneView {
  const { recorded, at, rows, session } = state
  const lines = logOf(recorded.timeline, at, recorded.names)
  const shown = rows.log === null ? lines : lines.slice(0, rows.log + 1)
  return {
    name: 'log',
    title: '',
    lines: wrapped(shown.slice(-room.height), room.width, session.look).slice(-room.height),
  }
}
