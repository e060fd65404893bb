import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { stateOf } from '../../src/eval/conntrack/first-packet.ts'
import { decide } from '../../src/eval/decide.ts'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { Packet } from '../../src/netfilter/packet.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { type Analysis, analyse } from '../../src/symbolic/analysis.ts'
import { diagramOfLeaf, NONE, TRUE } from '../../src/symbolic/diagram.ts'
import { piecesOf } from '../../src/symbolic/piece.ts'
import type { SymbolicQuestion } from '../../src/symbolic/place.ts'
import { leavesAt, pointOf } from '../../src/symbolic/point.ts'
import { possiblePackets, statedAs } from '../../src/symbolic/possible.ts'
import { learn, newVocabulary, spaceOf } from '../../src/symbolic/space.ts'
import { witnessOf } from '../../src/symbolic/witness.ts'
import { chainPacket, chainRuleset, ctState } from '../support/arbitraries/chain-rules.ts'
import { bridged, question } from '../support/kernel-builders.ts'
import { runs } from '../support/runs.ts'

// minutes on a busy machine
vi.setConfig({ testTimeout: 900_000 })

const hop = bridged('br', 'p1', 'p2')
const packets = fc.array(fc.tuple(chainPacket, ctState), { minLength: 20, maxLength: 20 })

function asked(ruleset: Ruleset): SymbolicQuestion {
  const { path, fib, mark, ctMark } = question(ruleset, fallback, [hop])
  return { family: 'ip', ruleset, path, fib, mark, ctMark }
}

const fallback: Packet = {
  ether: { src: 0, dst: 0, type: 0x800, vlan: null },
  l3: { kind: 'ip', src: 0n, dst: 0n, srcType: null, dstType: null },
  l4: { kind: 'other', proto: 0 },
}

function outcomes(analysis: Analysis, leaves: Iterable<number>): ReadonlySet<string> {
  return new Set([...leaves].map((leaf) => analysis.leaf(leaf).kind.replace('through', 'accept')))
}

it('to evaluate a packet is to look it up among all packets', () => {
  fc.assert(
    fc.property(chainRuleset, packets, (ruleset, all20) => {
      const way = asked(ruleset)
      const analysis = analyse({ family: 'ip', questions: [way] })
      const answer = analysis.answer(way)
      for (const [packet, state] of all20) {
        const point = pointOf(analysis.space, packet, state)
        const found = outcomes(analysis, leavesAt(analysis.space, answer, point))
        const verdict = verdictOf(question(ruleset, packet, [hop], { state }))
        if (verdict === 'unknown') expect(found.size).toBeGreaterThan(1)
        else expect([...found]).toEqual([verdict])
      }
    }),
    { numRuns: runs(500) },
  )
})

it('the rule that drops a packet is the one its leaf names', () => {
  fc.assert(
    fc.property(chainRuleset, packets, (ruleset, all20) => {
      const way = asked(ruleset)
      const analysis = analyse({ family: 'ip', questions: [way], deciders: true })
      const answer = analysis.answer(way)
      for (const [packet, state] of all20) {
        const leaves = leavesAt(analysis.space, answer, pointOf(analysis.space, packet, state))
        const trace = evaluate(question(ruleset, packet, [hop], { state }))
        if (leaves.size !== 1 || trace.outcome === 'accept') continue
        const leaf = analysis.leaf([...leaves][0] as number)
        const { kind, hit } = decide(trace)
        const by = leaf.kind === 'drop' || leaf.kind === 'reject' ? leaf.by : null
        expect(by?.rule ?? null).toBe(kind === 'policy' ? null : hit?.rule)
      }
    }),
    { numRuns: runs(500) },
  )
})

it('every witness gets the verdict it was made for', () => {
  fc.assert(
    fc.property(chainRuleset, (ruleset) => {
      const way = asked(ruleset)
      const possible = possiblePackets('ip')
      const analysis = analyse({ family: 'ip', questions: [way], regions: [possible] })
      const { arena } = analysis.space
      const answer = analysis.answer(way)
      for (const leaf of arena.leavesOf(answer)) {
        const those = arena.relabel(answer, (each) => (each === leaf ? TRUE : NONE))
        const region = arena.where(analysis.space.packets(possible), those)
        const witness = witnessOf(analysis.space, region)
        // rates that are exceeded and packets of some type on the link cannot be replayed
        if (witness === null || witness.doubts.some(({ holds }) => !holds)) continue
        const { packet, state } = witness
        const found = verdictOf(question(ruleset, packet, [hop], { state }))
        const kind = analysis.leaf(leaf).kind.replace('through', 'accept')
        if (found !== 'unknown') expect(found).toBe(kind)
      }
    }),
    { numRuns: runs(1000) },
  )
})

it('pieces are a region: their union is it, and each is as large as it can be', () => {
  fc.assert(
    fc.property(chainRuleset, (ruleset) => {
      const way = asked(ruleset)
      const analysis = analyse({ family: 'ip', questions: [way] })
      const { space } = analysis
      const dropped = space.arena.relabel(analysis.answer(way), (leaf) =>
        analysis.leaf(leaf).kind === 'drop' ? TRUE : NONE,
      )
      const { pieces, more } = piecesOf(space, dropped, 60)
      let union = NONE
      for (const { fields, doubts } of pieces) {
        if (doubts.length > 0) return
        let made: number = TRUE
        for (const [field, values] of fields)
          made = space.arena.where(made, space.within(field, values))
        expect(space.arena.except(made, dropped)).toBe(NONE)
        union = space.arena.over(union, made)
      }
      if (!more) expect(union).toBe(dropped)
    }),
    { numRuns: runs(500) },
  )
})

it('two rulesets differ just for the packets of which one gets another verdict', () => {
  fc.assert(
    fc.property(chainRuleset, chainRuleset, packets, (one, other, all20) => {
      const ways = [asked(one), asked(other)] as const
      const analysis = analyse({ family: 'ip', questions: ways })
      const { arena } = analysis.space
      const kinds = ['through', 'drop', 'reject', 'unknown']
      const changes = arena.changes(analysis.answer(ways[0]), analysis.answer(ways[1]), (leaf) =>
        kinds.indexOf(analysis.leaf(leaf).kind),
      )
      for (const [packet, state] of all20) {
        const point = pointOf(analysis.space, packet, state)
        const found = leavesAt(analysis.space, changes, point)
        const verdicts = [one, other].map((ruleset) =>
          verdictOf(question(ruleset, packet, [hop], { state })),
        )
        if (verdicts.includes('unknown')) continue
        expect(found.size).toBe(1)
        const leaf = [...found][0] as number
        expect(diagramOfLeaf(leaf) === NONE).toBe(verdicts[0] === verdicts[1])
      }
    }),
    { numRuns: runs(500) },
  )
})

it('the state of a first packet is that of stateOf', () => {
  const states = ['new', 'invalid', 'untracked'] as const
  const formulas = states.map((state) => statedAs('ip', state))
  const vocabulary = newVocabulary('ip')
  for (const formula of formulas) learn(vocabulary, formula)
  const space = spaceOf(vocabulary)
  const diagrams = formulas.map((formula) => space.packets(formula))
  fc.assert(
    fc.property(chainPacket, (packet) => {
      const derived = stateOf(packet)
      for (const [i, state] of states.entries()) {
        const [leaf] = leavesAt(space, diagrams[i] as number, pointOf(space, packet, state))
        expect(leaf === 1).toBe(derived === state)
      }
    }),
    { numRuns: runs(1000) },
  )
})
