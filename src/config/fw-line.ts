import type { SourceFile, Span } from '../source/source-file.ts'

/**
 * Text of a .fw file -> lines -> tokens, without any meaning: both dialects read files through this. What
 * counts as white space is theirs to say, byte by byte.
 */

/** Byte values that belong together, as a table of 256 flags. */
export type ByteSet = Uint8Array

/** The set of the given characters (latin1). */
export function byteSet(members: string): ByteSet {
  const set = new Uint8Array(256)
  for (let i = 0; i < members.length; i += 1) set[members.charCodeAt(i)] = 1
  return set
}

/** Part of a line. Half-open offsets into the text of the file. */
export type Token = { readonly start: number; readonly end: number }

/** A line that is neither empty nor a comment, without the white space around it. */
export type Line = Token & {
  readonly file: SourceFile
  /** One-based. */
  readonly number: number
}

/** A section header: `[KEYWORD]` or `[KEYWORD NAME]`. */
export type Header = {
  readonly keyword: Token
  readonly name: Token | null
  /** What follows the bracket; white space before it is left out. Empty or a comment where there is a name. */
  readonly tail: Token
}

const HASH = 0x23
const OPEN = 0x5b
const CLOSE = 0x5d

/** The lines of a file, in order. `strip` is removed at both ends; lines left empty or starting with `#` are left out. */
export function* readLines(file: SourceFile, strip: ByteSet): Iterable<Line> {
  const { text, lineStarts } = file
  for (let index = 0; index < lineStarts.length; index += 1) {
    const next = lineStarts[index + 1]
    const until = next === undefined ? text.length : next - 1
    const start = skip(text, lineStarts[index] ?? 0, until, strip)
    if (start === until || text.charCodeAt(start) === HASH) continue
    yield { file, number: index + 1, start, end: skipBack(text, start, until, strip) }
  }
}

/**
 * Splits a header line; null for every other line. The keyword is a run of letters. A name is a run without
 * white space up to the last `]` behind which nothing or a comment follows.
 */
export function splitHeader({ file, start, end }: Line, space: ByteSet): Header | null {
  const { text } = file
  if (text.charCodeAt(start) !== OPEN) return null
  const keyword = { start: start + 1, end: endOfLetters(text, start + 1, end) }
  if (text.charCodeAt(keyword.end) === CLOSE && keyword.end < end)
    return { keyword, name: null, tail: tailAfter(text, keyword.end, end, space) }
  const nameStart = skip(text, keyword.end, end, space)
  if (nameStart === keyword.end) return null
  const runEnd = find(text, nameStart, end, space)
  for (let close = runEnd - 1; close > nameStart; close -= 1) {
    if (text.charCodeAt(close) !== CLOSE) continue
    const tail = tailAfter(text, close, end, space)
    if (tail.start === end || text.charCodeAt(tail.start) === HASH)
      return { keyword, name: { start: nameStart, end: close }, tail }
  }
  return null
}

/** Offset of the first byte at or after `at` that is not in the set; `end` if there is none. */
export function skip(text: string, at: number, end: number, set: ByteSet): number {
  let offset = at
  while (offset < end && set[text.charCodeAt(offset)] === 1) offset += 1
  return offset
}

/** Offset of the first byte at or after `at` that is in the set; `end` if there is none. */
export function find(text: string, at: number, end: number, set: ByteSet): number {
  let offset = at
  while (offset < end && set[text.charCodeAt(offset)] !== 1) offset += 1
  return offset
}

/** Offset behind the last byte of `start..end` that is not in the set; `start` if there is none. */
export function skipBack(text: string, start: number, end: number, set: ByteSet): number {
  let offset = end
  while (offset > start && set[text.charCodeAt(offset - 1)] === 1) offset -= 1
  return offset
}

/** Offset of the first `#` of a token, its end if there is none: everything from there on is a comment. */
export function commentStart(text: string, { start, end }: Token): number {
  for (let offset = start; offset < end; offset += 1) {
    if (text.charCodeAt(offset) === HASH) return offset
  }
  return end
}

/** The text of a token. */
export function textOf(file: SourceFile, token: Token): string {
  return file.text.slice(token.start, token.end)
}

/** The span of a token. */
export function spanOf(file: SourceFile, { start, end }: Token): Span {
  return { file, start, end }
}

function tailAfter(text: string, close: number, end: number, space: ByteSet): Token {
  return { start: skip(text, close + 1, end, space), end }
}

function endOfLetters(text: string, at: number, end: number): number {
  let offset = at
  while (offset < end && isLetter(text.charCodeAt(offset))) offset += 1
  return offset
}

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
