import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileNftables, type NftablesCompiled } from '../../../src/compile/nftables/compile.ts'
import { SKELETON } from '../../../src/compile/nftables/skeleton.ts'
import type { NftConfig } from '../../../src/config/dialect/nftables/model.ts'
import { readNftables } from '../../../src/config/dialect/nftables/read.ts'
import { loadTree } from '../../../src/config/load.ts'
import type { Tree } from '../../../src/config/tree.ts'
import type { NftChain } from '../../../src/netfilter/nft/objects.ts'
import { ruleText } from '../../../src/netfilter/nft/text.ts'
import { applyNftCommands } from '../../../src/read/nft/apply.ts'
import { corpusCases, probeFiles, realworldCases } from '../../support/corpus.ts'
import { type ProbeInput, probeTree } from '../../support/probe-tree.ts'
import { jsonLines } from '../../support/recorded-case.ts'

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

/** Each warning about a rule that was left out is named by a diagnostic, word for word. */
function expectSkipped({ compiled }: Answer, { logs = [] }: Outcome): void {
  const skipped = logs.map(({ msg }) => msg).filter((msg) => msg.startsWith('skipping rule'))
  const named = compiled.diagnostics
    .filter(({ code }) => code === 'nftables/rule-skipped')
    .flatMap(({ upstream }) => upstream)
  expect([...new Set(named)].sort()).toEqual([...new Set(skipped)].sort())
}

function expectSame(
  name: string,
  found: Answer,
  outcome: Outcome,
  commands: readonly unknown[],
): void {
  const { compiled } = found
  expect([name, compiled.state, compiled.error]).toEqual([
    name,
    stateOf(outcome),
    outcome.error ?? null,
  ])
  expect(
    compiled.commands.map(({ json }) => json),
    name,
  ).toEqual(commands)
  expectSkipped(found, outcome)
}

describe('commands and refusals are those of proxmox-firewall', () => {
  for (const [name, cases] of SETS)
    it.skipIf(cases.length === 0)(name, () => {
      for (const directory of cases)
        expectSame(
          directory,
          answer(loadCase(directory)),
          expectedOutcome(directory),
          expectedCommands(directory),
        )
    })

  const probes = probeFiles()
  it.skipIf(probes.length === 0)('corpus/probes', () => {
    for (const path of probes) {
      const probe = JSON.parse(readFileSync(path, 'utf8')) as Probe
      if (probe.nftables === undefined) continue
      const commands = probe.nftables.commands?.nftables ?? []
      expectSame(basename(path), answer(probeTree(probe)), probe.nftables, commands)
    }
  })
})

/** One row of `nftables-kernel.jsonl`: the rule that decided, and every rule that matched. */
type KernelRow = {
  readonly decidedBy?: string | null
  readonly text?: string | null
  readonly path?: readonly string[]
}

/** Rules by `family:table:chain` and place, as a kernel holds them after both transactions. */
function heldRules(commands: NftablesCompiled['commands']): (chain: string, at: number) => string {
  const { tables, complaints } = applyNftCommands([...SKELETON, ...commands])
  expect(complaints).toEqual([])
  const chains = new Map<string, NftChain>(
    tables.flatMap(({ family, name, chains: own }) =>
      own.map((chain) => [`${family}:${name}:${chain.name}`, chain] as const),
    ),
  )
  return (chain, at) => {
    const rule = chains.get(chain)?.rules[at - 1]
    return rule === undefined ? 'no such rule' : ruleText(rule.expr)
  }
}

/** nft 1.0.6, which the kernel was asked with, lost the limit of a set statement. */
function withoutLostLimit(text: string): string {
  return text.replace(/ limit rate over [^}]*packets(?= \})/, '')
}

describe('the skeleton and the commands make the chains the kernel was asked with', () => {
  for (const kind of ['clean', 'messy'] as const) {
    const cases = corpusCases(kind)
    it.skipIf(cases.length === 0)(`corpus/${kind}`, () => {
      let compared = 0
      for (const directory of cases) {
        const { compiled } = answer(loadCase(directory))
        if (compiled.state !== 'compiled') continue
        const textOf = heldRules(compiled.commands)
        for (const row of jsonLines<KernelRow>(directory, 'expect', 'nftables-kernel.jsonl')) {
          const [, chain, place] = /^(.+):rule:(\d+)$/.exec(row.decidedBy ?? '') ?? []
          if (chain !== undefined && typeof row.text === 'string') {
            expect([directory, chain, withoutLostLimit(textOf(chain, Number(place)))]).toEqual([
              directory,
              chain,
              row.text,
            ])
            compared += 1
          }
          for (const matched of matchedRules(row.path ?? []))
            expect(textOf(matched.chain, matched.at)).not.toBe('no such rule')
        }
      }
      expect(compared).toBeGreaterThan(400)
    })
  }
})

/** Rules of a path: `bridge vm-in ->tap100i0 | vm-in:1 guest-100-in:3 policy`. */
function matchedRules(
  path: readonly string[],
): readonly { readonly chain: string; readonly at: number }[] {
  return path.flatMap((hop) => {
    const table = hop.startsWith('bridge')
      ? 'bridge:proxmox-firewall-guests'
      : 'inet:proxmox-firewall'
    const words = hop.slice(hop.indexOf('|') + 1).split(' ')
    return words.flatMap((word) => {
      const [, chain, at] = /^(.+):(\d+)$/.exec(word) ?? []
      return chain === undefined ? [] : [{ chain: `${table}:${chain}`, at: Number(at) }]
    })
  })
}
