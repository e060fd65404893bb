import type { Outcome } from '../eval/trace.ts'
import type { DiffSide } from './diff-view.ts'
import { type JsonObject, placeJson } from './json.ts'
import { line, piece, type StyledLine } from './styled.ts'
import { decidingLine } from './verdict-lines.ts'

/** Packets of one way. */
export type FindEntry = {
  readonly outcome: Outcome
  readonly way: string
  readonly regions: readonly string[]
  readonly more: boolean
  readonly packet: string
  readonly by: DiffSide
}

export type FindView = {
  readonly node: string
  readonly entries: readonly FindEntry[]
  readonly searched: number
  /** All pairs of ends that were asked for were searched. */
  readonly allPairs: boolean
  /** Only one packet was asked for. */
  readonly first: boolean
}

/** What was found, or that there is nothing. */
export function renderFound({
  node,
  entries,
  searched,
  allPairs,
  first,
}: FindView): readonly StyledLine[] {
  if (entries.length === 0)
    return [
      line([
        piece('none', 'strong'),
        `  ${node}: proved for every packet some program sends, on ${searched} ways${allPairs ? '' : '; of many guests all but three with the outside alone'}`,
      ]),
    ]
  return entries.flatMap(({ outcome, way, regions, more, packet, by }) => [
    line([piece(outcome.toUpperCase(), outcome), `  ${way}  `, piece(packet, 'strong')], 6),
    line(['    ', piece('by', 'faint'), '  ', ...decidingLine(by)], 8),
    ...(first ? [] : regions.map((region) => line([`    all  ${region}`], 9))),
    ...(more && !first ? [line(['    and more'])] : []),
  ])
}

export function foundJson({ node, entries, searched, allPairs }: FindView): JsonObject {
  return {
    node,
    searched,
    allPairs,
    found: entries.map(({ outcome, way, regions, more, packet, by }) => ({
      ...{ verdict: outcome, way, packet, regions, more },
      by: placeJson(by.origin.span),
    })),
  }
}
