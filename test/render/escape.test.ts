import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeText, escapeToAscii, safeJson, showBytes } from '../../src/render/escape.ts'
import { unsafeIn } from './build.ts'

/** Any code points but surrogates, many of them low; fast-check's own unit `binary` takes seconds to be made ready. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xff }),
      fc.integer({ min: 0, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0x10_ffff }),
    ),
    { maxLength: 40 },
  )
  .map((codes) => String.fromCodePoint(...codes))

const hostile: readonly (readonly [name: string, bytes: string, shown: string])[] = [
  ['clearing the screen', '\u001b[2J', '\\x1b[2J'],
  ['a window title', '\u001b]0;x\u0007', '\\x1b]0;x\\x07'],
  ['C1 control sequence introducer', '\u00c2\u009b1A', '\\x9b1A'],
  ['a carriage return', 'a\rb', 'a\\x0db'],
  ['a backspace', 'a\bb', 'a\\x08b'],
  ['a bidi override', '\u00e2\u0080\u00aegnp', '\\u202egnp'],
  ['a zero width space', '\u00e2\u0080\u008b', '\\u200b'],
  ['a line separator', '\u00e2\u0080\u00a8', '\\u2028'],
  ['a language tag', '\u00f3\u00a0\u0081\u0081', '\\u{e0041}'],
  ['a byte that is no character', 'caf\u00e9', 'caf\\xe9'],
  ['an overlong slash', '\u00c0\u00af', '\\xc0\\xaf'],
  ['a surrogate in UTF-8', '\u00ed\u00a0\u0080', '\\xed\\xa0\\x80'],
  ['a truncated character', 'a\u00e2\u0082', 'a\\xe2\\x82'],
  ['valid letters stay', 'caf\u00c3\u00a9', 'café'],
  ['bad bytes among good letters', '\u00c3\u00a9\u00ff\u00c3\u00a9', 'é\\xffé'],
]

describe('showBytes', () => {
  it.each(hostile)('%s', (_name, bytes, shown) => {
    expect(showBytes(bytes)).toBe(shown)
  })

  it('cuts long lines, never inside a character', () => {
    expect(showBytes('x'.repeat(1_000_000), 5)).toBe('xxxxx…')
    expect(showBytes('ab\u00c3\u00a9\u00ff', 3)).toBe('ab…')
  })

  it('lets no control character through, whatever the bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((a) => Buffer.from(a).toString('latin1'))
    fc.assert(
      fc.property(bytes, (text) => {
        expect(unsafeIn(showBytes(text))).toEqual([])
      }),
    )
  })
})

describe('escapeText and escapeToAscii', () => {
  it('let no control character through, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(unsafeIn(escapeText(text))).toEqual([])
        expect([...escapeToAscii(text)].filter((c) => c < ' ' || c > '~')).toEqual([])
      }),
    )
  })
})

describe('safeJson', () => {
  it('reads back as the same value and holds no raw control character', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = safeJson({ text })
        expect(unsafeIn(json)).toEqual([])
        expect(JSON.parse(json)).toEqual({ text })
      }),
    )
  })

  it('keeps the newlines of an indented answer', () => {
    expect(safeJson({ a: '\u202e' }, 2)).toBe('{\n  "a": "\\u202e"\n}')
  })
})
