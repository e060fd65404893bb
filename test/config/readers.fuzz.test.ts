import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/config/glob.ts'
import { parseGuestConf } from '../../src/config/guest-conf.ts'
import type { Diagnostic } from '../../src/source/diagnostic.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { READERS } from '../support/config-readers.ts'
import { spansFit, spansIn } from '../support/spans.ts'

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const telling = fc.constantFrom(...'\n\r\t \0#:=,{}[]"\\/*?.-+0a\u00a0\u0085'.split(''))
const bytes = fc
  .array(fc.oneof(byte, telling), { maxLength: 200 })
  .map((characters) => characters.join(''))

/** A sample with a few stretches cut out, doubled or replaced by noise. */
function mutated(sample: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(sample.length),
    length: fc.nat(20),
    kind: fc.constantFrom('cut', 'double', 'noise'),
    noise: fc.array(fc.oneof(byte, telling), { maxLength: 5 }),
  })
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce((text, { at, length, kind, noise }) => {
      const stretch = text.slice(at, at + length)
      const instead = kind === 'cut' ? '' : kind === 'double' ? stretch + stretch : noise.join('')
      return text.slice(0, at) + instead + text.slice(at + length)
    }, sample),
  )
}

function diagnosticsOf(result: unknown): readonly Diagnostic[] {
  return (result as { readonly diagnostics?: readonly Diagnostic[] }).diagnostics ?? []
}

describe.each(READERS)('the reader of $name', ({ read, sample }) => {
  it('gives a value for any bytes, with spans inside the file and help', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, mutated(sample)), (text) => {
        const result = read(sourceFile('file', text))
        expect(spansFit(result)).toBe(true)
        for (const { help } of diagnosticsOf(result)) expect(help).not.toBeNull()
      }),
      { numRuns: 600 },
    )
  })

  it('has no trouble with the sample', () => {
    const result = read(sourceFile('file', sample))
    expect(diagnosticsOf(result).filter(({ severity }) => severity === 'error')).toEqual([])
  })
})

it('spans are found for the check above', () => {
  const conf = parseGuestConf(sourceFile('file', 'name: a\nnet0: virtio,bridge=vmbr0\n'), {
    vmid: 100,
    node: 'pve1',
    type: 'qemu',
  })
  expect(spansIn(conf).length).toBe(2)
})

it('a glob matches itself where it has no signs', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      fc.pre(!/[*?[]/.test(name))
      return matchesGlob(name, name)
    }),
  )
})
