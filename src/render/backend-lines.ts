import type { Difference, Effect } from '../audit/backends/difference.ts'
import type { Concern } from '../audit/backends/differences.ts'
import type { Compared } from './comparison.ts'
import { type FileNames, showPlace } from './file-names.ts'
import type { JsonObject } from './json.ts'
import { placeJson } from './json.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { showHeadline } from './verdict-lines.ts'
import { quoteLine, ruleText } from './words.ts'

const TITLES: readonly (readonly [effect: Effect, title: string])[] = [
  ['load', 'What stops the configuration from loading, or lets it load'],
  ['verdict', 'What packets would notice'],
  ['operation', 'What no packet notices'],
]

/** Places of one difference are listed up to here. */
const mostPlaces = 4

/** The differences that concern a configuration, by what they change; `all`: every place. */
export function renderConcerns(
  concerns: readonly Concern[],
  names: FileNames,
  all: boolean,
): readonly StyledLine[] {
  return TITLES.flatMap(([effect, title]) => {
    const own = concerns.filter(({ difference }) => difference.effect === effect)
    if (own.length === 0) return []
    return [
      line(['']),
      line([piece(title, 'strong')]),
      ...own.flatMap((concern) => concernLines(concern, names, all)),
    ]
  })
}

function concernLines(
  { difference, places }: Concern,
  names: FileNames,
  all: boolean,
): readonly StyledLine[] {
  const shown = all ? places : places.slice(0, mostPlaces)
  const untold = places.length - shown.length
  return [
    line(['  ', piece(difference.code, 'note'), `  ${difference.sentence}`], 4),
    ...shown.map(({ span, note }) => {
      const at: readonly (string | Piece)[] =
        span === null ? [] : [piece(showPlace(span, names), 'place'), '  ']
      return line(['    ', ...at, note], 8)
    }),
    ...(untold > 0 ? [line([piece(`    and ${untold} more places: -v shows them`, 'faint')])] : []),
  ]
}

/** One packet and both verdicts, each with its deciding line. */
export function renderPair(answers: readonly Compared[]): readonly StyledLine[] {
  const head = answers.find((one) => one.kind === 'answered')?.answer.headline
  const rows = answers.map((one) => {
    if (one.kind === 'refused')
      return line([`  ${one.backend}  `, piece('REFUSED', 'error'), '  all rules'], 12)
    const { outcome } = one.answer.trace
    const word = outcome.toUpperCase().padEnd(7)
    return line([`  ${one.backend}  `, piece(word, outcome), '  ', ...deciding(one)], 12)
  })
  return [...(head === undefined ? [] : [line([showHeadline(head)], 4)]), ...rows]
}

function deciding({ answer }: Extract<Compared, { readonly kind: 'answered' }>) {
  const { origin, names, kernel } = answer
  const place = origin.span === null ? null : piece(showPlace(origin.span, names), 'place')
  if (origin.kind === 'generated') {
    const text = origin.rule === null ? '' : ruleText(origin.rule)
    const from = place === null ? [] : [' (', place, ')']
    return [`${origin.chain?.name ?? 'a rule'}: ${text}`, ...from]
  }
  if (place !== null && origin.span !== null) return [place, '  ', quoteLine(origin.span)]
  if (origin.option !== null) return [`${origin.option} (default)`]
  return [kernel === null ? 'no rule' : `the end of ${origin.chain?.name ?? 'the chain'}`]
}

/** `pvefw backends --json` without packets. */
export function concernsJson(concerns: readonly Concern[]): readonly JsonObject[] {
  return concerns.map(({ difference, places }) => ({
    ...differenceJson(difference),
    places: places.map(({ span, note }) => ({ ...placeJson(span), note })),
  }))
}

export function differenceJson({
  code,
  effect,
  sentence,
  source,
  section,
  scenario,
}: Difference): JsonObject {
  return { code, effect, sentence, source, section, scenario }
}
