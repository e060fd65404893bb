import { unreachable } from '../../src/source/unreachable.ts'
import type { By, ExpectedVerdict, FlowEnd, PacketExpectation, Place } from './expect.ts'

/** What came out for a packet, in the words of an `expect` file. */
export type Outcome = {
  readonly verdict: ExpectedVerdict
  readonly by: 'rule' | 'policy' | 'generated' | 'none'
  /** File relative to the root. */
  readonly place: Place | null
  /** Chain of the last rule that matched. */
  readonly chain: string | null
}

/** Null when the outcome is as expected, else one sentence with both. */
export function mismatch(expected: PacketExpectation, outcome: Outcome): string | null {
  const same =
    expected.verdict === outcome.verdict &&
    sameBy(expected.by, outcome) &&
    (expected.chain === null || expected.chain === outcome.chain)
  if (same) return null
  return `line ${expected.line}: expected ${showExpected(expected)}, but it is ${showOutcome(outcome, expected)}`
}

/** How a conversation ended. */
export type FlowOutcome = Outcome & { readonly at: number | null }

/** The same of a conversation. */
export function flowMismatch(expected: FlowEnd, outcome: FlowOutcome, line: number): string | null {
  const same =
    expected.verdict === outcome.verdict &&
    (expected.at === null || expected.at === outcome.at) &&
    sameBy(expected.by, outcome) &&
    (expected.chain === null || expected.chain === outcome.chain)
  if (same) return null
  const found = show(outcome.verdict, outcome.by, outcome.place, outcome.chain ?? 'no chain')
  return `line ${line}: expected ${showExpected(expected)} at ${expected.at}, but it is ${found} at ${outcome.at}`
}

/** `etc/pve/firewall/105.fw` is what `105.fw` and `firewall/105.fw` mean, but not `05.fw`. */
export function samePlace(expected: Place, actual: Place | null): boolean {
  return (
    actual !== null &&
    expected.line === actual.line &&
    (actual.file === expected.file || actual.file.endsWith(`/${expected.file}`))
  )
}

function sameBy(by: By | null, outcome: Outcome): boolean {
  if (by === null) return true
  if (by.kind !== outcome.by) return false
  switch (by.kind) {
    case 'rule':
      return samePlace(by.place, outcome.place)
    case 'policy':
      return by.place === null ? outcome.place === null : samePlace(by.place, outcome.place)
    case 'generated':
      return by.place === null || samePlace(by.place, outcome.place)
    case 'none':
      return true
    default:
      return unreachable(by)
  }
}

function showExpected({
  verdict,
  by,
  chain,
}: Pick<PacketExpectation, 'verdict' | 'by' | 'chain'>): string {
  const place = by === null || by.kind === 'none' ? null : by.place
  return show(verdict, by === null ? null : by.kind, place, chain)
}

function showOutcome(outcome: Outcome, expected: PacketExpectation): string {
  const chain = expected.chain === null ? null : (outcome.chain ?? 'no chain')
  return show(outcome.verdict, outcome.by, outcome.place, chain)
}

function show(
  verdict: ExpectedVerdict,
  kind: Outcome['by'] | null,
  place: Place | null,
  chain: string | null,
): string {
  const where = place === null ? '' : `${place.file}:${place.line}`
  const by =
    kind === null ? '' : kind === 'rule' ? ` by ${where}` : ` by ${kind} ${where}`.trimEnd()
  return `${verdict.toUpperCase()}${by}${chain === null ? '' : ` in ${chain}`}`
}
