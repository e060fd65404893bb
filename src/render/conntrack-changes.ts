import { type ConntrackEntry, protocolState } from '../netfilter/conntrack.ts'
import { unreachable } from '../source/unreachable.ts'
import { secondsLeft, showConnection, showEntry, showExpectation } from './conntrack-line.ts'
import type { TableChange } from './flow-view.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'

export type ChangeView = {
  /** Moment of the clock, ms. */
  readonly now: number
  readonly indent: string
  /** Says on which node. */
  readonly withNode: boolean
  /** Shows changed entries as `conntrack -L` would, too. */
  readonly whole: boolean
}

/**
 * What happened to conntrack: `+` new, `~` changed, `-` gone, a line each. That an entry is only kept for longer is
 * worth a line where whole entries are shown.
 */
export function changeLines(
  changes: readonly TableChange[],
  { now, indent, withNode, whole }: ChangeView,
): readonly StyledLine[] {
  const told = changes.filter(
    (change) =>
      whole ||
      change.kind !== 'changed' ||
      changeWords(change.before, change.entry, now).length > 1,
  )
  return told.flatMap((change) => {
    const start: readonly (Piece | string)[] = [
      indent,
      ...(withNode ? [piece(change.node, 'place'), ' '] : []),
    ]
    const hang = indent.length + 4
    const main = line([...start, ...describe(change, now)], hang)
    return whole && change.kind === 'changed'
      ? [main, line([...start, '  ', piece(showEntry(change.entry, now), 'faint')], hang)]
      : [main]
  })
}

function describe(change: TableChange, now: number): readonly (Piece | string)[] {
  switch (change.kind) {
    case 'new':
      return [piece('+ ', 'accept'), showEntry(change.entry, now)]
    case 'changed':
      return [piece('~ ', 'note'), changeWords(change.before, change.entry, now).join(', ')]
    case 'gone':
      return [
        piece('- ', 'drop'),
        showConnection(change.entry.original),
        change.why === 'expired' ? ': forgotten, unused for so long' : ': removed',
      ]
    case 'expects':
      return [piece('+ ', 'accept'), 'expects ', showExpectation(change.expectation, now)]
    case 'expects-no-more':
      return [
        piece('- ', 'drop'),
        'expects ',
        showExpectation(change.expectation, now),
        change.why === 'expired' ? ': forgotten' : ' no more',
      ]
    default:
      return unreachable(change)
  }
}

/** What of an entry is another: `SYN_SENT → SYN_RECV`, `answered`, `for 60 s`. */
export function changeWords(
  before: ConntrackEntry,
  after: ConntrackEntry,
  now: number,
): readonly string[] {
  const words: string[] = []
  const [old, state] = [protocolState(before), protocolState(after)]
  if (old !== state) words.push(`${old ?? 'no state'} → ${state ?? 'no state'}`)
  if (after.seenReply && !before.seenReply) words.push('answered')
  if (after.assured && !before.assured) words.push('assured')
  if (after.mark !== before.mark) words.push(`mark=${after.mark}`)
  if (after.helper !== before.helper) words.push(`helper=${after.helper ?? ''}`)
  words.push(`for ${secondsLeft(after, now)} s`)
  return words
}
