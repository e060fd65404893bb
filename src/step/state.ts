import type { NodeFirewall } from '../firewall/node-firewall.ts'
import type { Problem } from '../packet/problem.ts'
import type { Query } from '../packet/query.ts'
import type { Look } from '../render/look.ts'
import type { Breakpoint } from './breakpoint.ts'
import type { FieldName } from './fields.ts'
import type { LineEdit } from './line-edit.ts'
import type { Moment } from './moment.ts'
import type { Picker } from './picker-state.ts'
import { type Opening, type Recorded, record, type Setting } from './record.ts'

export const PANES = ['rules', 'source', 'packet', 'state', 'log'] as const
export type PaneName = (typeof PANES)[number]

/** What a session can open, and how its command line said so; the same from start to end. */
export type Session = {
  /** Opens what is meant, each once; a sentence where it cannot be opened. */
  readonly open: (opening: Opening) => NodeFirewall | string
  /** Options that name the configuration, as words of a command line: `--root`, `./node1`. */
  readonly options: readonly string[]
  readonly look: Look
  /** For screen readers: one line after another, no panes. */
  readonly plain: boolean
}

export type Prompt = {
  readonly kind: 'field' | 'command' | 'search' | 'rule' | 'add' | 'write'
  /** Of the packet, for a prompt of that kind. */
  readonly field: FieldName | null
  readonly line: LineEdit
  /** What Tab goes through: the line it began with, and which offer stands there now; null: Tab was not the last key. */
  readonly completing: { readonly from: string; readonly index: number } | null
}

export type Message = { readonly text: string; readonly kind: 'note' | 'error' }

export type Overlay = 'help' | 'breakpoints' | 'command-line'

/** Everything the terminal shows is made of this. INVARIANT: `at` is the number of a moment of `recorded`. */
export type StepState = {
  readonly session: Session
  /** What was asked first; `setting` is what is asked now. */
  readonly original: Setting
  readonly setting: Setting
  readonly recorded: Recorded
  /** The outcome of the original, to tell when an edit changes it. */
  readonly first: Recorded
  /** What was asked before the original was looked at again; null: nothing. */
  readonly aside: Setting | null
  readonly at: number
  /** Moments that were left by moves, latest last: the way back. */
  readonly trail: readonly number[]
  readonly breakpoints: readonly Breakpoint[]
  readonly pane: PaneName
  /** How far up the call stack the rules pane looks. */
  readonly up: number
  /** Row that is looked at in a pane; null: the one of the moment. */
  readonly rows: Readonly<Record<PaneName, number | null>>
  /** A file that is looked at in place of the one of the moment. */
  readonly file: string | null
  readonly overlay: Overlay | null
  /** First row of the overlay that is shown. */
  readonly overlayTop: number
  readonly prompt: Prompt | null
  /** A packet is being chosen. */
  readonly picker: Picker | null
  /** What was asked about in this session, latest first, each once. */
  readonly recent: readonly Query[]
  readonly message: Message | null
  /** What was searched for last. */
  readonly search: string
  readonly size: Size
  /** Files that are to be written; whoever runs the session does so, and tells. */
  readonly writing: Writing | null
  readonly done: boolean
}

export type Writing = {
  readonly directory: string
  /** Text (bytes) by path below the directory. */
  readonly files: Readonly<Record<string, string>>
}

/** Columns and rows of the terminal. */
export type Size = { readonly columns: number; readonly rows: number }

export const NO_ROWS: StepState['rows'] = {
  rules: null,
  source: null,
  packet: null,
  state: null,
  log: null,
}

/** Where a session begins: at the first moment. */
export function firstState(
  session: Session,
  setting: Setting,
  size: Size,
  breakpoints: readonly Breakpoint[] = [],
): StepState | { readonly problems: readonly Problem[] } {
  const recorded = record(setting)
  if (recorded.kind === 'refused') return { problems: recorded.problems }
  return {
    session,
    original: setting,
    setting,
    recorded,
    first: recorded,
    aside: null,
    at: 0,
    trail: [],
    breakpoints,
    pane: 'rules',
    up: 0,
    rows: NO_ROWS,
    file: null,
    overlay: null,
    overlayTop: 0,
    prompt: null,
    picker: null,
    recent: [],
    message: null,
    search: '',
    size,
    writing: null,
    done: false,
  }
}

export function momentOf({ recorded, at }: StepState): Moment {
  const moment = recorded.timeline.moments[at]
  if (moment === undefined) throw new Error(`there is no moment ${at}`)
  return moment
}

/** True while something else is asked than at first, or of other rules. */
export function isEdited({ original, setting }: StepState): boolean {
  if (original === setting) return false
  const what = ({ opening, subject, firewall }: Setting): string =>
    JSON.stringify([
      ...[opening.root, opening.node, opening.edits, firewall.backend],
      subject.kind === 'packet' ? subject.query : subject.asking.query,
    ])
  return what(original) !== what(setting)
}
