import { widthOf } from '../render/columns.ts'
import { line, type Piece, piece, type StyledLine } from '../render/styled.ts'
import { GLYPH, showHeadline } from '../render/verdict-lines.ts'
import { showOrigin } from '../render/words.ts'
import { offersFor } from './commands.ts'
import { FIELDS } from './fields.ts'
import { fitted, wrapped } from './fit.ts'
import { BINDINGS, keyName } from './keys.ts'
import { runOf } from './moment.ts'
import { logPane } from './panes/log-pane.ts'
import { overlayTop, overlayView, pickerView } from './panes/overlays.ts'
import { packetPane } from './panes/packet-pane.ts'
import type { PaneView, Room } from './panes/pane.ts'
import { rulesPane } from './panes/rules-pane.ts'
import { sourcePane } from './panes/source-pane.ts'
import { statePane } from './panes/state-pane.ts'
import type { Picker } from './picker-state.ts'
import {
  isEdited,
  momentOf,
  PANES,
  type PaneName,
  type Prompt,
  type Size,
  type StepState,
} from './state.ts'

/** What the terminal shows: rows from the top, each exactly as wide as the terminal; and where text is typed. */
export type Frame = {
  readonly rows: readonly StyledLine[]
  /** Zero-based; null: nothing is typed. */
  readonly cursor: { readonly x: number; readonly y: number } | null
}

/** The least that can be worked with, and what shows all panes at once. */
export const SMALLEST: Size = { columns: 60, rows: 16 }
const ALL_PANES: Size = { columns: 110, rows: 32 }

const MAKERS: Readonly<Record<PaneName, (state: StepState, room: Room) => PaneView>> = {
  rules: rulesPane,
  source: sourcePane,
  packet: packetPane,
  state: statePane,
  log: logPane,
}

/**
 * The whole screen. One row stays free: a program that fills the last one makes some terminals scroll. Cost: the rows
 * that are seen, not those of the chain.
 */
export function frameOf(state: StepState): Frame {
  const { columns, rows } = state.size
  const height = Math.max(1, rows - 1)
  const { look } = state.session
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return tooSmall(state, height)
  const head = headRows(state)
  const foot = footRow(state)
  const room = { width: columns, height: height - head.length - 1 }
  const body =
    state.picker !== null
      ? pickerRows(state, state.picker, room)
      : state.overlay !== null
        ? overlayRows(state, room)
        : columns >= ALL_PANES.columns && rows >= ALL_PANES.rows
          ? allPanes(state, room)
          : onePane(state, room)
  const lines = [...head, ...body, foot.row].map((one) => fitted(one, columns, look))
  return {
    rows: lines,
    cursor: foot.x === null ? null : { x: foot.x, y: lines.length - 1 },
  }
}

function tooSmall(state: StepState, height: number): Frame {
  const { columns, rows } = state.size
  const text = `pvefw step needs ${SMALLEST.columns} columns and ${SMALLEST.rows} rows; this terminal has ${columns} and ${rows}. q leaves.`
  const { look } = state.session
  const lines = wrapped([line([text])], Math.max(1, columns), look).slice(0, height)
  return { rows: lines.map((one) => fitted(one, columns, look)), cursor: null }
}

/** Whose rules, which packet, where in time, and how it ends: two rows. */
function headRows(state: StepState): readonly StyledLine[] {
  const { setting, recorded, at } = state
  const { firewall } = setting
  const { moments, runs } = recorded.timeline
  const run = runOf(momentOf(state))
  const walk = run.walk ?? runs.find((one) => one.walk !== null)?.walk ?? null
  const packet = walk === null ? '' : showHeadline(walk.answer.headline)
  const ofFlow = run.name === null ? [] : [` ${run.number}/${runs.length} ${run.name} `]
  return [
    line([
      piece(' pvefw step ', 'cursor'),
      ' ',
      piece(firewall.tree.node, 'place'),
      ` ${firewall.backend}  `,
      ...ofFlow,
      piece(packet, 'strong'),
    ]),
    line([
      ` step ${at + 1} of ${moments.length}   `,
      ...endOf(state),
      ...(isEdited(state) ? [piece('   edited', 'warning'), '  o: as it was'] : []),
    ]),
  ]
}

/** How the packet ends, and how it did before the edits where that is another way. */
function endOf(state: StepState): readonly Piece[] {
  const { number } = runOf(momentOf(state))
  const walk = state.recorded.timeline.runs[number - 1]?.walk ?? null
  const before = state.first.timeline.runs[number - 1]?.walk ?? null
  if (walk === null) return [piece('no rule sees it', 'faint')]
  const { outcome } = walk.trace
  const by = showOrigin(walk.answer.origin, state.recorded.names)
  const was = before?.trace.outcome ?? null
  return [
    piece('ends ', 'faint'),
    piece(`${GLYPH[outcome]} ${outcome.toUpperCase()}`, outcome),
    piece(` by ${by}`),
    ...(was === null || was === outcome || !isEdited(state)
      ? []
      : [piece(`  was ${was.toUpperCase()}`, was)]),
  ]
}

function onePane(state: StepState, { width, height }: Room): readonly StyledLine[] {
  const tabs = line(
    PANES.flatMap((name, i) => [
      piece(
        name === state.pane ? `[${i + 1} ${name}]` : ` ${i + 1} ${name} `,
        name === state.pane ? 'cursor' : 'faint',
      ),
      ' ',
    ]),
  )
  const view = MAKERS[state.pane](state, { width, height: height - 2 })
  return [tabs, titleRow(state, view, width, false), ...filled(view.lines, height - 2)]
}

/** Rules above the source on the left; packet, state and log on the right. */
function allPanes(state: StepState, { width, height }: Room): readonly StyledLine[] {
  const left = Math.floor(width * 0.62)
  const right = width - left - 1
  const above = Math.floor(height * 0.62)
  const packetHeight = 15
  const stateHeight = Math.max(6, Math.floor((height - packetHeight) * 0.45))
  const leftRows = [
    ...boxed(state, 'rules', { width: left, height: above }),
    ...boxed(state, 'source', { width: left, height: height - above }),
  ]
  const rightRows = [
    ...boxed(state, 'packet', { width: right, height: packetHeight }),
    ...boxed(state, 'state', { width: right, height: stateHeight }),
    ...boxed(state, 'log', { width: right, height: height - packetHeight - stateHeight }),
  ]
  const { look } = state.session
  return leftRows.map((one, i) => {
    const other = rightRows[i] ?? line([])
    return line([
      ...fitted(one, left, look).pieces,
      piece('│', 'faint'),
      ...fitted(other, right, look).pieces,
    ])
  })
}

/** A pane with its title, exactly as high as its room. */
function boxed(state: StepState, name: PaneName, { width, height }: Room): readonly StyledLine[] {
  const view = MAKERS[name](state, { width, height: height - 1 })
  return [titleRow(state, view, width, true), ...filled(view.lines, height - 1)]
}

function filled(lines: readonly StyledLine[], height: number): readonly StyledLine[] {
  return Array.from({ length: height }, (_, i) => lines[i] ?? line([]))
}

function titleRow(
  state: StepState,
  { name, title }: PaneView,
  width: number,
  numbered: boolean,
): StyledLine {
  const number = PANES.indexOf(name) + 1
  const isFocused = state.pane === name
  const label = !numbered ? '─ ' : isFocused ? `─[${number} ${name}] ` : `─ ${number} ${name}  `
  return ruled(
    [
      piece(label, isFocused && numbered ? 'strong' : 'faint'),
      piece(title === '' ? '' : `${title} `, 'place'),
    ],
    width,
  )
}

/** A title with a line behind it up to the edge. */
function ruled(title: readonly Piece[], width: number): StyledLine {
  const used = title.reduce((sum, { text }) => sum + widthOf(text), 0)
  return line([...title, piece('─'.repeat(Math.max(0, width - used)), 'faint')])
}

function overlayRows(state: StepState, { width, height }: Room): readonly StyledLine[] {
  const { overlay } = state
  if (overlay === null) return filled([], height)
  const { title, lines } = overlayView(state, overlay, width)
  const shown = height - 2
  const top = overlayTop(state, lines.length, shown)
  const isLong = lines.length > shown
  return [
    ruled([piece(`─ ${title} `, 'strong')], width),
    ...filled(lines.slice(top), shown),
    line([
      piece(isLong ? 'j and k scroll, any other key closes this' : 'any key closes this', 'faint'),
    ]),
  ]
}

function pickerRows(
  state: StepState,
  picker: Picker,
  { width, height }: Room,
): readonly StyledLine[] {
  const { title, lines } = pickerView(state, picker, height - 2)
  return [
    ruled([piece(`─ ${title} `, 'strong')], width),
    ...filled(lines, height - 2),
    line([
      piece(
        'type to narrow, up and down, enter chooses, backspace goes back, escape leaves',
        'faint',
      ),
    ]),
  ]
}

/** Keys that the last row reminds of. */
const REMINDED = ['s', 'n', 'f', 'm', 'c', 'b', 'e', 'y', '?', 'q'] as const
const SHORT: Readonly<Record<(typeof REMINDED)[number], string>> = {
  s: 'step',
  n: 'over',
  f: 'out',
  m: 'match',
  c: 'continue',
  b: 'break',
  e: 'edit',
  y: 'command',
  '?': 'keys',
  q: 'quit',
}

type Foot = { readonly row: StyledLine; readonly x: number | null }

/** What is typed, else what was said, else the keys. */
function footRow(state: StepState): Foot {
  const { prompt, message } = state
  if (prompt !== null) return promptFoot(state, prompt)
  if (message !== null)
    return {
      row: line([piece(` ${message.text}`, message.kind === 'error' ? 'error' : 'note')]),
      x: null,
    }
  const keys = REMINDED.flatMap((key) => {
    const binding = BINDINGS.find((one) => one.keys.includes(key))
    return binding === undefined
      ? []
      : [piece(` ${keyName(key)} `, 'strong'), piece(`${SHORT[key]} `)]
  })
  return { row: line(keys), x: null }
}

const MARKS: Readonly<Record<Prompt['kind'], string>> = {
  field: '',
  command: ':',
  search: '/',
  rule: ' rule: ',
  add: ' new rule: ',
  write: ' write to directory: ',
}

/** What is typed; behind it what is wrong with it, or what it could become. */
function promptFoot(state: StepState, prompt: Prompt): Foot {
  const { message } = state
  const { kind, field, line: typed, completing } = prompt
  const label =
    field === null ? MARKS[kind] : ` ${FIELDS.find(({ name }) => name === field)?.label}: `
  const offers = kind === 'command' ? offersFor(state, completing?.from ?? typed.text) : []
  const behind =
    message !== null
      ? [piece(`   ${message.text}`, 'error')]
      : [piece(offers.length > 0 ? `   ${offers.slice(0, 40).join('  ')}` : '', 'faint')]
  return {
    row: line([piece(label, 'strong'), typed.text, ...behind]),
    x: widthOf(label) + widthOf(typed.text.slice(0, typed.cursor)),
  }
}
