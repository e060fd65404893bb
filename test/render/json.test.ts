import { describe, expect, it } from 'vitest'
import { safeJson } from '../../src/render/escape.ts'
import { answerJson, decidedByJson, diagnosticJson } from '../../src/render/json.ts'
import { renderMinimal } from '../../src/render/minimal.ts'
import { diagnostic } from '../../src/source/diagnostic.ts'
import { guestFw, lineOf, unsafeIn } from './build.ts'
import { SITUATIONS } from './situations.ts'

/** `decidedBy` as the contract has it, without the fields that were added. */
function contract(situation: keyof typeof SITUATIONS): object {
  const { origin, kernel, trace } = SITUATIONS[situation]
  const {
    kind,
    file,
    line,
    text,
    chain,
    kernel: name,
  } = decidedByJson(origin, kernel, trace.outcome)
  return { kind, file, line, text, chain, kernel: name }
}

describe('decidedBy', () => {
  it('of a rule that drops', () => {
    expect(contract('droppedByRule')).toEqual({
      kind: 'rule',
      file: 'etc/pve/firewall/105.fw',
      line: 7,
      text: 'IN DROP -p tcp -dport 80',
      chain: 'tap105i0-IN',
      kernel: 'filter:tap105i0-IN:rule:6',
    })
  })

  it('of a policy that is set', () => {
    expect(contract('policyDrop')).toEqual({
      kind: 'policy',
      file: 'etc/pve/firewall/105.fw',
      line: 3,
      text: 'policy_in: DROP',
      chain: 'tap105i0-IN',
      kernel: 'filter:PVEFW-Drop:rule:9',
    })
  })

  it('of a policy by default', () => {
    expect(contract('policyByDefault')).toMatchObject({
      kind: 'policy',
      file: null,
      line: null,
      text: 'policy_in: DROP',
    })
  })

  it('of the end of a built-in chain', () => {
    expect(contract('unfiltered')).toEqual({
      kind: 'policy',
      file: null,
      line: null,
      text: 'policy ACCEPT',
      chain: 'FORWARD',
      kernel: null,
    })
  })

  it('of a generated rule: the rule itself', () => {
    expect(contract('generated')).toMatchObject({
      kind: 'generated',
      file: null,
      text: '-m conntrack --ctstate INVALID -j DROP',
    })
  })

  it('of nothing', () => {
    expect(contract('disabled')).toEqual({
      kind: 'none',
      file: null,
      line: null,
      text: null,
      chain: null,
      kernel: null,
    })
  })

  it('says which group line led to the rule', () => {
    const { origin, kernel } = SITUATIONS.acceptedByGroup
    expect(decidedByJson(origin, kernel, 'accept')['via']).toEqual([
      { what: 'group', name: 'web', file: 'etc/pve/firewall/105.fw', line: 6 },
      { what: 'macro', name: 'HTTP', file: null, line: null },
    ])
  })
})

describe('the whole answer', () => {
  it('has every name of the contract', () => {
    const json = answerJson(SITUATIONS.droppedByRule)
    expect(json).toMatchObject({
      version: 1,
      backend: 'iptables',
      node: 'pve1',
      verdict: 'drop',
      assumptions: [],
      packet: { src: '192.168.1.53', dst: '192.168.1.105', proto: 'tcp', sport: 49152, dport: 80 },
      diagnostics: [],
    })
    expect(json['hops']).toHaveLength(2)
  })

  it.each(Object.entries(SITUATIONS))(
    'of %s is JSON without a raw control character',
    (_, answer) => {
      const text = safeJson(answerJson(answer), 2)
      expect(unsafeIn(text)).toEqual([])
      expect(JSON.parse(text)).toMatchObject({ version: 1 })
    },
  )

  it('gives line and column of a diagnostic', () => {
    const one = diagnostic('warning', 'config/stray-file', lineOf(guestFw, 7), 'odd')
    expect(diagnosticJson(one)).toEqual({
      code: 'config/stray-file',
      severity: 'warning',
      message: 'odd',
      file: 'etc/pve/firewall/105.fw',
      line: 7,
      column: 1,
      help: null,
      related: [],
    })
  })
})

describe('the minimal line', () => {
  it.each([
    ['droppedByRule', 'DROP etc/pve/firewall/105.fw:7 filter:tap105i0-IN:rule:6\n'],
    ['policyByDefault', 'DROP policy filter:PVEFW-HOST-IN:rule:20\n'],
    ['generated', 'DROP generated filter:PVEFW-FORWARD:rule:1\n'],
    ['disabled', 'ACCEPT none -\n'],
  ] as const)('of %s', (situation, line) => {
    expect(renderMinimal(SITUATIONS[situation])).toBe(line)
  })
})
