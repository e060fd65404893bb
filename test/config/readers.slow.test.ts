import { describe, expect, it } from 'vitest'
import { sourceFile } from '../../src/source/source-file.ts'
import { READERS } from '../support/config-readers.ts'

describe.each(READERS)('the reader of $name', ({ read, sample }) => {
  it.each([
    '\n',
    ' ',
    '#',
    'a',
    'a ',
    'a\n',
    '{',
    'a{',
    '[',
    'net0: x,\n',
    ',',
    '=',
    'a=,',
    '"',
    '\\',
  ])('is done with a megabyte of %j', (unit) => {
    const text = unit.repeat(Math.floor(2 ** 20 / unit.length))
    expect(() => read(sourceFile('file', text))).not.toThrow()
    expect(() => read(sourceFile('file', `net0: ${text}`))).not.toThrow()
    expect(() => read(sourceFile('file', `iface a\n address ${text}`))).not.toThrow()
  })

  it('is done with a megabyte of its sample', () => {
    const result = read(sourceFile('file', sample.repeat(Math.ceil(2 ** 20 / sample.length))))
    expect(result).toBeDefined()
  })
})
