import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parsePacketJson } from '../../src/packet/packet-json.ts'
import { isProblem } from '../../src/packet/problem.ts'
import type { Backend } from '../../src/topology/devices.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { resolveQuery } from '../../src/topology/resolve.ts'
import { topologyOf } from '../../src/topology/topology.ts'
import { corpusCases } from '../support/corpus.ts'
import { loadRoot, showHop } from './support.ts'

/** A line of a kernel record: `path` holds one text for each table or chain the kernel ran, `... | matched rules`. */
type KernelRow = {
  readonly id: number
  readonly skip?: string
  readonly verdict?: string
  readonly path?: readonly string[]
}

const corpora = ['clean', 'messy'] as const

describe.each(corpora)('the kernel ran these hooks with these devices, iptables: %s', (kind) => {
  const cases = corpusCases(kind)
  test.skipIf(cases.length === 0)('every query that was recorded', () => {
    const found = cases.map((directory) =>
      compareCase(directory, 'expect/iptables/kernel.jsonl', 'iptables'),
    )
    expect(found.flatMap(({ differing }) => differing)).toEqual([])
    expect(sum(found.map(({ compared }) => compared))).toBe(kind === 'clean' ? 3113 : 2879)
  })
})

describe.each(corpora)('the kernel ran these hooks with these devices, nftables: %s', (kind) => {
  const cases = corpusCases(kind)
  test.skipIf(cases.length === 0)('every query that was recorded', () => {
    const found = cases.map((directory) =>
      compareCase(directory, 'expect/nftables-kernel.jsonl', 'nftables'),
    )
    expect(found.flatMap(({ differing }) => differing)).toEqual([])
    expect(sum(found.map(({ compared }) => compared))).toBe(kind === 'clean' ? 3413 : 720)
  })
})

type Compared = { readonly compared: number; readonly differing: readonly string[] }

function compareCase(directory: string, record: string, backend: Backend): Compared {
  const file = join(directory, record)
  // Where the firewall is off or the compiler dies nothing was sent.
  if (!existsSync(file)) return { compared: 0, differing: [] }
  const tree = loadRoot(directory)
  const topology = topologyOf(tree, backend)
  const tables = nameTablesOf(tree)
  const queries = new Map(
    linesOf(join(directory, 'queries.jsonl')).map((line) => {
      const { id, query } = parsePacketJson(line, tables)
      return [id, query] as const
    }),
  )
  const rows = linesOf(file)
    .map((line): KernelRow => JSON.parse(line))
    .filter((row) => row.path !== undefined && row.skip === undefined)
  const chained = new Set(rows.flatMap(({ path = [] }) => path.map(hookOfRecord)).map(kindOf))
  const differing: string[] = []
  for (const row of rows) {
    const query = queries.get(row.id)
    if (query === undefined || isProblem(query)) throw new Error(`${directory}: ${row.id}`)
    const resolved = resolveQuery(topology, query, tables)
    if (resolved.kind === 'refused') throw new Error(JSON.stringify(resolved.problems))
    const { path = [], verdict } = row
    const recorded = withoutRepeats(path.map(hookOfRecord))
    const raw = path.some((line) => line.startsWith('raw:'))
    const hooks = resolved.path.legs.flatMap((leg) => leg.hops).flatMap(showHop)
    const ours = withoutRepeats(hooks)
      .filter((hook) => chained.has(kindOf(hook)))
      .filter((hook) => raw || backend === 'nftables' || !hook.startsWith('ip prerouting'))
    // A packet that is dropped or rejected runs no further hooks.
    const passed = verdict === 'accept' ? ours : ours.slice(0, recorded.length)
    if (passed.join() !== recorded.join())
      differing.push(`${basename(directory)}#${row.id}: ${passed.join()} / ${recorded.join()}`)
  }
  return { compared: rows.length, differing }
}

/** `bridge prerouting`: which hooks have chains at all differs from case to case. */
function kindOf(hook: string): string {
  return hook.split(' ').slice(0, 2).join(' ')
}

const CHAIN_HOOKS: Readonly<Record<string, string>> = {
  'vm-out': 'prerouting',
  'vm-in': 'postrouting',
  'host-bridge-input': 'input',
  'host-bridge-output': 'output',
}

/**
 * `raw:PREROUTING vmbr0>- phys eno1>- | PREROUTING:2` -> `ip prerouting vmbr0>- phys eno1>-`,
 * `bridge vm-in ->tap100i0 | vm-in:1` -> `bridge postrouting ->tap100i0`.
 */
function hookOfRecord(line: string): string {
  const words = (line.split(' | ')[0] ?? '').split(' ')
  const nft = words[0] === 'bridge' || words[0] === 'inet'
  const family = words[0] === 'bridge' ? 'bridge' : 'ip'
  const [chain = '', ...devices] = nft ? words.slice(1) : words
  const hook = CHAIN_HOOKS[chain] ?? chain.replace(/^raw:/, '').toLowerCase()
  return [family, hook, ...devices].join(' ')
}

function withoutRepeats(hooks: readonly string[]): readonly string[] {
  return hooks.filter((hook, index) => hook !== hooks[index - 1])
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
