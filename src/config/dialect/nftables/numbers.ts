/** Decimal digits with an optional `+`, up to `max`, as Rust reads unsigned integers; null otherwise. */
export function parseUnsigned(text: string, max: number): number | null {
  const digits = /^\+?0*([0-9]{1,10})$/.exec(text)?.[1]
  if (digits === undefined) return null
  const value = Number(digits)
  return value <= max ? value : null
}

const I64_MAX = 2n ** 63n - 1n
const I64_MIN = -(2n ** 63n)

/** An `i64`, or the text Rust has for why it is none. Beyond 2^53 the number is rounded. */
export function parseSigned(text: string): number | string {
  if (text === '') return 'cannot parse integer from empty string'
  if (!/^[+-]?[0-9]+$/.test(text)) return 'invalid digit found in string'
  const negative = text.startsWith('-')
  const digits = text.replace(/^[+-]?0*/, '')
  const size = digits.length > 19 ? I64_MAX + 2n : BigInt(digits)
  const value = negative ? -size : size
  if (value > I64_MAX) return 'number too large to fit in target type'
  if (value < I64_MIN) return 'number too small to fit in target type'
  return Number(value)
}
