import type { RangeSet } from '../ip/range-set.ts'

/**
 * Values of one field: where they begin and where they end by turns, ascending, the ends not among them. Numbers, but
 * for IPv6 addresses, which are bigints; a set never has both.
 */
export type ValueSet = readonly (number | bigint)[]

export const NO_VALUES: ValueSet = []

/** One range, both ends among the values. */
export function rangeOf(lo: number, hi: number): ValueSet {
  return lo <= hi ? [lo, hi + 1] : NO_VALUES
}

/** Inclusive bounds by turns, in any order and overlapping, as tests have them. */
export function valuesOfBounds(bounds: readonly number[]): ValueSet {
  const ranges: (readonly [number, number])[] = []
  for (let i = 0; i < bounds.length; i += 2)
    ranges.push([bounds[i] as number, bounds[i + 1] as number])
  ranges.sort((a, b) => a[0] - b[0])
  const values: number[] = []
  for (const [lo, hi] of ranges) {
    if (lo > hi) continue
    const end = values.at(-1)
    if (end !== undefined && lo <= end) {
      if (hi + 1 > end) values[values.length - 1] = hi + 1
    } else values.push(lo, hi + 1)
  }
  return values
}

/** Addresses of a family: IPv4 as numbers. */
export function valuesOfRanges(ranges: RangeSet, bits: number): ValueSet {
  const values: (number | bigint)[] = []
  if (bits > 53) for (const { lo, hi } of ranges) values.push(lo, hi + 1n)
  else for (const { lo, hi } of ranges) values.push(Number(lo), Number(hi) + 1)
  return values
}

/** Inclusive ranges again, as other layers have them. */
export function rangesOfValues(values: ValueSet): RangeSet {
  const ranges: { lo: bigint; hi: bigint }[] = []
  for (let i = 0; i < values.length; i += 2)
    ranges.push({
      lo: BigInt(values[i] as number | bigint),
      hi: BigInt(values[i + 1] as number | bigint) - 1n,
    })
  return ranges
}

/** True where a value is in the set: by bisection. */
export function hasValue(values: ValueSet, value: number | bigint): boolean {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((values[middle] as number | bigint) <= value) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

/** Values of the one set that are not in the other. */
export function withoutValues(all: ValueSet, taken: ValueSet): ValueSet {
  const left: (number | bigint)[] = []
  let j = 0
  for (let i = 0; i < all.length; i += 2) {
    let from = all[i] as number | bigint
    const end = all[i + 1] as number | bigint
    while (j < taken.length && (taken[j + 1] as number | bigint) <= from) j += 2
    for (let k = j; k < taken.length && (taken[k] as number | bigint) < end; k += 2) {
      const start = taken[k] as number | bigint
      if (start > from) left.push(from, start)
      from = taken[k + 1] as number | bigint
    }
    if (from < end) left.push(from, end)
  }
  return left
}
