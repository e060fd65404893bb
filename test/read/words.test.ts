import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Line, parseUnsigned, splitLine, textBetween } from '../../src/read/words.ts'

function split(text: string): Line {
  const line = splitLine(text)
  if (typeof line === 'string') throw new Error(line)
  return line
}

describe('words of a line', () => {
  const cases: readonly (readonly [name: string, text: string, words: readonly string[]])[] = [
    ['stand between blanks', '-p tcp', ['-p', 'tcp']],
    ['may have more than one between them', ' -p  tcp ', ['-p', 'tcp']],
    ['stand between tabs', '\t-p\ttcp', ['-p', 'tcp']],
    ['are grouped by quotes', '-x "a b" c', ['-x', 'a b', 'c']],
    ['are empty in quotes', '-x "" c', ['-x', '', 'c']],
    ['end with their quotes', '"a"b', ['a', 'b']],
    ['go on into quotes', 'a"b c"', ['ab c']],
    ['have escapes in quotes', '"a\\"b\\\\c\\d"', ['a"b\\cd']],
    ['have none outside', 'a\\b', ['a\\b']],
    ['end with the line though their quotes do not', 'a "b c', ['a', 'b c']],
    ['are none where quotes open and the line ends', 'a "', ['a']],
    ['are none in nothing', '', []],
  ]
  it.each(cases)('%s', (_, text, words) => {
    expect(split(text).words).toEqual(words)
  })

  it('are refused from 1,024 characters on', () => {
    expect(splitLine(`-s ${'a'.repeat(1024)}`)).toBe('Parameter too long!')
    expect(typeof splitLine(`-s ${'a'.repeat(1023)}`)).toBe('object')
  })

  const text = fc
    .array(fc.constantFrom('"', '\\', ' ', '\t', 'a', '-m', '!'), { maxLength: 20 })
    .map((parts) => parts.join(''))

  it('are the same when the line is written anew', () => {
    fc.assert(
      fc.property(text, (given) => {
        const line = split(given)
        expect(split(line.text)).toEqual(line)
      }),
    )
  })

  it('are written together as they are one by one', () => {
    fc.assert(
      fc.property(text, (given) => {
        const line = split(given)
        const written = line.words.map((_, at) => textBetween(line, at, at + 1))
        expect(written.join(' ')).toBe(line.text)
        expect(textBetween(line, 0, line.words.length)).toBe(line.text)
      }),
    )
  })
})

describe('unsigned numbers', () => {
  const cases: readonly (readonly [text: string, value: number | null])[] = [
    ['80', 80],
    ['0', 0],
    ['010', 8],
    ['08', null],
    ['0x10', 16],
    ['+5', 5],
    [' 5', 5],
    ['5 ', null],
    ['-5', null],
    ['', null],
    ['65535', 65_535],
    ['65536', null],
    ['1234567890', null],
    ['9'.repeat(32), null],
  ]
  it.each(cases)('%j is %j', (text, value) => {
    expect(parseUnsigned(text, 65_535)).toBe(value)
  })
})
