import { entriesOf } from '../../eval/conntrack/table.ts'
import { showAddr } from '../../ip/address.ts'
import { showEntry } from '../../render/conntrack-line.ts'
import { showPlace } from '../../render/file-names.ts'
import { line, type Piece, piece, type StyledLine } from '../../render/styled.ts'
import { hopDevices } from '../../render/words.ts'
import { hex } from '../effects.ts'
import { wrapped } from '../fit.ts'
import { hopOf, type Moment, runOf } from '../moment.ts'
import { marksAt, setsAt, stateAt, verdictSoFar } from '../situation.ts'
import { momentOf, type StepState } from '../state.ts'
import type { PaneView, Room } from './pane.ts'

/** What holds at the moment: verdict so far, hook, connection, marks, sets that were asked, conntrack. */
export function statePane(state: StepState, room: Room): PaneView {
  const moment = momentOf(state)
  const rows = wrapped(stateLines(state, moment), room.width, state.session.look)
  const top = Math.max(0, Math.min(state.rows.state ?? 0, rows.length - room.height))
  return { name: 'state', title: '', lines: rows.slice(top, top + room.height) }
}

function stateLines(state: StepState, moment: Moment): readonly StyledLine[] {
  const row = (label: string, ...value: readonly (Piece | string)[]): StyledLine =>
    line([piece(label.padEnd(10), 'faint'), ...value], 10)
  const soFar = verdictSoFar(moment)
  const { mark, ctMark } = marksAt(moment)
  const hop = hopOf(moment)
  const { names } = state.recorded
  return [
    row('so far', soFar === 'on-its-way' ? 'on its way' : piece(soFar.toUpperCase(), soFar)),
    row('hook', hop === null ? piece('none', 'faint') : `${hop.hop.hook} ${hopDevices(hop.hop)}`),
    ...(hop === null ? [] : [row('node', hop.node)]),
    row('state', (stateAt(moment) ?? 'not looked up yet').toUpperCase()),
    row('mark', hex(mark)),
    row('ct mark', hex(ctMark)),
    ...setsAt(moment).map(({ set, version, address, element }) => {
      const span = element.origin.kind === 'policy' ? null : element.origin.span
      const where = span === null ? [] : [' ', piece(showPlace(span, names), 'place')]
      return row(
        'set',
        `${showAddr({ version, bits: address })} is in ${set} by ${element.text}`,
        ...where,
      )
    }),
    ...conntrackLines(moment, row),
    ...assumptions(moment, row),
  ]
}

type Row = (label: string, ...value: readonly (Piece | string)[]) => StyledLine

/** Conntrack's tables: before the packet's verdict as they were, behind it as it leaves them. */
function conntrackLines(moment: Moment, row: Row): readonly StyledLine[] {
  const { walk, at } = runOf(moment)
  if (walk === null) return []
  const tables = walk.asked.stages.flatMap(({ question, trace }) => {
    const before = question.tracking?.table ?? null
    const table = moment.kind === 'verdict' ? (trace.tracked ?? before) : before
    return table === null ? [] : [table]
  })
  const entries = tables.flatMap((table) => [...entriesOf(table)])
  if (tables.length === 0) return []
  if (entries.length === 0) return [row('conntrack', piece('empty', 'faint'))]
  return entries.map((entry, i) => row(i === 0 ? 'conntrack' : '', showEntry(entry, at)))
}

/** What was taken for granted on the way so far cannot be told apart from what comes: all of it, at the verdict. */
function assumptions(moment: Moment, row: Row): readonly StyledLine[] {
  if (moment.kind !== 'verdict') return []
  return moment.walk.trace.assumptions.map(({ text }) => row('assuming', text))
}
