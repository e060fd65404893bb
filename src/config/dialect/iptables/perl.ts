import { byteSet } from '../../fw-line.ts'

/**
 * What Perl's regular expressions mean on bytes. JavaScript's `\s`, `\w` and letter case take Latin-1 letters
 * and the no-break space for more than bytes, so they are never used on the text of a file.
 */

/** `\h`: what is stripped around a line. The no-break space belongs to it, so a comment ending in `à` loses a byte. */
export const BLANK = byteSet('\t \xa0')

/** `\s`: what separates words. */
export const SPACE = byteSet('\t\n\v\f\r ')

/** `lc` of bytes: ASCII letters only. */
export function lower(text: string): string {
  return /[^\0-\x7f]/.test(text)
    ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    : text.toLowerCase()
}

/** `uc` of bytes: ASCII letters only. */
export function upper(text: string): string {
  return /[^\0-\x7f]/.test(text)
    ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
    : text.toUpperCase()
}

/** Truth of a string: everything but the empty string and `0`. */
export function isTrue(text: string): boolean {
  return text !== '' && text !== '0'
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]+$/

/** A name of an alias, set or security group: a letter and at least one of letters, digits, `-` and `_`. */
export function isName(text: string): boolean {
  return NAME.test(text)
}

const LARGEST_INTEGER = 18_446_744_073_709_551_615n

/** `int` of decimal digits, as Perl prints it: beyond 64 bits a floating point number of 15 digits. */
export function integer(digits: string): string {
  const shortened = digits.replace(/^0+(?=.)/, '')
  if (shortened.length < 20 || (shortened.length === 20 && BigInt(shortened) <= LARGEST_INTEGER))
    return shortened
  const value = Number(shortened)
  if (!Number.isFinite(value)) return 'Inf'
  const [mantissa = '', exponent = ''] = value.toExponential(14).split('e+')
  return `${mantissa.replace(/\.?0+$/, '')}e+${exponent.padStart(2, '0')}`
}

/** `split` at a separator of one byte: empty pieces at the end are dropped. */
export function split(text: string, separator: string): readonly string[] {
  const pieces = text.split(separator)
  while (pieces.at(-1) === '') pieces.pop()
  return pieces
}
