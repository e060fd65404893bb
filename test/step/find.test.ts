import { describe, expect, test } from 'vitest'
import { EMPTY_QUERY } from '../../src/packet/query.ts'
import { offersFor } from '../../src/step/commands.ts'
import { optionsOf } from '../../src/step/picker.ts'
import { lookedAt, shownFile } from '../../src/step/rows.ts'
import { verdictSoFar } from '../../src/step/situation.ts'
import { momentOf, type StepState } from '../../src/step/state.ts'
import { queryOf } from '../../src/step/what-if.ts'
import { pressed, session } from './sessions.ts'

const start = session({
  root: 'examples/small-office',
  packet: '192.168.1.53 -> 105:80/tcp',
  backend: 'iptables',
})
const command = (state: StepState, text: string): StepState => pressed(state, ':', ...text, 'enter')
const outcome = (state: StepState): string => verdictSoFar(momentOf(pressed(state, 'G')))
const lineOf = (state: StepState): string =>
  `${shownFile(state)?.file.path}:${lookedAt(state, 'source') + 1}`
const ruleOf = (state: StepState): string => {
  const moment = momentOf(state)
  return moment.kind === 'rule'
    ? `${moment.place.chain.chain.name}:${moment.index + 1}`
    : moment.kind
}

describe('find', () => {
  test('goes through the rules of the chain, then the files, and round', () => {
    const first = pressed(start, 'v', 'M', '/', ...'till', 'enter')
    expect([first.pane, first.rows.rules]).toEqual(['rules', 4])
    const second = pressed(first, '>')
    expect([second.pane, lineOf(second)]).toEqual(['source', 'etc/pve/firewall/105.fw:9'])
    const again = pressed(second, '>')
    expect([again.pane, again.rows.rules]).toEqual(['rules', 4])
    expect(lineOf(pressed(again, '<'))).toBe('etc/pve/firewall/105.fw:9')
  })

  test('says where there is nothing', () => {
    expect(pressed(start, '/', ...'nowhere at all', 'enter').message?.text).toBe(
      'nowhere at all is nowhere in rules and files',
    )
    expect(pressed(start, '>').message?.kind).toBe('error')
  })
})

describe('jumps', () => {
  test('a dot leads to the rule that decides', () => {
    expect(ruleOf(pressed(start, '.'))).toBe('tap105i0-IN:5')
  })

  test('an exclamation mark leads from a rule that came too late to the one that came first', () => {
    const late = pressed(start, 's', '.', 'S', '1', 'j', 'j')
    expect(late.rows.rules).toBe(5)
    const first = pressed(late, '!')
    expect(ruleOf(first)).toBe('tap105i0-IN:5')
    expect(first.message?.text).toBe('it matches too, but this comes first')
  })

  test('an equals sign leads to the same line in the other backend', () => {
    const other = pressed(start, '.', '=')
    expect(other.setting.firewall.backend).toBe('nftables')
    expect(ruleOf(other)).toMatch(/^guest-105-in:/)
    expect(lineOf(other)).toBe('etc/pve/firewall/105.fw:9')
  })
})

describe('commands', () => {
  test.each([
    ['dport 443', 'accept'],
    ['src 192.168.1.20', 'accept'],
    ['packet 203.0.113.9 -> 105:22/tcp', 'reject'],
    ['backend nftables', 'drop'],
  ])(':%s has the verdict follow', (text, verdict) => {
    expect(outcome(command(start, text))).toBe(verdict)
  })

  test(':run leads to a place once, :break stops there always', () => {
    expect(ruleOf(command(start, 'run 105.fw:8'))).toBe('tap105i0-IN:4')
    const set = command(start, 'break chain tap105i0-IN')
    expect(ruleOf(pressed(set, 'c'))).toBe('tap105i0-IN:1')
    expect(command(set, 'clear').breakpoints).toEqual([])
  })

  test(':swap asks another configuration the same', () => {
    const swapped = command(start, 'swap examples/three-nodes')
    expect(swapped.message?.kind).toBe('error')
    const same = command(start, 'swap examples/small-office')
    expect(same.setting.firewall).not.toBe(start.setting.firewall)
    expect(outcome(same)).toBe('drop')
  })

  test.each([
    ['nonsense', 'there is no command nonsense'],
    ['f', 'f could be find, file, flip'],
    ['at 999', 'a step is 1..41'],
    ['node nowhere', 'there is no node nowhere'],
    ['file none.fw', 'no file is called none.fw'],
    ['break verdict maybe', 'a verdict is'],
    ['dport 99999', '`99999` is not a port'],
  ])(':%s is refused: %s', (text, complaint) => {
    const state = command(start, text)
    expect(state.message?.text).toContain(complaint)
    expect(state.setting).toBe(start.setting)
  })
})

describe('completion', () => {
  test.each([
    ['bac', ['backend']],
    ['backend ', ['iptables', 'nftables']],
    ['to 10', ['105']],
    ['to we', ['web']],
    ['src dc/', ['dc/office']],
    ['src +man', ['+management']],
    ['break 10', ['105.fw:']],
  ])('%s', (text, expected) => {
    expect(offersFor(start, text)).toEqual(expect.arrayContaining(expected))
  })

  test('Tab takes the only offer, and goes through several', () => {
    expect(pressed(start, ':', ...'bac', 'tab').prompt?.line.text).toBe('backend ')
    const first = pressed(start, ':', ...'backend ', 'tab')
    expect(first.prompt?.line.text).toBe('backend iptables')
    const second = pressed(first, 'tab')
    expect(second.prompt?.line.text).toBe('backend nftables')
    expect(pressed(second, 'tab').prompt?.line.text).toBe('backend iptables')
    expect(pressed(second, 'shift-tab').prompt?.line.text).toBe('backend iptables')
  })
})

describe('the picker', () => {
  const picked = (...keys: readonly string[]): StepState => pressed(start, 'p', ...keys)

  test('leads from place to place to a service, by name and by what is typed', () => {
    const state = picked(...'outside', 'enter', ...'web', 'enter', ...'HTTPS', 'enter')
    expect(state.picker).toBeNull()
    expect(queryOf(state.setting)).toEqual({
      ...EMPTY_QUERY,
      ...{ from: 'outside', to: '105', proto: 6, dport: 443 },
    })
    const typed = picked(...'192.168.1.77', 'enter', ...'host', 'enter', ...'8006/tcp', 'enter')
    expect(queryOf(typed.setting)).toMatchObject({ from: '192.168.1.77', to: 'host', dport: 8006 })
  })

  test('offers what was asked about before', () => {
    const again = pressed(command(start, 'dport 443'), 'p')
    if (again.picker === null) throw new Error('no picker')
    const offered = optionsOf(again, again.picker).filter(({ what }) => what === 'again')
    expect(offered.map(({ value }) => value)).toEqual(['192.168.1.53 -> 105 tcp/80'])
    const back = pressed(again, ...'again', 'enter')
    expect(queryOf(back.setting)).toEqual(queryOf(start.setting))
  })

  test('backspace goes back by a choice, escape leaves all as it was', () => {
    const second = picked(...'host', 'enter')
    expect(second.picker?.stage).toBe('to')
    expect(pressed(second, 'backspace').picker?.stage).toBe('from')
    expect(pressed(second, 'escape').setting).toBe(start.setting)
  })

  test('what cannot be asked leaves the choice open', () => {
    const wrong = picked(...'host', 'enter', ...'nobody', 'enter', ...'SSH', 'enter')
    expect(wrong.picker?.stage).toBe('service')
    expect(wrong.message?.kind).toBe('error')
  })
})

describe('paste', () => {
  test('a line of the log is the packet it tells of', () => {
    const logged =
      '105 6 tap105i0-IN 01/Jan/2025:10:00:00 +0000 policy DROP: IN=fwbr105i0 OUT=fwbr105i0 ' +
      'PHYSIN=fwln105i0 PHYSOUT=tap105i0 MAC=bc:24:11:5a:01:05:00:00:00:00:00:01:08:00 SRC=192.168.1.20 ' +
      'DST=192.168.1.105 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=50000 DPT=443 SEQ=1 ACK=0 WINDOW=64240 SYN\n'
    const state = pressed(start, `paste:${logged}`)
    expect(queryOf(state.setting)).toMatchObject({
      ...{ from: 'outside', to: '105/net0', src: '192.168.1.20', dst: '192.168.1.105' },
      ...{ proto: 6, sport: 50000, dport: 443, flags: 2, family: 4 },
    })
    expect(outcome(state)).toBe('accept')
  })

  test('a packet in one string is asked about, anything else is refused', () => {
    const state = pressed(start, 'paste:203.0.113.9 -> 105:443/tcp')
    expect(outcome(state)).toBe('accept')
    expect(pressed(start, 'paste:good morning').message?.kind).toBe('error')
  })
})
