import type { NumberRanges } from '../../netfilter/match.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import type { HelperChoice } from '../../netfilter/ruleset.ts'
import type { FieldRef } from './field.ts'

/** Where a statement stands, and what it may add there: anonymous sets and maps become named ones. */
export type Place = {
  readonly family: string
  /** Whether the elements of a set of the table are known. */
  readonly holdsSet: (name: string) => boolean
  readonly holdsMap: (name: string) => boolean
  /** The helper an object `ct helper` stands for; null: there is none of that name. */
  readonly helperNamed: (name: string) => HelperChoice | null
  /** Elements of a set of numbers with ranges among them, which cannot be looked up one by one; null for all others. */
  readonly numbersOf: (name: string) => NumberRanges | null
  /** Names an anonymous set of these elements. */
  readonly addTuples: (elements: readonly (readonly (string | number | bigint)[])[]) => string
  /** Names an anonymous map; null: its elements were not understood. */
  readonly addMap: (fields: readonly FieldRef[], items: readonly Json[]) => string | null
  /** nft before 1.1 drops a limit it cannot read in a set statement and loads the rest (`loadWarning` of the corpus). */
  readonly ignoresMalformedLimit: boolean
}
