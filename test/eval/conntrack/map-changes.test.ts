import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  EMPTY_MAP,
  mapChanges,
  mapDelete,
  mapSet,
  type PersistentMap,
} from '../../../src/eval/conntrack/persistent-map.ts'

type Act = { readonly key: string; readonly value: number | null }

const act: fc.Arbitrary<Act> = fc.record({
  key: fc.integer({ min: 0, max: 60 }).map(String),
  value: fc.option(fc.integer({ min: 0, max: 3 })),
})

function done(start: PersistentMap<number>, acts: readonly Act[]): PersistentMap<number> {
  return acts.reduce(
    (map, { key, value }) => (value === null ? mapDelete(map, key) : mapSet(map, key, value)),
    start,
  )
}

it('the changes between two maps are those of two plain ones', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), fc.array(act), (first, second) => {
      const before = done(EMPTY_MAP, first)
      const after = done(before, second)
      const plain = (acts: readonly Act[]) => {
        const map = new Map<string, number>()
        for (const { key, value } of acts)
          if (value === null) map.delete(key)
          else map.set(key, value)
        return map
      }
      const [was, is] = [plain(first), plain([...first, ...second])]
      const expected = [...new Set([...was.keys(), ...is.keys()])]
        .map((key) => `${was.get(key) ?? null} ${is.get(key) ?? null}`)
        .filter((text) => text.split(' ')[0] !== text.split(' ')[1])
      const found = [...mapChanges(before, after)].map((one) => `${one.before} ${one.after}`)
      expect(found.toSorted()).toEqual(expected.toSorted())
    }),
    { numRuns: 200 },
  )
})
