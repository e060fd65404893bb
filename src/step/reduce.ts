import { unreachable } from '../source/unreachable.ts'
import { breaksAt, toggled } from './breakpoint.ts'
import { offersFor, runCommand, withOffer } from './commands.ts'
import {
  addedRule,
  editablePlace,
  editedRule,
  replacedRule,
  ruleTextAt,
  toWrite,
  undone,
} from './edits.ts'
import { FIELDS, type FieldName, fieldText, packetText } from './fields.ts'
import { arrived } from './go.ts'
import { toDecider, toOtherBackend, toShadow } from './jumps.ts'
import { type Action, actionOf } from './keys.ts'
import { editLine, insert, lineOf } from './line-edit.ts'
import { stackOf } from './moment.ts'
import { moved } from './moves.ts'
import { pastedPacket } from './paste.ts'
import { newPicker, pastedInPicker, picked } from './picker.ts'
import { atRow, pageOf, rowsOf, stopAtRow } from './rows.ts'
import { nextFound, searched } from './search.ts'
import { momentOf, NO_ROWS, PANES, type Prompt, type Size, type StepState } from './state.ts'
import { flipBackend, flipFamily, nextNode, queryOf, refusedFor, toOriginal } from './what-if.ts'

/** What happens to a session: a key by its name, pasted text, a terminal of another size. */
export type StepEvent =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  /** What came of {@link StepState.writing}. */
  | { readonly kind: 'written'; readonly text: string; readonly isDone: boolean }

/** The state after an event. Pure: the same state and event give the same state; nothing is written anywhere. */
export function reduce(state: StepState, event: StepEvent): StepState {
  switch (event.kind) {
    case 'resize':
      return { ...state, size: event.size }
    case 'written':
      return {
        ...state,
        writing: null,
        message: { text: event.text, kind: event.isDone ? 'note' : 'error' },
      }
    case 'paste':
      return pasted(state, event.text)
    case 'key': {
      const quiet = { ...state, message: null }
      if (event.key === 'ctrl-c') return { ...quiet, done: true }
      if (state.prompt !== null) return typed(quiet, event.key)
      if (state.picker !== null) return picked(quiet, state.picker, event.key)
      if (state.overlay !== null) return inOverlay(quiet, event.key)
      const action = actionOf(event.key)
      return action === null ? unknownKey(quiet, event.key) : acted(quiet, action)
    }
    default:
      return unreachable(event)
  }
}

function unknownKey(state: StepState, key: string): StepState {
  return [...key].length === 1 ? refusedFor(state, `${key} does nothing; ? shows the keys`) : state
}

/** What an action does to a state without prompt and overlay. */
export function acted(state: StepState, action: Action): StepState {
  switch (action.kind) {
    case 'move': {
      const { recorded, at, breakpoints } = state
      const breaks: Parameters<typeof moved>[4] = (moment, before) =>
        breaksAt(breakpoints, moment, before)
      return arrived(state, moved(recorded.timeline, at, action.move, action.way, breaks))
    }
    case 'go':
      return gone(state, action.where)
    case 'stack':
      return upStack(state, action.by)
    case 'pane': {
      const { pane } = action
      if (pane !== 'next' && pane !== 'previous') return { ...state, pane }
      const step = pane === 'next' ? 1 : PANES.length - 1
      const next = PANES[(PANES.indexOf(state.pane) + step) % PANES.length]
      return { ...state, pane: next ?? state.pane }
    }
    case 'row': {
      const { by } = action
      const step = by === 'page' ? pageOf(state) : by === 'page-back' ? -pageOf(state) : by
      return { ...state, rows: { ...state.rows, [state.pane]: rowAfter(state, step) } }
    }
    case 'overlay':
      return { ...state, overlay: action.overlay, overlayTop: 0 }
    case 'break':
      return toggleBreak(state)
    case 'edit':
      return state.pane === 'packet' ? editField(state) : { ...state, pane: 'packet' }
    case 'flip':
      return action.what === 'backend' ? flipBackend(state) : flipFamily(state)
    case 'rule':
      return editedRule(state, action.how)
    case 'type':
      return beginTyping(state, action.what)
    case 'undo':
      return undone(state)
    case 'jump':
      return JUMPS[action.to](state)
    case 'prompt':
      return withPrompt(state, action.prompt, null, '')
    case 'picker':
      return { ...state, picker: newPicker(state) }
    case 'found':
      return nextFound(state, action.by)
    case 'original':
      return toOriginal(state)
    case 'escape':
      return { ...state, rows: NO_ROWS, up: 0, file: null }
    case 'quit':
      return { ...state, done: true }
    default:
      return unreachable(action)
  }
}

function gone(state: StepState, where: Extract<Action, { kind: 'go' }>['where']): StepState {
  const last = state.recorded.timeline.moments.length - 1
  switch (where) {
    case 'first':
      return arrived(state, 0)
    case 'last':
      return arrived(state, last)
    case 'before': {
      const at = state.trail.at(-1)
      if (at === undefined) return refusedFor(state, 'there was no move before')
      return { ...arrived(state, at), trail: state.trail.slice(0, -1) }
    }
    case 'here': {
      if (state.pane === 'packet') return editField(state)
      const at = atRow(state)
      return at === null ? refusedFor(state, 'the packet never comes there') : arrived(state, at)
    }
    default:
      return unreachable(where)
  }
}

function upStack(state: StepState, by: 1 | -1): StepState {
  const moment = momentOf(state)
  const depth = 'place' in moment ? stackOf(moment.place).length : 1
  const up = Math.max(0, Math.min(depth - 1, state.up + by))
  return { ...state, up, rows: { ...state.rows, rules: null } }
}

function rowAfter(state: StepState, by: number): number | null {
  const { count, current } = rowsOf(state, state.pane)
  if (count === 0) return null
  return Math.max(0, Math.min(count - 1, (state.rows[state.pane] ?? current) + by))
}

function toggleBreak(state: StepState): StepState {
  const stop = stopAtRow(state)
  if (stop === null) return refusedFor(state, 'there is nothing to stop at here')
  const { breakpoints, isSet } = toggled(state.breakpoints, stop)
  const text = isSet ? 'breakpoint set' : 'breakpoint cleared'
  return { ...state, breakpoints, message: { text, kind: 'note' } }
}

/** Begins to type the field of the packet that is looked at. */
function editField(state: StepState): StepState {
  const field = FIELDS[state.rows.packet ?? 0]
  if (field === undefined) return state
  const [run] = state.recorded.timeline.runs
  const said = fieldText(queryOf(state.setting), field.name)
  const has = run?.walk == null ? null : packetText(run.walk.trace.packet, field.name)
  const text = said ?? (has === 'unknown' ? '' : (has ?? ''))
  return withPrompt(state, 'field', field.name, text)
}

function withPrompt(
  state: StepState,
  kind: Prompt['kind'],
  field: Prompt['field'],
  text: string,
): StepState {
  return { ...state, prompt: { kind, field, line: lineOf(text), completing: null } }
}

/** A rule is typed over or anew, or where files go. */
function beginTyping(state: StepState, what: 'rule' | 'add' | 'write'): StepState {
  if (what === 'write') return withPrompt(state, what, null, '')
  const place = editablePlace(state)
  if (typeof place === 'string') return refusedFor(state, place)
  if (what === 'add') return withPrompt(state, what, null, '')
  const text = ruleTextAt(state)
  return text === null
    ? refusedFor(state, 'this line is no rule')
    : withPrompt(state, what, null, text)
}

const ENTERED: Readonly<
  Record<Exclude<Prompt['kind'], 'field'>, (state: StepState, text: string) => StepState>
> = {
  search: searched,
  command: runCommand,
  rule: replacedRule,
  add: addedRule,
  write: toWrite,
}

const JUMPS = {
  decider: toDecider,
  shadow: toShadow,
  'other-backend': toOtherBackend,
  'next-node': nextNode,
} as const

/** A key while something is typed. */
function typed(state: StepState, key: string): StepState {
  const { prompt } = state
  if (prompt === null) return state
  if (
    key === 'escape' ||
    (key === 'backspace' && prompt.kind !== 'field' && prompt.line.text === '')
  )
    return { ...state, prompt: null }
  if (key === 'enter') return entered(state)
  if (key === 'tab' || key === 'shift-tab') return completed(state, key === 'tab' ? 1 : -1)
  const line = editLine(prompt.line, key === 'space' ? ' ' : key)
  return line === null ? state : { ...state, prompt: { ...prompt, line, completing: null } }
}

/** The next offer for the last word of a command; one that is the only one is taken with a blank behind it. */
function completed(state: StepState, by: 1 | -1): StepState {
  const { prompt } = state
  if (prompt === null || (prompt.kind !== 'field' && prompt.kind !== 'command')) return state
  const from = prompt.completing?.from ?? prompt.line.text
  const asked = prompt.field === null ? from : `${labelOf(prompt.field)} ${from}`
  const offers = offersFor(state, asked)
  const count = offers.length
  if (count === 0) return refusedFor(state, 'there is nothing to offer here')
  const before = prompt.completing?.index ?? (by === 1 ? -1 : 0)
  const index = (before + by + count) % count
  const whole = withOffer(from, offers[index] ?? '')
  const line = lineOf(
    count === 1 && prompt.field === null && !whole.endsWith(':') ? `${whole} ` : whole,
  )
  const completing = count === 1 ? null : { from, index }
  return { ...state, prompt: { ...prompt, line, completing } }
}

function labelOf(field: FieldName): string {
  return FIELDS.find(({ name }) => name === field)?.label ?? field
}

function entered(state: StepState): StepState {
  const { prompt } = state
  if (prompt === null) return state
  const closed = { ...state, prompt: null }
  const { field, line, kind } = prompt
  const asked =
    kind === 'field'
      ? runCommand(closed, `${field === null ? '' : labelOf(field)} ${line.text}`)
      : ENTERED[kind](closed, line.text)
  if (kind === 'search' || kind === 'command') return asked
  // what is wrong can be put right: the line stays open
  return asked.message?.kind === 'error' ? { ...asked, prompt } : asked
}

/** An overlay has no more; the frame stops at its end. */
const mostRows = 200

function inOverlay(state: StepState, key: string): StepState {
  if (state.overlay === 'breakpoints' && /^[1-9]$/.test(key)) {
    const index = Number(key) - 1
    const breakpoints = state.breakpoints.map((one, i) =>
      i === index ? { ...one, enabled: !one.enabled } : one,
    )
    return { ...state, breakpoints }
  }
  const action = actionOf(key)
  if (action?.kind !== 'row') return { ...state, overlay: null }
  const { by } = action
  const step = by === 'page' ? pageOf(state) : by === 'page-back' ? -pageOf(state) : by
  return { ...state, overlayTop: Math.max(0, Math.min(mostRows, state.overlayTop + step)) }
}

function pasted(state: StepState, text: string): StepState {
  const { prompt } = state
  if (prompt !== null)
    return { ...state, prompt: { ...prompt, line: insert(prompt.line, text), completing: null } }
  if (state.picker !== null) return pastedInPicker(state, state.picker, text)
  return pastedPacket({ ...state, message: null, overlay: null }, text)
}
