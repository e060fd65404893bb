import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adoptOrigins } from '../../src/audit/adopt-origins.ts'
import { drift } from '../../src/audit/drift.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { corpusCases } from '../support/corpus.ts'
import { readRecorded } from '../support/recorded-case.ts'
import { inNameSpace, titled, toolsMissing } from './name-space.ts'

const missing = toolsMissing(
  'iptables-legacy -V | grep -q "v1\\.8\\.9"',
  'iptables-legacy-save >/dev/null',
  'ip6tables-legacy-save >/dev/null',
  'ipset list',
  'ebtables-nft -L >/dev/null',
)

/** Cases whose texts every tool takes. */
const cases = [...corpusCases('clean'), ...corpusCases('messy')].filter((directory) =>
  readRecorded(directory).tables.every(({ read }) => read.refusals.length === 0),
)

/** Loads the six texts of a case, and more, and dumps everything there is. */
function dump(directory: string, more = ''): string {
  const file = (name: string): string => join(directory, 'expect', 'iptables', name)
  const { out } = inNameSpace(
    [
      `ipset restore < ${file('ipset.txt')}`,
      `iptables-legacy-restore -n < ${file('v4.rules')}`,
      `iptables-legacy-restore -n < ${file('v4raw.rules')}`,
      `ip6tables-legacy-restore -n < ${file('v6.rules')}`,
      `ip6tables-legacy-restore -n < ${file('v6raw.rules')}`,
      `ebtables-nft-restore < ${file('ebtables.txt')}`,
      more,
      'iptables-legacy-save -c; ip6tables-legacy-save; ipset save; ebtables-nft-save',
      '',
    ].join('\n'),
  )
  return out
}

describe.skipIf(missing !== null || cases.length === 0)(
  titled('texts of the corpus in this kernel', missing),
  () => {
    it(`are read back from dumps as what was loaded: ${cases.length} cases`, () => {
      expect(cases).toHaveLength(107)
      for (const directory of cases) {
        const name = basename(directory)
        const { ruleset } = readRecorded(directory)
        const live = readLive([sourceFile('dump', dump(directory))])
        expect(live.diagnostics, name).toEqual([])
        const found = drift(ruleset, live.ruleset, live.covered)
        expect(found, name).toEqual({
          differences: [],
          foreign: [],
          leftovers: [],
          notCompared: found.notCompared.filter((table) => table === 'ipset'),
        })
        const adopted = adoptOrigins(live.ruleset, ruleset)
        const imported = adopted.tables.flatMap(({ chains }) =>
          [...chains.values()].flatMap(({ rules }) =>
            rules.filter(({ origin }) => origin.kind === 'imported'),
          ),
        )
        expect(imported, name).toEqual([])
      }
    })

    it('show what was changed behind the back of the firewall', () => {
      const [directory = ''] = cases
      const changes = [
        'iptables-legacy -D PVEFW-HOST-IN 1',
        'iptables-legacy -A PVEFW-HOST-OUT -p tcp --dport 4444 -j ACCEPT',
        'iptables-legacy -N f2b; iptables-legacy -A f2b -s 203.0.113.9 -j DROP',
        'iptables-legacy -I INPUT -j f2b',
        'iptables-legacy -P FORWARD DROP',
      ]
      const live = readLive([sourceFile('dump', dump(directory, changes.join('\n')))])
      const { differences, foreign } = drift(
        readRecorded(directory).ruleset,
        live.ruleset,
        live.covered,
      )
      expect(
        differences.map(({ change, what, table, name, text }) => [change, what, table, name, text]),
      ).toEqual([
        ['missing', 'rule', 'iptables filter', 'PVEFW-HOST-IN', '-i lo -j ACCEPT'],
        [
          'extra',
          'rule',
          'iptables filter',
          'PVEFW-HOST-OUT',
          '-p tcp -m tcp --dport 4444 -j ACCEPT',
        ],
      ])
      expect(foreign.map(({ what, name, text }) => [what, name, text])).toEqual([
        ['rule', 'INPUT', '-j f2b'],
        ['policy', 'FORWARD', 'policy drop'],
        ['chain', 'f2b', '1 rule'],
      ])
    })
  },
)
