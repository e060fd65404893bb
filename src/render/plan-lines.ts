import { unreachable } from '../source/unreachable.ts'
import type { JsonObject } from './json.ts'
import type { LockoutEntry } from './lockout-view.ts'
import type { Look } from './look.ts'
import type { PlanState, PlanView, PlanViewStep } from './plan-view.ts'
import { shellLines } from './shell-lines.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { decidingLine } from './verdict-lines.ts'

/** The steps with their commands, and what is proved of the state after each. */
export function renderPlan(
  view: PlanView,
  look: Pick<Look, 'glyphs' | 'width'>,
): readonly StyledLine[] {
  return [
    headline(view, look),
    ...view.steps.flatMap((step, index) => stepLines(step, index, (look.width ?? Infinity) - 5)),
    ...view.lost.flatMap((entry) => [
      entryLine(entry, piece('LOST', 'drop'), entry.loss?.packet ?? ''),
      ...(entry.loss === null
        ? []
        : [line(['    ', piece('by', 'faint'), '  ', ...decidingLine(entry.loss.answer)], 8)]),
    ]),
    ...view.unproved.map((entry) =>
      entryLine(entry, piece('NOT PROVED', 'unknown'), entry.doubt ?? ''),
    ),
    ...view.blind.map((text) => line([piece('not looked at', 'note'), `  ${text}`], 15)),
    line([piece('no proof sees', 'faint'), `  ${UNSEEN}`], 15),
  ]
}

const UNSEEN =
  'answers that come back another way, rules of other programs (pvefw drift shows them), what stands between the machines'

function headline(
  { lost, unproved, blind, node, backend, isOn }: PlanView,
  { glyphs }: Pick<Look, 'glyphs'>,
): StyledLine {
  const where = `  ${node}, ${backend}; the firewall is ${isOn ? 'on' : 'off'} today`
  if (lost.length > 0)
    return line(
      [
        piece(`${glyphs ? '✘ ' : ''}NOT SAFE`, 'drop'),
        `  ${lost.length} needs are lost on the way`,
        where,
      ],
      4,
    )
  if (unproved.length > 0)
    return line(
      [piece(`${glyphs ? '? ' : ''}NOT PROVED`, 'unknown'), `  ${unproved.length} needs`, where],
      4,
    )
  if (blind.length > 0)
    return line(
      [
        piece(`${glyphs ? '? ' : ''}SAFE AS FAR AS LOOKED AT`, 'unknown'),
        `  ${blind.length} needs were not looked at`,
        where,
      ],
      4,
    )
  return line(
    [piece(`${glyphs ? '✔ ' : ''}SAFE`, 'accept'), '  no step loses what is needed: proved', where],
    4,
  )
}

function stepLines(
  { title, commands, where, state, notes }: PlanViewStep,
  index: number,
  room: number,
): readonly StyledLine[] {
  const number = String(index + 1).padEnd(3)
  const place = where === null ? '' : `, ${where}`
  return [
    line([piece(number, 'strong'), title, piece(place, 'place')], 3),
    ...commands.flatMap((command) =>
      shellLines(command, room).map((text) => line(['     ', piece(text, 'strong')], 9)),
    ),
    ...(state === null ? [] : [line(['   then  ', ...stateWords(state)], 9)]),
    ...notes.map((text) => line(['   ', text], 3)),
  ]
}

function stateWords(state: PlanState): readonly (Piece | string)[] {
  switch (state.kind) {
    case 'off':
      return ['the firewall is off: nothing is filtered']
    case 'proved':
      return [piece('PROVED', 'accept'), `  all ${state.count} needs are kept, for every packet`]
    case 'lost':
      return [piece('LOST', 'drop'), `  ${state.count} of ${state.of} needs`]
    case 'unproved':
      return [piece('NOT PROVED', 'unknown'), `  ${state.count} of ${state.of} needs`]
    default:
      return unreachable(state)
  }
}

function entryLine({ service, between }: LockoutEntry, label: Piece, what: string): StyledLine {
  return line([label, `  ${service} ${between}: ${what}`], 6)
}

/** Everything, as it is in `--json`. */
export function planJson({
  node,
  backend,
  isOn,
  steps,
  lost,
  unproved,
  blind,
}: PlanView): JsonObject {
  return {
    version: 1,
    node,
    backend,
    on: isOn,
    safe: lost.length + unproved.length + blind.length === 0,
    steps: steps.map(({ title, commands, where, state, notes }) => ({
      title,
      commands,
      where,
      state: state?.kind ?? null,
      notes,
    })),
    lost: lost.map(({ id, between, loss }) => ({ id, between, packet: loss?.packet ?? null })),
    unproved: unproved.map(({ id, between, doubt }) => ({ id, between, doubt })),
    blind,
  }
}
