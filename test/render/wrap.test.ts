import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/render/columns.ts'
import { plainLook } from '../../src/render/look.ts'
import { ansi, plain } from '../../src/render/show.ts'
import { line, piece } from '../../src/render/styled.ts'
import { wrapLine } from '../../src/render/wrap.ts'

const texts = (text: string, hang: number, width: number): readonly string[] =>
  wrapLine(line([text], hang), width).map((row) => row.map((part) => part.text).join(''))

describe('wrapLine', () => {
  it('leaves a line alone that fits', () => {
    expect(texts('a  b', 2, 24)).toEqual(['a  b'])
  })

  it('breaks at blanks and indents what follows', () => {
    expect(texts('one two three four five six seven', 4, 24)).toEqual([
      'one two three four five',
      '    six seven',
    ])
  })

  it('keeps the indentation of the first row', () => {
    expect(texts(`    ${'word '.repeat(6)}`, 6, 24)[0]).toBe('    word word word word')
  })

  it('breaks a word that is longer than the width', () => {
    expect(texts('x'.repeat(60), 4, 30)).toEqual([
      'x'.repeat(30),
      `    ${'x'.repeat(26)}`,
      '    xxxx',
    ])
  })

  it('counts wide characters as two columns', () => {
    expect(widthOf('防火')).toBe(4)
    expect(texts('防'.repeat(20), 0, 30)[0]).toBe('防'.repeat(15))
  })

  it('keeps the style of each piece', () => {
    const rows = wrapLine(line([piece('aaaa '.repeat(4), 'drop'), 'bbbb '.repeat(4)], 0), 24)
    expect(rows.flat().map((part) => [part.style, part.text])).toEqual([
      ['drop', 'aaaa aaaa aaaa aaaa'],
      ['plain', ' bbbb'],
      ['plain', 'bbbb bbbb bbbb'],
    ])
  })

  it('never exceeds the width, and loses nothing but blanks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '→', '防'), maxLength: 200 })
    fc.assert(
      fc.property(text, fc.integer({ min: 24, max: 90 }), fc.nat(30), (words, width, hang) => {
        const rows = texts(words, hang, width)
        for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(width)
        expect(rows.join('').replaceAll(' ', '')).toBe(words.replaceAll(' ', ''))
      }),
    )
  })

  it('takes a line of a million letters in good time', () => {
    expect(texts('word '.repeat(200_000), 4, 80).length).toBeGreaterThan(12_000)
  })
})

describe('plain and ansi', () => {
  const lines = [line([piece('DROP', 'drop'), ' → ', piece('place', 'place')])]

  it('colour a meaning with the 16 basic colours, and reset after it', () => {
    expect(ansi(lines)).toBe('\u001b[1;31mDROP\u001b[0m → \u001b[36mplace\u001b[0m\n')
    expect(plain(lines)).toBe('DROP → place\n')
  })

  it('spell arrows in ASCII where the locale is not UTF-8, and escape other letters', () => {
    const look = { ...plainLook, unicode: false }
    expect(plain([line(['a → b … café'])], look)).toBe('a -> b ... caf\\xe9\n')
  })
})
