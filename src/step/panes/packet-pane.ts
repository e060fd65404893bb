import { line, piece, type StyledLine } from '../../render/styled.ts'
import { FIELDS, fieldText, packetText } from '../fields.ts'
import { topOf } from '../fit.ts'
import { runOf } from '../moment.ts'
import { momentOf, type StepState } from '../state.ts'
import { queryOf } from '../what-if.ts'
import type { PaneView, Room } from './pane.ts'

/** Every field of the packet: what was asked, and in grey what is filled in. `*`: it was edited. */
export function packetPane(state: StepState, room: Room): PaneView {
  const query = queryOf(state.setting)
  const original = queryOf(state.original)
  const run = runOf(momentOf(state))
  const packet = run.walk?.trace.packet ?? null
  const row = state.rows.packet ?? 0
  const isFlow = state.setting.subject.kind === 'flow'
  const lines = FIELDS.map(({ name, label }, index): StyledLine => {
    const said = fieldText(query, name)
    const has = packet === null ? null : packetText(packet, name)
    const isLookedAt = state.pane === 'packet' && index === row
    const edited = said === fieldText(original, name) ? ' ' : '*'
    // of a conversation the packets differ, and the ends are said of the first one
    const value =
      isFlow && has !== null
        ? piece(has)
        : said !== null
          ? piece(
              has !== null && has !== said && name !== 'icmpType' ? `${said} (${has})` : said,
              'strong',
            )
          : piece(has ?? '', 'faint')
    return line([
      piece(isLookedAt ? '›' : ' ', 'strong'),
      piece(edited, 'warning'),
      piece(`${label.padEnd(9)} `, isLookedAt ? 'cursor' : 'faint'),
      ' ',
      value,
    ])
  })
  const top = topOf(row, lines.length, room.height)
  const title = isFlow
    ? `packet ${run.number} of ${state.recorded.timeline.runs.length}: ${run.name}`
    : ''
  return { name: 'packet', title, lines: lines.slice(top, top + room.height) }
}
