import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import type { Tree } from '../../src/config/tree.ts'
import { parseCalls } from '../../src/edit/api-call.ts'
import { edited, editedConfiguration } from '../../src/edit/configuration.ts'
import type { Change, Edit } from '../../src/edit/edit.ts'
import { isWrong } from '../../src/edit/problem.ts'
import { pveshCalls } from '../../src/edit/pvesh-text.ts'
import { fieldsOf, showRule } from '../../src/edit/rule-text.ts'
import { clusterText } from '../support/arbitraries/fw-text.ts'
import '../support/fixed-seed.ts'
import { probeTree } from '../support/probe-tree.ts'
import { runs } from '../support/runs.ts'

const NOW = 1_750_000_000

/** What cluster.fw of a tree says, as pve-firewall holds it. */
function held(tree: Tree): unknown {
  const { cluster } = readIptables(tree, { now: NOW })
  if (cluster === null) return null
  const shown = (rules: typeof cluster.rules) => rules.map((one) => showRule(fieldsOf(one), false))
  return {
    options: [...cluster.options].map(([key, { value }]) => [key, value]).toSorted(),
    rules: shown(cluster.rules),
    groups: [...cluster.groups].map(([name, { rules }]) => [name, shown(rules)]).toSorted(),
    sets: [...cluster.ipsets]
      .map(([name, { entries }]) => [name, entries.map(({ cidr, nomatch }) => [cidr, nomatch])])
      .toSorted(),
    aliases: [...cluster.aliases.values()].map(({ name, cidr }) => [name, cidr]),
  }
}

const list = fc.constantFrom({ kind: 'rules' } as const, { kind: 'group', name: 'web' } as const)
const position = fc.nat({ max: 5 })
const line = fc.constantFrom(
  'IN DROP -p tcp -dport 22',
  '|OUT ACCEPT -dest 10.0.0.0/8 -p udp # caf\xc3\xa9, "it\'s" $HOME',
  'IN SSH(ACCEPT) -source 10.0.0.1 -log info',
)
const name = fc.constantFrom('web', 'db', 'blue', 'red')
const cidr = fc.constantFrom('10.1.0.0/16', '10.1.0.7')
const comment = fc.constantFrom(null, "admin's desk")
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('option' as const),
    key: fc.constantFrom('enable', 'ebtables'),
    value: fc.constantFrom('0', '1', null),
  }),
  fc.record({ kind: fc.constant('insert-rule' as const), list, position, line }),
  fc.record({ kind: fc.constant('replace-rule' as const), list, position, line }),
  fc.record({ kind: fc.constant('remove-rule' as const), list, position }),
  fc.record({ kind: fc.constant('move-rule' as const), list, position, before: position }),
  fc.record({ kind: fc.constant('toggle-rule' as const), list, position, on: fc.boolean() }),
  fc.record({
    kind: fc.constant('create-section' as const),
    of: fc.constantFrom('group' as const, 'ipset' as const),
    name,
    comment,
  }),
  fc.record({
    kind: fc.constant('put-entry' as const),
    set: name,
    cidr,
    nomatch: fc.boolean(),
    comment,
    replaces: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('remove-entry' as const), set: name, cidr }),
  fc.record({
    kind: fc.constant('put-alias' as const),
    replaces: fc.constantFrom(null, 'office'),
    name: fc.constantFrom('office', 'desk'),
    cidr,
    comment,
  }),
)

it('calls that are printed for an edit do the same when they are applied', () => {
  fc.assert(
    fc.property(clusterText, change, (text, asked) => {
      const tree = probeTree({ files: {} })
      const source = { path: 'etc/pve/firewall/cluster.fw', text, lineStarts: starts(text) }
      const today = { ...tree, clusterFw: source }
      const edit: Edit = { target: { kind: 'cluster' }, change: asked, by: 'x', asked: 'x' }
      const file = edited(today, edit, () => null)
      if (file === null || isWrong(file)) return
      const after = { ...today, clusterFw: file }
      const calls = pveshCalls(edit, after).join('\n')
      const wishes = parseCalls(Buffer.from(calls, 'utf8').toString('latin1'), today, NOW)
      if (isWrong(wishes)) throw new Error(`${calls}: ${wishes.problem}`)
      const edits = wishes.map((wish) => ({ ...wish, by: 'y', asked: 'y' }))
      const made = editedConfiguration(today, edits, () => null)
      // the API does not touch a rule that has an error, not even to disable it
      if (isWrong(made) && asked.kind === 'toggle-rule') return
      if (isWrong(made)) throw new Error(`${calls}: ${made.problem}`)
      expect(held(made.change(today))).toEqual(held(after))
    }),
    { numRuns: runs(2000) },
  )
})

function starts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}
