import type { Match } from '../netfilter/match.ts'
import type { NfSet, Statement } from '../netfilter/ruleset.ts'
import type { ReadFacts } from './facts.ts'
import type { MatchModule, TermContext } from './match-module.ts'
import type { TableName } from './tables.ts'
import type { Target } from './targets.ts'
import { joinWords } from './words.ts'

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

/** A match extension that the line has loaded. */
export type Loaded = {
  readonly module: MatchModule
  /** `-m NAME`, until it has gone into the text of a statement. */
  prefix: string | null
  used: boolean
  /** Options that make one statement together, and where that goes; null: it has none of that kind. */
  readonly gathered: Gathering | null
}

/** Options with their values, as they come in. */
export type Gathering = {
  readonly options: Map<string, readonly string[]>
  readonly words: string[]
  readonly slot: number
}

/** The rule as far as it has been read; terms that are not settled yet are null. */
export type Draft = {
  readonly reader: LineReader
  /** No word of the line needs quotes. */
  readonly plain: boolean
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
  targetName: string | null
  target: Target | null
  goto: boolean
  /** Null: no options follow the target. */
  targetOptions: Gathering | null
  skipped: boolean
}

/** An empty rule. */
export function newDraft(reader: LineReader, plain: boolean): Draft {
  return {
    reader,
    plain,
    protocol: null,
    protocolNegated: false,
    made: madeUnder(reader, -1),
    given: 0,
    loaded: [],
    terms: [],
    source: null,
    dest: null,
    unknownModule: null,
    targetName: null,
    target: null,
    goto: false,
    targetOptions: null,
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

/** Loads an extension; one whose options make one statement together gets its place now. */
export function load(draft: Draft, module: MatchModule, prefix: string | null): Loaded {
  const gathered = module.finish === null ? null : newGathering(draft.terms.length)
  if (gathered !== null) draft.terms.push(null)
  const loaded: Loaded = { module, prefix, used: false, gathered }
  draft.loaded.push(loaded)
  return loaded
}

export function newGathering(slot: number): Gathering {
  return { options: new Map(), words: [], slot }
}

/** The words of a term as they would stand in a line. */
export function termText(
  { plain }: Draft,
  negate: boolean,
  option: string,
  values: readonly string[],
): string {
  if (!plain) return joinWords(negate ? ['!', option, ...values] : [option, ...values])
  const start = negate ? `! ${option}` : option
  switch (values.length) {
    case 0:
      return start
    case 1:
      return `${start} ${values[0]}`
    default:
      return `${start} ${values.join(' ')}`
  }
}

/** Adds a term to the rule; made once per protocol and words, and shared by all rules. Text: why it is refused. */
export function addTerm(
  draft: Draft,
  text: string,
  make: (context: TermContext) => Match | string,
): string | null {
  const statement = draft.made.get(text) ?? makeTerm(draft, text, make(contextOf(draft)))
  if (typeof statement === 'string') return statement
  draft.terms.push(statement)
  return null
}

/** Remembers what a match becomes. */
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
