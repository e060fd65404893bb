import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readIptables } from '../../../../src/config/dialect/iptables/read.ts'
import { loadTree } from '../../../../src/config/load.ts'
import type { Tree } from '../../../../src/config/tree.ts'
import { corpusCases, probeFiles, realworldCases } from '../../../support/corpus.ts'
import { probeTree, readProbe } from '../../../support/probe-tree.ts'

/**
 * Console lines that come from generating rules, not from reading files. INVARIANT: everything else the real
 * program printed must be the `upstream` of a diagnostic of the reader, line for line.
 */
const WHILE_GENERATING: readonly RegExp[] = [
  /^no such security group '/,
  /^no such (?:alias|ipset) '/,
  /^value does not look like a valid IP address or CIDR network$/,
  /^invalid icmp-type '/,
  /^unknown icmp-type '/,
  /^protocol .* does not have ports$/,
  /^Invalid chain name '/,
  /^chain '.*' already exists$/,
  /^format error\n(?:macaddr|hwaddr|ip): invalid format/,
]

const WHEN = 1_750_000_000

function upstream(tree: Tree): readonly string[] {
  const { diagnostics } = readIptables(tree, { now: WHEN })
  return diagnostics.flatMap((diagnostic) => diagnostic.upstream).toSorted()
}

function whileReading(warnings: readonly string[]): readonly string[] {
  const read = warnings.filter((line) => !WHILE_GENERATING.some((pattern) => pattern.test(line)))
  return read.toSorted()
}

function warningsOf(directory: string): readonly string[] {
  const notes: unknown = JSON.parse(
    readFileSync(join(directory, 'expect', 'iptables', 'notes.json'), 'utf8'),
  )
  return (notes as { readonly warnings: readonly string[] }).warnings
}

/** The recordings know no sets of the SDN: its library was not there, and `+sdn/` names are unknown to them. */
function loaded(directory: string): Tree {
  const { tree } = loadTree({
    root: directory,
    node: null,
    guest: null,
    hostIp: null,
    localNetwork: null,
  })
  if (tree === null) throw new Error(`no tree in ${directory}`)
  return { ...tree, sdn: null }
}

describe('every warning of the real program while reading has its diagnostic, and no other', () => {
  for (const [name, cases] of [
    ['corpus/clean', corpusCases('clean')],
    ['corpus/messy', corpusCases('messy')],
    ['realworld', realworldCases()],
  ] as const) {
    it.skipIf(cases.length === 0)(name, () => {
      for (const directory of cases)
        expect(upstream(loaded(directory)), basename(directory)).toEqual(
          whileReading(warningsOf(directory)),
        )
    })
  }

  const probes = probeFiles().filter((file) => /^p[135]-/.test(basename(file)))
  it.skipIf(probes.length === 0)('probes', () => {
    for (const file of probes) {
      const probe = readProbe(file)
      expect(upstream(probeTree(probe)), basename(file)).toEqual(
        whileReading(probe.iptables.warnings),
      )
    }
  })
})
