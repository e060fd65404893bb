import { describe, expect, it } from 'vitest'
import {
  integer,
  isName,
  isTrue,
  lower,
  split,
  upper,
} from '../../../../src/config/dialect/iptables/perl.ts'

describe('Perl on bytes', () => {
  it('changes the case of ASCII letters only', () => {
    expect(lower('ABC\xc0Z')).toBe('abc\xc0z')
    expect(upper('abc\xe0z')).toBe('ABC\xe0Z')
  })

  it('takes the empty string and 0 for false, and nothing else', () => {
    expect(['', '0', '00', '0.0', ' ', 'a'].map(isTrue)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ])
  })

  it('drops empty pieces at the end of a split only', () => {
    expect(split(',a,,b,,', ',')).toEqual(['', 'a', '', 'b'])
    expect(split('', ',')).toEqual([])
  })

  it.each([
    ['007', '7'],
    ['0', '0'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.84467440737096e+19'],
    ['100000000000000000000', '1e+20'],
    ['9'.repeat(400), 'Inf'],
  ])('int(%s) prints as %s', (digits, expected) => {
    expect(integer(digits)).toBe(expected)
  })

  it('knows a name by its letters', () => {
    expect(['ab', 'a-b', 'a_1', 'a', '1a', 'a b', 'a\xe4', 'a.b'].map(isName)).toEqual([
      ...[true, true, true],
      ...[false, false, false, false, false],
    ])
  })
})
