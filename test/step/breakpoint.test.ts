import { expect, test } from 'vitest'
import { shortNames } from '../../src/render/file-names.ts'
import { position } from '../../src/source/source-file.ts'
import { parseStop, type Stop, showStop } from '../../src/step/breakpoint.ts'
import type { Moment } from '../../src/step/moment.ts'
import { ruleAt, spanAt, verdictSoFar } from '../../src/step/situation.ts'
import { momentOf, type StepState } from '../../src/step/state.ts'
import { pressed, session } from './sessions.ts'

const start = session({
  root: 'examples/small-office',
  packet: '192.168.1.53 -> 105:80/tcp',
  backend: 'iptables',
})

const lineOf = (moment: Moment): number | null => {
  const found = spanAt(moment)
  return found === null ? null : position(found.span).line
}

const stopped = (stop: Stop): StepState =>
  pressed({ ...start, breakpoints: [{ stop, enabled: true }] }, 'c')

test('continue runs to a line of a file, matched or not', () => {
  const line = { kind: 'line', path: 'etc/pve/firewall/105.fw', line: 8 } as const
  const moment = momentOf(stopped(line))
  expect(lineOf(moment)).toBe(8)
  expect(moment).toMatchObject({ kind: 'rule', hit: null })
})

test('continue runs to a rule of a chain, and to where a chain is entered', () => {
  const rule = momentOf(stopped({ kind: 'rule', chain: 'tap105i0-IN', number: 3 }))
  expect(rule.kind === 'rule' ? [rule.place.chain.chain.name, rule.index] : null).toEqual([
    'tap105i0-IN',
    2,
  ])
  const chain = momentOf(stopped({ kind: 'chain', chain: 'tap105i0-IN' }))
  expect(chain.kind === 'rule' ? [chain.place.chain.chain.name, chain.index] : null).toEqual([
    'tap105i0-IN',
    0,
  ])
})

test('continue runs to the rule that drops, and to the verdict of another packet only there', () => {
  const dropped = momentOf(stopped({ kind: 'verdict', outcome: 'drop' }))
  expect(dropped.kind).toBe('rule')
  expect(verdictSoFar(dropped)).toBe('drop')
  expect(momentOf(stopped({ kind: 'verdict', outcome: 'reject' })).kind).toBe('verdict')
})

test('continue runs to a rule that changes a mark', () => {
  const moment = momentOf(stopped({ kind: 'mark' }))
  expect(ruleAt(moment)?.text).toContain('MARK')
})

test('continue runs to the hook where conntrack says so', () => {
  const moment = momentOf(stopped({ kind: 'state', state: 'new' }))
  expect(moment.kind === 'hop' ? moment.hop.state : null).toBe('new')
  expect(momentOf(stopped({ kind: 'state', state: 'invalid' })).kind).toBe('verdict')
})

test('a breakpoint that is switched off does not stop, and the list switches it on again', () => {
  const stop: Stop = { kind: 'chain', chain: 'tap105i0-IN' }
  const off = pressed({ ...start, breakpoints: [{ stop, enabled: true }] }, 'i', '1', 'escape')
  expect(momentOf(pressed(off, 'c')).kind).toBe('verdict')
  expect(momentOf(pressed(off, 'i', '1', 'escape', 'c')).kind).toBe('rule')
})

test('b sets a breakpoint on the row and clears it again', () => {
  const set = pressed(start, 'v', 'M', 'b')
  expect(set.breakpoints.map(({ stop }) => stop)).toEqual([
    { kind: 'line', path: 'etc/pve/firewall/105.fw', line: 9 },
  ])
  expect(pressed(set, 'b').breakpoints).toEqual([])
})

const paths = ['etc/pve/firewall/105.fw', 'etc/pve/firewall/cluster.fw']
const names = shortNames(paths)

test.each<Stop>([
  { kind: 'line', path: 'etc/pve/firewall/105.fw', line: 7 },
  { kind: 'rule', chain: 'tap105i0-IN', number: 3 },
  { kind: 'chain', chain: 'PVEFW-Drop' },
  { kind: 'verdict', outcome: 'reject' },
  { kind: 'mark' },
  { kind: 'state', state: 'invalid' },
])('what is shown of $kind is read back', (stop) => {
  expect(parseStop(showStop(stop, names), { paths, names })).toEqual(stop)
})

test.each([
  ['', 'break on what?'],
  ['nowhere.fw:3', 'no file is called nowhere.fw'],
  ['verdict maybe', 'a verdict is accept, drop, reject, unknown'],
  ['state odd', 'a state is new, established'],
  ['rule tap105i0-IN', 'a rule is CHAIN:NUMBER'],
  ['chain', 'chain needs a name'],
])('`%s` is refused with what is missing', (text, complaint) => {
  expect(parseStop(text, { paths, names })).toContain(complaint)
})
