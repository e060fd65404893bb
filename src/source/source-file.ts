/**
 * A file as Proxmox sees it: a string of bytes.
 *
 * INVARIANT: `text` holds one byte per UTF-16 unit (latin1), because pve-firewall matches bytes, not
 * characters. Offsets are therefore byte offsets. Only {@link quote} and {@link position} decode UTF-8.
 */
export type SourceFile = {
  /** Path relative to the root that was read, with `/`, e.g. `etc/pve/firewall/105.fw`. */
  readonly path: string
  readonly text: string
  /** Offset of the first byte of each line. */
  readonly lineStarts: readonly number[]
  /** Only where the file was edited in memory: where each of its lines comes from. */
  readonly lineOrigins?: readonly LineOrigin[]
}

/** Where a line of a file that was edited in memory comes from. */
export type LineOrigin = {
  /** Its number on disk; null: it is not there. */
  readonly was: number | null
  /** What put it there or changed it, `added by --add`; null: nothing did. */
  readonly note: string | null
}

/** Half-open range of byte offsets. Lines and columns exist only where something is shown. */
export type Span = { readonly file: SourceFile; readonly start: number; readonly end: number }

/** A value and where it stands. Equality of located values never looks at `span`. */
export type Located<T> = { readonly value: T; readonly span: Span }

/** Makes a {@link SourceFile} of a byte string (latin1). Lines end at `\n` only, as for Proxmox. */
export function sourceFile(path: string, text: string): SourceFile {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
    lineStarts.push(at + 1)
  return { path, text, lineStarts }
}

/** One-based line number of an offset, by binary search. */
export function lineNumber(file: SourceFile, offset: number): number {
  let low = 0
  let high = file.lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((file.lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low + 1
}

/** One-based line and column of the start of a span; the column counts characters, not bytes. */
export function position(span: Span): { readonly line: number; readonly column: number } {
  const line = lineNumber(span.file, span.start)
  const lineStart = span.file.lineStarts[line - 1] ?? 0
  const before = span.file.text.slice(lineStart, span.start)
  const shown = decodeBytes(before)
  return { line, column: (shown === before ? before.length : characters(shown)) + 1 }
}

/** How many characters a text has, not how many units; dumps may be one line of any length. */
function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Span of the whole line (one-based) without its newline. */
export function lineSpan(file: SourceFile, line: number): Span {
  const start = file.lineStarts[line - 1] ?? file.text.length
  const next = file.lineStarts[line]
  return { file, start, end: next === undefined ? file.text.length : next - 1 }
}

/** What to know of the line a span starts in, if it is not the one on disk: `added by --add`, `was line 7`; else null. */
export function lineNote({ file, start }: Span): string | null {
  if (file.lineOrigins === undefined) return null
  const number = lineNumber(file, start)
  const origin = file.lineOrigins[number - 1]
  if (origin === undefined) return null
  if (origin.note !== null) return origin.note
  return origin.was === null || origin.was === number ? null : `was line ${origin.was}`
}

/** The text of a span for people: UTF-8 decoded, invalid bytes as U+FFFD. Still to be escaped for a terminal. */
export function quote(span: Span): string {
  return decodeBytes(span.file.text.slice(span.start, span.end))
}

/** A byte string as characters: UTF-8 decoded, invalid bytes as U+FFFD. */
export function decodeBytes(bytes: string): string {
  for (let i = 0; i < bytes.length; i += 1) {
    if (bytes.charCodeAt(i) > 0x7f) return Buffer.from(bytes, 'latin1').toString('utf8')
  }
  return bytes
}
