import { stateOf } from '../eval/conntrack/first-packet.ts'
import { verdictOrigin } from '../eval/verdict-origin.ts'
import type { Holds } from '../render/answer.ts'
import { regionWords, valueWords } from '../render/region-words.ts'
import { type Analysis, analyse } from '../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../symbolic/diagram.ts'
import type { Family, FreeField } from '../symbolic/fields.ts'
import type { Decider } from '../symbolic/leaf.ts'
import { pieceAround, valuesIn } from '../symbolic/piece.ts'
import { type Point, pointOf } from '../symbolic/point.ts'
import { plausiblePackets, possiblePackets } from '../symbolic/possible.ts'
import type { Asked } from './ask.ts'
import { regionNames } from './region-names.ts'
import { symbolicWay } from './symbolic-way.ts'

/** Fields by which another verdict is looked for: what people would change first. */
const FLIPS: readonly FreeField[] = [
  'ip saddr',
  'ip6 saddr',
  'th dport',
  'ct state',
  'ip daddr',
  'ip6 daddr',
]

/** Flips that are told. */
const mostFlips = 2

/**
 * How far an answer holds: the largest readable class of packets around the one asked about that the same line decides
 * alike, and what of the packet alone would have to differ for another verdict. Null where that cannot be said: the
 * packet is not known in full, or it crosses several nodes.
 */
export function holdsFor({
  stages,
  trace,
  resolved,
}: Extract<Asked, { readonly kind: 'traced' }>): Holds | null {
  const [stage] = stages
  const { packet } = resolved
  const { kind } = packet.l3
  if (stage === undefined || stages.length !== 1 || kind === 'other' || trace.outcome === 'unknown')
    return null
  const state = stage.question.state ?? stateOf(packet)
  const [way] = symbolicWay(stage.firewall, stage.question.path, kind, packet.ether.vlan)
  if (state === 'unknown' || way === undefined) return null
  const { span } = verdictOrigin(trace)
  const possible = possiblePackets(kind)
  const likely = plausiblePackets(kind)
  const analysis = analyse({
    family: kind,
    questions: [way],
    regions: [possible, likely],
    isNoted: ({ rule }: Decider) => {
      const own = rule?.origin.span ?? null
      return own !== null && own.file === span?.file && own.start === span.start
    },
  })
  const { space } = analysis
  const can = space.arena.where(space.packets(possible), space.packets(likely))
  const point = pointOf(space, packet, state)
  const answer = analysis.answer(way)
  const outcome = trace.outcome === 'accept' ? 'through' : trace.outcome
  const same = space.arena.relabel(answer, (number) => {
    const leaf = analysis.leaf(number)
    return leaf.kind === outcome &&
      leaf.state.noted === (span !== null && isNotedAt(analysis, answer, point))
      ? TRUE
      : NONE
  })
  const piece = pieceAround(space, same, point, can)
  if (piece === null) return null
  const names = regionNames(stage.firewall, kind)
  return {
    region: regionWords(kind, piece, names),
    flips: flipsOf(analysis, answer, point, can, outcome, kind).map(({ field, values, to }) => ({
      to,
      words: `${WORDS[field] ?? field} ${valueWords(field, values, names, valuesIn(space, can, field))}`,
    })),
  }
}

const WORDS: Partial<Record<FreeField, string>> = {
  'ip saddr': 'from',
  'ip6 saddr': 'from',
  'ip daddr': 'to',
  'ip6 daddr': 'to',
  'th dport': 'to port',
  'ct state': 'in state',
}

/** Whether the deciding line had its say about the packet: of a policy no rule tells. */
function isNotedAt({ space, leaf }: Analysis, answer: Diagram, point: Point): boolean {
  let at = answer
  while (at >= 0) {
    const cls = point[space.arena.levelOf(at)] ?? 0
    at = space.arena.kid(at, typeof cls === 'number' ? cls : ([...cls][0] ?? 0))
  }
  return leaf(-1 - at).state.noted
}

type Flip = {
  readonly field: FreeField
  readonly values: ReturnType<typeof valuesIn>
  readonly to: 'accept' | 'drop' | 'reject'
}

/** Values of one field, all others as they are, with which the packet would get another verdict. */
function flipsOf(
  { space, leaf }: Analysis,
  answer: Diagram,
  point: Point,
  can: Diagram,
  outcome: string,
  family: Family,
): readonly Flip[] {
  const { arena } = space
  const found: Flip[] = []
  // from a drop people look for what gets through, from what gets through for what does not
  const wanted = outcome === 'through' ? (['drop', 'reject'] as const) : (['accept'] as const)
  for (const field of FLIPS) {
    if (found.length === mostFlips) break
    if (!space.levels.some((level) => level.kind === 'field' && level.field === field)) continue
    const level = space.levelOf(field)
    let line: Diagram = can
    for (const [i, cls] of point.entries()) {
      if (i === level || cls === null) continue
      const classes =
        typeof cls === 'number' ? [cls, cls] : [...cls].flatMap((each) => [each, each])
      line = arena.where(
        arena.isIn(
          i,
          classes.toSorted((a, b) => a - b),
        ),
        line,
      )
    }
    for (const to of wanted) {
      const kind = to === 'accept' ? 'through' : to
      const others = arena.relabel(answer, (number) => (leaf(number).kind === kind ? TRUE : NONE))
      const region = arena.where(line, others)
      if (region === NONE || family === 'arp') continue
      found.push({ field, values: valuesIn(space, region, field), to })
      break
    }
  }
  return found
}
