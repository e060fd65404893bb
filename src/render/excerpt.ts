import { lineNumber, lineSpan, type Span } from '../source/source-file.ts'
import { widthOf } from './columns.ts'
import { showBytes } from './escape.ts'
import { line, piece, type Style, type StyledLine } from './styled.ts'

/** Bytes of a source line shown before and after the place that is pointed at; lines may be of any length. */
const before = 40
const after = 60

/** The line of a span with a caret under it: two lines, the first with its number. */
export function renderExcerpt(
  span: Span,
  style: Style,
  look: { readonly width: number },
): readonly StyledLine[] {
  const number = lineNumber(span.file, span.start)
  const whole = lineSpan(span.file, number)
  const room = Math.max(before + 20, look.width - 12)
  const from =
    whole.end - whole.start <= room ? whole.start : Math.max(whole.start, span.start - before)
  const to = Math.min(whole.end, Math.max(from + room, Math.min(span.end, span.start + after)))
  const end = Math.max(span.start, Math.min(span.end, to))
  const text = span.file.text
  const lead = from > whole.start ? '…' : ''
  const head = lead + showBytes(tabless(text.slice(from, span.start)))
  const marked = showBytes(tabless(text.slice(span.start, end)))
  const tail = showBytes(tabless(text.slice(end, to))) + (to < whole.end ? '…' : '')
  const gutter = String(number).padStart(5)
  const carets = '^'.repeat(Math.max(1, widthOf(marked)))
  return [
    line([piece(`${gutter} | `, 'faint'), head, piece(marked, style), tail], 8),
    line([piece(`${' '.repeat(5)} | `, 'faint'), ' '.repeat(widthOf(head)), piece(carets, style)]),
  ]
}

/** A tab would be shown as an escape, and it is only space here. */
function tabless(text: string): string {
  return text.replaceAll('\t', ' ').replace(/\r$/, '')
}
