import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, mutated } from '../support/fuzz-text.ts'
import { CLUSTER_FW, fwReader, GUEST_FW, HOST_FW } from '../support/fw-samples.ts'
import { spansFit } from '../support/spans.ts'

describe('the reader of .fw files', () => {
  it.each([
    ['cluster', CLUSTER_FW],
    ['host', HOST_FW],
    ['guest', GUEST_FW],
  ])('gives a value for any bytes as %s file, with spans inside the file', (place, sample) => {
    const read = fwReader()
    fc.assert(
      fc.property(fc.oneof(bytes, mutated(sample)), (text) => {
        expect(spansFit(read({ [place]: text }))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('gives a value for any JSON of the SDN', () => {
    const read = fwReader()
    const keys = fc.constantFrom('vnets', 'subnets', 'zones', 'ids', 'v0', 'ips', 'vmid', 'gateway')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(null, 1, true, '10.0.0.0/24', 'v0', 'fd00::1'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (sdn) => {
        expect(() => read({ sdn })).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })
})
