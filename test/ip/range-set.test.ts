import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  contains,
  intersect,
  isSubset,
  normalise,
  type Range,
  type RangeSet,
  subtract,
  union,
} from '../../src/ip/range-set.ts'
import { runs } from '../support/runs.ts'

const universe = 64
const range: fc.Arbitrary<Range> = fc
  .tuple(fc.nat({ max: universe - 1 }), fc.nat({ max: universe - 1 }))
  .map(([a, b]) => ({ lo: BigInt(Math.min(a, b)), hi: BigInt(Math.max(a, b)) }))
const rangeSet: fc.Arbitrary<RangeSet> = fc.array(range, { maxLength: 8 }).map(normalise)

/** The same set as one boolean per value. */
function naive(set: readonly Range[]): readonly boolean[] {
  return Array.from({ length: universe }, (_, value) =>
    set.some(({ lo, hi }) => lo <= BigInt(value) && BigInt(value) <= hi),
  )
}

describe('a range set behaves as the set of its values', () => {
  const check = (law: (a: RangeSet, b: RangeSet) => void) =>
    fc.assert(
      fc.property(rangeSet, rangeSet, (a, b) => {
        law(a, b)
      }),
      { seed: 4, numRuns: runs(500) },
    )

  it('in union', () =>
    check((a, b) => expect(naive(union(a, b))).toEqual(naive(a).map((x, i) => x || naive(b)[i]))))
  it('in intersection', () =>
    check((a, b) =>
      expect(naive(intersect(a, b))).toEqual(naive(a).map((x, i) => x && naive(b)[i])),
    ))
  it('in difference', () =>
    check((a, b) =>
      expect(naive(subtract(a, b))).toEqual(naive(a).map((x, i) => x && !naive(b)[i])),
    ))
  it('in inclusion', () =>
    check((a, b) => expect(isSubset(a, b)).toBe(naive(a).every((x, i) => !x || naive(b)[i]))))
  it('in membership', () =>
    check((a) => expect(naive(a)).toEqual(naive(a).map((_, value) => contains(a, BigInt(value))))))

  it('and stays sorted, disjoint and non-adjacent', () => {
    check((a, b) => {
      for (const set of [union(a, b), intersect(a, b), subtract(a, b)])
        expect(normalise(set)).toEqual(set)
    })
  })
})

it('an empty range vanishes', () => {
  expect(normalise([{ lo: 5n, hi: 4n }])).toEqual([])
})
