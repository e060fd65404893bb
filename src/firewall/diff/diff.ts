import { evaluate } from '../../eval/evaluate.ts'
import type { Outcome, Question, Trace } from '../../eval/trace.ts'
import { verdictOrigin } from '../../eval/verdict-origin.ts'
import { type Analysis, analyse } from '../../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import type { Family } from '../../symbolic/fields.ts'
import { type Piece, piecesOf } from '../../symbolic/piece.ts'
import { plausiblePackets, possiblePackets } from '../../symbolic/possible.ts'
import { type Witness, witnessOf } from '../../symbolic/witness.ts'
import { rulesOf } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { allPairs, endsOn, likedOn, type NodeWay, nodeWay, type WayEnd } from '../ways.ts'

/** Packets that get another verdict, on all ways where it is the same change. */
export type Change = {
  readonly before: Outcome
  readonly after: Outcome
  readonly family: Family
  readonly ways: readonly { readonly from: WayEnd; readonly to: WayEnd }[]
  readonly piece: Piece
  /** One of the packets, walked through both. */
  readonly witness: Witness
  readonly was: Side
  readonly now: Side
}

export type Side = {
  readonly firewall: NodeFirewall
  readonly question: Question
  readonly trace: Trace
}

export type NodeDiff = {
  readonly node: string
  readonly changes: readonly Change[]
  /** Packets that no program sends and that get another verdict as well: one of them, with its way. */
  readonly odd: readonly { readonly from: WayEnd; readonly to: WayEnd; readonly witness: Witness }[]
  /** Ways between guests that change because those of their ends to others do, as is told for these. */
  readonly alike: number
  /** Pieces there are more of than are told, by way. */
  readonly untold: readonly { readonly from: WayEnd; readonly to: WayEnd }[]
  /** Ways that were compared. */
  readonly compared: number
  /** Every guest was compared with every other. */
  readonly allPairs: boolean
  /** Ends that only one side has. */
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
}

/** Pieces of one way that are told. */
const mostPieces = 12

const VERDICTS = ['through', 'drop', 'reject', 'unknown'] as const
const OUTCOMES: readonly Outcome[] = ['accept', 'drop', 'reject', 'unknown']

type Pair = { readonly before: NodeWay; readonly after: NodeWay }

/** All packets of one node that get another verdict. Where there is no change on a way, that is proved. */
export function diffNode(before: NodeFirewall, after: NodeFirewall): NodeDiff {
  const ends = { before: endsOn(before), after: endsOn(after) }
  const has = (all: readonly WayEnd[], text: string): boolean =>
    all.some((end) => end.text === text)
  const shared = ends.before.filter(({ text }) => has(ends.after, text))
  const { pairs, all } = allPairs(shared)
  const changes: Change[] = []
  const untold: { readonly from: WayEnd; readonly to: WayEnd }[] = []
  const odd: NodeDiff['odd'][number][] = []
  let compared = 0
  let alike = 0
  for (const family of ['ip', 'ip6', 'arp'] as const) {
    const ways = pairs.flatMap(([from, to]): readonly Pair[] => {
      const own = nodeWay(before, from, to, family)
      const other = nodeWay(after, from, to, family)
      return own === null || other === null ? [] : [{ before: own, after: other }]
    })
    compared += ways.length
    const found = changesOn(ways, family)
    changes.push(...found.changes)
    untold.push(...found.untold)
    odd.push(...found.odd)
    alike += found.alike
  }
  return {
    node: after.tree.node,
    changes: joined(changes),
    odd,
    alike,
    untold,
    compared,
    allPairs: all,
    onlyBefore: ends.before.filter(({ text }) => !has(ends.after, text)).map(({ text }) => text),
    onlyAfter: ends.after.filter(({ text }) => !has(ends.before, text)).map(({ text }) => text),
  }
}

type Found = Pick<NodeDiff, 'changes' | 'untold' | 'odd' | 'alike'>

function changesOn(ways: readonly Pair[], family: Family): Found {
  const possible = possiblePackets(family)
  const plausible = plausiblePackets(family)
  const questions = ways.flatMap(({ before, after }) => [before.question, after.question])
  const analysis = analyse({ family, questions, regions: [possible, plausible] })
  const { arena, packets } = analysis.space
  const can = packets(possible)
  const likely = arena.where(can, packets(plausible))
  const changes: Change[] = []
  const untold: NodeDiff['untold'][number][] = []
  const odd: NodeDiff['odd'][number][] = []
  // ends of ways that change
  const senders = new Set<string>()
  const receivers = new Set<string>()
  let alike = 0
  for (const pair of [...ways].sort(
    (a, b) => Number(isAmongGuests(a)) - Number(isAmongGuests(b)),
  )) {
    const { from, to } = pair.before
    if (analysis.isSame(pair.before.question, pair.after.question)) continue
    if (isAmongGuests(pair) && (senders.has(from.text) || receivers.has(to.text))) {
      alike += 1
      continue
    }
    const changed = arena.changes(
      analysis.answer(pair.before.question),
      analysis.answer(pair.after.question),
      (leaf) => VERDICTS.indexOf(analysis.leaf(leaf).kind as (typeof VERDICTS)[number]),
    )
    const all = arena.where(can, asPredicate(analysis, changed))
    if (all === NONE) continue
    if (from.kind === 'guest') senders.add(from.text)
    if (to.kind === 'guest') receivers.add(to.text)
    const witness = witnessOf(analysis.space, arena.except(all, likely), likedOn(pair.after))
    if (witness !== null) odd.push({ from, to, witness })
    const found = changesOnWay(pair, changed, likely, analysis, family)
    for (const change of found.changes) changes.push({ ...change, ways: [{ from, to }] })
    if (found.untold.length > 0) untold.push({ from, to })
  }
  return { changes, untold, odd, alike }
}

function isAmongGuests({ before }: Pair): boolean {
  return before.from.kind === 'guest' && before.to.kind === 'guest'
}

function asPredicate({ space }: Analysis, diagram: Diagram): Diagram {
  return space.arena.relabel(diagram, (leaf) => (leaf === 0 ? NONE : TRUE))
}

function changesOnWay(
  { before, after }: Pair,
  changed: Diagram,
  possible: Diagram,
  analysis: Analysis,
  family: Family,
): Pick<NodeDiff, 'changes' | 'untold'> {
  const { space } = analysis
  const { arena } = space
  const changes: Change[] = []
  let more = false
  for (const [i, was] of OUTCOMES.entries())
    for (const [j, now] of OUTCOMES.entries()) {
      if (i === j) continue
      const region = arena.relabel(changed, (leaf) => {
        if (leaf === 0) return NONE
        const [a, b] = arena.halvesOf(leaf).map((half) => analysis.leaf(half).kind)
        return a === VERDICTS[i] && b === VERDICTS[j] ? TRUE : NONE
      })
      const found = piecesOf(space, region, mostPieces, possible)
      more ||= found.more
      let left = arena.where(possible, region)
      for (const piece of found.pieces) {
        const inside = arena.where(boxOf(analysis, piece), left)
        // what one packet shows, it shows for what no piece before has
        const witness = witnessOf(space, inside, likedOn(after))
        if (witness === null) continue
        left = arena.except(left, boxOf(analysis, piece))
        changes.push({
          ...{ before: was, after: now, family, ways: [], piece, witness },
          was: sideOf(before, witness, was),
          now: sideOf(after, witness, now),
        })
      }
    }
  return { changes, untold: more ? [{ from: before.from, to: before.to }] : [] }
}

/** A piece as a predicate: its values are classes of the space. */
function boxOf({ space }: Analysis, { fields, doubts }: Piece): Diagram {
  const { arena, levels } = space
  let made: Diagram = TRUE
  for (const [field, values] of fields) made = arena.where(space.within(field, values), made)
  for (const { text, holds } of doubts)
    for (const [i, level] of levels.entries())
      if (level.kind === 'doubt' && level.text === text && doubts.length === 1)
        made = arena.where(arena.isIn(i, [holds ? 1 : 0, holds ? 1 : 0]), made)
  return made
}

function sideOf(
  { question, firewall }: NodeWay,
  { packet, state, doubts }: Witness,
  expected: Outcome,
): Side {
  const asked: Question = {
    ruleset: rulesOf(firewall),
    path: question.path,
    packet,
    state,
    fib: question.fib,
    mark: question.mark,
    ctMark: question.ctMark,
  }
  const trace = evaluate(asked)
  const isSure = doubts.every(({ text, holds }) => text === 'limit' && holds)
  if (isSure && trace.outcome !== expected && trace.outcome !== 'unknown')
    throw new Error(`a packet that was to be ${expected} is ${trace.outcome} when it is traced`)
  return { firewall, question: asked, trace }
}

/** The same change on several ways by the same lines is told once. */
function joined(changes: readonly Change[]): readonly Change[] {
  const groups = new Map<string, Change>()
  for (const change of changes) {
    const { before, after, family, piece } = change
    const fields = [...piece.fields].map(([field, values]) => `${field}=${values.join()}`)
    const lines = [change.was, change.now].map(({ trace }) => {
      const { span, kind } = verdictOrigin(trace)
      return span === null ? kind : `${span.file.path}:${span.start}`
    })
    const doubts = JSON.stringify(piece.doubts)
    const key = [before, after, family, ...fields, doubts, ...lines].join(' ')
    const same = groups.get(key)
    groups.set(key, same === undefined ? change : { ...same, ways: [...same.ways, ...change.ways] })
  }
  return [...groups.values()]
}
