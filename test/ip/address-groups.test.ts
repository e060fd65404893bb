import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { IPv6 } from 'ip-num'
import { describe, expect, it } from 'vitest'
import { parseAddr } from '../../src/ip/address.ts'
import { runs } from '../support/runs.ts'

describe('IPv6 addresses without dots', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
  const written = fc.oneof(
    fc.ipV6(),
    fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
    fc
      .tuple(fc.array(group, { maxLength: 8 }), fc.array(group, { maxLength: 8 }))
      .map(([head, tail]) => `${head.join(':')}::${tail.join(':')}`),
    fc.stringMatching(/^[0-9a-fA-F:]{0,42}$/),
  )

  it('are the numbers ip-num makes of them', () => {
    fc.assert(
      fc.property(written, (text) => {
        const expected = isIPv6(text) ? IPv6.fromString(text).getValue() : null
        expect(text.includes('.') ? null : (parseAddr(text)?.bits ?? null)).toBe(
          text.includes('.') ? null : expected,
        )
      }),
      { numRuns: runs(5000) },
    )
  })
})
