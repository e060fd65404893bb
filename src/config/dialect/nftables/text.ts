import { isUtf8 } from 'node:buffer'
import { decodeBytes, type SourceFile, type Span } from '../../../source/source-file.ts'
import { byteSet, find, skip, skipBack, type Token } from '../../fw-line.ts'

/** The one-byte part of Unicode White_Space: what `str::trim` of Rust removes, wider characters apart. */
export const SPACE = byteSet('\t\n\v\f\r ')

/** `u8::is_ascii_whitespace` of Rust, which ends words: no vertical tab. */
const BLANK = byteSet('\t\n\f\r ')

const NAME = byteSet('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

/** Offset of the first character that is not Unicode white space (`str::trim_start`). */
export function trimStart(text: string, start: number, end: number): number {
  let at = skip(text, start, end, SPACE)
  for (;;) {
    const width = wideSpaceAt(text, at, end)
    if (width === 0) return at
    at = skip(text, at + width, end, SPACE)
  }
}

/** Offset behind the last character that is not Unicode white space (`str::trim_end`). */
export function trimEnd(text: string, start: number, end: number): number {
  let at = skipBack(text, start, end, SPACE)
  for (;;) {
    const width = wideSpaceBefore(text, start, at)
    if (width === 0) return at
    at = skipBack(text, start, at - width, SPACE)
  }
}

/** `str::trim` on UTF-8 text kept as bytes. */
export function trim(text: string, token: Token): Token {
  const start = trimStart(text, token.start, token.end)
  return { start, end: trimEnd(text, start, token.end) }
}

/** Offset behind the name at `at` (a letter, then letters, digits, `-`, `_`; `match_name`); `at` when there is none. */
export function nameEnd(text: string, at: number, end: number): number {
  if (at >= end || !isLetter(text.charCodeAt(at))) return at
  return skip(text, at, end, NAME)
}

/** Offset behind the word at `at`: up to ASCII white space (`match_non_whitespace`). */
export function wordEnd(text: string, at: number, end: number): number {
  return find(text, at, end, BLANK)
}

/** `str::trim` on characters. */
export function trimCharacters(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpaceCharacter(text.charCodeAt(start))) start += 1
  while (end > start && isSpaceCharacter(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Offset of the first byte `code` of a part; its end if there is none. Never looks beyond. */
export function indexIn(text: string, code: number, start: number, end: number): number {
  let at = start
  while (at < end && text.charCodeAt(at) !== code) at += 1
  return at
}

/** User text for a message: cut when it is long. */
export function brief(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}

/** True for a byte that ends words. */
export function isBlank(code: number): boolean {
  return BLANK[code] === 1
}

/** The characters of a part of the file. */
export function characters(file: SourceFile, { start, end }: Token): string {
  return decodeBytes(file.text.slice(start, end))
}

/** ASCII letters in lower case, everything else as it is (`make_ascii_lowercase`). */
export function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : text
}

/** Lines that are not valid UTF-8: `BufRead::lines` fails there, comments included. Cost: one pass. */
export function linesNotUtf8(file: SourceFile): readonly Span[] {
  if (isUtf8(Buffer.from(file.text, 'latin1'))) return []
  return file.lineStarts.flatMap((start, index): readonly Span[] => {
    const end = (file.lineStarts[index + 1] ?? file.text.length + 1) - 1
    return isUtf8(Buffer.from(file.text.slice(start, end), 'latin1')) ? [] : [{ file, start, end }]
  })
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\0': '\\0',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

/** A string as Rust's `{:?}` prints it; the real program quotes like this in its messages. */
export function debugText(text: string): string {
  const escaped = text.replace(/["\\]|[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^\p{M}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return ESCAPES[character] ?? `\\u{${code.toString(16)}}`
  })
  return `"${escaped}"`
}

/** Unicode White_Space. */
function isSpaceCharacter(code: number): boolean {
  if (code < 0x80) return SPACE[code] === 1
  if (code === 0x85 || code === 0xa0 || code === 0x1680 || code === 0x3000) return true
  return (code >= 0x2000 && code <= 0x200a) || WIDE_SPACES.has(code)
}

const WIDE_SPACES: ReadonlySet<number> = new Set([0x2028, 0x2029, 0x202f, 0x205f])

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Bytes of the white space of more than one byte that starts at `at`; 0 if none does. */
function wideSpaceAt(text: string, at: number, end: number): 0 | 2 | 3 {
  if (at + 1 >= end) return 0
  const lead = text.charCodeAt(at)
  if (lead < 0xc2) return 0
  if (isTwoByteSpace(lead, text.charCodeAt(at + 1))) return 2
  if (at + 2 >= end) return 0
  return isThreeByteSpace(lead, text.charCodeAt(at + 1), text.charCodeAt(at + 2)) ? 3 : 0
}

function wideSpaceBefore(text: string, start: number, end: number): 0 | 2 | 3 {
  if (end - 2 < start || text.charCodeAt(end - 1) < 0x80) return 0
  if (isTwoByteSpace(text.charCodeAt(end - 2), text.charCodeAt(end - 1))) return 2
  if (end - 3 < start) return 0
  const lead = text.charCodeAt(end - 3)
  return isThreeByteSpace(lead, text.charCodeAt(end - 2), text.charCodeAt(end - 1)) ? 3 : 0
}

/** U+0085, U+00A0. */
function isTwoByteSpace(lead: number, second: number): boolean {
  return lead === 0xc2 && (second === 0x85 || second === 0xa0)
}

/** U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000. */
function isThreeByteSpace(lead: number, second: number, third: number): boolean {
  switch (lead) {
    case 0xe1:
      return second === 0x9a && third === 0x80
    case 0xe2:
      if (second === 0x81) return third === 0x9f
      if (second !== 0x80) return false
      return third <= 0x8a || third === 0xa8 || third === 0xa9 || third === 0xaf
    case 0xe3:
      return second === 0x80 && third === 0x80
    default:
      return false
  }
}
