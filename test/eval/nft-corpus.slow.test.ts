import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SKELETON } from '../../src/compile/nftables/skeleton.ts'
import { isPassive } from '../../src/eval/compiled-chain.ts'
import { evaluate } from '../../src/eval/evaluate.ts'
import { nftDecision } from '../../src/eval/nft-decision.ts'
import type { ChainTrace, Trace } from '../../src/eval/trace.ts'
import type { Json, NftCommand } from '../../src/netfilter/nft/command.ts'
import type { Origin } from '../../src/netfilter/origin.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { parsePacketJson } from '../../src/packet/packet-json.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { applyNftCommands } from '../../src/read/nft/apply.ts'
import { readNftTables } from '../../src/read/nft/ruleset.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { resolveQuery } from '../../src/topology/resolve.ts'
import { topologyOf } from '../../src/topology/topology.ts'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'
import { loadRoot } from '../topology/support.ts'

type Row = {
  readonly id: number
  readonly verdict?: string
  readonly decidedBy?: string | null
  readonly skip?: string
  readonly error?: string
  readonly path?: readonly string[]
  readonly loadWarning?: string
}

const recorded: Origin = {
  kind: 'generated',
  by: 'corpus',
  why: 'recorded',
  span: null,
  means: null,
}

/** What the kernel held: the skeleton and the recorded commands. */
function heldBy(directory: string, ignoresMalformedLimit: boolean): Ruleset {
  const commands = jsonLines<{ readonly [verb: string]: Json }>(
    directory,
    'expect',
    'nftables.jsonl',
  )
  const { tables, complaints } = applyNftCommands([
    ...SKELETON,
    ...commands.map((json): NftCommand => ({ json, origin: recorded })),
  ])
  expect(complaints).toEqual([])
  return readNftTables('nftables', tables, { ignoresMalformedLimit })
}

/** Matched rules of one base chain in the record's words: `vm-in:1 guest-100-in:3`, `policy` at its end. */
function ranOf(base: ChainTrace): string {
  const hits = hitsOf(base)
  return [...hits, ...(base.end === 'policy' ? ['policy'] : [])].join(' ')
}

function hitsOf({ chain, hits }: ChainTrace): readonly string[] {
  return hits.flatMap(({ rule, index, into }) => [
    ...(isPassive(rule) ? [] : [`${chain.name}:${index + 1}`]),
    ...(into === null ? [] : hitsOf(into)),
  ])
}

function pathOf(trace: Trace): readonly string[] {
  return trace.hops.flatMap(({ chains }) =>
    chains.map((base) => `${base.table.family} ${base.chain.name} | ${ranOf(base)}`),
  )
}

/** A recorded line without its devices, which the topology's own test compares. */
function withoutDevices(line: string): string {
  return line.replace(/^(\S+ \S+) \S+ \|/, '$1 |')
}

function differencesOf(directory: string): {
  readonly compared: number
  readonly differing: readonly string[]
} {
  const rows = jsonLines<Row>(directory, 'expect', 'nftables-kernel.jsonl')
  if (rows.length === 0 || rows[0]?.error !== undefined) return { compared: 0, differing: [] }
  const tree = loadRoot(directory)
  const tables = nameTablesOf(tree)
  const topology = topologyOf(tree, 'nftables')
  const ruleset = heldBy(
    directory,
    rows.some((row) => row.loadWarning !== undefined),
  )
  const queries = new Map(
    jsonLines<{ readonly id: number }>(directory, 'queries.jsonl').map((query) => [
      query.id,
      JSON.stringify(query),
    ]),
  )
  const differing: string[] = []
  let compared = 0
  for (const row of rows) {
    if (row.skip !== undefined || row.path === undefined) continue
    const { query } = parsePacketJson(queries.get(row.id) ?? '', tables)
    if (isProblem(query)) throw new Error(`${directory}: ${row.id}`)
    const resolved = resolveQuery(topology, query, tables)
    if (resolved.kind === 'refused') throw new Error(JSON.stringify(resolved.problems))
    const { path, packet, state, fib } = resolved
    const trace = evaluate({ ruleset, path, packet, state, fib, mark: 0, ctMark: 0 })
    const ours = [trace.outcome, nftDecision(trace), ...pathOf(trace)].join('; ')
    const theirs = [row.verdict, row.decidedBy, ...row.path.map(withoutDevices)].join('; ')
    compared += 1
    if (ours !== theirs)
      differing.push(`${basename(directory)} query ${row.id}\n ours   ${ours}\n kernel ${theirs}`)
  }
  return { compared, differing }
}

describe.each(['clean', 'messy'] as const)(
  'nftables: the kernel held the recorded ruleset: %s',
  (kind) => {
    const cases = corpusCases(kind)
    it.skipIf(cases.length === 0)(
      'verdict, deciding rule and every rule that matched are the kernel’s',
      () => {
        const found = cases.map(differencesOf)
        expect(found.flatMap(({ differing }) => differing).slice(0, 5)).toEqual([])
        expect(found.reduce((sum, { compared }) => sum + compared, 0)).toBe(
          kind === 'clean' ? 3413 : 720,
        )
      },
    )
  },
)
