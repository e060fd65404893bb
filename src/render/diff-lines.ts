import type { DiffEntry, DiffSide, DiffView } from './diff-view.ts'
import type { JsonObject } from './json.ts'
import { placeJson } from './json.ts'
import { line, piece, type StyledLine } from './styled.ts'
import { decidingLine } from './verdict-lines.ts'
import { quotedSpan, quoteLine } from './words.ts'

/** Ways of one change that are named; JSON has all. */
const mostWays = 6

/** Every change with one of its packets and the two lines that decide; then that there is nothing else. */
export function renderDiff(view: DiffView): readonly StyledLine[] {
  const { node, sides, entries } = view
  const count = entries.length
  const summary =
    count === 0 && view.untold.length + view.odd.length === 0
      ? piece('no packet gets another verdict', 'accept')
      : piece(`${count} ${count === 1 ? 'change' : 'changes'}`, 'strong')
  return [
    line([summary, `  ${node}: ${sides[0]} → ${sides[1]}`], 4),
    ...view.remarks.map((text) => line([`    ${text}`], 4)),
    ...entries.flatMap(entryLines),
    ...oddLine(view),
    ...alikeLine(view),
    ...view.untold.map((way) =>
      line([piece('more changes', 'unknown'), `  than can be told on ${way}`], 4),
    ),
    ...onlyLine('only before', view.onlyBefore),
    ...onlyLine('only after', view.onlyAfter),
    ...(view.untold.length > 0 ? [] : [line([proof(view)], 4)]),
  ]
}

function alikeLine({ alike }: DiffView): readonly StyledLine[] {
  if (alike === 0) return []
  const ways = alike === 1 ? '1 way' : `${alike} ways`
  return [
    line(
      [piece('alike', 'note'), `  ${ways} between guests change, as those of their ends do above`],
      4,
    ),
  ]
}

/** What changes for packets that no program sends is told by one of them: nobody's work depends on it. */
function oddLine({ odd }: DiffView): readonly StyledLine[] {
  const [first] = odd
  if (first === undefined) return []
  const ways = odd.length === 1 ? first.way : `${first.way} and ${odd.length - 1} more ways`
  return [
    line(
      [
        piece('odd packets', 'note'),
        `  that no program sends change as well on ${ways}, as ${first.packet}`,
      ],
      4,
    ),
  ]
}

function onlyLine(label: string, ends: readonly string[]): readonly StyledLine[] {
  return ends.length === 0 ? [] : [line([piece(label, 'note'), `  ${ends.join(', ')}`], 4)]
}

function proof({ entries, odd, compared, allPairs }: DiffView): string {
  const pairs = allPairs ? '' : '; of many guests all but three with the outside alone'
  const what = entries.length + odd.length === 0 ? 'nothing changes' : 'nothing else changes'
  return `${what}: proved for every packet on ${compared} ways (IPv4, IPv6, ARP; all ends with one another${pairs})`
}

function entryLines({
  before,
  after,
  ways,
  region,
  packet,
  was,
  now,
}: DiffEntry): readonly StyledLine[] {
  const named = ways.slice(0, mostWays).join(', ')
  const more = ways.length > mostWays ? ` and ${ways.length - mostWays} more ways` : ''
  const side = (label: string, each: DiffSide): StyledLine =>
    line(['    ', piece(label, 'faint'), '  ', ...decidingLine(each)], 9)
  return [
    line(
      [
        piece(before.toUpperCase(), before),
        ' → ',
        piece(after.toUpperCase(), after),
        `  ${named}${more}`,
      ],
      4,
    ),
    line(['    ', piece(region, 'strong')], 6),
    line([`    as ${packet}`], 7),
    side('was', was),
    side('now', now),
  ]
}

/** The whole comparison of one node. */
export function diffJson(view: DiffView): JsonObject {
  return {
    node: view.node,
    sides: view.sides,
    changes: view.entries.map(({ before, after, ways, region, packet, was, now }) => ({
      ...{ before, after, ways, region, packet },
      was: sideJson(was),
      now: sideJson(now),
    })),
    complete: view.untold.length === 0,
    moreOn: view.untold,
    odd: view.odd,
    betweenGuests: view.alike,
    compared: { ways: view.compared, allPairsOfGuests: view.allPairs },
    ...{ onlyBefore: view.onlyBefore, onlyAfter: view.onlyAfter, remarks: view.remarks },
  }
}

function sideJson({ origin }: DiffSide): JsonObject {
  const span = quotedSpan({ kind: origin.kind === 'rule' ? 'rule' : 'policy', span: origin.span })
  return {
    kind: origin.kind,
    ...placeJson(origin.span),
    text: span === null ? null : quoteLine(span),
    option: origin.option,
  }
}
