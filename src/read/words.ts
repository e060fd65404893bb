/** Longest word iptables-restore takes: `xt_param_buf`, iptables/xshared.c. */
const longestWord = 1023

/** Longest line iptables-restore reads at once: the rest is taken for a new line (iptables-restore.c, `buffer`). */
export const longestLine = 10_239

/** A line taken apart. */
export type Line = {
  readonly words: readonly string[]
  /** The words as they would be written: a blank between two, in double quotes where they need it. */
  readonly text: string
  /** Where each word starts in `text`; one more: where another would. */
  readonly starts: readonly number[]
}

/**
 * Splits a line as `add_param_to_argv` of iptables/xshared.c does: blanks and tabs separate, double quotes group (a
 * closing quote ends the word), a backslash escapes within quotes only. A string: why the line is refused.
 */
export function splitLine(text: string): Line | string {
  const line = text.includes('"') || text.includes('\t') ? splitQuoted(text) : splitPlain(text)
  if (text.length <= longestWord) return line
  return line.words.some((word) => word.length > longestWord) ? 'Parameter too long!' : line
}

/** Splits a line at blanks and tabs alone, as ebtables and ipset do, which know no quotes. */
export function splitBlanks(text: string): readonly string[] {
  const words = (text.includes('\t') ? text.replaceAll('\t', ' ') : text).split(' ')
  return words.includes('') ? words.filter(isNotEmpty) : words
}

/** The words from `from` up to, not with, `to` as they would be written. */
export function textBetween({ text, starts }: Line, from: number, to: number): string {
  return text.slice(starts[from], (starts[to] ?? 0) - 1)
}

/** Blanks are all there is to look for, and no word needs quotes: so are most lines. */
function splitPlain(given: string): Line {
  const text = isTidy(given) ? given : given.split(' ').filter(isNotEmpty).join(' ')
  const words: string[] = []
  const starts = [0]
  for (let at = 0; at < text.length; ) {
    const blank = text.indexOf(' ', at)
    const end = blank === -1 ? text.length : blank
    words.push(text.slice(at, end))
    at = end + 1
    starts.push(at)
  }
  return { words, text, starts }
}

/** One blank between two words and none around them. */
function isTidy(text: string): boolean {
  return !text.startsWith(' ') && !text.endsWith(' ') && !text.includes('  ')
}

function isNotEmpty(word: string): boolean {
  return word !== ''
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const TAB = 0x09
const BLANK = 0x20

function splitQuoted(given: string): Line {
  const words: string[] = []
  const written: string[] = []
  let word = ''
  for (let at = 0; at < given.length; ) {
    const code = given.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfQuotes(given, at + 1)
      word += unescaped(given.slice(at + 1, end))
      if (word !== '' || end < given.length) {
        words.push(word)
        // only from within quotes a word can have what needs them
        written.push(/^$|[ \t"]/.test(word) ? quoteWord(word) : word)
      }
      word = ''
      at = end + 1
    } else if (code === BLANK || code === TAB) {
      at += 1
    } else {
      const end = endOfBare(given, at)
      word = given.slice(at, end)
      at = end
      if (given.charCodeAt(at) === QUOTE) continue
      words.push(word)
      written.push(word)
      word = ''
    }
  }
  const text = written.join(' ')
  // the same string where it is the same text: the parts of a line keep the whole of it alive
  return { words, text: text === given ? given : text, starts: startsOf(written) }
}

function startsOf(words: readonly string[]): readonly number[] {
  const starts = [0]
  let at = 0
  for (const word of words) {
    at += word.length + 1
    starts.push(at)
  }
  return starts
}

/** Offset of the quote that ends what starts at `from`, else of the end of the line. */
function endOfQuotes(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) !== QUOTE)
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return Math.min(at, text.length)
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.?)/gs, '$1') : text
}

function endOfBare(text: string, from: number): number {
  let at = from
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BLANK || code === TAB || code === QUOTE) break
  }
  return at
}

function quoteWord(word: string): string {
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * An unsigned number as strtoul(3) with base 0 reads it (`xtables_strtoui`, libxtables/xtables.c): decimal, `0x`
 * hexadecimal, octal after a zero, a plus sign and leading blanks allowed. Null: not a number, or larger than `max`.
 */
export function parseUnsigned(text: string, max: number): number | null {
  const value = decimal(text) ?? anyBase(text)
  return value === null || value > max ? null : value
}

/** A number of up to nine digits that does not start with a zero, as nearly all are; else null. */
function decimal(text: string): number | null {
  if (text.length === 0 || text.length > 9 || text.charCodeAt(0) === ZERO) return null
  let value = 0
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return null
    value = value * 10 + digit
  }
  return value
}

const ZERO = 0x30

function anyBase(text: string): number | null {
  const digits = /^[ \t\n\v\f\r]*\+?(?:(0[xX][0-9a-fA-F]{1,32})|(0[0-7]{0,32})|([1-9][0-9]{0,32}))$/
  const found = digits.exec(text)
  if (found === null) return null
  const [, hex, octal, decimal] = found
  if (hex !== undefined) return Number.parseInt(hex.slice(2), 16)
  return octal !== undefined ? Number.parseInt(octal, 8) : Number(decimal)
}
