import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stateOf } from '../../src/eval/conntrack/first-packet.ts'
import { verdictOf } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import { analyse } from '../../src/symbolic/analysis.ts'
import type { SymbolicQuestion } from '../../src/symbolic/place.ts'
import { leavesAt, pointOf } from '../../src/symbolic/point.ts'
import { corpusCases, corpusMissing } from '../support/corpus.ts'
import { jsonLines, readRecorded } from '../support/recorded-case.ts'
import {
  type KernelRecord,
  type RecordedQuery,
  recordedFib,
  recordedHop,
  recordedMacs,
  recordedPacket,
} from '../support/recorded-query.ts'

/** The recorded packets of one case and of one family, each with its way. */
function askedOf(directory: string, family: 'ip' | 'ip6'): readonly Question[] {
  const { ruleset } = readRecorded(directory)
  const macs = recordedMacs(directory)
  const queries = new Map(
    jsonLines<RecordedQuery>(directory, 'queries.jsonl').map((query) => [query.id, query]),
  )
  return jsonLines<KernelRecord>(directory, 'expect', 'iptables', 'kernel.jsonl').flatMap((row) => {
    const record = row.forced ?? row
    const query = queries.get(record.id)
    if (query === undefined) return []
    const packet = recordedPacket(query, macs)
    if (packet.l3.kind !== family) return []
    const hops = record.path.map((text) => recordedHop(text, family).hop)
    const path = { legs: [{ node: 'pve1', hops }], assumptions: [] }
    return [{ ruleset, path, packet, state: null, fib: recordedFib, mark: 0, ctMark: 0 }]
  })
}

/** Packets of which the diagram says something else than the evaluator. */
function differing(directory: string, family: 'ip' | 'ip6'): readonly string[] {
  const asked = askedOf(directory, family)
  const ways = asked.map(
    ({ ruleset, path, fib, packet }): SymbolicQuestion => ({
      ...{ family, ruleset, path, fib, mark: 0, ctMark: 0 },
      vlan: packet.ether.vlan,
    }),
  )
  const analysis = analyse({ family, questions: ways })
  return asked.flatMap((question, i) => {
    const state = stateOf(question.packet)
    if (state === 'unknown') return [`${i}: no state`]
    const answer = analysis.answer(ways[i] as SymbolicQuestion)
    const point = pointOf(analysis.space, question.packet, state)
    const kinds = new Set(
      [...leavesAt(analysis.space, answer, point)].map((leaf) =>
        analysis.leaf(leaf).kind.replace('through', 'accept'),
      ),
    )
    const verdict = verdictOf(question)
    const isSame = verdict === 'unknown' ? kinds.size > 1 : kinds.size === 1 && kinds.has(verdict)
    return isSame ? [] : [`${i}: ${verdict}, but ${[...kinds].join()}`]
  })
}

describe.skipIf(corpusMissing() !== null)(
  'recorded packets are looked up among all packets',
  () => {
    const cases = [...corpusCases('clean'), ...corpusCases('messy')]
    it.each(cases.map((directory) => [basename(directory), directory] as const))(
      '%s',
      (_, directory) => {
        for (const family of ['ip', 'ip6'] as const)
          expect(differing(directory, family)).toEqual([])
      },
    )
  },
)
