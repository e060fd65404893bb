import { line, piece, type StyledLine } from '../../render/styled.ts'
import { showStop } from '../breakpoint.ts'
import { commandLines } from '../command-line.ts'
import { topOf, wrapped } from '../fit.ts'
import { helpGroups } from '../key-table.ts'
import { optionsOf } from '../picker.ts'
import type { Picker, Stage } from '../picker-state.ts'
import type { Overlay, StepState } from '../state.ts'

export type OverlayView = { readonly title: string; readonly lines: readonly StyledLine[] }

/** What covers the panes until the next key: all of it, however high the room is. */
export function overlayView(state: StepState, overlay: Overlay, width: number): OverlayView {
  switch (overlay) {
    case 'help':
      return { title: 'keys', lines: wrapped(helpLines(), width, state.session.look) }
    case 'breakpoints':
      return { title: 'breakpoints', lines: breakpointLines(state) }
    default:
      return {
        title: 'command lines',
        lines: wrapped(commandLines(state), width, state.session.look),
      }
  }
}

/** The first row that can be shown: the last one stays at the bottom where there are more than `height`. */
export function overlayTop(
  { overlayTop: wanted }: StepState,
  count: number,
  height: number,
): number {
  return Math.max(0, Math.min(wanted, count - height))
}

const keyColumns = 19

/** The table of keys and commands. */
function helpLines(): readonly StyledLine[] {
  return helpGroups().flatMap(({ title, rows }) => [
    line([piece(title, 'strong')]),
    ...rows.map(({ keys, help }) =>
      line([piece(`  ${keys.padEnd(keyColumns)} `, 'place'), help], keyColumns + 3),
    ),
  ])
}

function breakpointLines({ breakpoints, recorded }: StepState): readonly StyledLine[] {
  if (breakpoints.length === 0)
    return [line(['there are none: b sets one on the row that is looked at'])]
  return breakpoints.map(({ stop, enabled }, i) =>
    line([
      piece(`${i + 1} `, 'place'),
      piece(enabled ? '● ' : '○ ', 'drop'),
      piece(showStop(stop, recorded.names), enabled ? 'plain' : 'faint'),
      piece(enabled ? '' : '  switched off', 'faint'),
    ]),
  )
}

/** The list to choose a packet from: what is chosen already, what is typed, and as many options as there is room for. */
export function pickerView(state: StepState, picker: Picker, height: number): OverlayView {
  const options = optionsOf(state, picker)
  const room = Math.max(1, height - 3)
  const top = topOf(picker.index, options.length, room)
  const { from, to, stage, filter } = picker
  const so = [from, to].filter((one) => one !== null).join(' -> ')
  const width = Math.min(44, Math.max(0, ...options.map(({ value }) => value.length)))
  return {
    title: 'which packet?',
    lines: [
      line([piece('so far ', 'faint'), so === '' ? 'nothing chosen' : `${so} ->`]),
      line([piece(`${QUESTIONS[stage]} `, 'strong'), filter.text]),
      line([]),
      ...options.slice(top, top + room).map(({ value, what }, i) => {
        const isHere = top + i === picker.index
        return line([
          piece(isHere ? '▶ ' : '  ', 'strong'),
          piece(value.padEnd(width), isHere ? 'cursor' : 'plain'),
          piece(`  ${what}`, 'faint'),
        ])
      }),
    ],
  }
}

const QUESTIONS: Readonly<Record<Stage, string>> = {
  node: 'the rules of which node?',
  from: 'from where?',
  to: 'to where?',
  service: 'which service?',
}
