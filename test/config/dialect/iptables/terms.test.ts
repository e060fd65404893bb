import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isPort, RIGHT, readPorts } from '../../../../src/config/dialect/iptables/terms.ts'

it('nothing is ever wrong with a single port by its number', () => {
  const text = fc.oneof(
    fc.integer({ min: 0, max: 99_999 }).map(String),
    fc.array(fc.constantFrom('0', '6', '5', '3', ',', ':', ' ', 'ssh'), { maxLength: 6 }),
  )
  fc.assert(
    fc.property(text.map(String), fc.boolean(), (ports, icmp) => {
      if (isPort(ports)) expect(readPorts(ports, icmp, new Set())).toEqual(RIGHT)
    }),
  )
  const ports: readonly (readonly [text: string, isOne: boolean])[] = [
    ['0', true],
    ['65535', true],
    ['00080', true],
    ['65536', false],
    ['', false],
    ['80,81', false],
    ['80:81', false],
    ['ssh', false],
    ['-1', false],
    ['000080', false],
  ]
  for (const [port, isOne] of ports) expect(isPort(port), port).toBe(isOne)
})
