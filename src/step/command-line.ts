import { showQuery } from '../packet/show-query.ts'
import { line, piece, type StyledLine } from '../render/styled.ts'
import { showStop } from './breakpoint.ts'
import type { StepState } from './state.ts'
import { queryOf } from './what-if.ts'

/** The command lines that show the present state: stepped through as here, and answered at once. */
export function commandLines(state: StepState): readonly StyledLine[] {
  return [
    line([piece('to come back here', 'faint')]),
    line([`  ${stepCommand(state)}`], 4),
    line([piece('the answer alone', 'faint')]),
    line([`  ${answerCommand(state)}`], 4),
  ]
}

/** `pvefw step ...` that opens at this moment, with these breakpoints. */
export function stepCommand(state: StepState): string {
  const { breakpoints, recorded, at } = state
  const stops = breakpoints
    .filter(({ enabled }) => enabled)
    .flatMap(({ stop }) => ['--break', showStop(stop, recorded.names)])
  const place = at === 0 ? [] : ['--at', String(at + 1)]
  const words = state.setting.subject.kind === 'flow' ? ['flow', '--step'] : ['step']
  return shellLine(['pvefw', ...words, ...shared(state), ...place, ...stops, ...packetWords(state)])
}

/** `pvefw trace ...` or `pvefw flow ...` with the same answer. */
export function answerCommand(state: StepState): string {
  const words = state.setting.subject.kind === 'flow' ? ['flow'] : ['trace']
  return shellLine(['pvefw', ...words, ...shared(state), ...packetWords(state)])
}

function shared({ session, setting }: StepState): readonly string[] {
  const { firewall, opening } = setting
  const backend = firewall.choice.asked ? ['--backend', firewall.backend] : []
  const root = opening.root === null ? session.options : ['--root', opening.root]
  const edits = opening.edits.flatMap(({ option, value }) => [`--${option}`, value])
  return [...root, '--node', firewall.tree.node, ...backend, ...edits]
}

function packetWords({ setting }: StepState): readonly string[] {
  const query = showQuery(queryOf(setting))
  const { subject } = setting
  if (subject.kind !== 'flow') return [query]
  const { said } = subject.asking
  const kind = said.kind === 'usual' && said.conversation !== null ? [said.conversation] : []
  return [...kind, query]
}

/** Words as a POSIX shell takes them. */
export function shellLine(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
