import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lineNumber, lineSpan, position, quote, sourceFile } from '../../src/source/source-file.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

it('a column counts characters, not bytes', () => {
  const file = sourceFile('105.fw', bytes('[RULES]\nIN DROP # für X'))
  const start = file.text.indexOf('X')
  expect(position({ file, start, end: start + 1 })).toEqual({ line: 2, column: 15 })
})

it('a span is quoted as characters, invalid bytes replaced', () => {
  const file = sourceFile('a', `${bytes('é')}\xff`)
  expect(quote({ file, start: 0, end: 3 })).toBe('é\ufffd')
})

it('the last line needs no newline, and a final newline opens an empty line', () => {
  expect(quote(lineSpan(sourceFile('a', 'x\ny'), 2))).toBe('y')
  expect(quote(lineSpan(sourceFile('a', 'x\ny\n'), 2))).toBe('y')
  expect(quote(lineSpan(sourceFile('a', 'x\ny\n'), 3))).toBe('')
})

it('the line of an offset is the number of newlines before it, plus one', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab\n]{0,60}$/), fc.nat({ max: 60 }), (text, at) => {
      const offset = Math.min(at, text.length)
      expect(lineNumber(sourceFile('a', text), offset)).toBe(
        text.slice(0, offset).split('\n').length,
      )
    }),
    { seed: 5 },
  )
})
