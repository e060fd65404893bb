import { widthOf } from './columns.ts'
import type { Piece, Style, StyledLine } from './styled.ts'

/** Colours on a dark ground, for readers of a page: those of a terminal are its user's. Contrast at least 4.5 (WCAG 1.4.3). */
const COLOURS: Readonly<Record<Style, string>> = {
  plain: '#d4d4d4',
  accept: '#5fd787',
  drop: '#ff7b72',
  reject: '#e3b341',
  unknown: '#d2a8ff',
  strong: '#ffffff',
  faint: '#9a9a9a',
  place: '#56d4dd',
  error: '#ff7b72',
  warning: '#e3b341',
  note: '#56d4dd',
  cursor: '#1e1e1e',
}

const BOLD: ReadonlySet<Style> = new Set(['accept', 'drop', 'reject', 'unknown', 'strong', 'error'])

const cell = { width: 8.4, height: 18 } as const
const margin = 12

/** Rows of a terminal as a picture: text that can be selected and read aloud, one element a piece. */
export function renderSvg(rows: readonly StyledLine[], columns: number, title: string): string {
  const width = Math.ceil(columns * cell.width + 2 * margin)
  const height = rows.length * cell.height + 2 * margin
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1e1e1e"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">',
    ...rows.flatMap((row, i) => rowOf(row.pieces, margin + i * cell.height)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function rowOf(pieces: readonly Piece[], top: number): readonly string[] {
  const parts: string[] = []
  let column = 0
  for (const { text, style } of pieces) {
    const columns = widthOf(text)
    const x = number(margin + column * cell.width)
    const width = number(columns * cell.width)
    column += columns
    if (style === 'cursor')
      parts.push(
        `<rect x="${x}" y="${top}" width="${width}" height="${cell.height}" fill="#d4d4d4"/>`,
      )
    if (text.trim() === '') continue
    const bold = BOLD.has(style) ? ' font-weight="bold"' : ''
    parts.push(
      `<text x="${x}" y="${top + 13}" fill="${COLOURS[style]}"${bold} textLength="${width}">${escaped(text)}</text>`,
    )
  }
  return parts
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
