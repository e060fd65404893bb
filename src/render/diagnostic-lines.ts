import type { Diagnostic } from '../source/diagnostic.ts'
import { lineNumber, position } from '../source/source-file.ts'
import { renderExcerpt } from './excerpt.ts'
import type { FileNames } from './file-names.ts'
import { line, piece, type StyledLine } from './styled.ts'

/** So many of one code in one file are shown in full; of the rest only the line numbers. */
const shownOfAKind = 3
const numbersListed = 12

/**
 * Diagnostics for people: `105.fw:7:4 warning config/unknown-macro: ...`, the line with a caret, what to do. Sorted
 * by file and place; more than a few of one code in one file are summed up. `width`: columns of the receiver.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  names: FileNames,
  width = 80,
): readonly StyledLine[] {
  const lines: StyledLine[] = []
  for (const group of grouped(sortDiagnostics(diagnostics))) {
    const shown = group.length > shownOfAKind + 1 ? shownOfAKind : group.length
    for (const one of group.slice(0, shown)) lines.push(...renderDiagnostic(one, names, width))
    if (shown < group.length) lines.push(restOf(group.slice(shown), names))
  }
  return lines
}

/** By file (numbers in names count as numbers), then place, then code; those without a file first. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) => {
    if (a.span === null || b.span === null)
      return Number(a.span !== null) - Number(b.span !== null) || compareText(a.code, b.code)
    return (
      (a.span.file === b.span.file ? 0 : compareNatural(a.span.file.path, b.span.file.path)) ||
      a.span.start - b.span.start ||
      compareText(a.code, b.code)
    )
  })
}

/** `2 errors, 1 warning`; notes are not counted. Empty when there is neither. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity'], word: string): string[] => {
    const number = diagnostics.filter((one) => one.severity === severity).length
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]
  }
  return [...count('error', 'error'), ...count('warning', 'warning')].join(', ')
}

function renderDiagnostic(
  { code, severity, message, span, related, help }: Diagnostic,
  names: FileNames,
  width: number,
): readonly StyledLine[] {
  const place = span === null ? '' : showSpot(span, names)
  const lines = [
    line([piece(place, 'place'), piece(severity, severity), ` ${code}: ${message}`], 4),
  ]
  if (span !== null) lines.push(...renderExcerpt(span, severity, { width }))
  for (const other of related)
    lines.push(line(['      = ', piece(showSpot(other.span, names), 'place'), other.message], 8))
  if (help !== null) lines.push(line(['      = ', piece('help: ', 'note'), help], 8))
  return lines
}

function showSpot(span: NonNullable<Diagnostic['span']>, names: FileNames): string {
  const { line: number, column } = position(span)
  return `${names(span.file.path)}:${number}:${column} `
}

/** Each alone, in order; but all of one code in one file together, at the place of the first, when they are many. */
function grouped(sorted: readonly Diagnostic[]): readonly (readonly Diagnostic[])[] {
  const kinds = new Map<string, Diagnostic[]>()
  for (const one of sorted) {
    const kind = kinds.get(kindOf(one))
    if (kind === undefined) kinds.set(kindOf(one), [one])
    else kind.push(one)
  }
  return sorted.flatMap((one) => {
    const kind = kinds.get(kindOf(one)) ?? []
    if (kind.length <= shownOfAKind + 1) return [[one]]
    return kind[0] === one ? [kind] : []
  })
}

function kindOf(one: Diagnostic): string {
  return `${one.span?.file.path ?? ''}\0${one.code}`
}

function restOf(rest: readonly Diagnostic[], names: FileNames): StyledLine {
  const spans = rest.flatMap((one) => (one.span === null ? [] : [one.span]))
  const numbers = [...new Set(spans.map((span) => lineNumber(span.file, span.start)))]
  const listed = numbers.slice(0, numbersListed).join(', ')
  const dots = numbers.length > numbersListed ? ', …' : ''
  const first = spans[0]
  const where = first === undefined ? '' : ` in ${names(first.file.path)}, lines ${listed}${dots}`
  return line([piece(`      … and ${rest.length} more ${rest[0]?.code ?? ''}${where}`, 'faint')], 8)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `20.fw` before `105.fw`. */
function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const [one = '', other = ''] = [left[i], right[i]]
    const byNumber = Number(one) - Number(other)
    const order = Number.isNaN(byNumber) || byNumber === 0 ? compareText(one, other) : byNumber
    if (order !== 0) return order
  }
  return left.length - right.length
}
