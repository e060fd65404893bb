import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { stateOf } from '../../src/eval/conntrack/first-packet.ts'
import { verdictOf } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import { ask } from '../../src/firewall/ask.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { symbolicWay } from '../../src/firewall/symbolic-way.ts'
import { analyse } from '../../src/symbolic/analysis.ts'
import type { SymbolicQuestion } from '../../src/symbolic/place.ts'
import { leavesAt, pointOf } from '../../src/symbolic/point.ts'
import { nodeDescription } from '../support/arbitraries/node-description.ts'
import { filesOf, openFiles } from '../support/arbitraries/node-text.ts'
import { arpQuery, packetQuery } from '../support/arbitraries/packet-query.ts'
import { runs } from '../support/runs.ts'

// minutes on a busy machine
vi.setConfig({ testTimeout: 900_000 })

const queries = fc.array(
  fc.oneof({ weight: 9, arbitrary: packetQuery }, { weight: 1, arbitrary: arpQuery }),
  { minLength: 20, maxLength: 20, size: 'max' },
)

/** One node's part of the way of a query, and the same for all packets. */
function partsOf(
  firewall: NodeFirewall,
  all: Parameters<typeof ask>[1][],
): readonly { readonly question: Question; readonly way: SymbolicQuestion }[] {
  return all.flatMap((query) => {
    const asked = ask(firewall, query)
    if (asked.kind === 'refused') return []
    return asked.stages.flatMap(({ question }) => {
      const { l3, ether } = question.packet
      const family = l3.kind
      if (family === 'other') return []
      const [way] = symbolicWay(firewall, question.path, family, ether.vlan)
      return way === undefined ? [] : [{ question, way }]
    })
  })
}

for (const backend of ['iptables', 'nftables'] as const)
  it(`a packet through a whole node is looked up among all packets: ${backend}`, () => {
    let count = 0
    fc.assert(
      fc.property(nodeDescription, queries, (description, all) => {
        const firewall = openFiles(filesOf(description, backend), backend)
        const parts = partsOf(firewall, all)
        for (const family of ['ip', 'ip6', 'arp'] as const) {
          const own = parts.filter(({ way }) => way.family === family)
          const analysis = analyse({ family, questions: own.map(({ way }) => way) })
          for (const { question, way } of own) {
            const state = question.state ?? stateOf(question.packet)
            if (state === 'unknown') continue
            const point = pointOf(analysis.space, question.packet, state)
            const leaves = leavesAt(analysis.space, analysis.answer(way), point)
            const kinds = new Set(
              [...leaves].map((leaf) => analysis.leaf(leaf).kind.replace('through', 'accept')),
            )
            const verdict = verdictOf(question)
            count += 1
            if (verdict === 'unknown') expect(kinds.size).toBeGreaterThan(1)
            else expect([...kinds]).toEqual([verdict])
          }
        }
      }),
      { numRuns: runs(500), endOnFailure: true },
    )
    expect(count).toBeGreaterThan(runs(500))
  })
