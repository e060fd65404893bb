import type { SourceFile } from '../source/source-file.ts'
import { lineNumber } from '../source/source-file.ts'
import { type Stop, stopHere } from './breakpoint.ts'
import { logOf } from './effects.ts'
import { FIELDS } from './fields.ts'
import { type Moment, type Place, placeOf, stackOf } from './moment.ts'
import { filesOf, lastLine } from './record.ts'
import { ruleAt, spanAt } from './situation.ts'
import { momentOf, type PaneName, type StepState } from './state.ts'

/** How many rows a pane has, and which one belongs to the moment. */
export type Rows = { readonly count: number; readonly current: number }

/** The chain that the rules pane looks at; null between chains. */
export function shownPlace(state: StepState): Place | null {
  const place = placeOf(momentOf(state))
  if (place === null) return null
  const stack = stackOf(place)
  return stack[Math.max(0, stack.length - 1 - state.up)] ?? place
}

/** The rule of a chain where the packet is: up the stack, the one that called. A chain's end is behind its last rule. */
export function currentRow(state: StepState, place: Place): number {
  const moment = momentOf(state)
  if (placeOf(moment) === place)
    return moment.kind === 'rule' ? moment.index : place.chain.chain.rules.length
  const stack = placeOf(moment) === null ? [] : stackOf(placeOf(moment) ?? place)
  const called = stack[stack.indexOf(place) + 1]
  return called?.caller?.hit.index ?? 0
}

/** The file the source pane shows, and the line of the moment in it (null: another file's). */
export function shownFile(
  state: StepState,
): { readonly file: SourceFile; readonly line: number | null; readonly own: boolean } | null {
  const found = spanAt(momentOf(state))
  if (state.file !== null) {
    const file = filesOf(state.recorded, state.setting).find(({ path }) => path === state.file)
    if (file !== undefined) {
      const isHere = found?.span.file.path === file.path
      return { file, line: isHere ? lineNumber(file, found.span.start) : null, own: true }
    }
  }
  if (found === null) return null
  const { span, own } = found
  return { file: span.file, line: lineNumber(span.file, span.start), own }
}

export function rowsOf(state: StepState, pane: PaneName): Rows {
  switch (pane) {
    case 'rules': {
      const place = shownPlace(state)
      if (place === null) return { count: 0, current: 0 }
      // the end of the chain has a row of its own
      return { count: place.chain.chain.rules.length + 1, current: currentRow(state, place) }
    }
    case 'source': {
      const shown = shownFile(state)
      if (shown === null) return { count: 0, current: 0 }
      return { count: lastLine(shown.file), current: (shown.line ?? 1) - 1 }
    }
    case 'packet':
      return { count: FIELDS.length, current: 0 }
    case 'log': {
      const count = logOf(state.recorded.timeline, state.at, state.recorded.names).length
      return { count, current: Math.max(0, count - 1) }
    }
    default:
      return { count: 40, current: 0 }
  }
}

/** The row of a pane that is looked at. */
export function lookedAt(state: StepState, pane: PaneName): number {
  const { count, current } = rowsOf(state, pane)
  return Math.max(0, Math.min(count - 1, state.rows[pane] ?? current))
}

/** Rows of a page: about half of what a pane shows. */
export function pageOf({ size }: StepState): number {
  return Math.max(1, Math.floor(size.rows / 3))
}

/** The next moment at the row that is looked at, from the start where it is behind; null: it never comes there. */
export function atRow(state: StepState): number | null {
  const { moments } = state.recorded.timeline
  const wanted = wantedAt(state)
  if (wanted === null) return null
  const ahead = moments.findIndex((moment, at) => at > state.at && wanted(moment))
  if (ahead !== -1) return ahead
  const behind = moments.findIndex(wanted)
  return behind === -1 ? null : behind
}

function wantedAt(state: StepState): ((moment: Moment) => boolean) | null {
  if (state.pane === 'rules') {
    const place = shownPlace(state)
    const row = lookedAt(state, 'rules')
    if (place === null) return null
    return (moment) =>
      placeOf(moment)?.chain === place.chain &&
      (moment.kind === 'rule'
        ? moment.index === row
        : row === place.chain.chain.rules.length && moment.kind === 'end')
  }
  const shown = state.pane === 'source' ? shownFile(state) : null
  if (shown === null) return null
  const line = lookedAt(state, 'source') + 1
  return (moment) => {
    const span = ruleAt(moment)?.origin.span ?? null
    return span?.file.path === shown.file.path && lineNumber(span.file, span.start) === line
  }
}

/** What `b` sets a breakpoint on: the row that is looked at. */
export function stopAtRow(state: StepState): Stop | null {
  if (state.pane === 'source') {
    const shown = shownFile(state)
    if (shown === null) return null
    return { kind: 'line', path: shown.file.path, line: lookedAt(state, 'source') + 1 }
  }
  const moment = momentOf(state)
  const place = shownPlace(state)
  if (place === null || state.pane !== 'rules') return stopHere(moment)
  const index = lookedAt(state, 'rules')
  return index < place.chain.chain.rules.length
    ? stopHere({ kind: 'rule', place, index, hit: null })
    : stopHere({ kind: 'end', place })
}
