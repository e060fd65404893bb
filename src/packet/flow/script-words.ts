import type { DiagnosticCode } from '../../source/codes.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { SourceFile, Span } from '../../source/source-file.ts'

/** A word of a line: as it stands there, and what a string in quotes stands for. */
export type Word = { readonly text: string; readonly string: string | null; readonly span: Span }

/** A complaint about a place of a script. */
export type Bad = { readonly kind: 'bad'; readonly diagnostic: Diagnostic }

export function bad(
  code: DiagnosticCode,
  span: Span,
  message: string,
  help: string | null = null,
): Bad {
  return { kind: 'bad', diagnostic: diagnostic('error', code, span, message, { help }) }
}

export function isBad(value: unknown): value is Bad {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'bad'
}

/**
 * The words of one line: blanks separate, `"..."` is one word with `\r`, `\n`, `\t`, `\"`, `\\` and `\xHH` in it, and a
 * `#` at the start of a word begins a comment.
 */
export function wordsOf(file: SourceFile, start: number, end: number): readonly Word[] | Bad {
  const { text } = file
  const words: Word[] = []
  for (let at = start; at < end; ) {
    const character = text[at] ?? ''
    if (character === ' ' || character === '\t' || character === '\r') {
      at += 1
      continue
    }
    if (character === '#') break
    if (character === '"') {
      const string = readString(file, at, end)
      if (isBad(string)) return string
      words.push(string)
      at = string.span.end
      continue
    }
    let stop = at
    while (stop < end && !/[ \t\r"]/.test(text[stop] ?? '')) stop += 1
    words.push({ text: text.slice(at, stop), string: null, span: { file, start: at, end: stop } })
    at = stop
  }
  return words
}

const ESCAPES: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  '"': '"',
  '\\': '\\',
}

function readString(file: SourceFile, start: number, end: number): Word | Bad {
  const { text } = file
  const parts: string[] = []
  for (let at = start + 1; at < end; at += 1) {
    const character = text[at] ?? ''
    if (character === '"') {
      const span = { file, start, end: at + 1 }
      return { text: text.slice(start, at + 1), string: parts.join(''), span }
    }
    if (character !== '\\') {
      parts.push(character)
      continue
    }
    at += 1
    const letter = text[at] ?? ''
    const hex = letter === 'x' ? /^[\da-f]{2}$/i.exec(text.slice(at + 1, at + 3))?.[0] : undefined
    if (hex !== undefined && at + 2 < end) {
      parts.push(String.fromCharCode(Number.parseInt(hex, 16)))
      at += 2
    } else if (Object.hasOwn(ESCAPES, letter) && at < end) parts.push(ESCAPES[letter] ?? '')
    else
      return bad(
        'flow/bad-string',
        { file, start: at - 1, end: Math.min(at + 1, end) },
        'this is no escape in a string',
        'write `\\r`, `\\n`, `\\t`, `\\"`, `\\\\` or `\\x0d`',
      )
  }
  return bad(
    'flow/bad-string',
    { file, start, end },
    'this string does not end',
    'close it with `"`',
  )
}

/** A byte string in quotes, as {@link wordsOf} reads it back. */
export function showString(bytes: string): string {
  const parts = [...bytes].map((character) => {
    const short = Object.entries(ESCAPES).find(([, stands]) => stands === character)?.[0]
    if (short !== undefined) return `\\${short}`
    const code = character.charCodeAt(0)
    return code < 0x20 || code > 0x7e ? `\\x${code.toString(16).padStart(2, '0')}` : character
  })
  return `"${parts.join('')}"`
}
