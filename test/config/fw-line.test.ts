import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byteSet,
  commentStart,
  find,
  readLines,
  skip,
  skipBack,
  splitHeader,
  textOf,
} from '../../src/config/fw-line.ts'
import { sourceFile } from '../../src/source/source-file.ts'

const BLANK = byteSet('\t ')
const SPACE = byteSet('\t\n\v\f\r ')

function lines(text: string): readonly string[] {
  const file = sourceFile('x.fw', text)
  return [...readLines(file, BLANK)].map((line) => `${line.number}:${textOf(file, line)}`)
}

function header(text: string): string | null {
  const file = sourceFile('x.fw', text)
  const [line] = readLines(file, BLANK)
  const found = line === undefined ? null : splitHeader(line, SPACE)
  if (found === null) return null
  const name = found.name === null ? '' : ` ${textOf(file, found.name)}`
  return `${textOf(file, found.keyword)}${name}|${textOf(file, found.tail)}`
}

describe('lines', () => {
  it.each([
    ['are numbered from one', 'a\nb', ['1:a', '2:b']],
    ['lose the white space at both ends', ' \t a b \t', ['1:a b']],
    ['that are empty or blank are left out but counted', '\n \t\nx\n', ['3:x']],
    ['that are comments are left out, also indented ones', '#a\n  # b\nx # c', ['3:x # c']],
    ['keep a carriage return that is not to be stripped', 'x\r\n', ['1:x\r']],
    ['of an empty file are none', '', []],
    ['need no newline at the end', 'x', ['1:x']],
  ] as const)('%s', (_, text, expected) => {
    expect(lines(text)).toEqual(expected)
  })
})

describe('a header', () => {
  it.each([
    ['is a keyword in brackets', '[RULES]', 'RULES|'],
    ['has what follows it as its tail', '[RULES] # c', 'RULES|# c'],
    ['may have a name', '[group web]', 'group web|'],
    ['has any white space before the name', '[group\t web]', 'group web|'],
    ['keeps a comment behind its name', '[IPSET web] # c', 'IPSET web|# c'],
    ['ends at the last bracket that fits', '[group a]b]', 'group a]b|'],
    ['ends before a comment with brackets', '[group a]#b]c', 'group a|#b]c'],
    ['with a name has no other text behind it', '[group a] b', null],
    ['has one word for a name', '[group a b]', null],
    ['has no blank before the bracket', '[group a ]', null],
    ['has a name that is not empty', '[group ]', null],
    ['is closed', '[RULES', null],
    ['with an empty keyword is for the dialect to refuse', '[ RULES]', ' RULES|'],
    ['may even be empty', '[]', '|'],
    ['starts with a bracket', 'x[RULES]', null],
  ] as const)('%s', (_, text, expected) => {
    expect(header(text)).toBe(expected)
  })
})

it('a comment starts at the first hash', () => {
  expect(commentStart('a #b #c', { start: 0, end: 7 })).toBe(2)
  expect(commentStart('a #b', { start: 0, end: 2 })).toBe(2)
})

it('skip, find and skipBack stay within their bounds', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(' ', 'a', '#') }), fc.nat(20), (text, from) => {
      const start = Math.min(from, text.length)
      const first = skip(text, start, text.length, SPACE)
      const end = find(text, first, text.length, SPACE)
      const last = skipBack(text, start, text.length, SPACE)
      expect(text.slice(start, first).trim()).toBe('')
      expect(text.slice(first, end)).not.toMatch(/\s/)
      expect(text.slice(last).trim()).toBe('')
      expect(start <= first && first <= end && start <= last).toBe(true)
    }),
  )
})
