import { describe, expect, it } from 'vitest'
import { expandGlob, matchesGlob } from '../../src/config/glob.ts'

describe('matchesGlob', () => {
  it.each<[string, string, boolean]>([
    ['*', 'sdn', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['s*n', 'sdn', true],
    ['s*n', 'sdnx', false],
    ['a*b*c', 'aXbYbZc', true],
    ['?', '', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[!a-c]x', 'dx', true],
    ['[', '[', true],
    ['a-b', 'a-b', true],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(matchesGlob(pattern, name)).toBe(matches)
  })

  it('takes no exponential time', () => {
    expect(matchesGlob('*a'.repeat(2_000), `${'a'.repeat(4_000)}b`)).toBe(false)
  })
})

describe('expandGlob', () => {
  const list = (path: string) =>
    path === '' ? [{ name: 'd' }, { name: 'e' }] : [{ name: 'y' }, { name: 'x' }, { name: 'z' }]

  it('goes through every segment, sorted and limited', () => {
    expect(expandGlob('/*/[xy]', list, 100)).toEqual(['d/x', 'd/y', 'e/x', 'e/y'])
    expect(expandGlob('/*/*', list, 4)).toHaveLength(4)
    expect(expandGlob('/a/b', list, 4)).toEqual(['a/b'])
    expect(expandGlob('/x'.repeat(100), list, 4)).toEqual([])
  })
})
