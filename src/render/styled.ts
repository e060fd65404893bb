/** What a piece of text is; the colours of a meaning stand in one table below. */
export type Style =
  | 'plain'
  | 'accept'
  | 'drop'
  | 'reject'
  | 'unknown'
  | 'strong'
  | 'faint'
  | 'place'
  | 'error'
  | 'warning'
  | 'note'
  /** A row that is looked at. */
  | 'cursor'

export type Piece = { readonly text: string; readonly style: Style }

/** One line before wrapping. Lines it wraps to are indented by `hang` columns. */
export type StyledLine = { readonly pieces: readonly Piece[]; readonly hang: number }

export function piece(text: string, style: Style = 'plain'): Piece {
  return { text, style }
}

/** A line of pieces; plain strings are plain pieces. */
export function line(pieces: readonly (Piece | string)[], hang = 0): StyledLine {
  return {
    pieces: pieces.map((part) => (typeof part === 'string' ? piece(part) : part)),
    hang,
  }
}
