import { showBytes } from '../../render/escape.ts'
import { line, piece, type StyledLine } from '../../render/styled.ts'
import { lineSpan, type SourceFile } from '../../source/source-file.ts'
import { topOf } from '../fit.ts'
import { lastLine } from '../record.ts'
import { lookedAt, shownFile } from '../rows.ts'
import { ruleShown } from '../situation.ts'
import { momentOf, type StepState } from '../state.ts'
import type { PaneView, Room } from './pane.ts'

/** Bytes of a line that are shown: a file may be one line of any length. */
const longest = 400

/** The file with the line that made the rule; where no line did, why the rule is there. */
export function sourcePane(state: StepState, room: Room): PaneView {
  const shown = shownFile(state)
  const moment = momentOf(state)
  if (shown === null) {
    const origin = ruleShown(moment)?.origin ?? null
    const why =
      origin?.kind === 'generated'
        ? [
            line(['no line of a file makes this rule:'], 2),
            line([origin.why], 2),
            line([piece(origin.by, 'faint')], 2),
          ]
        : origin?.kind === 'policy'
          ? [line([`${origin.option} is at its default`], 2)]
          : [line([piece('no line of a file', 'faint')])]
    return { name: 'source', title: '', lines: why }
  }
  const { file, line: current, own } = shown
  const row = lookedAt(state, 'source')
  const count = lastLine(file)
  const digits = Math.max(4, String(count).length)
  const top = topOf(row, count, room.height)
  const lines: StyledLine[] = []
  for (let at = top; at < Math.min(top + room.height, count); at += 1)
    lines.push(sourceRow(state, file, at + 1, current, digits))
  const title = own ? file.path : `${file.path}  the line that led here`
  return { name: 'source', title, lines }
}

function sourceRow(
  state: StepState,
  file: SourceFile,
  number: number,
  current: number | null,
  digits: number,
): StyledLine {
  const { start, end } = lineSpan(file, number)
  const text = file.text.slice(start, end).replaceAll('\t', ' ').replace(/\r$/, '')
  const found = state.breakpoints.find(
    ({ stop }) => stop.kind === 'line' && stop.path === file.path && stop.line === number,
  )
  const dot = found === undefined ? ' ' : found.enabled ? '●' : '○'
  const isLookedAt = state.pane === 'source' && state.rows.source === number - 1
  const isHere = number === current
  const { note } = file.lineOrigins?.[number - 1] ?? { note: null }
  return line([
    piece(dot, 'drop'),
    piece(isHere ? '▶' : isLookedAt ? '›' : ' ', 'strong'),
    piece(`${String(number).padStart(digits)}`, isLookedAt ? 'cursor' : 'faint'),
    piece(note === null ? ' ' : '*', 'warning'),
    piece(showBytes(text, longest), isHere ? 'strong' : /^\s*#/.test(text) ? 'faint' : 'plain'),
    piece(note === null ? '' : `  ${note}`, 'warning'),
  ])
}
