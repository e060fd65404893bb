import { line, piece, type StyledLine } from '../render/styled.ts'
import { renderAnswer } from '../render/trace-lines.ts'
import { answerCommand } from './command-line.ts'
import { runOf } from './moment.ts'
import { momentOf, type StepState } from './state.ts'

/** What stays on the screen when the session is over: the verdict with its reasons, and the command that says it again. */
export function summaryLines(state: StepState): readonly StyledLine[] {
  const { walk, number, note } = runOf(momentOf(state))
  const answer =
    walk === null
      ? [line([`packet ${number}: ${note}`])]
      : renderAnswer(walk.answer, 0, state.session.look)
  return [...answer, line([piece('again      ', 'faint'), answerCommand(state)], 11)]
}
