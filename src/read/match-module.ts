import type { Match } from '../netfilter/match.ts'
import type { NfSet } from '../netfilter/ruleset.ts'
import type { ReadFacts } from './facts.ts'
import type { Gathered } from './rate.ts'

/** What the meaning of a term depends on besides its words. */
export type TermContext = {
  readonly version: 4 | 6
  readonly facts: ReadFacts
  readonly sets: ReadonlyMap<string, NfSet>
  /** A kernel holds the rule: a set that is not known is there all the same. */
  readonly isListed: boolean
  /** Of `-p` so far in the line; null: none. */
  readonly protocol: number | null
}

/** An option of a match and what it says. A string: why iptables refuses it. */
export type Term = {
  /** How many words follow. */
  readonly args: number
  readonly negatable: boolean
  readonly make: (args: readonly string[], negate: boolean, context: TermContext) => Match | string
}

/** A match extension (`-m NAME`): its options, and what the whole of them must be. */
export type MatchModule = {
  readonly name: string
  readonly terms: ReadonlyMap<string, Term>
  /** Options that make one statement together, by the number of words that follow. */
  readonly gathered: ReadonlyMap<string, number>
  readonly finish: ((options: Gathered, context: TermContext) => Match | string) | null
  /** What is said when the match is loaded and none of its options follow; null: that is allowed. */
  readonly empty: string | null
  /** `-p` the kernel insists on; null: any. */
  readonly protocol: number | null
  /** Only iptables or only ip6tables has it; null: both. */
  readonly version: 4 | 6 | null
}

const none: MatchModule = {
  name: '',
  terms: new Map(),
  gathered: new Map(),
  finish: null,
  empty: null,
  protocol: null,
  version: null,
}

/** A {@link MatchModule} of plain terms. */
export function moduleOf(
  name: string,
  terms: readonly (readonly [options: readonly string[], term: Term])[],
  more: Partial<MatchModule> = {},
): MatchModule {
  const byOption = terms.flatMap(([options, term]) =>
    options.map((option): readonly [string, Term] => [option, term]),
  )
  return { ...none, name, terms: new Map(byOption), ...more }
}

/** A term of one word: most of them. */
export function term(
  make: (text: string, negate: boolean, context: TermContext) => Match | string,
): Term {
  return {
    args: 1,
    negatable: true,
    make: ([text = ''], negate, context) => make(text, negate, context),
  }
}

/** A term that pvefw cannot evaluate: it may match or not. */
export function opaqueTerm(args: number): Term {
  return {
    args,
    negatable: true,
    make: (words, negate) => ({
      kind: 'opaque',
      text: `${negate ? '! ' : ''}${words.join(' ')}`,
    }),
  }
}
