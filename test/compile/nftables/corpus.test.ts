import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileNftables, type NftablesCompiled } from '../../../src/compile/nftables/compile.ts'
import type { NftConfig } from '../../../src/config/dialect/nftables/model.ts'
import { readNftables } from '../../../src/config/dialect/nftables/read.ts'
import { loadTree } from '../../../src/config/load.ts'
import type { Tree } from '../../../src/config/tree.ts'
import { corpusCases, probeFiles, realworldCases } from '../../support/corpus.ts'
import { type ProbeInput, probeTree } from '../../support/probe-tree.ts'

/** What the real program said about a case. */
type Outcome = {
  readonly ok: boolean
  readonly enabled?: boolean
  readonly error?: string
  readonly logs?: readonly { readonly msg: string }[]
}
type Probe = ProbeInput & {
  readonly nftables?: Outcome & { readonly commands?: { readonly nftables: readonly unknown[] } }
}
type Answer = { readonly config: NftConfig; readonly compiled: NftablesCompiled }

const SETS = [
  ['corpus/clean', corpusCases('clean')],
  ['corpus/messy', corpusCases('messy')],
  ['realworld', realworldCases()],
] as const

function loadCase(directory: string): Tree {
  const options = { root: directory, node: null, guest: null, hostIp: null, localNetwork: null }
  const { tree } = loadTree(options)
  if (tree === null) throw new Error(`no tree in ${directory}`)
  return tree
}

function answer(tree: Tree): Answer {
  const config = readNftables(tree)
  return { config, compiled: compileNftables(tree, config) }
}

function expectedCommands(directory: string): readonly unknown[] {
  const path = join(directory, 'expect', 'nftables.jsonl')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

function expectedOutcome(directory: string): Outcome {
  return JSON.parse(readFileSync(join(directory, 'expect', 'nftables.json'), 'utf8')) as Outcome
}

function stateOf({ ok, enabled }: Outcome): NftablesCompiled['state'] {
  if (!ok) return 'refused'
  return enabled === true ? 'compiled' : 'disabled'
}

/** Each rule the real program warned about and left out is named by a diagnostic with the same reason. */
function expectSkipped({ compiled }: Answer, { logs = [] }: Outcome): void {
  const reasons = logs
    .filter(({ msg }) => msg.startsWith('skipping rule'))
    .map(({ msg }) => msg.slice(msg.lastIndexOf('}: ') + 3))
  const named = compiled.diagnostics
    .filter(({ code }) => code === 'nftables/rule-skipped')
    .flatMap(({ upstream }) => upstream)
  expect([...new Set(named)].sort()).toEqual([...new Set(reasons)].sort())
}

function expectSame(found: Answer, outcome: Outcome, commands: readonly unknown[]): void {
  const { compiled } = found
  expect([compiled.state, compiled.error]).toEqual([stateOf(outcome), outcome.error ?? null])
  expect(compiled.commands.map(({ json }) => json)).toEqual(commands)
  expectSkipped(found, outcome)
}

describe('commands and refusals are those of proxmox-firewall', () => {
  for (const [name, cases] of SETS)
    describe.skipIf(cases.length === 0)(name, () => {
      it.each(cases.map((directory) => [basename(directory), directory]))('%s', (_, directory) => {
        expectSame(
          answer(loadCase(directory)),
          expectedOutcome(directory),
          expectedCommands(directory),
        )
      })
    })

  const probes = probeFiles().filter((path) => /^p\d-/.test(basename(path)))
  describe.skipIf(probes.length === 0)('corpus/probes', () => {
    it.each(probes.map((path) => [basename(path, '.json'), path]))('%s', (_, path) => {
      const probe = JSON.parse(readFileSync(path, 'utf8')) as Probe
      if (probe.nftables === undefined) return
      const found = answer(probeTree(probe))
      expectSame(found, probe.nftables, probe.nftables.commands?.nftables ?? [])
    })
  })
})
