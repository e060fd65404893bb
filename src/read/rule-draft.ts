import type { Match } from '../netfilter/match.ts'
import type { NfSet, Statement } from '../netfilter/ruleset.ts'
import type { ReadFacts } from './facts.ts'
import type { MatchModule, TermContext } from './match-module.ts'
import type { Target } from './targets.ts'

/** What the lines of a table share. */
export type LineReader = {
  readonly version: 4 | 6
  readonly table: 'filter' | 'raw'
  readonly facts: ReadFacts
  readonly sets: ReadonlyMap<string, NfSet>
  /** Chains a rule may jump to. */
  readonly isChain: (name: string) => boolean
  /** Chains of the kernel's own: they exist, and may not be jumped to. */
  readonly isBuiltIn: (name: string) => boolean
  /** Statements already made, or why they are refused, by protocol and words. */
  readonly terms: Map<string, Statement | string>
}

export function lineReader(parts: Omit<LineReader, 'terms'>): LineReader {
  return { ...parts, terms: new Map() }
}

/** A match extension that the line has loaded. */
export type Loaded = {
  readonly module: MatchModule
  /** `-m NAME`, until it has gone into the text of a statement. */
  prefix: string | null
  used: boolean
  /** Options that make one statement together, and where that goes. */
  readonly gathered: Map<string, readonly string[]>
  readonly words: string[]
  slot: number
}

/** The rule as far as it has been read; terms that are not settled yet are null. */
export type Draft = {
  readonly reader: LineReader
  protocol: number | null
  protocolNegated: boolean
  readonly given: Set<string>
  readonly loaded: Loaded[]
  readonly terms: (Statement | null)[]
  /** Elements of a comma list, with the slot they take turns in. */
  source: { readonly slot: number; readonly turns: readonly Statement[] } | null
  dest: { readonly slot: number; readonly turns: readonly Statement[] } | null
  /** `-m NAME` of an extension pvefw does not know, until its options follow. */
  unknownModule: string | null
  targetName: string | null
  target: Target | null
  goto: boolean
  readonly targetOptions: Map<string, readonly string[]>
  readonly targetWords: string[]
  skipped: boolean
}

/** An empty rule. */
export function newDraft(reader: LineReader): Draft {
  return {
    reader,
    protocol: null,
    protocolNegated: false,
    given: new Set(),
    loaded: [],
    terms: [],
    source: null,
    dest: null,
    unknownModule: null,
    targetName: null,
    target: null,
    goto: false,
    targetOptions: new Map(),
    targetWords: [],
    skipped: false,
  }
}

/** Loads an extension; one whose options make one statement together gets its place now. */
export function load(draft: Draft, module: MatchModule, prefix: string | null): Loaded {
  const loaded: Loaded = {
    module,
    prefix,
    used: false,
    gathered: new Map(),
    words: [],
    slot: -1,
  }
  if (module.finish !== null) {
    loaded.slot = draft.terms.length
    draft.terms.push(null)
  }
  draft.loaded.push(loaded)
  return loaded
}

/** The statement these words make under the protocol given so far; made once and shared by all rules. */
export function statementOf(
  draft: Draft,
  text: string,
  make: (context: TermContext) => Match | string,
): Statement | string {
  const { version, facts, sets, terms } = draft.reader
  const protocol = draft.protocolNegated ? null : draft.protocol
  const key = `${protocol ?? ''} ${text}`
  const known = terms.get(key)
  if (known !== undefined) return known
  const match = make({ version, facts, sets, protocol })
  const statement: Statement | string =
    typeof match === 'string' ? match : { kind: 'match', match, text }
  terms.set(key, statement)
  return statement
}

/** An extension pvefw does not know, without options, may match or not. */
export function flushUnknown(draft: Draft, options = ''): void {
  const text = [draft.unknownModule ?? '', options].join(' ').trim()
  draft.unknownModule = null
  if (text !== '') draft.terms.push({ kind: 'match', match: { kind: 'opaque', text }, text })
}
