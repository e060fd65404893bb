import { NO_ROWS, type StepState } from './state.ts'

/** At another moment: what was looked at by hand is let go. */
export function arrived(state: StepState, at: number): StepState {
  if (at === state.at) {
    const last = state.recorded.timeline.moments.length - 1
    const text = at === last ? 'this is the end' : at === 0 ? 'this is the start' : 'you are there'
    return { ...state, message: { text, kind: 'note' } }
  }
  return {
    ...state,
    at,
    trail: [...state.trail, state.at],
    up: 0,
    rows: { ...NO_ROWS, packet: state.rows.packet },
    file: null,
  }
}
