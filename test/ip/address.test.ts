import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddr, showAddr } from '../../src/ip/address.ts'
import { runs } from '../support/runs.ts'

describe('parseAddr', () => {
  const facts: readonly [string, string | null][] = [
    ['192.168.1.53', '192.168.1.53'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['256.1.1.1', null],
    ['01.2.3.4', null],
    ['1.2.3', null],
    ['1.2.3.4/8', null],
    [' 1.2.3.4', null],
    ['::', '::'],
    ['::1', '::1'],
    ['FD10:10:0:0::1', 'fd10:10::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['fe80::1%eth0', null],
    ['1:2:3:4:5:6:7:8:9', null],
    [':::', null],
    ['12345::', null],
    ['::1.2.3.400', null],
    ['', null],
  ]
  it.each(facts)('reads %j as %j', (text, shown) => {
    const address = parseAddr(text)
    expect(address === null ? null : showAddr(address)).toBe(shown)
  })

  it('agrees with node:net on what an address is, zones apart', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ maxLength: 20 }),
      fc.stringMatching(/^[0-9a-f:.]{0,30}$/),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        expect(parseAddr(candidate) !== null).toBe(
          isIPv4(candidate) || (isIPv6(candidate) && !candidate.includes('%')),
        )
      }),
      { seed: 1, numRuns: runs(2000) },
    )
  })

  it('reads back what showAddr writes', () => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((bits) => ({ version: 4 as const, bits })),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((bits) => ({ version: 6 as const, bits })),
    )
    fc.assert(
      fc.property(address, (value) => {
        expect(parseAddr(showAddr(value))).toEqual(value)
      }),
      { seed: 2, numRuns: runs(1000) },
    )
  })
})
