import type { Match } from '../netfilter/match.ts'
import type { NfSet, Statement } from '../netfilter/ruleset.ts'
import type { ReadFacts } from './facts.ts'
import type { MatchModule, TermContext } from './match-module.ts'
import type { TableName } from './tables.ts'
import type { Target } from './targets.ts'
import { type Line, textBetween } from './words.ts'

/** What the lines of a table share. */
export type LineReader = {
  readonly version: 4 | 6
  readonly table: TableName
  readonly facts: ReadFacts
  readonly sets: ReadonlyMap<string, NfSet>
  /** A kernel holds these lines, so no tool refuses them. */
  readonly isListed: boolean
  /** Chains a rule may jump to. */
  readonly isChain: (name: string) => boolean
  /** Chains of the kernel's own: they exist, and may not be jumped to. */
  readonly isBuiltIn: (name: string) => boolean
  /** Statements already made, by the protocol of the line (-1: none) and by their words. */
  readonly made: Map<number, Made>
}

/** Statements by their words, or why these are refused. */
export type Made = Map<string, Statement | string>

export function lineReader(parts: Omit<LineReader, 'made'>): LineReader {
  return { ...parts, made: new Map() }
}

/** Words of the line that make one text. */
export type Run = {
  readonly from: number
  /** Behind the last of them, as long as they stand together. */
  to: number
  /** The text once they do not stand together; null: it is as it stands in the line. */
  apart: string | null
}

/** A match extension that the line has loaded. */
export type Loaded = {
  readonly module: MatchModule
  /** Where `-m NAME` is, until it has gone into the text of a statement; null: nowhere, or it has. */
  prefix: number | null
  used: boolean
  /** Options that make one statement together; null: it has none of that kind. */
  readonly gathered: Gathering | null
}

/** Options with their values, as they come in. */
export type Gathering = {
  readonly options: Map<string, readonly string[]>
  readonly run: Run
  /** Where the statement goes. */
  readonly slot: number
}

/** What `-j` or `-g` names. */
export type Named = {
  readonly name: string
  readonly goto: boolean
  /** Null: a chain, or a target that pvefw knows by name alone. */
  readonly target: Target | null
  readonly run: Run
  /** Options of the target; null: none yet. */
  options: Map<string, readonly string[]> | null
  /** Words behind it that are no option pvefw knows; null: none yet. */
  others: string[] | null
}

/** The rule as far as it has been read; terms that are not settled yet are null. */
export type Draft = {
  readonly reader: LineReader
  readonly line: Line
  protocol: number | null
  protocolNegated: boolean
  /** Statements made under that protocol. */
  made: Made
  /** One bit per option of iptables itself that may be given once. */
  given: number
  readonly loaded: Loaded[]
  readonly terms: (Statement | null)[]
  /** Elements of a comma list, with the slot they take turns in. */
  source: { readonly slot: number; readonly turns: readonly Statement[] } | null
  dest: { readonly slot: number; readonly turns: readonly Statement[] } | null
  /** `-m NAME` of an extension pvefw does not know, until its options follow. */
  unknownModule: string | null
  named: Named | null
  skipped: boolean
}

/** An empty rule. */
export function newDraft(reader: LineReader, line: Line): Draft {
  return {
    reader,
    line,
    protocol: null,
    protocolNegated: false,
    made: madeUnder(reader, -1),
    given: 0,
    loaded: [],
    terms: [],
    source: null,
    dest: null,
    unknownModule: null,
    named: null,
    skipped: false,
  }
}

/** `-p PROTOCOL`: what follows is read under it. */
export function setProtocol(draft: Draft, protocol: number, negated: boolean): void {
  draft.protocol = protocol
  draft.protocolNegated = negated
  draft.made = madeUnder(draft.reader, negated ? -1 : protocol)
}

function madeUnder({ made }: LineReader, protocol: number): Made {
  let found = made.get(protocol)
  if (found === undefined) {
    found = new Map()
    made.set(protocol, found)
  }
  return found
}

/** What terms depend on besides their words. */
export function contextOf({ reader, protocol, protocolNegated }: Draft): TermContext {
  const { version, facts, sets, isListed } = reader
  return { version, facts, sets, isListed, protocol: protocolNegated ? null : protocol }
}

/** Loads an extension, by `-m` at `prefix`; one whose options make one statement together gets its place now. */
export function load(draft: Draft, module: MatchModule, prefix: number | null): Loaded {
  let gathered: Gathering | null = null
  if (module.finish !== null && prefix !== null) {
    const run = { from: prefix, to: prefix + 2, apart: null }
    gathered = { options: new Map(), run, slot: draft.terms.length }
    draft.terms.push(null)
  }
  const loaded: Loaded = { module, prefix, used: false, gathered }
  draft.loaded.push(loaded)
  return loaded
}

/** Puts more words of the line behind those of the run. */
export function extendRun(run: Run, line: Line, from: number, to: number): void {
  if (run.apart === null && run.to === from) run.to = to
  else run.apart = `${runText(run, line)} ${textBetween(line, from, to)}`
}

export function runText({ from, to, apart }: Run, line: Line): string {
  return apart ?? textBetween(line, from, to)
}

/** Adds a term to the rule. Text: why it is refused. */
export function addTerm({ terms }: Draft, term: Statement | string): string | null {
  if (typeof term === 'string') return term
  terms.push(term)
  return null
}

/**
 * What a match becomes. Made once for the same words under the same protocol, and shared by all rules: so ask
 * `draft.made` first.
 */
export function makeTerm(draft: Draft, text: string, match: Match | string): Statement | string {
  const statement: Statement | string =
    typeof match === 'string' ? match : { kind: 'match', match, text }
  draft.made.set(text, statement)
  return statement
}

/** An extension pvefw does not know, without options, may match or not. */
export function flushUnknown(draft: Draft, options = ''): void {
  const text = [draft.unknownModule ?? '', options].join(' ').trim()
  draft.unknownModule = null
  if (text !== '') draft.terms.push({ kind: 'match', match: { kind: 'opaque', text }, text })
}
