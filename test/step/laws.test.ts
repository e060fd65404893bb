import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask } from '../../src/firewall/ask.ts'
import { widthOf } from '../../src/render/columns.ts'
import { frameOf } from '../../src/step/frame.ts'
import { BINDINGS } from '../../src/step/keys.ts'
import { depthOf } from '../../src/step/moment.ts'
import { plainFrame } from '../../src/step/plain.ts'
import { reduce, type StepEvent } from '../../src/step/reduce.ts'
import { verdictSoFar } from '../../src/step/situation.ts'
import { momentOf, type StepState } from '../../src/step/state.ts'
import { queryOf } from '../../src/step/what-if.ts'
import { runCli } from '../support/run-cli.ts'
import { runs } from '../support/runs.ts'
import { type Opening, opened, pressed } from './sessions.ts'

const ends = ['192.168.1.53', '192.168.1.20', '203.0.113.9', '105', '200', '110', 'host', 'outside']
const ports = ['22/tcp', '80/tcp', '443/tcp', '8006/tcp', '53/udp', '161/udp', '5353/udp']

const openings: fc.Arbitrary<Opening> = fc.record({
  root: fc.constant('examples/small-office'),
  packet: fc
    .tuple(fc.constantFrom(...ends), fc.constantFrom(...ends), fc.constantFrom(...ports))
    .map(([from, to, port]) => `${from} -> ${to}:${port}`),
  backend: fc.constantFrom('iptables' as const, 'nftables' as const),
})

/** Sessions that can be asked for, at any of their moments; printed as they were asked for. */
const states: fc.Arbitrary<StepState> = fc
  .tuple(openings, fc.nat())
  .map(([opening, at]) => {
    const state = opened(opening)
    if (state === null) return null
    const start = { ...state, at: at % state.recorded.timeline.moments.length }
    return Object.assign(start, { [fc.toStringMethod]: () => JSON.stringify([opening, at]) })
  })
  .filter((state) => state !== null)

const keys = fc.constantFrom(
  ...BINDINGS.flatMap((binding) => binding.keys).filter((key) => key !== 'q' && key !== 'ctrl-c'),
  ...['x', '8', '0', '.', 'left', 'delete', 'ctrl-w', 'é'],
)
const size = fc.record({
  columns: fc.integer({ min: 1, max: 220 }),
  rows: fc.integer({ min: 1, max: 70 }),
})
const events: fc.Arbitrary<StepEvent> = fc.oneof(
  { weight: 20, arbitrary: keys.map((key): StepEvent => ({ kind: 'key', key })) },
  size.map((one): StepEvent => ({ kind: 'resize', size: one })),
  fc.string().map((text): StepEvent => ({ kind: 'paste', text })),
)

const times = (key: string, count: number): readonly string[] => Array(count).fill(key)

test('n steps ahead and n back are none, wherever there is room for them', () => {
  fc.assert(
    fc.property(states, fc.nat({ max: 40 }), (state, count) => {
      fc.pre(state.at + count < state.recorded.timeline.moments.length)
      const there = pressed(state, ...times('s', count))
      expect(there.at).toBe(state.at + count)
      expect(pressed(there, ...times('S', count)).at).toBe(state.at)
    }),
  )
})

test('over and back over are none in the same chain', () => {
  fc.assert(
    fc.property(states, (state) => {
      const there = pressed(state, 'n')
      fc.pre(there.at !== state.at && depthOf(momentOf(there)) === depthOf(momentOf(state)))
      expect(pressed(there, 'N').at).toBe(state.at)
    }),
  )
})

test('any moves are undone by as many backspaces', () => {
  const moves = fc.array(fc.constantFrom(...'snfmcvSNFMCVgG'), { maxLength: 30 })
  fc.assert(
    fc.property(states, moves, (state, made) => {
      const there = pressed(state, ...made)
      expect(pressed(there, ...times('backspace', there.trail.length)).at).toBe(state.at)
    }),
  )
})

test('every path of events ends in a state that can be shown, as wide and high as the terminal', () => {
  fc.assert(
    fc.property(states, fc.array(events, { maxLength: 40 }), (state, path) => {
      let now = state
      for (const event of path) {
        now = reduce(now, event)
        expect(momentOf(now)).toBeDefined()
        const { rows } = frameOf(now)
        expect(rows.length).toBeLessThanOrEqual(Math.max(1, now.size.rows - 1))
        for (const { pieces } of rows)
          expect(widthOf(pieces.map(({ text }) => text).join(''))).toBe(now.size.columns)
        expect(plainFrame(now).rows.length).toBeLessThanOrEqual(Math.max(1, now.size.rows - 1))
      }
    }),
    { numRuns: runs(60) },
  )
})

test('the same events from the same state give the same state', () => {
  fc.assert(
    fc.property(states, fc.array(events, { maxLength: 20 }), (state, path) => {
      const one = path.reduce(reduce, state)
      const other = path.reduce(reduce, state)
      expect(frameOf(one)).toEqual(frameOf(other))
    }),
    { numRuns: runs(40) },
  )
})

test('whatever is edited, the verdict is that of the same question asked anew', () => {
  fc.assert(
    fc.property(states, fc.array(keys, { maxLength: 40 }), (state, path) => {
      const now = pressed(state, ...path)
      const asked = ask(now.setting.firewall, queryOf(now.setting))
      const [run] = now.recorded.timeline.runs
      expect(run?.walk?.trace.outcome).toBe(asked.kind === 'traced' ? asked.trace.outcome : null)
      const last = pressed({ ...now, overlay: null, prompt: null, picker: null }, 'G')
      expect(verdictSoFar(momentOf(last))).toBe(run?.walk?.trace.outcome)
    }),
  )
})

test('the verdict is that of trace --json', async () => {
  const packets = [...new Set(fc.sample(openings, 25).map((one) => JSON.stringify(one)))]
  for (const text of packets) {
    const opening: Opening = JSON.parse(text)
    const { root, packet, backend = 'iptables' } = opening
    const said = ['--root', root, '--backend', backend, '--json', packet]
    const { stdout } = await runCli(['trace', ...said])
    const answer: { readonly verdict?: string; readonly error?: string } = JSON.parse(stdout)
    const state = opened(opening)
    const moment = state === null ? null : momentOf(pressed(state, 'G'))
    expect(moment === null ? undefined : verdictSoFar(moment), packet).toBe(answer.verdict)
  }
})
