import { describe, expect, it } from 'vitest'
import { setName } from '../../../src/compile/iptables/set-name.ts'

// Hashes are those of PVE::Tools::fnv31a_hex.
const FACTS: readonly (readonly [string, number, string, 4 | 6, string])[] = [
  ['short names stand as they are', 0, 'management', 4, 'PVEFW-0-management-v4'],
  ['20 characters are short', 100, 'ipfilter-net0', 6, 'PVEFW-100-ipfilter-net0-v6'],
  ['21 characters are hashed, without leading zeros', 0, 'some-long-name-1', 4, 'PVEFW-936E528'],
  ['the family is part of what is hashed', 0, 'some-long-name-39', 4, 'PVEFW-2B1229D'],
]

describe('names of kernel sets', () => {
  it.each(FACTS)('%s', (_, vmid, name, family, expected) => {
    expect(setName(vmid, name, family)).toBe(expected)
  })
})
