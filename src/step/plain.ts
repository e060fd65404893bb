import { line, piece, type StyledLine } from '../render/styled.ts'
import { hopDevices } from '../render/words.ts'
import { wrapped } from './fit.ts'
import type { Frame } from './frame.ts'
import { stackOf } from './moment.ts'
import { logPane } from './panes/log-pane.ts'
import { overlayView, pickerView } from './panes/overlays.ts'
import { packetPane } from './panes/packet-pane.ts'
import type { PaneView, Room } from './panes/pane.ts'
import { describeRow, rulesPane } from './panes/rules-pane.ts'
import { sourcePane } from './panes/source-pane.ts'
import { statePane } from './panes/state-pane.ts'
import { verdictSoFar } from './situation.ts'
import { momentOf, type StepState } from './state.ts'

/** The state in sentences, for screen readers: where the packet is, what its rule says, what is to be known besides. */
export function plainFrame(state: StepState): Frame {
  const { columns, rows } = state.size
  const { look } = state.session
  const room = { width: columns, height: Math.max(4, rows - 3) }
  const lines =
    state.picker !== null
      ? pickerView(state, state.picker, room.height).lines
      : state.overlay !== null
        ? overlayView(state, state.overlay, columns).lines.slice(state.overlayTop)
        : state.pane === 'rules'
          ? sentences(state)
          : paneLines(state, PANES_IN_WORDS[state.pane], room)
  const said = state.message === null ? [] : [line([state.message.text])]
  const typed =
    state.prompt === null
      ? []
      : [line([`${state.prompt.field ?? state.prompt.kind}: ${state.prompt.line.text}`])]
  const all = wrapped([...lines, ...said, ...typed], columns, look)
  return { rows: all.slice(0, Math.max(1, rows - 1)), cursor: null }
}

const PANES_IN_WORDS = { source: sourcePane, packet: packetPane, state: statePane, log: logPane }

/** A pane as it is, under its name: one is looked at after the other. */
function paneLines(
  state: StepState,
  make: (state: StepState, room: Room) => PaneView,
  room: Room,
): readonly StyledLine[] {
  const { name, title, lines } = make(state, { ...room, height: room.height - 1 })
  return [line([`${name}: ${title}`]), ...lines]
}

function sentences(state: StepState): readonly StyledLine[] {
  const moment = momentOf(state)
  const step = `step ${state.at + 1} of ${state.recorded.timeline.moments.length}`
  const soFar = verdictSoFar(moment)
  const verdict = soFar === 'on-its-way' ? [] : [line([piece(soFar.toUpperCase(), soFar)])]
  if (moment.kind === 'rule' || moment.kind === 'end') {
    const { place } = moment
    const names = stackOf(place).map(({ chain }) => chain.chain.name)
    return [
      line([
        `${step}, ${place.hop.hop.hook} ${hopDevices(place.hop.hop)}, chain ${names.join(', ')}`,
      ]),
      ...describeRow(state, place),
      ...verdict,
    ]
  }
  const { title, lines } = rulesPane(state, { width: state.size.columns, height: state.size.rows })
  return [line([`${step}, ${title}`]), ...lines]
}
