import type { Outcome } from '../eval/trace.ts'
import type { Answer } from './answer.ts'

/** What decided about a packet on one side. */
export type DiffSide = Pick<Answer, 'origin' | 'names' | 'trace'>

/** Packets that get another verdict. */
export type DiffEntry = {
  readonly before: Outcome
  readonly after: Outcome
  /** `outside → vm105`. */
  readonly ways: readonly string[]
  /** All of them, in words. */
  readonly region: string
  readonly packet: string
  readonly was: DiffSide
  readonly now: DiffSide
}

export type DiffView = {
  readonly node: string
  /** What is compared: two directories, two backends. */
  readonly sides: readonly [string, string]
  readonly entries: readonly DiffEntry[]
  /** Packets no program sends that change as well: by way, one of them. */
  readonly odd: readonly { readonly way: string; readonly packet: string }[]
  /** Ways between guests that change as those of their ends do. */
  readonly alike: number
  /** Ways with more changes than are told. */
  readonly untold: readonly string[]
  readonly compared: number
  readonly allPairs: boolean
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
  readonly remarks: readonly string[]
}
