import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startReading } from '../../src/config/dialect/iptables/reading.ts'
import { type FwChange, splicesOf } from '../../src/edit/change.ts'
import { fileOf, inverse, spliced } from '../../src/edit/edited-text.ts'
import { type OpenedFw, openFw } from '../../src/edit/opened.ts'
import { isWrong } from '../../src/edit/problem.ts'
import { fieldsOf, showRule } from '../../src/edit/rule-text.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { clusterText } from '../support/arbitraries/fw-text.ts'
import '../support/fixed-seed.ts'
import { probeTree } from '../support/probe-tree.ts'
import { runs } from '../support/runs.ts'

const reading = startReading(probeTree({ files: {} }), new Map(), 0)
const open = (text: string): OpenedFw =>
  openFw(sourceFile('cluster.fw', text), 'cluster', null, reading)

/** What cluster.fw defines, as plain data: what the API holds between load and save. */
type Model = {
  readonly groups: Map<string, readonly string[]>
  readonly sets: Map<string, readonly (readonly [cidr: string, nomatch: boolean])[]>
  readonly aliases: Map<string, readonly [name: string, cidr: string]>
  readonly rules: readonly string[]
}

function modelOf({ file }: OpenedFw): Model {
  const shown = (rules: typeof file.rules) => rules.map((rule) => showRule(fieldsOf(rule), false))
  return {
    groups: new Map([...(file.groups ?? [])].map(([name, { rules }]) => [name, shown(rules)])),
    sets: new Map(
      [...(file.ipsets ?? [])].map(([name, { entries }]) => [
        name,
        entries.map(({ cidr, nomatch }) => [cidr, nomatch] as const),
      ]),
    ),
    aliases: new Map([...(file.aliases ?? [])].map(([key, { name, cidr }]) => [key, [name, cidr]])),
    rules: shown(file.rules),
  }
}

/** The change made to the data; null where the API would die. */
function expected(model: Model, change: FwChange): Model | null {
  const groups = new Map(model.groups)
  const sets = new Map(model.sets)
  const aliases = new Map(model.aliases)
  const after = { ...model, groups, sets, aliases }
  switch (change.kind) {
    case 'create-section': {
      const of = change.of === 'group' ? groups : sets
      if (of.has(change.name)) return null
      of.set(change.name, [])
      return after
    }
    case 'delete-section': {
      const of = change.of === 'group' ? groups : sets
      const held = of.get(change.name)
      if (held === undefined || (held.length > 0 && !change.force)) return null
      of.delete(change.name)
      return after
    }
    case 'rename-section': {
      const of: Map<string, readonly unknown[]> = change.of === 'group' ? groups : sets
      const held = of.get(change.from)
      if (held === undefined || (of.has(change.name) && change.name !== change.from)) return null
      of.delete(change.from)
      of.set(change.name, held)
      return after
    }
    case 'put-entry': {
      const entries = sets.get(change.set)
      if (entries === undefined) return null
      const at = entries.findIndex(([cidr]) => cidr === change.cidr)
      const entry = [change.cidr, change.nomatch] as const
      if ((at !== -1) !== change.replaces) return null
      sets.set(change.set, at === -1 ? [...entries, entry] : entries.with(at, entry))
      return after
    }
    case 'remove-entry': {
      const entries = sets.get(change.set)
      if (entries === undefined) return null
      sets.set(
        change.set,
        entries.filter(([cidr]) => cidr !== change.cidr),
      )
      return after
    }
    case 'put-alias': {
      const key = change.name.toLowerCase()
      const old = change.replaces?.toLowerCase() ?? null
      if (old !== null && !aliases.has(old)) return null
      if (aliases.has(key) && key !== old) return null
      if (old !== null) aliases.delete(old)
      aliases.set(key, [change.name, change.cidr])
      return after
    }
    case 'remove-alias':
      aliases.delete(change.name.toLowerCase())
      return after
    default:
      throw new Error(change.kind)
  }
}

const of = fc.constantFrom('group' as const, 'ipset' as const)
const name = fc.constantFrom('web', 'db', 'blue', 'red', 'new-one')
const alias = fc.constantFrom('office', 'Office', 'desk', 'other')
const cidr = fc.constantFrom('10.1.0.0/16', '10.1.0.7', 'fd00::1')
const comment = fc.constantFrom(null, 'words', '')
const change: fc.Arbitrary<FwChange> = fc.oneof(
  fc.record({ kind: fc.constant('create-section' as const), of, name, comment }),
  fc.record({ kind: fc.constant('delete-section' as const), of, name, force: fc.boolean() }),
  fc.record({ kind: fc.constant('rename-section' as const), of, from: name, name, comment }),
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
    replaces: fc.option(alias),
    name: alias,
    cidr,
    comment,
  }),
  fc.record({ kind: fc.constant('remove-alias' as const), name: alias }),
)

describe('edits of names', () => {
  it('make the definitions that the API would hold, one after the other, and are taken back to the same bytes', () => {
    fc.assert(
      fc.property(
        clusterText,
        fc.array(change, { minLength: 1, maxLength: 5 }),
        (text, changes) => {
          let opened = open(text)
          for (const asked of changes) {
            const wanted = expected(modelOf(opened), asked)
            const splices = splicesOf(opened, asked, '--test')
            if (wanted === null) {
              expect(splices).toHaveProperty('problem')
              continue
            }
            if (isWrong(splices)) throw new Error(`${splices.problem} of ${JSON.stringify(asked)}`)
            const after = spliced(opened.text, splices)
            const bytes = fileOf(spliced(after, inverse(splices))).text
            expect(bytes).toBe(opened.file.source.text)
            opened = open(fileOf(after).text)
            expect(modelOf(opened)).toEqual(wanted)
          }
        },
      ),
      { numRuns: runs(2000) },
    )
  })
})
