import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLOW_KINDS } from '../../src/packet/flow-kinds.ts'
import { type FlowStep, parseScript, showStep } from '../../src/packet/flow-script.ts'
import { isProblem } from '../../src/packet/problem.ts'

const data = fc.oneof(
  fc.integer({ min: 0, max: 1400 }).map((length) => ({ length, text: null })),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 })
    .map((bytes) => String.fromCharCode(...bytes))
    .map((text) => ({ length: text.length, text })),
)

const said: fc.Arbitrary<Extract<FlowStep, { kind: 'packet' }>['said']> = fc.oneof(
  fc.record({
    kind: fc.constant('tcp' as const),
    flags: fc.integer({ min: 0, max: 255 }).filter((flags) => flags !== 24),
    data: fc.constant({ length: 0, text: null }),
    seqOff: fc.integer({ min: -100_000, max: 100_000 }),
    ackOff: fc.integer({ min: -100_000, max: 100_000 }),
    window: fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: null }),
  }),
  data.map((own) => ({
    kind: 'tcp' as const,
    flags: 24,
    data: own,
    seqOff: 0,
    ackOff: 0,
    window: null,
  })),
  data.map((own) => ({ kind: 'udp' as const, data: own })),
  fc.constantFrom('ping' as const, 'pong' as const).map((kind) => ({ kind })),
  fc.constantFrom('port-unreachable', '3/1').map((type) => ({ kind: 'error' as const, type })),
)

const step: fc.Arbitrary<FlowStep> = fc.oneof(
  fc.record({
    kind: fc.constant('packet' as const),
    direction: fc.constantFrom('out' as const, 'back' as const),
    said,
    anyway: fc.boolean(),
    line: fc.constant(1),
  }),
  fc.integer({ min: 0, max: 10_000_000 }).map((ms) => ({ kind: 'wait' as const, ms, line: 1 })),
)

describe('a script', () => {
  it('reads back what is printed', () => {
    fc.assert(
      fc.property(step, (one) => {
        const text = showStep(one)
        const extra = one.kind === 'packet' ? '' : '\n> ping'
        const read = parseScript(text + extra)
        expect(isProblem(read) ? read : read[0]).toEqual(one)
      }),
    )
  })

  it.each([
    ['> syn\n> synn', 'line 2, column 3: `synn` is no packet'],
    ['> syn\nwait 31', 'line 2, column 6: a wait is a number with its unit'],
    ['x', 'line 1, column 1: `x` begins no line of a script'],
    ['>', 'line 1, column 1: nothing is sent'],
    ['> data', 'line 1, column 3: data is a number of bytes or a text in quotes'],
    ['> data 5 seq=1', 'line 1, column 10: `seq=1` says nothing about a segment'],
    ['> udp 9999', 'line 1, column 7: a datagram has a number of bytes or a text in quotes'],
    [
      'connection data 70000',
      'line 1, column 17: a connection is a name, and ports where it is new',
    ],
    ['# nothing', 'line 1, column 1: the script sends no packet'],
  ])('%j is refused with its place', (text, message) => {
    expect(parseScript(text)).toMatchObject({ kind: 'problem', message })
  })

  it.each(
    FLOW_KINDS.flatMap(({ name, script }) =>
      [4 as const, 6 as const].map((version) => [name, version, script] as const),
    ),
  )('%s over IPv%d is one', (_, version, script) => {
    expect(isProblem(parseScript(script(version)))).toBe(false)
  })

  it('ends nothing, whatever it is', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void parseScript(text)))
  })
})
