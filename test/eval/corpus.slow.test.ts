import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPassive } from '../../src/eval/compiled-chain.ts'
import { decide, kernelName } from '../../src/eval/decide.ts'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { ChainTrace, Question, Trace } from '../../src/eval/trace.ts'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines, readRecorded } from '../support/recorded-case.ts'
import {
  type KernelRecord,
  type RecordedHop,
  type RecordedQuery,
  recordedFib,
  recordedHop,
  recordedHostToSender,
  recordedMacs,
  recordedPacket,
} from '../support/recorded-query.ts'

/** A query with what the kernel made of it; hops are taken from its record, so the path is not what is tested. */
type Asked = {
  readonly name: string
  readonly question: Question
  readonly record: KernelRecord
  readonly hops: readonly RecordedHop[]
}

function askedOf(directory: string): readonly Asked[] {
  const records = jsonLines<KernelRecord>(directory, 'expect', 'iptables', 'kernel.jsonl')
  const { ruleset } = readRecorded(directory)
  const macs = recordedMacs(directory)
  const queries = new Map(
    jsonLines<RecordedQuery>(directory, 'queries.jsonl').map((query) => [query.id, query]),
  )
  const asked: Asked[] = []
  for (const row of records) {
    const record = row.forced ?? row
    const query = queries.get(record.id)
    if (query === undefined) continue
    const packet = recordedPacket(query, macs)
    const family = packet.l3.kind === 'ip' ? 'ip' : 'ip6'
    const hops = record.path.map((text) => recordedHop(text, family))
    asked.push({
      name: `${basename(directory)} query ${record.id}`,
      record,
      hops,
      question: {
        ruleset,
        path: {
          legs: [{ node: 'pve1', hops: hops.map(({ hop }) => hop) }],
          assumptions: [],
          hostToSender: recordedHostToSender(hops),
        },
        packet,
        state: null,
        fib: recordedFib,
        mark: 0,
        ctMark: 0,
      },
    })
  }
  return asked
}

/** Every rule that matched, hop by hop, `CHAIN:N`; what only logs or comments is not in the record. */
function matched(trace: Trace): readonly string[] {
  return trace.hops.map(({ chains }) =>
    chains
      .filter(({ table }) => table.family !== 'bridge')
      .flatMap(hitsOf)
      .join(' '),
  )
}

function hitsOf({ chain, hits }: ChainTrace): readonly string[] {
  return hits.flatMap(({ rule, index, into }) => [
    ...(isPassive(rule) ? [] : [`${chain.name}:${index + 1}`]),
    ...(into === null ? [] : hitsOf(into)),
  ])
}

/**
 * A reset that comes to the host through one of its bridges: the recorder listened on `lo` only. A connect(2) on Linux
 * 6.18 with the rules of clean/0009 (query 31) is refused at once, so the reset does arrive.
 */
function isBlindSpot({ question, hops }: Asked): boolean {
  const own = hops.filter(({ table }) => table === 'filter')
  return question.packet.l4.kind === 'tcp' && own.length > 1 && own[0]?.hop.hook === 'output'
}

const kinds = ['clean', 'messy'] as const

for (const kind of kinds) {
  const asked = corpusCases(kind).flatMap(askedOf)
  describe.skipIf(asked.length === 0)(`${asked.length} packets of the ${kind} corpus`, () => {
    it('meet the verdict of the kernel', () => {
      const ours = asked.map(({ name, question }) => `${name}: ${evaluate(question).outcome}`)
      expect(ours).toEqual(asked.map(({ name, record }) => `${name}: ${record.verdict}`))
    })

    it('are decided by the rule the kernel names', () => {
      const ours = asked.map(({ name, question }) => {
        const decision = decide(evaluate(question))
        return `${name}: ${kernelName(decision)} ${decision.kind}`
      })
      const theirs = asked.map(({ name, record }) => `${name}: ${record.decidedBy} ${record.final}`)
      expect(ours).toEqual(theirs)
    })

    it('match the very rules the kernel traced at every hop', () => {
      const ours = asked.map(({ name, question }) => [name, ...matched(evaluate(question))])
      const theirs = asked.map(({ name, hops }) => [
        name,
        ...hops.map((hop) => hop.matched.join(' ')),
      ])
      expect(ours).toEqual(theirs)
    })

    it('are answered where the kernel saw the answer of a REJECT arrive', () => {
      const rejected = asked.filter((one) => one.record.verdict === 'reject' && !isBlindSpot(one))
      const ours = rejected.map(
        ({ name, question }) => `${name}: ${evaluate(question).reply?.reachesSender}`,
      )
      const theirs = rejected.map(({ name, record }) => `${name}: ${record.response != null}`)
      expect(ours).toEqual(theirs)
    })

    it('meet the same verdict when nothing is recorded', () => {
      for (const { name, question, record } of asked)
        expect(`${name}: ${verdictOf(question)}`).toBe(`${name}: ${record.verdict}`)
    })
  })
}
