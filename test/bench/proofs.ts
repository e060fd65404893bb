import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { verdictOf } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import { diffNode } from '../../src/firewall/diff/diff.ts'
import { idleLines } from '../../src/firewall/lint/effects.ts'
import { auditLockout } from '../../src/firewall/lockout/audit.ts'
import { matrixOf } from '../../src/firewall/matrix/matrix.ts'
import { type NodeFirewall, openFirewall } from '../../src/firewall/node-firewall.ts'
import { endsOn } from '../../src/firewall/ways.ts'
import { EMPTY_FIB } from '../../src/netfilter/fib.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import type { Packet } from '../../src/netfilter/packet.ts'
import type { RestoreLine, RestoreTable } from '../../src/netfilter/restore.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { analyse } from '../../src/symbolic/analysis.ts'
import { BudgetExceeded, TRUE } from '../../src/symbolic/diagram.ts'
import { partitionOf } from '../../src/symbolic/partition.ts'
import { piecesOf } from '../../src/symbolic/piece.ts'
import type { SymbolicQuestion } from '../../src/symbolic/place.ts'
import { leavesAt, pointOf } from '../../src/symbolic/point.ts'
import { rulesUsed } from '../../src/symbolic/reach.ts'
import type { ValueSet } from '../../src/symbolic/value-set.ts'
import { addressOf, random, writeTree } from './generate.ts'
import { benchFacts } from './traces.ts'

/** Milliseconds of each part, or counts; what is not a number says why there is none. */
export type ProofCosts = Readonly<Record<string, number | string>>

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** Classes of source addresses with a blocklist of 50,000 networks beside a few hundred others. */
export function classes(version: 4 | 6): ProofCosts {
  const next = random(5)
  const sets: ValueSet[] = [blocklist(version, 50_000, next)]
  for (let set = 0; set < 400; set += 1)
    sets.push(blocklist(version, 1 + Math.floor(next() * 20), next))
  const end = version === 4 ? 2 ** 32 : 1n << 128n
  let size = 0
  const ms = timed(() => {
    size = partitionOf(sets, end).size
  })
  return { ms, classes: size }
}

function blocklist(version: 4 | 6, count: number, next: () => number): ValueSet {
  const starts = new Set<number>()
  while (starts.size < count) starts.add(Math.floor(next() * 2 ** 24))
  const sorted = [...starts].sort((a, b) => a - b)
  const values: (number | bigint)[] = []
  for (const start of sorted) {
    // neighbours are one range
    const lo = version === 4 ? start * 256 : BigInt(start) << 96n
    const hi = version === 4 ? (start + 1) * 256 : BigInt(start + 1) << 96n
    if (values.at(-1) === lo) values[values.length - 1] = hi
    else values.push(lo, hi)
  }
  return values
}

/** One chain of INPUT with random rules; `ranges`: every rule has a random range in four fields, the worst there is. */
function flatRuleset(length: number, ranges: boolean): Ruleset {
  const next = random(length)
  const origin = { kind: 'generated', by: 'bench', why: 'bench', span: null, means: null } as const
  const lines: RestoreLine[] = []
  const port = (): number => Math.floor(next() * 65_535)
  const range = (): string => {
    const [a, b] = [port(), port()].sort((x, y) => x - y)
    return `${a}:${b}`
  }
  const net = (bits: number): string => {
    const address = Math.floor(next() * 2 ** bits) * 2 ** (32 - bits)
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256)
    return `${bytes.join('.')}/${bits}`
  }
  for (let rule = 0; rule < length; rule += 1) {
    const verdict = next() < 0.25 ? 'DROP' : 'ACCEPT'
    const widths = ranges ? [1 + Math.floor(next() * 4), 1 + Math.floor(next() * 4)] : [24, 16]
    const src = next() < 0.7 || ranges ? `-s ${net(widths[0] ?? 24)} ` : ''
    const dst = next() < 0.5 || ranges ? `-d ${net(widths[1] ?? 16)} ` : ''
    const ports = ranges ? `--sport ${range()} --dport ${range()}` : `--dport ${port() % 2000}`
    lines.push({ text: `${src}${dst}-p tcp ${ports} -j ${verdict}`, origin })
  }
  const table: RestoreTable = {
    family: 'ip',
    table: 'filter',
    hooks: [{ chain: 'INPUT', line: { text: '-j FLAT', origin } }],
    chains: new Map([['FLAT', lines]]),
  }
  return { backend: 'iptables', tables: [readRestoreTable(table, new Map(), benchFacts).table] }
}

const INPUT: Hop = {
  ...{ hook: 'input', families: ['ip'], iif: 'vmbr0', oif: null, physin: null, physout: null },
  ...{ bridgeIn: null, bridgeOut: null, ibrname: null, obrname: null, tracks: true },
}

function flatWay(ruleset: Ruleset): SymbolicQuestion {
  const path = { legs: [{ node: 'pve1', hops: [INPUT] }], assumptions: [] }
  return { family: 'ip', ruleset, path, fib: EMPTY_FIB, mark: 0, ctMark: 0 }
}

/** Which rules of a flat chain decide at all. */
export function shadows(length: number): ProofCosts {
  const ruleset = flatRuleset(length, false)
  const way = flatWay(ruleset)
  let end = ''
  const ms = timed(() => {
    try {
      const analysis = analyse({ family: 'ip', questions: [way] })
      const uses = rulesUsed(analysis, [way], TRUE)
      end = `${[...uses.values()].filter(({ fires }) => !fires).length} do not`
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error
      end = error.message
    }
  })
  return { ms, end }
}

/** Random ranges in four fields: an answer, or the named refusal. */
export function nasty(length: number): ProofCosts {
  const way = flatWay(flatRuleset(length, true))
  let end = 'answered'
  const ms = timed(() => {
    try {
      analyse({ family: 'ip', questions: [way] }).answer(way)
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error
      end = error.message
    }
  })
  return { ms, end }
}

/** Random packets evaluated and looked up: how many differ, and what each costs. */
export function lookedUp(count: number): ProofCosts {
  const ruleset = flatRuleset(1000, false)
  const way = flatWay(ruleset)
  const analysis = analyse({ family: 'ip', questions: [way] })
  const answer = analysis.answer(way)
  const next = random(count)
  let mismatches = 0
  let evaluated = 0
  let found = 0
  for (let batch = 0; batch < count / 1000; batch += 1) {
    const questions = Array.from({ length: 1000 }, () => randomQuestion(ruleset, next))
    const verdicts: string[] = []
    evaluated += timed(() => {
      for (const question of questions) verdicts.push(verdictOf(question))
    })
    found += timed(() => {
      for (const [i, { packet }] of questions.entries()) {
        const leaves = leavesAt(analysis.space, answer, pointOf(analysis.space, packet, 'new'))
        const [leaf] = leaves
        const kind = analysis.leaf(leaf ?? 0).kind.replace('through', 'accept')
        if (leaves.size !== 1 || kind !== verdicts[i]) mismatches += 1
      }
    })
  }
  return { packets: count, mismatches, evaluated, found }
}

function randomQuestion(ruleset: Ruleset, next: () => number): Question {
  const packet: Packet = {
    ether: { src: 1, dst: 2, type: 0x800, vlan: null },
    l3: {
      ...{ kind: 'ip', srcType: null, dstType: null },
      src: BigInt(Math.floor(next() * 2 ** 32)),
      dst: BigInt(Math.floor(next() * 2 ** 32)),
    },
    l4: {
      ...{ kind: 'tcp', flags: 2 },
      sport: Math.floor(next() * 65_536),
      dport: Math.floor(next() * 2000),
    },
  }
  const path = { legs: [{ node: 'pve1', hops: [INPUT] }], assumptions: [] }
  return { ruleset, packet, path, state: 'new', fib: EMPTY_FIB, mark: 0, ctMark: 0 }
}

/** A node with guests, 32 nodes of a cluster around it, and a blocklist; the parts that people wait for, after load. */
export function proofsOn(guests: number): ProofCosts {
  const directory = mkdtempSync(join(tmpdir(), 'pvefw-bench-'))
  try {
    writeTree(directory, { guests, rulesPerGuest: 20, sets: 50 })
    const firewall = opened(directory)
    holdRules(firewall)
    const costs: Record<string, number> = {}
    costs['lint'] = timed(() => idleLines([firewall]))
    costs['memory'] = process.memoryUsage().rss / 2 ** 20
    const after = firewall.edited((tree) => ({
      ...tree,
      clusterFw:
        tree.clusterFw === null
          ? null
          : sourceFile(
              tree.clusterFw.path,
              tree.clusterFw.text.replace(
                '[group service0]\n',
                '[group service0]\nIN DROP -p tcp -dport 99\n',
              ),
            ),
    }))
    holdRules(after)
    costs['diff'] = timed(() => diffNode(firewall, after))
    const ends = endsOn(firewall).slice(0, 20)
    const services = [22, 80, 443, 8006].map((dport) => ({
      ...{ name: String(dport), proto: 6, ports: [[dport, dport]] as const },
    }))
    costs['matrix'] = timed(() => matrixOf(firewall, ends, ends, services, 'ip'))
    costs['cells'] = ends.length ** 2 * services.length
    return costs
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The lockout audit of a cluster of 32 nodes with 1,000 guests on one and a blocklist of 50,000 networks. */
export function lockout(): ProofCosts {
  const directory = mkdtempSync(join(tmpdir(), 'pvefw-bench-'))
  try {
    writeTree(directory, { guests: 1000, rulesPerGuest: 20, sets: 50 })
    const nodes = Array.from({ length: 32 }, (_, i) => `pve${i + 1}`)
    const put = (path: string, text: string): void => {
      const file = join(directory, path)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, text)
    }
    put('etc/hosts', nodes.map((name, i) => `10.0.0.${i + 1} ${name}`).join('\n'))
    const sections = nodes.map(
      (name, i) => `node {\n name: ${name}\n ring0_addr: 10.0.0.${i + 1}\n}`,
    )
    put('etc/pve/corosync.conf', `totem {\n version: 2\n}\nnodelist {\n${sections.join('\n')}\n}\n`)
    for (const name of nodes) put(`etc/pve/nodes/${name}/host.fw`, '[OPTIONS]\nenable: 1\n')
    const firewall = opened(directory)
    const blocked = Array.from(
      { length: 50_000 },
      (_, i) => `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`,
    )
    const blocking = firewall.edited((tree) => ({
      ...tree,
      clusterFw:
        tree.clusterFw === null
          ? null
          : sourceFile(
              tree.clusterFw.path,
              `${tree.clusterFw.text}\n[IPSET blacklist]\n${blocked.join('\n')}\n`,
            ),
    }))
    for (const node of nodes) holdRules(blocking.onNode(node) ?? blocking)
    let needs = 0
    const options = { admin: [], session: null, nodes: [] }
    const ms = timed(() => {
      const found = auditLockout(blocking, null, options)
      needs = 'audited' in found ? found.audited.length : 0
    })
    return { ms, needs }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Regions of a change in ten places of a flat chain. */
export function regionsOfEdits(): ProofCosts {
  const before = flatRuleset(1000, false)
  const table = before.tables[0]
  const flat = table?.chains.get('FLAT')
  if (table === undefined || flat === undefined) throw new Error('no chain')
  const rules = flat.rules.filter((_, index) => index % 100 !== 7)
  const chains = new Map(table.chains).set('FLAT', { ...flat, rules })
  const after: Ruleset = { ...before, tables: [{ ...table, chains }] }
  const ways = [flatWay(before), flatWay(after)] as const
  const analysis = analyse({ family: 'ip', questions: ways })
  const kinds = ['through', 'drop', 'reject', 'unknown']
  const changed = analysis.space.arena.changes(
    analysis.answer(ways[0]),
    analysis.answer(ways[1]),
    (leaf) => kinds.indexOf(analysis.leaf(leaf).kind),
  )
  const region = analysis.space.arena.relabel(changed, (leaf) => (leaf === 0 ? -1 : TRUE))
  let pieces = 0
  const ms = timed(() => {
    pieces = piecesOf(analysis.space, region, 60).pieces.length
  })
  return { ms, pieces }
}

function opened(directory: string): NodeFirewall {
  const asked = { node: null, guest: null, hostIp: null, localNetwork: null } as const
  const { firewall } = openFirewall({ root: directory, ...asked, backend: 'iptables' })
  if (firewall === null) throw new Error(`${addressOf(0)}: nothing was opened`)
  return firewall
}

/** Reads the rules into what is asked, which is made when first needed. */
function holdRules({ compiled }: NodeFirewall): void {
  if (compiled.state === 'compiled') void compiled.held
}
