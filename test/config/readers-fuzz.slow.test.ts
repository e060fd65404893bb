import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/config/glob.ts'
import { parseGuestConf } from '../../src/config/guest-conf.ts'
import type { Diagnostic } from '../../src/source/diagnostic.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { READERS } from '../support/config-readers.ts'
import { bytes, mutated } from '../support/fuzz-text.ts'
import { spansFit, spansIn } from '../support/spans.ts'

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
