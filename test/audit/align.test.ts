import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { align } from '../../src/audit/align.ts'

function of(first: string, second: string) {
  return align([...first], [...second])
}

describe('two lists', () => {
  it('that are equal have nothing but what is kept', () => {
    expect(of('abcabc', 'abcabc')).toMatchObject({ moved: [], missing: [], extra: [] })
  })

  it('say what is missing and what is extra by its place', () => {
    expect(of('abcd', 'axcd')).toMatchObject({ missing: [1], extra: [1], moved: [] })
  })

  it('say what moved, and as little of it as can be', () => {
    expect(of('abcd', 'bcda').moved).toEqual([[0, 3]])
    expect(of('abcd', 'dabc').moved).toEqual([[3, 0]])
  })

  it('take the k-th of a kind for the k-th of the other list', () => {
    expect(of('aab', 'aba')).toMatchObject({
      kept: [
        [0, 0],
        [2, 1],
      ],
      moved: [[1, 2]],
    })
    expect(of('aa', 'a')).toMatchObject({ kept: [[0, 0]], missing: [1] })
  })

  it('account for every place once', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
    fc.assert(
      fc.property(list, list, (first, second) => {
        const { kept, moved, missing, extra } = align(first, second)
        const pairs = [...kept, ...moved]
        expect([...pairs.map(([at]) => at), ...missing].sort((a, b) => a - b)).toEqual([
          ...first.keys(),
        ])
        expect([...pairs.map(([, at]) => at), ...extra].sort((a, b) => a - b)).toEqual([
          ...second.keys(),
        ])
        for (const [at, other] of pairs) expect(first[at]).toBe(second[other])
        expect(kept.map(([, at]) => at)).toEqual(kept.map(([, at]) => at).toSorted((a, b) => a - b))
      }),
    )
  })

  it('of a hundred thousand take no long time', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => String(at))
    expect(align(many, many.toReversed()).kept).toHaveLength(1)
  })
})
