/** Longest word iptables-restore takes: `xt_param_buf`, iptables/xshared.c. */
const longestWord = 1023

/** Longest line iptables-restore reads at once: the rest is taken for a new line (iptables-restore.c, `buffer`). */
export const longestLine = 10_239

/**
 * Splits a line as `add_param_to_argv` of iptables/xshared.c does: blanks and tabs separate, double quotes group (a
 * closing quote ends the word), a backslash escapes within quotes only. A string: why the line is refused.
 */
export function splitWords(text: string): readonly string[] | string {
  const words = isPlain(text) ? splitPlain(text) : splitQuoted(text)
  if (text.length <= longestWord) return words
  return words.some((word) => word.length > longestWord) ? 'Parameter too long!' : words
}

/** True where blanks are all there is to look for: in most lines, and then no word needs quotes. */
export function isPlain(text: string): boolean {
  return !text.includes('"') && !text.includes('\t')
}

function splitPlain(text: string): readonly string[] {
  const words = text.split(' ')
  return words.includes('') ? words.filter((word) => word !== '') : words
}

function splitQuoted(text: string): readonly string[] {
  const words: string[] = []
  let word = ''
  let quoted = false
  let escaped = false
  for (const char of text) {
    if (quoted && (escaped || char !== '"')) {
      if (!escaped && char === '\\') {
        escaped = true
      } else {
        escaped = false
        word += char
      }
    } else if (quoted) {
      words.push(word)
      word = ''
      quoted = false
    } else if (char === '"') {
      quoted = true
    } else if (char !== ' ' && char !== '\t') {
      word += char
    } else if (word !== '') {
      words.push(word)
      word = ''
    }
  }
  if (word !== '') words.push(word)
  return words
}

/** The words as they would be written on a line: those that need it in double quotes. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^$|[ \t"]/.test(word) ? quoteWord(word) : word)).join(' ')
}

function quoteWord(word: string): string {
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * An unsigned number as strtoul(3) with base 0 reads it (`xtables_strtoui`, libxtables/xtables.c): decimal, `0x`
 * hexadecimal, octal after a zero, a plus sign and leading blanks allowed. Null: not a number, or larger than `max`.
 */
export function parseUnsigned(text: string, max: number): number | null {
  const digits = /^[ \t\n\v\f\r]*\+?(?:(0[xX][0-9a-fA-F]{1,32})|(0[0-7]{0,32})|([1-9][0-9]{0,32}))$/
  const found = digits.exec(text)
  if (found === null) return null
  const [, hex, octal, decimal] = found
  const value =
    hex !== undefined
      ? Number.parseInt(hex.slice(2), 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal)
  return value <= max ? value : null
}
