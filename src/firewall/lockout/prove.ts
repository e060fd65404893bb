import { evaluate } from '../../eval/evaluate.ts'
import type { Question, Trace } from '../../eval/trace.ts'
import { showAddr } from '../../ip/address.ts'
import type { RangeSet } from '../../ip/range-set.ts'
import { type CtState, PROTO, TCP_FLAG } from '../../netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from '../../packet/query.ts'
import { type Analysis, analyse } from '../../symbolic/analysis.ts'
import { BudgetExceeded, type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import { addressesWithType, type FreeField } from '../../symbolic/fields.ts'
import { all, type Formula, negated } from '../../symbolic/formula.ts'
import { type Piece, piecesOf } from '../../symbolic/piece.ts'
import type { SymbolicQuestion } from '../../symbolic/place.ts'
import { inState, isOneOf } from '../../symbolic/possible.ts'
import { type ValueSet, valuesOfBounds, valuesOfRanges } from '../../symbolic/value-set.ts'
import { type Witness, witnessOf } from '../../symbolic/witness.ts'
import { resolveQuery } from '../../topology/resolve.ts'
import { rulesOf, waysOf } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { symbolicWay } from '../symbolic-way.ts'
import type { Need } from './need.ts'

/** Which packets of a connection: the one that begins it, later ones of who began it, and what comes back. */
export type Phase = 'first' | 'later' | 'answer'

/** What becomes of a need. */
export type Proof =
  /**
   * For every packet. `withinRates`: as long as no rate of a rule is exceeded. `asAnswers`: the node lets these in only
   * as answers to what it sends itself.
   */
  | { readonly kind: 'proved'; readonly withinRates: boolean; readonly asAnswers: boolean }
  | {
      readonly kind: 'lost'
      readonly phase: Phase
      /** The first packet is lost for some of the peers only. */
      readonly partly: boolean
      readonly family: 'ip' | 'ip6'
      /** The packets that are lost. */
      readonly pieces: readonly Piece[]
      readonly more: boolean
      readonly witness: LostPacket
    }
  /** Nobody can tell, and why. */
  | { readonly kind: 'unproved'; readonly why: string }

/** A packet that is lost, walked by the evaluator. */
export type LostPacket = {
  readonly witness: Witness
  readonly firewall: NodeFirewall
  readonly question: Question
  readonly trace: Trace
}

export type Proofs = {
  readonly proofs: ReadonlyMap<Need, Proof>
  /** What had to be assumed to draw the ways, one sentence each. */
  readonly assumptions: readonly string[]
}

const PHASES: readonly Phase[] = ['first', 'later', 'answer']

type Part = {
  readonly phase: Phase
  readonly region: Formula
  readonly ways: readonly SymbolicQuestion[]
  readonly firewalls: readonly NodeFirewall[]
}

type Prepared = {
  readonly need: Need
  readonly parts: readonly Part[]
  /** What the other end of a mutual need sends on its own. */
  readonly opposite: Part | null
  readonly why: string | null
  readonly assumptions: readonly string[]
}

/** Proves or disproves needs over all their packets: one analysis for each family. `budget`: cells of a diagram. */
export function proveNeeds(
  firewall: NodeFirewall,
  needs: readonly Need[],
  budget?: number,
): Proofs {
  const proofs = new Map<Need, Proof>()
  const prepared = needs.map((need) => prepare(firewall, need))
  for (const family of ['ip', 'ip6'] as const) {
    const own = prepared.filter(({ need }) => need.family === (family === 'ip' ? 4 : 6))
    if (own.length === 0) continue
    try {
      const analysis = analyse({
        family,
        questions: own.flatMap((each) => partsOf(each).flatMap(({ ways }) => ways)),
        regions: own.flatMap((each) => partsOf(each).map(({ region }) => region)),
        ...(budget === undefined ? {} : { budget }),
      })
      const rates = ratesKept(analysis)
      for (const each of own) proofs.set(each.need, proofOf(each, analysis, rates, family))
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error
      for (const { need } of own)
        if (!proofs.has(need)) proofs.set(need, { kind: 'unproved', why: error.message })
    }
  }
  const assumptions = new Set(prepared.flatMap((each) => each.assumptions))
  return { proofs, assumptions: [...assumptions] }
}

function partsOf({ parts, opposite }: Prepared): readonly Part[] {
  return opposite === null ? parts : [...parts, opposite]
}

function prepare(firewall: NodeFirewall, need: Need): Prepared {
  const there = resolveQuery(firewall.topology, queryOf(need, 'first'), firewall.tables)
  const back = resolveQuery(firewall.topology, queryOf(need, 'answer'), firewall.tables)
  if (there.kind === 'refused' || back.kind === 'refused') {
    const problems =
      there.kind === 'refused' ? there.problems : back.kind === 'refused' ? back.problems : []
    return {
      need,
      parts: [],
      opposite: null,
      assumptions: [],
      why: problems.map(({ message }) => message).join('; '),
    }
  }
  const family = need.family === 4 ? 'ip' : 'ip6'
  const partOf = (phase: Phase, state: CtState): Part => {
    const { path } = phase === 'answer' ? back : there
    return {
      phase,
      region: regionOf(firewall, need, phase, state),
      ways: symbolicWay(firewall, path, family),
      firewalls: waysOf(firewall, path).map((way) => way.firewall),
    }
  }
  const parts = PHASES.map((phase) => partOf(phase, phase === 'first' ? 'new' : 'established'))
  const opposite = need.mutual ? partOf('answer', 'new') : null
  const assumptions = [...there.path.assumptions, ...back.path.assumptions]
  return { need, parts, opposite, assumptions, why: null }
}

function queryOf({ from, to, family, proto, ports, sports }: Need, phase: Phase): Query {
  const [src, dst] = phase === 'answer' ? [to, from] : [from, to]
  const port = ports[0]?.[0] ?? 0
  const client = sports?.[0]?.[0] ?? 49_152
  const text = (end: Need['from']): string | null =>
    end.address === null ? null : showAddr(end.address)
  return {
    ...EMPTY_QUERY,
    from: src.place,
    to: dst.place,
    // a place that is an address says it itself
    src: text(src) === src.place ? null : text(src),
    dst: text(dst) === dst.place ? null : text(dst),
    proto: PROTO[proto],
    sport: phase === 'answer' ? port : client,
    dport: phase === 'answer' ? client : port,
    family,
  }
}

/** The packets of one phase of a need. */
function regionOf(firewall: NodeFirewall, need: Need, phase: Phase, state: CtState): Formula {
  const { from, to, proto, family } = need
  const ip = family === 4 ? 'ip' : 'ip6'
  const [src, dst] = phase === 'answer' ? [to, from] : [from, to]
  const server = valuesOfBounds(need.ports.flat())
  const client = valuesOfBounds((need.sports ?? [[1024, 65_535]]).flat())
  const [sport, dport] = phase === 'answer' ? [server, client] : [client, server]
  const parts: Formula[] = [
    inState(state),
    isOneOf('meta l4proto', [PROTO[proto], PROTO[proto] + 1]),
    isOneOf('th sport', sport),
    isOneOf('th dport', dport),
    // frames for this machine, not ones a switch floods
    isOneOf('meta pkttype', [0, 1]),
  ]
  const { SYN, ACK } = TCP_FLAG
  if (proto === 'tcp')
    parts.push(isOneOf('tcp flags', phase === 'first' ? [SYN, SYN + 1] : flagValues(phase)))
  const add = (field: FreeField, addresses: RangeSet | null): void => {
    if (addresses !== null)
      parts.push(isOneOf(field, valuesOfRanges(addresses, family === 4 ? 32 : 128)))
    parts.push(negated(isOneOf(field, nobody(firewall, family))))
  }
  add(`${ip} saddr`, src.addresses)
  add(`${ip} daddr`, dst.addresses)
  return all(parts)

  function flagValues(of: Phase): ValueSet {
    const flags = of === 'answer' ? [SYN | ACK, ACK] : [ACK]
    return valuesOfBounds(flags.flatMap((each) => [each, each]))
  }
}

/** Addresses that no machine has as its own: of broadcasts and of groups. */
function nobody({ topology, tree }: NodeFirewall, family: 4 | 6): ValueSet {
  const fib = topology.fibOf(tree.node)
  return addressesWithType(fib, family, (type) => type === 'broadcast' || type === 'multicast')
}

/** Every rate is kept. */
function ratesKept({ space }: Analysis): Diagram {
  let made: Diagram = TRUE
  for (const [i, level] of space.levels.entries())
    if (level.kind === 'doubt' && level.name.startsWith('limit '))
      made = space.arena.where(space.arena.isIn(i, [1, 1]), made)
  return made
}

function proofOf(
  { need, parts, opposite, why }: Prepared,
  analysis: Analysis,
  rates: Diagram,
  family: 'ip' | 'ip6',
): Proof {
  if (why !== null) return { kind: 'unproved', why }
  const { space } = analysis
  const { arena } = space
  let withinRates = false
  let asAnswers = false
  for (const { phase, region, ways, firewalls } of parts) {
    const asked = space.packets(region)
    for (const [i, way] of ways.entries()) {
      const lost = arena.except(asked, passing(analysis, way))
      const surely = arena.where(rates, lost)
      if (surely === NONE) {
        withinRates ||= lost !== NONE
        continue
      }
      // beyond the first node it may know the connection by its own packets
      if (phase === 'first' && i > 0 && opposite !== null && sends(analysis, opposite)) {
        asAnswers = true
        continue
      }
      const partly = arena.except(asked, lost) !== NONE
      const at = { way, firewall: firewalls[i] as NodeFirewall }
      return lostAs(need, phase, partly, surely, analysis, family, at)
    }
  }
  return { kind: 'proved', withinRates, asAnswers }
}

/** Packets that get through the hooks of one node. */
function passing(analysis: Analysis, way: SymbolicQuestion): Diagram {
  return analysis.space.arena.relabel(analysis.answer(way), (leaf) =>
    analysis.leaf(leaf).kind === 'through' ? TRUE : NONE,
  )
}

/** Whether the first node of a way lets all of it out. */
function sends(analysis: Analysis, { region, ways }: Part): boolean {
  const [out] = ways
  if (out === undefined) return false
  const { space } = analysis
  return space.arena.except(space.packets(region), passing(analysis, out)) === NONE
}

function lostAs(
  need: Need,
  phase: Phase,
  partly: boolean,
  lost: Diagram,
  analysis: Analysis,
  family: 'ip' | 'ip6',
  { way, firewall }: { readonly way: SymbolicQuestion; readonly firewall: NodeFirewall },
): Proof {
  const witness = witnessOf(analysis.space, lost, preferencesOf(need))
  if (witness === null) throw new Error('a region that is not empty has no packet')
  const question: Question = {
    ruleset: rulesOf(firewall),
    path: way.path,
    packet: witness.packet,
    state: witness.state,
    fib: way.fib,
    mark: way.mark,
    ctMark: way.ctMark,
  }
  const trace = evaluate(question)
  // the two engines must agree, or nothing of this can be trusted
  if (trace.outcome === 'accept')
    throw new Error(`the packet that ${need.id} would lose gets through when it is traced`)
  const { pieces, more } = piecesOf(analysis.space, lost, 4)
  return {
    ...{ kind: 'lost', phase, partly, family, pieces, more },
    witness: { witness, firewall, question, trace },
  }
}

function preferencesOf({ from, to, family }: Need): ReadonlyMap<FreeField, readonly ValueSet[]> {
  const ip = family === 4 ? 'ip' : 'ip6'
  const liked = (end: Need['from']): readonly ValueSet[] =>
    end.address === null
      ? []
      : [valuesOfRanges([{ lo: end.address.bits, hi: end.address.bits }], family === 4 ? 32 : 128)]
  return new Map<FreeField, readonly ValueSet[]>([
    [`${ip} saddr`, liked(from)],
    [`${ip} daddr`, liked(to)],
  ])
}
