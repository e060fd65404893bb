import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drift } from '../../src/audit/drift.ts'
import { SKELETON } from '../../src/compile/nftables/skeleton.ts'
import type { Json } from '../../src/netfilter/nft/command.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { applyNftCommands } from '../../src/read/nft/apply.ts'
import { readNftTables } from '../../src/read/nft/ruleset.ts'
import { HANDED_FILES } from '../../src/render/iptables-save.ts'
import { renderNftJson } from '../../src/render/nft-json.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { corpusCases, realworldCases } from '../support/corpus.ts'
import { debianFacts } from '../support/debian-facts.ts'
import { jsonLines, readRecorded } from '../support/recorded-case.ts'
import { nowhere, plain } from '../support/rulesets.ts'

const cases = [...corpusCases('clean'), ...corpusCases('messy'), ...realworldCases()]

describe.skipIf(cases.length === 0)(`${cases.length} recorded configurations`, () => {
  it('as texts for the iptables tools are read like dumps as what those tools make of them', () => {
    let compared = 0
    for (const directory of cases) {
      const { ruleset, tables } = readRecorded(directory)
      if (tables.some(({ read }) => read.refusals.length > 0)) continue
      const folder = join(directory, 'expect', 'iptables')
      const files = HANDED_FILES.filter((name) => existsSync(join(folder, name))).map((name) =>
        sourceFile(name, readFileSync(join(folder, name), 'latin1')),
      )
      if (files.every(({ text }) => text === '')) continue
      const live = readLive(files, debianFacts)
      expect(
        live.diagnostics.filter(({ code }) => code !== 'read/empty-dump'),
        basename(directory),
      ).toEqual([])
      expect(plain(live.ruleset), basename(directory)).toEqual(plain(unsigned(ruleset)))
      compared += 1
    }
    expect(compared).toBe(143)
  })

  it('as nft objects are read back from the JSON nft would list, bridge tables too', () => {
    let compared = 0
    for (const directory of cases) {
      const commands = jsonLines<{ readonly [verb: string]: Json }>(
        directory,
        'expect',
        'nftables.jsonl',
      )
      if (commands.length === 0) continue
      const { tables } = applyNftCommands([
        ...SKELETON,
        ...commands.map((json) => ({ json, origin: nowhere })),
      ])
      const compiled = readNftTables('nftables', tables, { ignoresMalformedLimit: false })
      const live = readLive([sourceFile('nft.json', renderNftJson(tables, '1.1.3'))])
      const name = basename(directory)
      const found = drift(compiled, live.ruleset, live.covered)
      expect(found.differences, name).toEqual([])
      expect(live.diagnostics, name).toEqual([])
      expect(rules(live.ruleset), name).toEqual(rules(compiled))
      compared += 1
    }
    expect(compared).toBe(100)
  })
})

/** Without the signatures, which are comments that stand as rules. */
function unsigned({ backend, tables }: Ruleset): Ruleset {
  return {
    backend,
    tables: tables.map((table) => ({
      ...table,
      chains: new Map(
        [...table.chains].map(([name, chain]) => [
          name,
          { ...chain, rules: chain.rules.filter(({ text }) => !text.includes('"PVESIG:')) },
        ]),
      ),
    })),
  }
}

/** Chains with their rules; sets are compared by the addresses in them, for a listing has them merged. */
function rules(ruleset: Parameters<typeof plain>[0]): unknown {
  return (plain(ruleset) as readonly { chains: unknown }[]).map(({ chains }) => chains)
}
