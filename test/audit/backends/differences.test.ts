import { describe, expect, it } from 'vitest'
import { concernsOf, DIFFERENCES } from '../../../src/audit/backends/differences.ts'
import { pairOf } from '../../../src/firewall/backend-pair.ts'
import { DIAGNOSTIC_CODES } from '../../../src/source/codes.ts'
import { openNode, outcomeOf } from '../../support/ask.ts'
import { scenarioExpect, scenarioNames, scenarioRoot } from '../../support/scenarios.ts'

describe('the table of differences', () => {
  it('has each code once, and none of a diagnostic', () => {
    const codes = DIFFERENCES.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.filter((code) => code in DIAGNOSTIC_CODES)).toEqual([])
    expect(codes.length).toBeGreaterThanOrEqual(48)
  })

  it('names a scenario wherever a packet or a load can show it', () => {
    const without = DIFFERENCES.filter(({ effect, scenario }) => {
      return effect !== 'operation' && (scenario === null || !scenarioNames.includes(scenario))
    })
    expect(without.map(({ code }) => code)).toEqual([])
  })

  it('says one or two whole sentences', () => {
    for (const { sentence } of DIFFERENCES)
      expect(sentence).toMatch(/^[^a-z].*\.$|^(?:iptables|nftables|pve-firewall) .*\.$/)
  })
})

const shown = DIFFERENCES.flatMap((difference) =>
  difference.scenario === null ? [] : [[difference.code, difference, difference.scenario] as const],
)

describe.each(shown)('%s', (_code, difference, scenario) => {
  const iptables = openNode(scenarioRoot(scenario), null, 'iptables')
  const nftables = openNode(scenarioRoot(scenario), null, 'nftables')

  it(`is shown by ${scenario}: a packet ends differently`, () => {
    const packets = scenarioExpect(scenario).expectations.filter((one) => one.kind === 'packet')
    const differing = packets.filter(
      ({ fields }) => outcomeOf(iptables, fields).verdict !== outcomeOf(nftables, fields).verdict,
    )
    expect(differing).not.toEqual([])
    const answered = packets.filter(({ backends }) => backends.includes('nftables'))
    expect(answered).not.toEqual([])
  })

  it(`is found in ${scenario}, if it can be found at all`, () => {
    if (difference.told.length === 0 && difference.find === null) return
    const codes = concernsOf(pairOf(iptables, nftables)).map((one) => one.difference.code)
    expect(codes).toContain(difference.code)
  })
})
