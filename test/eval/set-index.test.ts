import fc from 'fast-check'
import { expect, it } from 'vitest'
import { coverage, decidingElement, setContains, setIndex } from '../../src/eval/set-index.ts'
import { rangeOf } from '../../src/ip/prefix.ts'
import { contains } from '../../src/ip/range-set.ts'
import type { AddressElement, NfSet } from '../../src/netfilter/ruleset.ts'
import { runs } from '../support/runs.ts'

const origin = { kind: 'generated', by: 'test', why: 'test', span: null, means: null } as const

/** Networks of few bits, so that they nest and touch. */
function networks(version: 4 | 6): fc.Arbitrary<readonly AddressElement[]> {
  const width = version === 4 ? 32 : 128
  const network = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 1, max: 6 }), fc.boolean())
    .map(([top, length, nomatch]): AddressElement => {
      const bits = BigInt(top) << BigInt(width - 6)
      const range = rangeOf({ address: { version, bits }, prefix: length })
      return { ...range, nomatch, text: '', origin }
    })
  return fc.uniqueArray(network, {
    maxLength: 20,
    selector: ({ lo, hi }) => `${lo}-${hi}`,
  })
}

/** ipset as its man page tells it: of the networks that hold the address, the one with the longest prefix decides. */
function naive(elements: readonly AddressElement[], address: bigint): AddressElement | null {
  const holding = elements.filter(({ lo, hi }) => lo <= address && address <= hi)
  return holding.toSorted((a, b) => (a.hi - a.lo < b.hi - b.lo ? -1 : 1))[0] ?? null
}

for (const version of [4, 6] as const) {
  it(`a look-up in IPv${version} networks finds the longest prefix`, () => {
    fc.assert(
      fc.property(networks(version), fc.integer({ min: 0, max: 255 }), (elements, top) => {
        const address = BigInt(top) << (version === 4 ? 24n : 120n)
        const set: NfSet = { kind: 'addresses', name: 's', version, elements, origin }
        const index = setIndex('s', new Map([['s', set]]))
        const asked = version === 4 ? Number(address) : address
        const expected = naive(elements, address)
        expect(decidingElement(index, version, asked)).toBe(expected)
        expect(setContains(index, version, asked)).toBe(expected?.nomatch === false)
        expect(contains(coverage(index, version) ?? [], address)).toBe(expected?.nomatch === false)
      }),
      { numRuns: runs(500) },
    )
  })
}

it('a set that is missing holds nothing', () => {
  expect(setContains(setIndex('s', new Map()), 4, 1)).toBe(false)
})
