import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/source/nearest.ts'

describe('nearest', () => {
  it.each([
    ['wbe', ['web', 'db'], ['web']],
    ['vmbr', ['vmbr0', 'vmbr1', 'eno1'], ['vmbr0', 'vmbr1']],
    ['WEB', ['web'], ['web']],
    ['web', ['mail', 'database'], []],
    ['establish', ['established', 'related'], ['established']],
    ['', ['a'], ['a']],
  ])('%s of %s is %s', (word, names, expected) => {
    expect(nearest(word, names)).toEqual(expected)
  })

  it('names at most three, nearest first', () => {
    expect(nearest('web01', ['web03', 'web02', 'web0', 'web011', 'mail'])).toHaveLength(3)
  })

  it('is bounded for long words', () => {
    const names = Array.from({ length: 2000 }, (_, i) => `${'a'.repeat(60)}${i}`)
    expect(nearest('a'.repeat(1_000_000), names).length).toBeLessThanOrEqual(3)
  })
})
