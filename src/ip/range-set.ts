/** Inclusive. */
export type Range = { readonly lo: bigint; readonly hi: bigint }

/** Sorted, disjoint, non-adjacent inclusive ranges of unsigned integers. */
export type RangeSet = readonly Range[]

export const EMPTY: RangeSet = []

/** Sorts and merges. Ranges with `lo > hi` are empty and vanish. */
export function normalise(ranges: readonly Range[]): RangeSet {
  const sorted = ranges
    .filter((range) => range.lo <= range.hi)
    .toSorted((a, b) => (a.lo < b.lo ? -1 : a.lo > b.lo ? 1 : 0))
  const merged: { lo: bigint; hi: bigint }[] = []
  for (const { lo, hi } of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && lo <= last.hi + 1n) {
      if (hi > last.hi) last.hi = hi
    } else {
      merged.push({ lo, hi })
    }
  }
  return merged
}

export function union(a: RangeSet, b: RangeSet): RangeSet {
  return normalise([...a, ...b])
}

export function intersect(a: RangeSet, b: RangeSet): RangeSet {
  const result: Range[] = []
  let i = 0
  let j = 0
  for (;;) {
    const left = a[i]
    const right = b[j]
    if (left === undefined || right === undefined) return result
    const lo = larger(left.lo, right.lo)
    const hi = smaller(left.hi, right.hi)
    if (lo <= hi) result.push({ lo, hi })
    if (left.hi < right.hi) i += 1
    else j += 1
  }
}

/** Everything of `a` that is not in `b`. */
export function subtract(a: RangeSet, b: RangeSet): RangeSet {
  const result: Range[] = []
  let j = 0
  for (const range of a) {
    let lo = range.lo
    while (j < b.length && (b[j] as Range).hi < lo) j += 1
    let k = j
    for (let cut = b[k]; cut !== undefined && cut.lo <= range.hi; cut = b[++k]) {
      if (cut.lo > lo) result.push({ lo, hi: cut.lo - 1n })
      lo = cut.hi + 1n
    }
    if (lo <= range.hi) result.push({ lo, hi: range.hi })
  }
  return result
}

/** Membership by binary search. */
export function contains(set: RangeSet, value: bigint): boolean {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = set[middle] as Range
    if (value < range.lo) high = middle - 1
    else if (value > range.hi) low = middle + 1
    else return true
  }
  return false
}

/** True when every value of `a` is in `b`. */
export function isSubset(a: RangeSet, b: RangeSet): boolean {
  return subtract(a, b).length === 0
}

// Math.min and Math.max do not take bigints.
function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
