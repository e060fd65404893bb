import type { Answer } from './answer.ts'
import { showPlaceBehind } from './file-names.ts'
import type { Look } from './look.ts'
import { type Detail, renderPath } from './path-lines.ts'
import { line, piece, type StyledLine } from './styled.ts'
import { renderDecision, renderHeadline } from './verdict-lines.ts'

/** An answer for people: the verdict first, then who decided and why, what was assumed, and the path. */
export function renderAnswer(
  answer: Answer,
  detail: Detail,
  look: Pick<Look, 'glyphs'>,
): readonly StyledLine[] {
  return [
    renderHeadline(answer, look),
    ...renderDecision(answer),
    ...renderFilled(answer.filled, detail),
    ...renderAssumptions(answer),
    ...(detail === 0 ? [] : renderHolds(answer)),
    ...renderPath(answer, detail),
  ]
}

/** What the question left open; with detail, why each value was taken. */
export function renderFilled(filled: Answer['filled'], detail: Detail): readonly StyledLine[] {
  if (filled.length === 0) return []
  const label = piece('filled in  ', 'faint')
  if (detail === 0) {
    const values = filled.map(({ field, value }) => `${field} ${value}`).join(', ')
    return [line([label, values], 11)]
  }
  return filled.map(({ field, value, why }, i) =>
    line(
      [
        i === 0 ? label : ' '.repeat(11),
        `${field} ${value}`,
        piece(why === null ? '' : `: ${why}`, 'faint'),
      ],
      11,
    ),
  )
}

/** What was taken for granted; the doubt that makes a verdict unknown stands with the verdict. */
function renderAssumptions({ trace, names }: Answer): readonly StyledLine[] {
  const { assumptions, outcome } = trace
  const taken = outcome === 'unknown' ? assumptions.slice(0, -1) : assumptions
  return taken.map(({ text, rule }) => {
    const span = rule?.origin.span ?? null
    const place = span === null ? '' : showPlaceBehind(span, names)
    return line([piece('assuming   ', 'faint'), `${text}${place}`], 11)
  })
}

/** The class of packets the answer holds for, and what alone would change it. */
function renderHolds(answer: Answer): readonly StyledLine[] {
  const holds = answer.holds()
  if (holds === null) return []
  return [
    line([piece('holds for  ', 'faint'), holds.region], 11),
    ...holds.flips.map(({ to, words }) =>
      line([piece('but for    ', 'faint'), piece(to.toUpperCase(), to), ` ${words}`], 11),
    ),
  ]
}
