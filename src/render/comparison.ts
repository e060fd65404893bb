import type { Outcome } from '../eval/trace.ts'
import type { Answer } from './answer.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { showOrigin } from './words.ts'

/** What one backend says to a packet. */
export type Compared =
  | {
      readonly kind: 'answered'
      readonly backend: Answer['backend']
      readonly answer: Answer
    }
  | { readonly kind: 'refused'; readonly backend: Answer['backend'] }

/** `the backends differ: iptables DROP by 105.fw:7, nftables ACCEPT by policy_in (default)`. */
export function comparisonLine(answers: readonly Compared[]): StyledLine {
  const verdicts = new Set(
    answers.map((one) => (one.kind === 'refused' ? 'refused' : one.answer.trace.outcome)),
  )
  const [only] = verdicts
  if (verdicts.size === 1 && only !== undefined && only !== 'refused')
    return line([piece(`both backends ${only.toUpperCase()}`, only), ...decidersOf(answers)], 4)
  const parts = answers.flatMap((one, at): readonly (string | Piece)[] => [
    at === 0 ? '' : ', ',
    ...partOf(one),
  ])
  return line([piece('the backends differ: ', 'strong'), ...parts], 4)
}

function partOf(one: Compared): readonly (string | Piece)[] {
  if (one.kind === 'refused') return [`${one.backend} `, piece('REFUSED', 'error')]
  const { trace, origin, names } = one.answer
  return [
    `${one.backend} `,
    piece(trace.outcome.toUpperCase(), trace.outcome satisfies Outcome),
    ` by ${showOrigin(origin, names)}`,
  ]
}

/** Who decides, where the two do not agree on that. */
function decidersOf(answers: readonly Compared[]): readonly string[] {
  const deciders = answers.flatMap((one) =>
    one.kind === 'answered' ? [showOrigin(one.answer.origin, one.answer.names)] : [],
  )
  if (new Set(deciders).size === 1) return [` by ${deciders[0]}`]
  const named = answers.map(({ backend }, at) => `${backend} by ${deciders[at]}`)
  return [`, ${named.join(', ')}`]
}
