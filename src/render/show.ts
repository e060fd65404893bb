import { escapeText, escapeToAscii } from './escape.ts'
import type { Look } from './look.ts'
import { plainLook } from './look.ts'
import type { Piece, Style, StyledLine } from './styled.ts'
import { wrapLine } from './wrap.ts'

/** Select Graphic Rendition parameters (ECMA-48 8.3.117): the 16 basic colours only, so that every theme works. */
const SGR: Readonly<Record<Style, string | null>> = {
  plain: null,
  accept: '1;32',
  drop: '1;31',
  reject: '1;33',
  unknown: '1;35',
  strong: '1',
  faint: '2',
  place: '36',
  error: '1;31',
  warning: '33',
  note: '36',
  cursor: '7',
}

/** Lines as text that ends in a newline each (empty for no lines), without colour. */
export function plain(lines: readonly StyledLine[], look: Look = plainLook): string {
  return showLines(lines, { ...look, colour: false })
}

/** As {@link plain}, with colours. */
export function ansi(lines: readonly StyledLine[], look: Look = plainLook): string {
  return showLines(lines, { ...look, colour: true })
}

/**
 * INVARIANT: every piece is escaped here, whatever made it: no control byte of a configuration reaches a terminal.
 */
export function showLines(lines: readonly StyledLine[], look: Look): string {
  let text = ''
  for (const styled of lines) {
    const safe: StyledLine = {
      hang: styled.hang,
      pieces: styled.pieces.map((part) => safePiece(part, look)),
    }
    const rows = look.width === null ? [safe.pieces] : wrapLine(safe, look.width)
    for (const row of rows)
      text += `${withoutTail(row)
        .map((part) => showPiece(part, look))
        .join('')}\n`
  }
  return text
}

/** A piece as the receiver can show it: what is unsafe escaped, and without UTF-8 what is not ASCII. */
export function safePiece({ text, style }: Piece, { unicode }: Pick<Look, 'unicode'>): Piece {
  return { style, text: unicode ? escapeText(text) : escapeToAscii(withAsciiGlyphs(text)) }
}

/** A row without blanks at its end. */
function withoutTail(row: readonly Piece[]): readonly Piece[] {
  const end = row.findLastIndex((part) => part.text.trimEnd() !== '')
  return row
    .slice(0, end + 1)
    .map((part, i) => (i === end ? { ...part, text: part.text.trimEnd() } : part))
}

/** A piece with its colours; what is unsafe in it must be escaped before. */
export function showPiece({ text, style }: Piece, look: Pick<Look, 'colour'>): string {
  const sgr = SGR[style]
  return look.colour && sgr !== null && text !== '' ? `\u001b[${sgr}m${text}\u001b[0m` : text
}

/** The few characters beyond ASCII that our own texts use, and what stands for them. */
const ASCII_GLYPHS: Readonly<Record<string, string>> = {
  '→': '->',
  '✔': '+',
  '✘': 'x',
  '↩': '<',
  '…': '...',
  '—': '-',
  '·': '.',
  '─': '-',
  '│': '|',
  '▶': '>',
  '▷': '-',
  '›': '>',
  '●': '*',
  '○': 'o',
}
const GLYPHS = /[→✔✘↩…—·─│▶▷›●○]/g

function withAsciiGlyphs(text: string): string {
  return text.replace(GLYPHS, (glyph) => ASCII_GLYPHS[glyph] ?? glyph)
}
