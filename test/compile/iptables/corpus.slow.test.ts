import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileIptables } from '../../../src/compile/iptables/compile.ts'
import type { IptablesConfig } from '../../../src/config/dialect/iptables/model.ts'
import { readIptables } from '../../../src/config/dialect/iptables/read.ts'
import { loadTree } from '../../../src/config/load.ts'
import type { Tree } from '../../../src/config/tree.ts'
import type { RestoreLine } from '../../../src/netfilter/restore.ts'
import { HANDED_FILES, renderHanded } from '../../../src/render/iptables-save.ts'
import type { Diagnostic } from '../../../src/source/diagnostic.ts'
import { corpusCases, probeFiles, realworldCases } from '../../support/corpus.ts'
import { type Probe, probeTree, readProbe } from '../../support/probe-tree.ts'

/** When the corpus was recorded, about: `enable` may be a time. */
const NOW = 1_750_000_000

/** What the real program made of a case: console lines, and the exception it died of. */
type Notes = { readonly error: string | null; readonly warnings: readonly string[] }

const SETS = [
  ['corpus/clean', corpusCases('clean')],
  ['corpus/messy', corpusCases('messy')],
  ['realworld', realworldCases()],
] as const

/** The library that knows the sets of the SDN was not there when pve-firewall was recorded. */
function loadCase(directory: string): Tree {
  const options = { root: directory, node: null, guest: null, hostIp: null, localNetwork: null }
  const { tree } = loadTree(options)
  if (tree === null) throw new Error(`no tree in ${directory}`)
  return { ...tree, sdn: null }
}

function expected(directory: string, file: string, encoding: 'latin1' | 'utf8' = 'latin1'): string {
  return readFileSync(join(directory, 'expect', 'iptables', file), encoding)
}

/** Sets in order of name, each with its lines in their order: the real program writes them in random order. */
function sortedSets(text: string): readonly string[] {
  const sets = text.split(/^(?=create )/m)
  return sets.filter((set) => set !== '').sort()
}

/** What the real program prints about these diagnostics, in any order. */
function printed(...diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.flatMap(({ upstream }) => upstream).toSorted()
}

/** A program that dies on cluster.fw never reads the other files. */
function readBefore(config: IptablesConfig, error: string | null): readonly Diagnostic[] {
  if (error === null) return config.diagnostics
  return config.diagnostics.filter(({ span }) => span?.file === config.cluster?.source)
}

describe('what is handed to the tools is what pve-firewall hands to them, byte for byte', () => {
  for (const [name, cases] of SETS)
    it.skipIf(cases.length === 0)(name, () => {
      for (const directory of cases) {
        const tree = loadCase(directory)
        const { handed } = compileIptables(tree, readIptables(tree, { now: NOW }))
        if (handed === null) continue
        const texts = renderHanded(handed)
        for (const file of HANDED_FILES) {
          const where = `${basename(directory)} ${file}`
          if (file !== 'ipset.txt') expect(texts[file], where).toBe(expected(directory, file))
          else expect(sortedSets(texts[file]), where).toEqual(sortedSets(expected(directory, file)))
        }
      }
    })
})

describe('what pve-firewall prints is in the diagnostics, line for line', () => {
  for (const [name, cases] of SETS)
    it.skipIf(cases.length === 0)(name, () => {
      for (const directory of cases) {
        const notes = JSON.parse(expected(directory, 'notes.json', 'utf8')) as Notes
        const tree = loadCase(directory)
        const config = readIptables(tree, { now: NOW })
        const { state, diagnostics } = compileIptables(tree, config)
        expect(state === 'failed', directory).toBe(notes.error !== null)
        const wanted = notes.error === null ? notes.warnings : [...notes.warnings, notes.error]
        expect(printed(...readBefore(config, notes.error), ...diagnostics), directory).toEqual(
          wanted.toSorted(),
        )
      }
    })
})

describe('probes', () => {
  const files = probeFiles().filter((file) => /^p[135]-/.test(basename(file)))

  it.skipIf(files.length === 0)('every chain and set has the recorded lines', () => {
    for (const file of files) {
      const probe = readProbe(file)
      const tree = probeTree(probe)
      const { handed } = compileIptables(tree, readIptables(tree, { now: NOW }))
      if (handed === null) throw new Error(`${file} was recorded, but does not compile`)
      const made: Required<Omit<Probe['iptables'], 'warnings' | 'error'>> = {
        filter4: withChain(handed.v4.chains),
        raw4: withChain(handed.v4raw.chains),
        filter6: withChain(handed.v6.chains),
        raw6: withChain(handed.v6raw.chains),
        ebtables: withChain(handed.ebtables.chains),
        ipsets: Object.fromEntries(
          handed.ipset.map(({ name, create, adds }) => [name, [create, ...adds].map(textOf)]),
        ),
      }
      for (const [part, lines] of Object.entries(made))
        expect(lines, `${basename(file)} ${part}`).toEqual(
          probe.iptables[part as keyof typeof made] ?? {},
        )
    }
  })

  it.skipIf(files.length === 0)('every console line has a diagnostic', () => {
    for (const file of files) {
      const probe = readProbe(file)
      const tree = probeTree(probe)
      const config = readIptables(tree, { now: NOW })
      const { diagnostics } = compileIptables(tree, config)
      expect(printed(...config.diagnostics, ...diagnostics), basename(file)).toEqual(
        probe.iptables.warnings.toSorted(),
      )
    }
  })
})

function withChain(
  chains: ReadonlyMap<string, readonly RestoreLine[]>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...chains].map(([chain, lines]) => [chain, lines.map(({ text }) => `-A ${chain} ${text}`)]),
  )
}

function textOf({ text }: RestoreLine): string {
  return text
}
