import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Origin } from '../../src/netfilter/origin.ts'
import { readEbtables } from '../../src/read/ebtables.ts'
import { readIpset } from '../../src/read/ipset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { debianFacts } from '../support/debian-facts.ts'
import { runs } from '../support/runs.ts'
import { RULES_BOTH, RULES_V4, RULES_V6 } from './restore-rules.ts'

const origin: Origin = { kind: 'generated', by: 'test', why: 'test', span: null, means: null }

/** Words of real rules in any order, and bytes that are none. */
const words = [...RULES_BOTH, ...RULES_V4, ...RULES_V6].flatMap((rule) => rule.split(' '))
const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
})
const text = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, bytes), { maxLength: 12 })
  .map((parts) => parts.join(' '))

it('a line is read or refused, whatever it holds', () => {
  fc.assert(
    fc.property(fc.constantFrom('ip' as const, 'ip6' as const), fc.array(text), (family, lines) => {
      const chains = new Map([['T', lines.map((line) => ({ text: line, origin }))]])
      const { table, refusals } = readRestoreTable(
        { family, table: 'filter', hooks: [], chains },
        new Map(),
        debianFacts,
      )
      const read = new Set(table.chains.get('T')?.rules.map(({ line }) => line))
      const skipped = lines.filter((line) => /(?:^| )-[46](?: |$)|--ipv[46]/.test(line)).length
      expect(read.size + refusals.length).toBeGreaterThanOrEqual(lines.length - skipped)
    }),
    { numRuns: runs(300) },
  )
})

it('sets and layer-2 rules too', () => {
  fc.assert(
    fc.property(fc.array(text), (lines) => {
      const all = lines.map((line) => ({ text: line, origin }))
      readEbtables({ hooks: [], chains: new Map([['T', all]]) }, debianFacts)
      const adds = lines.map((line) => ({ text: `add S ${line}`, origin }))
      const create = { text: 'create S hash:net family inet', origin }
      const { refusals, sets } = readIpset([{ name: 'S', create, adds }])
      const set = sets.get('S')
      expect(refusals.length + (set?.kind === 'addresses' ? set.elements.length : 0)).toBe(
        lines.length,
      )
    }),
    { numRuns: runs(300) },
  )
})
