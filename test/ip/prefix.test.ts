import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrsOf, hasHostBits, parseCidr, rangeOf, showCidr } from '../../src/ip/prefix.ts'

describe('parseCidr', () => {
  const facts: readonly [string, string | null][] = [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.5/8', '10.0.0.5/8'],
    ['10.0.0.5/32', '10.0.0.5'],
    ['10.0.0.5', '10.0.0.5'],
    ['10.0.0.0/08', '10.0.0.0/8'],
    ['10.0.0.0/33', null],
    ['10.0.0.0/', null],
    ['10.0.0.0/255.0.0.0', null],
    ['fd00::/8', 'fd00::/8'],
    ['fd00::/129', null],
    ['::1/128', '::1'],
  ]
  it.each(facts)('reads %j as %j', (text, shown) => {
    const cidr = parseCidr(text)
    expect(cidr === null ? null : showCidr(cidr)).toBe(shown)
  })
})

it('tells host bits', () => {
  const written = (text: string) => {
    const cidr = parseCidr(text)
    return cidr !== null && hasHostBits(cidr)
  }
  expect([
    written('10.0.0.5/8'),
    written('10.0.0.0/8'),
    written('fd00::1/64'),
    written('fd00::1'),
  ]).toEqual([true, false, true, false])
})

it('splits a range into the fewest CIDRs, in order, without gaps', () => {
  const bounds = fc.tuple(fc.nat({ max: 2 ** 20 }), fc.nat({ max: 2 ** 20 }))
  fc.assert(
    fc.property(bounds, ([a, b]) => {
      const range = { lo: BigInt(Math.min(a, b)), hi: BigInt(Math.max(a, b)) }
      const parts = cidrsOf(4, range).map(rangeOf)
      expect(parts[0]?.lo).toBe(range.lo)
      expect(parts.at(-1)?.hi).toBe(range.hi)
      expect(parts.slice(1).map((part) => part.lo)).toEqual(
        parts.slice(0, -1).map((part) => part.hi + 1n),
      )
      expect(parts.length).toBeLessThanOrEqual(2 * 21)
    }),
    { seed: 3 },
  )
  expect(cidrsOf(4, { lo: 0n, hi: 2n ** 32n - 1n }).map(showCidr)).toEqual(['0.0.0.0/0'])
  expect(cidrsOf(6, { lo: 0n, hi: 2n ** 128n - 1n }).map(showCidr)).toEqual(['::/0'])
})
