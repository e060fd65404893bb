import { widthOf } from './columns.ts'
import type { Piece, Style, StyledLine } from './styled.ts'

/** Narrower than this, wrapping would leave a column of syllables: lines are then left to the terminal. */
const narrowest = 24

type Rows = { readonly done: Piece[][]; row: Piece[]; used: number }

/**
 * Breaks a line at blanks into rows of at most `width` columns; a word that is longer gets broken too. Rows after
 * the first start with `hang` blanks. Linear in the length of the line.
 */
export function wrapLine(line: StyledLine, width: number): readonly (readonly Piece[])[] {
  const whole = line.pieces.map((part) => part.text).join('')
  if (width < narrowest || widthOf(whole) <= width) return [line.pieces]
  const hang = Math.min(line.hang, width >> 1)
  const rows: Rows = { done: [], row: [], used: 0 }
  let gap = ''
  for (const { text, style } of line.pieces) {
    for (const word of text.match(/ +|[^ ]+/g) ?? []) {
      if (word.startsWith(' ')) {
        gap += word
        continue
      }
      const columns = widthOf(word)
      const first = rows.used === 0
      if (!first && rows.used + gap.length + columns > width && gap !== '') startRow(rows, hang)
      else if (gap !== '')
        put(rows, gap, rows.row.at(-1)?.style === style ? style : 'plain', gap.length)
      gap = ''
      if (rows.used + columns <= width) put(rows, word, style, columns)
      else putInParts(rows, word, style, width, hang)
    }
  }
  return [...rows.done, rows.row]
}

function put(rows: Rows, text: string, style: Style, columns: number): void {
  const last = rows.row.at(-1)
  if (last !== undefined && last.style === style)
    rows.row[rows.row.length - 1] = { style, text: last.text + text }
  else rows.row.push({ text, style })
  rows.used += columns
}

function startRow(rows: Rows, hang: number): void {
  rows.done.push(rows.row)
  rows.row = hang > 0 ? [{ text: ' '.repeat(hang), style: 'plain' }] : []
  rows.used = hang
}

function putInParts(rows: Rows, word: string, style: Style, width: number, hang: number): void {
  let part = ''
  let columns = 0
  for (const character of word) {
    const wide = widthOf(character)
    if (rows.used + columns + wide > width && rows.used + columns > hang) {
      put(rows, part, style, columns)
      startRow(rows, hang)
      part = ''
      columns = 0
    }
    part += character
    columns += wide
  }
  put(rows, part, style, columns)
}
