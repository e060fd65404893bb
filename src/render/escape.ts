/**
 * Makes text from a configuration safe to show. A comment or a name may hold anything: terminal escapes that
 * repaint what stands above, bidi overrides that reorder a rule, bytes that are no character at all. All of it
 * is shown as an escape that a person can read, never passed on.
 */

/** Controls (C0, DEL, C1), format characters (bidi, zero width, tags), separators, surrogates, private use, unassigned, Hangul fillers. */
const UNSAFE = '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}\\u115f\\u1160\\u3164\\uffa0]'

/** Made when first needed: its tables take milliseconds, and most texts are ASCII. */
let unsafe: { readonly any: RegExp; readonly all: RegExp } | null = null

function unsafeCharacters(): { readonly any: RegExp; readonly all: RegExp } {
  unsafe ??= { any: new RegExp(UNSAFE, 'u'), all: new RegExp(UNSAFE, 'gu') }
  return unsafe
}

const PLAIN_ASCII = /^[\x20-\x7e]*$/

/** Text with every unsafe character spelled as an escape (`\x1b`, `\u202e`). Costs one scan when there is none. */
export function escapeText(text: string): string {
  if (PLAIN_ASCII.test(text) || !unsafeCharacters().any.test(text)) return text
  return text.replace(unsafeCharacters().all, escapeCharacter)
}

/** As {@link escapeText}, and everything beyond ASCII escaped too: for terminals whose locale is not UTF-8. */
export function escapeToAscii(text: string): string {
  if (PLAIN_ASCII.test(text)) return text
  return text.replace(/[^\x20-\x7e]/gu, escapeCharacter)
}

/**
 * A byte string (latin1, see source/source-file.ts) as safe text: valid UTF-8 decoded, bytes that are not part
 * of any character as `\xff`, unsafe characters escaped. Longer than `limit` bytes: cut, with an ellipsis.
 */
export function showBytes(bytes: string, limit: number = Number.POSITIVE_INFINITY): string {
  const cut = bytes.length > limit
  const text = cut ? bytes.slice(0, limit) : bytes
  const shown = PLAIN_ASCII.test(text) ? text : escapeText(decodeLossless(text, cut))
  return cut ? `${shown}…` : shown
}

/** Made when first needed, as above. */
let strict: { readonly decode: (bytes: Uint8Array) => string } | null = null

/** Decodes UTF-8; what does not decode becomes `\xNN`, byte by byte. `cut`: an incomplete last character is left out. */
function decodeLossless(bytes: string, cut: boolean): string {
  const raw = Buffer.from(bytes, 'latin1')
  try {
    strict ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return strict.decode(raw)
  } catch {
    let shown = ''
    for (let at = 0; at < raw.length; ) {
      const length = characterLength(raw, at)
      if (length > 0) {
        shown += raw.toString('utf8', at, at + length)
        at += length
        continue
      }
      if (cut && at + 3 >= raw.length) return shown
      shown += hexByte(raw[at] ?? 0)
      at += 1
    }
    return shown
  }
}

/** Length of the well-formed UTF-8 sequence at `at` (RFC 3629, table 3-7 of the Unicode standard); 0 if there is none. */
function characterLength(raw: Uint8Array, at: number): number {
  const first = raw[at] ?? 0
  const second = raw[at + 1] ?? 0
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  for (let i = 2; i < length; i += 1) {
    if (((raw[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  }
  return length
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return hexByte(code)
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

/** JSON of plain data with every unsafe character written `\uXXXX`: a terminal may be looking at it. */
export function safeJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, bigintAsText, indent)
  if (PLAIN_ASCII.test(text) || !unsafeCharacters().any.test(text)) return text
  return text.replace(unsafeCharacters().all, (character) =>
    character === '\n' ? character : jsonEscape(character),
  )
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

function jsonEscape(character: string): string {
  let escaped = ''
  for (let i = 0; i < character.length; i += 1)
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escaped
}
