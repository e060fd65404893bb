/** A word of a line with its place in the file. */
export type Word = { readonly text: string; readonly start: number; readonly end: number }

/** Perl's `\s` and C's isspace() on bytes: tab, newline, vertical tab, form feed, carriage return, blank. */
export function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}

/** The words of `text` between two offsets, as split at white space. */
export function wordsOf(text: string, start: number, end: number): readonly Word[] {
  const words: Word[] = []
  let at = start
  for (;;) {
    while (at < end && isSpace(text.charCodeAt(at))) at += 1
    if (at >= end) return words
    const from = at
    while (at < end && !isSpace(text.charCodeAt(at))) at += 1
    words.push({ text: text.slice(from, at), start: from, end: at })
  }
}

/** Offset of the newline that ends the line `start` is in, or of the end of the text. */
export function lineEnd(text: string, start: number): number {
  const newline = text.indexOf('\n', start)
  return newline === -1 ? text.length : newline
}

/** The words of one line up to a `#`, as the C library reads its name files and corosync.conf is read. */
export function wordsBeforeHash(text: string, start: number, end: number): readonly Word[] {
  // Not indexOf: it would look through the rest of the file for every line without a `#`.
  let hash = start
  while (hash < end && text.charCodeAt(hash) !== 35) hash += 1
  return wordsOf(text, start, hash)
}

/** Calls `visit` with the offsets of each line, without its newline. */
export function eachLine(text: string, visit: (start: number, end: number) => void): void {
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(text, start)
    visit(start, end)
    start = end + 1
  }
}
