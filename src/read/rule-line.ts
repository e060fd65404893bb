import type { Statement } from '../netfilter/ruleset.ts'
import { BASE_OPTIONS } from './base-options.ts'
import type { MatchModule } from './match-module.ts'
import { KNOWN_OPTIONS, protocolModule } from './match-modules.ts'
import {
  addTerm,
  contextOf,
  type Draft,
  extendRun,
  flushUnknown,
  type LineReader,
  type Loaded,
  load,
  makeTerm,
  type Named,
  newDraft,
  runText,
} from './rule-draft.ts'
import { otherTarget } from './targets.ts'
import { splitLine, textBetween } from './words.ts'

/** The statements of the rules one line becomes, in the kernel's order. */
export type Bodies = readonly (readonly Statement[])[]

/**
 * Reads a rule without its `-A CHAIN` as `do_command4`/`do_command6` of iptables 1.8.9 (iptables/iptables.c,
 * xshared.c) would: the rules it becomes, or the words it is refused with. An option nobody knows makes an opaque
 * statement.
 */
export function readRuleLine(reader: LineReader, text: string): Bodies | string {
  const line = splitLine(text)
  if (typeof line === 'string') return line
  const draft = newDraft(reader, line)
  const refusal = readOptions(draft) ?? settle(draft)
  if (refusal !== null) return refusal
  if (draft.skipped) return []
  const last = draft.named === null ? null : targetStatement(draft, draft.named)
  return typeof last === 'string' ? last : expand(draft, last)
}

function readOptions(draft: Draft): string | null {
  const { words } = draft.line
  let negate = false
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? ''
    if (word === '!') {
      if (negate) return 'multiple consecutive ! not allowed'
      negate = true
      at += 1
      continue
    }
    if (!word.startsWith('-') || word === '-') return `Bad argument \`${word}'`
    const next = readOption(draft, at, word, negate)
    if (typeof next === 'string') return next
    negate = false
    at = next
  }
  return null
}

/** Index of the word after the option at `at` and its values, or why it is refused. */
function readOption(draft: Draft, at: number, option: string, negate: boolean): number | string {
  const { words } = draft.line
  const base = BASE_OPTIONS.get(option)
  if (base !== undefined) {
    const end = at + 1 + base.args
    if (end > words.length) return `option "${option}" requires an argument`
    if ((draft.given & base.once) !== 0) return `multiple ${base.name} flags not allowed`
    if (negate && !base.negatable) return `cannot have ! before ${base.name}`
    draft.given |= base.once
    return base.read(draft, at, negate) ?? end
  }
  const targetArgs = draft.named?.target?.options.get(option)
  if (draft.named !== null && targetArgs !== undefined)
    return readTargetOption(draft, draft.named, at, targetArgs)
  const loaded = findLoaded(draft, option)
  if (loaded !== null) return readTerm(draft, loaded, at, option, negate)
  if (KNOWN_OPTIONS.has(option)) return `unknown option "${option}"`
  return readUnknown(draft, at, negate)
}

function readTargetOption(
  { line }: Draft,
  named: Named,
  at: number,
  args: number,
): number | string {
  const option = line.words[at] ?? ''
  const end = at + 1 + args
  if (end > line.words.length) return `option "${option}" requires an argument`
  named.options ??= new Map()
  named.options.set(option, line.words.slice(at + 1, end))
  extendRun(named.run, line, at, end)
  return end
}

/** The extension an option belongs to: the one loaded last, else that of the protocol, which it brings along. */
function findLoaded(draft: Draft, option: string): Loaded | null {
  for (let i = draft.loaded.length - 1; i >= 0; i -= 1) {
    const loaded = draft.loaded[i] as Loaded
    if (hasOption(loaded.module, option)) return loaded
  }
  if (draft.protocol === null) return null
  const module = protocolModule(draft.protocol, draft.reader.version)
  if (module === undefined || !hasOption(module, option)) return null
  return load(draft, module, null)
}

function hasOption(module: MatchModule, option: string): boolean {
  return module.terms.has(option) || module.gathered.has(option)
}

function readTerm(
  draft: Draft,
  loaded: Loaded,
  at: number,
  option: string,
  negate: boolean,
): number | string {
  const { line } = draft
  const { module, prefix } = loaded
  const count = module.gathered.get(option) ?? module.terms.get(option)?.args ?? 0
  const end = at + 1 + count
  if (end > line.words.length)
    return option === '--match-set'
      ? '--match-set requires two args.'
      : `option "${option}" requires an argument`
  loaded.used = true
  if (loaded.gathered !== null) {
    const { options, run } = loaded.gathered
    if (negate) return `${module.name}: option "${option}" cannot be inverted.`
    if (options.has(option)) return `${module.name}: option "${option}" can only be used once.`
    options.set(option, line.words.slice(at + 1, end))
    extendRun(run, line, at, end)
    return end
  }
  const from = negate ? at - 1 : at
  const text = textBehind(draft, prefix, from, end)
  loaded.prefix = null
  const term = draft.made.get(text) ?? makeOption(draft, module, text, at, end, negate)
  return addTerm(draft, term) ?? end
}

/** The words of a term, behind the `-m NAME` that stands at `prefix`. */
function textBehind({ line }: Draft, prefix: number | null, from: number, to: number): string {
  if (prefix === null) return textBetween(line, from, to)
  return prefix + 2 === from
    ? textBetween(line, prefix, to)
    : `${textBetween(line, prefix, prefix + 2)} ${textBetween(line, from, to)}`
}

function makeOption(
  draft: Draft,
  module: MatchModule,
  text: string,
  at: number,
  end: number,
  negate: boolean,
): Statement | string {
  const { line, made } = draft
  const values = line.words.slice(at + 1, end)
  if (module.name === 'comment') {
    const comment: Statement = { kind: 'comment', comment: values[0] ?? '', text }
    made.set(text, comment)
    return comment
  }
  const term = module.terms.get(line.words[at] ?? '')
  const match = term?.make(values, negate, contextOf(draft))
  // what nobody can evaluate is shown with its option, which the term itself does not know
  const isOpaque = match === undefined || (typeof match !== 'string' && match.kind === 'opaque')
  const own = isOpaque ? textBetween(line, negate ? at - 1 : at, end) : ''
  return makeTerm(draft, text, isOpaque ? { kind: 'opaque', text: own } : match)
}

/** An option pvefw does not know takes the words up to the next one. */
function readUnknown(draft: Draft, at: number, negate: boolean): number {
  const { line, named } = draft
  const { words } = line
  let end = at + 1
  while (end < words.length && words[end] !== '!' && words[end]?.startsWith('-') === false) end += 1
  const from = negate ? at - 1 : at
  if (named === null) {
    flushUnknown(draft, textBetween(line, from, end))
  } else {
    extendRun(named.run, line, from, end)
    named.others ??= []
    for (let i = from; i < end; i += 1) named.others.push(words[i] ?? '')
  }
  return end
}

/** Ends the extensions: the statements that need all their options, and what the kernel checks of the whole rule. */
function settle(draft: Draft): string | null {
  if (draft.unknownModule !== null) flushUnknown(draft)
  const { line, made } = draft
  const protocol = draft.protocolNegated ? null : draft.protocol
  for (const { module, used, prefix, gathered } of draft.loaded) {
    if (!used && module.empty !== null) return module.empty
    if (module.protocol !== null && module.protocol !== protocol)
      return `the kernel refuses -m ${module.name} without -p ${module.name}`
    if (gathered !== null && module.finish !== null) {
      const text = runText(gathered.run, line)
      const term =
        made.get(text) ?? makeTerm(draft, text, module.finish(gathered.options, contextOf(draft)))
      if (typeof term === 'string') return term
      draft.terms[gathered.slot] = term
    } else if (prefix !== null) {
      const text = textBetween(line, prefix, prefix + 2)
      draft.terms.push({ kind: 'comment', comment: '', text })
    }
  }
  return null
}

/** The statement of the target, made once like the terms. */
function targetStatement(draft: Draft, named: Named): Statement | string {
  const { made, line } = draft
  const text = runText(named.run, line)
  const known = made.get(text)
  if (known !== undefined) return known
  const statement = makeTarget(draft, named, text)
  made.set(text, statement)
  return statement
}

function makeTarget(draft: Draft, named: Named, text: string): Statement | string {
  const { reader, protocol, protocolNegated } = draft
  const { name, goto, target, options, others } = named
  if (reader.isBuiltIn(name)) return `the kernel refuses a jump to the built-in chain ${name}`
  if (reader.isChain(name))
    return { kind: 'verdict', verdict: { kind: goto ? 'goto' : 'jump', chain: name }, text }
  if (target === null) return otherTarget(name, others ?? [], text)
  if (others !== null) return { kind: 'opaque', text }
  const { version, table } = reader
  return target.make(options ?? NO_OPTIONS, text, {
    version,
    table,
    protocol: protocolNegated ? null : protocol,
  })
}

const NO_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map()

/** One rule per pair of addresses, source by source: `append_entry`, iptables/iptables.c. */
function expand(draft: Draft, last: Statement | null): Bodies {
  const { source, dest, terms } = draft
  if (last !== null) terms.push(last)
  // INVARIANT: settle() has filled every place that was kept. A copy has no room to grow: there are many.
  const common = terms.slice() as Statement[]
  if (source === null && dest === null) return [common]
  const bodies: (readonly Statement[])[] = []
  const none: readonly (Statement | null)[] = [null]
  for (const from of source?.turns ?? none) {
    for (const to of dest?.turns ?? none) {
      const body = [...common]
      if (source !== null && from !== null) body[source.slot] = from
      if (dest !== null && to !== null) body[dest.slot] = to
      bodies.push(body)
    }
  }
  return bodies
}
