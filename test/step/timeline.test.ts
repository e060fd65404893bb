import { describe, expect, test } from 'vitest'
import type { Asking } from '../../src/firewall/flow/converse.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { NO_NAMES } from '../../src/packet/query.ts'
import { plain } from '../../src/render/show.ts'
import { logOf } from '../../src/step/effects.ts'
import { isDoubtful, type Moment, runOf, stackOf } from '../../src/step/moment.ts'
import { missesOf } from '../../src/step/panes/rules-pane.ts'
import { verdictSoFar } from '../../src/step/situation.ts'
import { momentOf, type StepState } from '../../src/step/state.ts'
import { pressed, session } from './sessions.ts'

const root = 'examples/small-office'

function flow(arrow: string, answerAfter = 0): StepState {
  const query = parseArrow(arrow, NO_NAMES)
  if (isProblem(query)) throw new Error(query.message)
  const asking: Asking = {
    query,
    said: {
      kind: 'usual',
      conversation: null,
      options: { close: 'fin', mode: null, answerAfter },
    },
    wayBack: { from: null, to: null, via: null },
    conntrack: [],
    next: null,
  }
  return session({ root, packet: arrow, backend: 'iptables' }, { kind: 'flow', asking })
}

const kinds = (moments: readonly Moment[]): readonly string[] => moments.map(({ kind }) => kind)

describe('a conversation', () => {
  const query = flow('105 -> 1.1.1.1:53/udp')
  const { moments, runs } = query.recorded.timeline

  test('has its packets in one timeline, each from its start to its verdict', () => {
    expect(runs.map(({ name }) => name)).toEqual(['query', 'answer'])
    const ends = moments.filter(({ kind }) => kind === 'packet' || kind === 'verdict')
    expect(kinds(ends)).toEqual(['packet', 'verdict', 'packet', 'verdict'])
  })

  test('is walked from packet to packet and back', () => {
    const second = pressed(query, 'v', 's')
    expect([momentOf(second).kind, runOf(momentOf(second)).number]).toEqual(['packet', 2])
    expect(runOf(momentOf(pressed(second, 'V'))).number).toBe(1)
    expect(runOf(momentOf(pressed(second, 'v'))).number).toBe(2)
  })

  test('tells what each packet did to conntrack', () => {
    const { timeline, names } = query.recorded
    const log = plain(logOf(timeline, moments.length - 1, names))
    expect(log).toContain('conntrack says NEW')
    expect(log).toContain('conntrack says ESTABLISHED')
    expect(log.replaceAll(/\s+/g, ' ')).toContain('+ udp 17 30 src=192.168.1.105 dst=1.1.1.1')
  })

  test('whose first packet is dropped says which were not sent', () => {
    const dropped = flow('192.168.1.53 -> 105:25/tcp')
    const unsent = dropped.recorded.timeline.runs.filter(({ walk }) => walk === null)
    expect(unsent.length).toBeGreaterThan(0)
    for (const { note } of unsent) expect(note).toMatch(/^not sent: /)
    expect(verdictSoFar(momentOf(pressed(dropped, 'v')))).toBe('drop')
  })
})

test('a walk of unknown outcome ends at the rule nobody can decide, with reasons for all before it', () => {
  const unknown = session({ root, packet: 'outside -> host:8006/tcp', backend: 'iptables' })
  const { moments } = unknown.recorded.timeline
  const at = moments.findIndex(isDoubtful)
  const moment = moments[at]
  expect(kinds(moments.slice(at))).toEqual(['rule', 'verdict'])
  if (moment?.kind !== 'rule') throw new Error('no rule is in doubt')
  expect(verdictSoFar(moment)).toBe('unknown')
  const hits = new Set(moment.place.chain.hits.map(({ index }) => index))
  const misses = missesOf(moment.place)
  for (let index = 0; index < moment.index; index += 1)
    expect(hits.has(index) || misses.has(index), `rule ${index}`).toBe(true)
})

test.each(['iptables', 'nftables'] as const)(
  'with %s every rule up to the verdict has its turn once, in the order of its chain',
  (backend) => {
    const state = session({ root, packet: '192.168.1.20 -> 105:22/tcp', backend })
    const places = new Map<object, number>()
    for (const moment of state.recorded.timeline.moments) {
      if (moment.kind !== 'rule') continue
      const next = places.get(moment.place) ?? 0
      expect(moment.index).toBe(next)
      places.set(moment.place, next + 1)
    }
    for (const [place, count] of places) expect((place as { reached: number }).reached).toBe(count)
  },
)

test('the stack of a rule is the chains that led to it, outermost first', () => {
  const state = session({ root, packet: '192.168.1.53 -> 105:80/tcp', backend: 'iptables' })
  const moment = momentOf(pressed(state, '.'))
  if (moment.kind !== 'rule') throw new Error('no rule decides')
  expect(stackOf(moment.place).map(({ chain }) => chain.chain.name)).toEqual([
    'FORWARD',
    'PVEFW-FORWARD',
    'PVEFW-FWBR-IN',
    'tap105i0-IN',
  ])
})
