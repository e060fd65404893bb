import { widthOf } from '../render/columns.ts'
import type { Look } from '../render/look.ts'
import { safePiece } from '../render/show.ts'
import { line, type Piece, piece, type StyledLine } from '../render/styled.ts'
import { wrapLine } from '../render/wrap.ts'

/** A line as it can be shown, cut to `width` columns with a mark where something is missing, and padded to them. */
export function fitted(styled: StyledLine, width: number, look: Look): StyledLine {
  const safe = styled.pieces.map((part) => safePiece(part, look))
  const total = safe.reduce((sum, { text }) => sum + widthOf(text), 0)
  if (total === width) return { pieces: safe, hang: 0 }
  if (total < width) return { pieces: [...safe, piece(' '.repeat(width - total))], hang: 0 }
  return { pieces: cut(safe, width, look), hang: 0 }
}

function cut(pieces: readonly Piece[], width: number, { unicode }: Look): readonly Piece[] {
  const mark = unicode ? '…' : '~'
  const kept: Piece[] = []
  let room = width - 1
  for (const { text, style } of pieces) {
    const columns = widthOf(text)
    if (columns <= room) {
      kept.push({ text, style })
      room -= columns
      continue
    }
    let part = ''
    for (const character of text) {
      const wide = widthOf(character)
      if (wide > room) break
      part += character
      room -= wide
    }
    return [...kept, { text: part, style }, piece(mark + ' '.repeat(room), style)]
  }
  return kept
}

/** Lines broken at blanks to a width, each row a line of its own. */
export function wrapped(
  lines: readonly StyledLine[],
  width: number,
  look: Look,
): readonly StyledLine[] {
  return lines.flatMap(({ pieces, hang }) =>
    wrapLine({ pieces: pieces.map((part) => safePiece(part, look)), hang }, width).map((row) =>
      line([...row]),
    ),
  )
}

/** First of `height` rows to show of `count` so that `row` is among them, in the middle where there is room. */
export function topOf(row: number, count: number, height: number): number {
  return Math.max(0, Math.min(count - height, row - Math.floor(height / 2)))
}
