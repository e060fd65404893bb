import { line, piece, type StyledLine } from '../../render/styled.ts'
import { showStop } from '../breakpoint.ts'
import { commandLines } from '../command-line.ts'
import { wrapped } from '../fit.ts'
import { BINDINGS, type Binding, keyName } from '../keys.ts'
import type { Overlay, StepState } from '../state.ts'

export type OverlayView = { readonly title: string; readonly lines: readonly StyledLine[] }

/** What covers the panes until the next key: all of it, however high the room is. */
export function overlayView(state: StepState, overlay: Overlay, width: number): OverlayView {
  switch (overlay) {
    case 'help':
      return { title: 'keys', lines: helpLines() }
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

/** The table of keys. */
function helpLines(): readonly StyledLine[] {
  const groups = [...new Set(BINDINGS.map(({ group }) => group))]
  return groups.flatMap((group) => [
    line([piece(group, 'strong')]),
    ...BINDINGS.filter((one) => one.group === group).map(helpLine),
  ])
}

function helpLine({ keys, help }: Binding): StyledLine {
  const names = keys.map(keyName).join(', ')
  return line([piece(`  ${names.padEnd(keyColumns)} `, 'place'), help], keyColumns + 3)
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
