import { expect, test } from 'vitest'
import { stepCommand } from '../../src/step/command-line.ts'
import { BINDINGS } from '../../src/step/keys.ts'
import { verdictSoFar } from '../../src/step/situation.ts'
import { momentOf, type StepState } from '../../src/step/state.ts'
import { queryOf } from '../../src/step/what-if.ts'
import { pressed, session } from './sessions.ts'

const start = session({ root: 'examples/small-office', packet: '192.168.1.53 -> 105:80/tcp' })

const outcome = (state: StepState): string =>
  verdictSoFar(momentOf(pressed({ ...state, overlay: null, prompt: null, picker: null }, 'G')))

/** Keys that put a text into a field, by its number from 0. */
const put = (field: number, text: string): readonly string[] => [
  '3',
  ...Array<string>(field).fill('j'),
  'e',
  'ctrl-u',
  ...text,
  'enter',
]

test('no key is bound twice', () => {
  const keys = BINDINGS.flatMap((binding) => binding.keys)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
})

test('another source address is another verdict at once, and one key goes back', () => {
  expect(outcome(start)).toBe('drop')
  const edited = pressed(start, ...put(2, '192.168.1.20'))
  expect(queryOf(edited.setting)).toMatchObject({ from: '192.168.1.20', src: null })
  expect(outcome(edited)).toBe('accept')
  const back = pressed(edited, 'o')
  expect(back.setting).toBe(start.setting)
  expect(outcome(back)).toBe('drop')
  expect(outcome(pressed(back, 'o'))).toBe('accept')
})

test('an address that is none stays to be put right, and nothing has changed', () => {
  const wrong = pressed(start, ...put(6, '99999'))
  expect(wrong.prompt?.line.text).toBe('99999')
  expect(wrong.message?.kind).toBe('error')
  expect(wrong.setting).toBe(start.setting)
  expect(pressed(wrong, 'escape').prompt).toBeNull()
})

test('an edit stays at the rule where the packet was', () => {
  const there = pressed(start, 'v', 'M', 'M')
  const moment = momentOf(there)
  const edited = momentOf(pressed(there, ...put(5, '50000')))
  expect(moment.kind === 'rule' && edited.kind === 'rule' ? edited.index : null).toBe(
    moment.kind === 'rule' ? moment.index : 'none',
  )
})

test('the backend is flipped and flipped back', () => {
  const flipped = pressed(start, 'B')
  expect(flipped.setting.firewall.backend).toBe('nftables')
  expect(pressed(flipped, 'B').setting.firewall.backend).toBe('iptables')
})

test('a family that an end does not have is refused', () => {
  const flipped = pressed(start, '6')
  expect(flipped.message?.kind).toBe('error')
  expect(flipped.setting).toBe(start.setting)
})

test('what is pasted into a field is one line without controls', () => {
  const typed = pressed(start, '3', 'e', 'ctrl-u', 'paste:10.0.0.1\u001b[2J\r\n')
  expect(typed.prompt?.line.text).toBe('10.0.0.1[2J ')
})

test('enter runs to the row that is looked at', () => {
  const inChain = pressed(start, 'v', 'M', '1', 'k', 'k')
  const row = inChain.rows.rules
  const there = momentOf(pressed(inChain, 'enter'))
  expect(there.kind === 'rule' ? there.index : null).toBe(row)
})

test('the command line says where the packet is, and what it stops at', () => {
  const state = pressed(start, 'v', 'M', 'b')
  expect(stepCommand(state)).toBe(
    `pvefw step --root examples/small-office --node office --at ${state.at + 1} --break 105.fw:9 '192.168.1.53 -> 105 tcp/80'`,
  )
})

test('Ctrl-C leaves from everywhere', () => {
  for (const keys of [[], ['?'], ['3', 'e']])
    expect(pressed(start, ...keys, 'ctrl-c').done).toBe(true)
})
