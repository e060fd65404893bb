import type { Statement } from '../netfilter/ruleset.ts'
import { BASE_OPTIONS } from './base-options.ts'
import type { MatchModule } from './match-module.ts'
import { KNOWN_OPTIONS, protocolModule } from './match-modules.ts'
import {
  addTerm,
  contextOf,
  type Draft,
  flushUnknown,
  type LineReader,
  type Loaded,
  load,
  makeTerm,
  newDraft,
  newGathering,
  termText,
} from './rule-draft.ts'
import { otherTarget } from './targets.ts'
import { isPlain, joinWords, splitWords } from './words.ts'

/** The statements of the rules one line becomes, in the kernel's order. */
export type Bodies = readonly (readonly Statement[])[]

/**
 * Reads a rule without its `-A CHAIN` as `do_command4`/`do_command6` of iptables 1.8.9 (iptables/iptables.c,
 * xshared.c) would: the rules it becomes, or the words it is refused with. An option nobody knows makes an opaque
 * statement.
 */
export function readRuleLine(reader: LineReader, text: string): Bodies | string {
  const words = splitWords(text)
  if (typeof words === 'string') return words
  const draft = newDraft(reader, isPlain(text))
  const refusal = readOptions(draft, words) ?? settle(draft)
  if (refusal !== null) return refusal
  if (draft.skipped) return []
  const last = targetStatement(draft)
  return typeof last === 'string' ? last : expand(draft, last)
}

function readOptions(draft: Draft, words: readonly string[]): string | null {
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
    const next = readOption(draft, words, at, word, negate)
    if (typeof next === 'string') return next
    negate = false
    at = next
  }
  return null
}

/** Index of the word after the option and its values, or why it is refused. */
function readOption(
  draft: Draft,
  words: readonly string[],
  at: number,
  option: string,
  negate: boolean,
): number | string {
  const base = BASE_OPTIONS.get(option)
  if (base !== undefined) {
    if (at + base.args >= words.length) return `option "${option}" requires an argument`
    if ((draft.given & base.once) !== 0) return `multiple ${base.name} flags not allowed`
    if (negate && !base.negatable) return `cannot have ! before ${base.name}`
    draft.given |= base.once
    const values = words.slice(at + 1, at + 1 + base.args)
    return base.read(draft, option, values, negate) ?? at + 1 + base.args
  }
  const targetArgs = draft.target?.options.get(option)
  if (targetArgs !== undefined) {
    if (at + targetArgs >= words.length) return `option "${option}" requires an argument`
    const values = words.slice(at + 1, at + 1 + targetArgs)
    addTargetOption(draft, option, values, [option, ...values])
    return at + 1 + targetArgs
  }
  const loaded = findLoaded(draft, option)
  if (loaded !== null) return readTerm(draft, loaded, words, at, option, negate)
  if (KNOWN_OPTIONS.has(option)) return `unknown option "${option}"`
  return readUnknown(draft, words, at, negate)
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
  words: readonly string[],
  at: number,
  option: string,
  negate: boolean,
): number | string {
  const { module } = loaded
  const count = module.gathered.get(option) ?? module.terms.get(option)?.args ?? 0
  if (at + count >= words.length)
    return option === '--match-set'
      ? '--match-set requires two args.'
      : `option "${option}" requires an argument`
  const values = words.slice(at + 1, at + 1 + count)
  loaded.used = true
  if (loaded.gathered !== null) {
    const { options, words: taken } = loaded.gathered
    if (negate) return `${module.name}: option "${option}" cannot be inverted.`
    if (options.has(option)) return `${module.name}: option "${option}" can only be used once.`
    options.set(option, values)
    taken.push(option, ...values)
    return at + 1 + count
  }
  const own = termText(draft, negate, option, values)
  const text = loaded.prefix === null ? own : `${loaded.prefix} ${own}`
  loaded.prefix = null
  if (module.name === 'comment') {
    draft.terms.push({ kind: 'comment', comment: values[0] ?? '', text })
    return at + 1 + count
  }
  const refusal = addTerm(draft, text, (context) => {
    const match = module.terms.get(option)?.make(values, negate, context)
    // what nobody can evaluate is shown with its option, which the term itself does not know
    const isOpaque = match === undefined || (typeof match !== 'string' && match.kind === 'opaque')
    return isOpaque ? { kind: 'opaque', text: own } : match
  })
  return refusal ?? at + 1 + count
}

function addTargetOption(
  draft: Draft,
  option: string,
  values: readonly string[],
  words: readonly string[],
): void {
  draft.targetOptions ??= newGathering(-1)
  draft.targetOptions.options.set(option, values)
  draft.targetOptions.words.push(...words)
}

/** An option pvefw does not know takes the words up to the next one. */
function readUnknown(draft: Draft, words: readonly string[], at: number, negate: boolean): number {
  let end = at + 1
  while (end < words.length && words[end] !== '!' && words[end]?.startsWith('-') === false) end += 1
  const taken = [...(negate ? ['!'] : []), ...words.slice(at, end)]
  if (draft.targetName !== null) {
    addTargetOption(draft, 'unknown', [], taken)
  } else {
    flushUnknown(draft, joinWords(taken))
  }
  return end
}

/** Ends the extensions: the statements that need all their options, and what the kernel checks of the whole rule. */
function settle(draft: Draft): string | null {
  if (draft.unknownModule !== null) flushUnknown(draft)
  const protocol = draft.protocolNegated ? null : draft.protocol
  for (const { module, used, prefix, gathered } of draft.loaded) {
    if (!used && module.empty !== null) return module.empty
    if (module.protocol !== null && module.protocol !== protocol)
      return `the kernel refuses -m ${module.name} without -p ${module.name}`
    if (gathered !== null && module.finish !== null) {
      const text = `${prefix ?? `-m ${module.name}`} ${joinWords(gathered.words)}`.trim()
      const made =
        draft.made.get(text) ??
        makeTerm(draft, text, module.finish(gathered.options, contextOf(draft)))
      if (typeof made === 'string') return made
      draft.terms[gathered.slot] = made
    } else if (prefix !== null) {
      draft.terms.push({ kind: 'comment', comment: '', text: prefix })
    }
  }
  return null
}

/** The statement of the target, made once like the terms; null: the rule has none. */
function targetStatement(draft: Draft): Statement | null | string {
  const { targetName: name, targetOptions, made } = draft
  if (name === null) return null
  const start = `${draft.goto ? '-g' : '-j'} ${name}`
  const text = targetOptions === null ? start : `${start} ${joinWords(targetOptions.words)}`
  const known = made.get(text)
  if (known !== undefined) return known
  const statement = makeTarget(draft, name, text)
  made.set(text, statement)
  return statement
}

function makeTarget(draft: Draft, name: string, text: string): Statement | string {
  const { reader, target, targetOptions, goto, protocol, protocolNegated } = draft
  if (reader.isBuiltIn(name)) return `the kernel refuses a jump to the built-in chain ${name}`
  if (reader.isChain(name))
    return { kind: 'verdict', verdict: { kind: goto ? 'goto' : 'jump', chain: name }, text }
  const options = targetOptions?.options ?? noOptions
  if (target === null) return otherTarget(name, targetOptions?.words ?? [], text)
  if (options.has('unknown')) return { kind: 'opaque', text }
  const { version, table } = reader
  return target.make(options, text, {
    version,
    table,
    protocol: protocolNegated ? null : protocol,
  })
}

const noOptions: ReadonlyMap<string, readonly string[]> = new Map()

/** One rule per pair of addresses, source by source: `append_entry`, iptables/iptables.c. */
function expand(draft: Draft, last: Statement | null): Bodies {
  // INVARIANT: settle() has filled every place that was kept
  const common = draft.terms as Statement[]
  if (last !== null) common.push(last)
  const { source, dest } = draft
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
