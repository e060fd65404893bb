import { compile } from '../../src/compile/compile.ts'
import { compileAndHold } from '../../src/compile/nftables/hold.ts'
import { DEFAULT_NFT_VERSION } from '../../src/compile/nftables/nft-version.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { readNftables } from '../../src/config/dialect/nftables/read.ts'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import type { RestoreLine, RestoreTable } from '../../src/netfilter/restore.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import type { Backend } from '../../src/topology/devices.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { resolveQuery } from '../../src/topology/resolve.ts'
import { topologyOf } from '../../src/topology/topology.ts'
import { load } from './compile.ts'
import { addressOf, random, vmidOf } from './generate.ts'
import { rate } from './measure.ts'

export type TraceRates = { readonly recorded: number; readonly unrecorded: number }

/** Names the rules of the benchmarks use. */
export const benchFacts = {
  services: new Map<string, never>(),
  protocols: new Map([['tcp', 6]]),
  ethertypes: new Map<string, never>(),
}

/** Traces a second from guest to guest on a node, over 64 different pairs and ports. */
export function guestToGuest(root: string, guests: number, backend: Backend): TraceRates {
  const tree = load(root)
  const { held } =
    backend === 'iptables'
      ? compile(tree, readIptables(tree))
      : compileAndHold(tree, readNftables(tree), DEFAULT_NFT_VERSION)
  const topology = topologyOf(tree, backend)
  const names = nameTablesOf(tree)
  const next = random(7)
  const questions = Array.from({ length: 64 }, (_, index): Question => {
    const from = Math.floor(next() * guests)
    const to = (from + 1 + Math.floor(next() * (guests - 1))) % guests
    const arrow = `vm${vmidOf(from)} -> vm${vmidOf(to)}:${1000 + index}/tcp`
    const query = parseArrow(arrow, names)
    if (isProblem(query)) throw new Error(query.message)
    const addressed = { ...query, src: addressOf(from), dst: addressOf(to) }
    const resolved = resolveQuery(topology, addressed, names)
    if (resolved.kind === 'refused') throw new Error(resolved.problems[0]?.message ?? arrow)
    const { packet, path, state, fib } = resolved
    return { ruleset: held, packet, path, state, fib, mark: 0, ctMark: 0 }
  })
  return ratesOf(questions)
}

/** Traces a second through one flat chain of the host's input; the packets stop at rules spread over the chain. */
export function flatChain(length: number): TraceRates {
  const lines: RestoreLine[] = []
  const origin = { kind: 'generated', by: 'bench', why: 'bench', span: null, means: null } as const
  for (let rule = 0; rule < length; rule += 1) {
    const network = `10.${(rule >> 8) & 255}.${rule & 255}.0/24`
    lines.push({ text: `-s ${network} -p tcp --dport ${1024 + rule} -j DROP`, origin })
  }
  const table: RestoreTable = {
    family: 'ip',
    table: 'filter',
    hooks: [{ chain: 'INPUT', line: { text: '-j FLAT', origin } }],
    chains: new Map([['FLAT', lines]]),
  }
  const read = readRestoreTable(table, new Map(), benchFacts)
  const next = random(length)
  const questions = Array.from(
    { length: 64 },
    (): Question => flatQuestion(read.table, Math.floor(next() * length)),
  )
  return ratesOf(questions)
}

function flatQuestion(table: Question['ruleset']['tables'][number], rule: number): Question {
  const hop = {
    hook: 'input',
    families: ['ip'],
    iif: 'eno1',
    oif: null,
    physin: null,
    physout: null,
    bridgeIn: null,
    bridgeOut: null,
    ibrname: null,
    obrname: null,
    tracks: true,
  } as const
  const src = BigInt(0x0a00_0001 + (((rule >> 8) & 255) << 16) + ((rule & 255) << 8))
  return {
    ruleset: { backend: 'iptables', tables: [table] },
    packet: {
      ether: { src: 1, dst: 2, type: 0x0800, vlan: null },
      l3: { kind: 'ip', src, dst: 0x0a00_0001n, srcType: null, dstType: 'local' },
      l4: { kind: 'tcp', sport: 49_152, dport: 1024 + rule, flags: 2 },
    },
    path: { legs: [{ node: 'pve1', hops: [hop] }], assumptions: [], hostToSender: [] },
    state: 'new',
    fib: { local4: [], local6: [], broadcast4: [], anycast6: [] },
    mark: 0,
    ctMark: 0,
  }
}

function ratesOf(questions: readonly Question[]): TraceRates {
  const through = (ask: (question: Question) => unknown) => (): void => {
    for (const question of questions) ask(question)
  }
  return {
    recorded: rate(through(evaluate)) * questions.length,
    unrecorded: rate(through(verdictOf)) * questions.length,
  }
}
