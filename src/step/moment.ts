import type { ChainTrace, HopTrace, RuleHit, Trace } from '../eval/trace.ts'
import type { Traced } from '../firewall/answer.ts'
import type { Answer } from '../render/answer.ts'
import type { TableChange } from '../render/flow-view.ts'

/** One packet of a timeline: the one that was asked about, or one of a conversation. */
export type Run = {
  /** From 1. */
  readonly number: number
  /** What people call it: `SYN/ACK`; null for a packet that is asked about alone. */
  readonly name: string | null
  /** When it is sent, ms of the clock of its conversation. */
  readonly at: number
  /** Null: no rule of any node sees it, `note` says why. */
  readonly walk: Walked | null
  readonly note: string | null
  /** What it does to conntrack. */
  readonly changes: readonly TableChange[]
}

export type Walked = {
  readonly asked: Traced
  readonly trace: Trace
  readonly answer: Answer
}

/** A chain on the stack: where the packet is, and the rule that led there (null for a base chain). */
export type Place = {
  readonly run: Run
  readonly walk: Walked
  readonly hop: HopTrace
  readonly chain: ChainTrace
  readonly caller: { readonly place: Place; readonly hit: RuleHit } | null
  /** Of its rules: 2 for a base chain. */
  readonly depth: number
  /** Number of rules whose turn came. */
  readonly reached: number
}

/** One thing that happens to a packet, as a debugger would stop at it. */
export type Moment =
  /** It is sent, or is not. */
  | { readonly kind: 'packet'; readonly run: Run }
  | { readonly kind: 'hop'; readonly run: Run; readonly walk: Walked; readonly hop: HopTrace }
  /** A rule's turn; `hit` null: it does not match, or nobody knows. */
  | {
      readonly kind: 'rule'
      readonly place: Place
      readonly index: number
      readonly hit: RuleHit | null
    }
  /** The last rule of a chain is behind: back to the caller, or the policy. */
  | { readonly kind: 'end'; readonly place: Place }
  | { readonly kind: 'verdict'; readonly run: Run; readonly walk: Walked }

/** How deep a moment is in the call stack: 0 the packet, 1 a hop, from 2 the rules of its chains. */
export function depthOf(moment: Moment): number {
  switch (moment.kind) {
    case 'packet':
    case 'verdict':
      return 0
    case 'hop':
      return 1
    default:
      return moment.place.depth
  }
}

export function runOf(moment: Moment): Run {
  return moment.kind === 'rule' || moment.kind === 'end' ? moment.place.run : moment.run
}

/** The chain a moment is in; null between chains. */
export function placeOf(moment: Moment): Place | null {
  return moment.kind === 'rule' || moment.kind === 'end' ? moment.place : null
}

/** The hop a moment is in; null before the first and at the verdict. */
export function hopOf(moment: Moment): HopTrace | null {
  if (moment.kind === 'hop') return moment.hop
  return placeOf(moment)?.hop ?? null
}

/** The chains of a place from the outermost to itself. */
export function stackOf(place: Place): readonly Place[] {
  const stack: Place[] = []
  for (let at: Place | null = place; at !== null; at = at.caller?.place ?? null) stack.unshift(at)
  return stack
}

/** Where the walk of a trace is unknown, the rule of which it is not known whether it matches. */
export function isDoubtful(moment: Moment): boolean {
  if (moment.kind !== 'rule' || moment.hit !== null) return false
  const { trace } = moment.place.walk
  return (
    trace.outcome === 'unknown' &&
    trace.assumptions.at(-1)?.rule === moment.place.chain.chain.rules[moment.index]
  )
}
