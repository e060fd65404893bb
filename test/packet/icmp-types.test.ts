import { describe, expect, it } from 'vitest'
import {
  familiesOfIcmpType,
  icmpTypeNames,
  parseIcmpType,
  showIcmpType,
} from '../../src/packet/icmp-types.ts'

describe('parseIcmpType', () => {
  it.each([
    ['8', 4, { type: 8, code: null }],
    ['3/1', 4, { type: 3, code: 1 }],
    ['echo-request', 4, { type: 8, code: null }],
    ['echo-request', 6, { type: 128, code: null }],
    ['ping', 6, { type: 128, code: null }],
    ['port-unreachable', 4, { type: 3, code: 3 }],
    ['port-unreachable', 6, { type: 1, code: 4 }],
    ['destination-unreachable/9', 4, { type: 3, code: 9 }],
    ['nd-neighbor-solicit', 6, { type: 135, code: null }],
    ['neighbour-solicitation', 6, { type: 135, code: null }],
    ['TOS-host-unreachable', 4, { type: 3, code: 12 }],
    ['neighbor-solicitation', 4, null],
    ['port-unreachable/1', 4, null],
    ['port-unreachable/3', 4, { type: 3, code: 3 }],
    ['256', 4, null],
    ['3/', 4, null],
    ['3/256', 4, null],
    ['', 4, null],
    ['constructor', 4, null],
  ] as const)('%s for IPv%s', (text, family, expected) => {
    expect(parseIcmpType(text, family)).toEqual(expected)
  })

  it('every name reads back from what is shown of it', () => {
    for (const family of [4, 6] as const)
      for (const name of icmpTypeNames(family)) {
        const parsed = parseIcmpType(name, family)
        expect(parsed).not.toBeNull()
        if (parsed === null) continue
        const shown = showIcmpType(parsed.type, parsed.code, family)
        expect(parseIcmpType(shown, family)).toEqual(parsed)
      }
  })

  it('a number without a name is shown as it is', () => {
    expect(showIcmpType(99, null, 4)).toBe('99')
    expect(showIcmpType(99, 3, 6)).toBe('99/3')
    expect(showIcmpType(8, 0, 4)).toBe('echo-request')
    expect(showIcmpType(3, 3, 4)).toBe('port-unreachable')
  })

  it('tells the family where only one has the name', () => {
    expect(familiesOfIcmpType('source-quench')).toEqual([4])
    expect(familiesOfIcmpType('packet-too-big')).toEqual([6])
    expect(familiesOfIcmpType('redirect')).toEqual([4, 6])
    expect(familiesOfIcmpType('nonsense')).toEqual([])
  })
})
