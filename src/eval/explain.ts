import { FIELD_NAMES, FIELDS } from '../netfilter/field.ts'
import type { Means } from '../netfilter/origin.ts'
import type { Chain, Rule, Statement } from '../netfilter/ruleset.ts'
import {
  type CompiledChain,
  type CompiledRule,
  compiledChain,
  isPassive,
} from './compiled-chain.ts'
import {
  CT_MARK_SLOT,
  CT_STATE_SLOT,
  MARK_SLOT,
  packetValues,
  setHop,
  stateValue,
  UNKNOWN,
  type Values,
  valueAt,
} from './field-value.ts'
import { stateSeenBy } from './hop.ts'
import { type Marks, marksAfter } from './marks.ts'
import { NO, runTest, type Test, UNSURE, YES } from './statement.ts'
import type { ChainTrace, HopTrace, Question, RuleHit, Tested, Trace } from './trace.ts'

/** A rule that was passed over: its terms up to the one that failed. */
export type Passed = {
  readonly rule: Rule
  readonly index: number
  readonly tested: readonly Tested[]
  /** The term that failed, or that is not known where none did. */
  readonly failed: Tested | null
}

/**
 * The rules of a chain that were passed over, tested again with what the packet had when their turn came (a walk
 * writes down hits only). Cost: linear in the rules of the chain.
 */
export function explainMisses(
  question: Question,
  trace: Trace,
  hop: HopTrace,
  chain: ChainTrace,
): readonly Passed[] {
  const compiled = compiledChain(chain.table, chain.chain.name)
  if (compiled === null) return []
  const values = valuesIn(question, hop, chain)
  const hits = new Map(chain.hits.map((hit) => [hit.index, hit]))
  const stopped = trace.outcome === 'unknown' ? trace.assumptions.at(-1)?.rule : null
  const last = chain.hits.at(-1)?.index ?? null
  // where the walk stopped at a doubt, its turn came behind the last rule that matched
  const isStopped =
    stopped != null &&
    chain.end === 'verdict' &&
    compiled.rules.some(({ rule, index }) => rule === stopped && index > (last ?? -1))
  const ended = (chain.end === 'verdict' || chain.end === 'return') && !isStopped ? last : null
  let marks: Marks = { mark: chain.markBefore, ctMark: chain.ctMarkBefore }
  const passed: Passed[] = []
  for (const rule of compiled.rules) {
    if ((isStopped && rule.rule === stopped) || (ended !== null && rule.index > ended)) break
    const hit = hits.get(rule.index)
    if (hit === undefined) passed.push(testAgain(rule, setMarks(values, marks), question))
    else marks = marksAfter(hit, marks)
  }
  return passed
}

/** A rule behind the one that decided which matches as well and would have decided otherwise. */
export type LaterMatch = {
  readonly chain: Chain
  readonly rule: Rule
  readonly index: number
  readonly would: Exclude<Means, null>
  /** The rule that came first. */
  readonly first: Rule
}

/**
 * Configured rules that `hit` kept from deciding otherwise: behind it in its chain, behind the jumps that led to it,
 * and in the chains such rules go into. One per line of the configuration, in the order they would have run.
 */
export function laterMatches(
  question: Question,
  hop: HopTrace,
  hit: RuleHit,
): readonly LaterMatch[] {
  const way = wayTo(hop.chains, hit)
  const own = way.at(-1)
  const means = hit.rule.origin.means
  if (own === undefined || means === null) return []
  const values = valuesIn(question, hop, own.chain)
  let marks: Marks = { mark: own.chain.markBefore, ctMark: own.chain.ctMarkBefore }
  for (const before of own.chain.hits) {
    if (before === hit) break
    marks = marksAfter(before, marks)
  }
  setMarks(values, marks)
  const found: LaterMatch[] = []
  const lines = new Set([lineOf(hit.rule)])
  const entered = new Set<string>()
  const collect = (compiled: CompiledChain | null, from: number): void => {
    if (compiled === null) return
    for (const rule of compiled.rules.slice(from)) {
      if (!matches(rule, values, question)) continue
      const { origin } = rule.rule
      if (rule.verdict.kind === 'jump' || rule.verdict.kind === 'goto') {
        const { chain } = rule.verdict
        if (origin.means === null && !entered.has(chain)) {
          entered.add(chain)
          collect(compiledChain(compiled.table, chain), 0)
        }
      }
      const line = lineOf(rule.rule)
      if (origin.kind !== 'rule' && origin.kind !== 'imported') continue
      if (origin.means === null || isPassive(rule.rule) || lines.has(line)) continue
      lines.add(line)
      if (origin.means !== means)
        found.push({
          chain: compiled.chain,
          rule: rule.rule,
          index: rule.index,
          would: origin.means,
          first: hit.rule,
        })
    }
  }
  for (const { chain, hit: at } of way.toReversed())
    collect(compiledChain(chain.table, chain.chain.name), at.index + 1)
  return found
}

/** The line a rule came from: a macro makes several rules of one. */
function lineOf({ origin, text }: Rule): string {
  return origin.span === null ? text : `${origin.span.file.path}:${origin.span.start}`
}

type Step = { readonly chain: ChainTrace; readonly hit: RuleHit }

/** The jumps that led to a hit, outermost first, itself last. */
function wayTo(chains: readonly ChainTrace[], wanted: RuleHit): readonly Step[] {
  for (const chain of chains) {
    for (const hit of chain.hits) {
      if (hit === wanted) return [{ chain, hit }]
      const inner = hit.into === null ? [] : wayTo([hit.into], wanted)
      if (inner.length > 0) return [{ chain, hit }, ...inner]
    }
  }
  return []
}

/** What the packet has at a hop, for the tables of a chain's family. */
function valuesIn(question: Question, { hop, state, chains }: HopTrace, chain: ChainTrace): Values {
  const { packet } = question
  const values = packetValues(packet)
  setHop(values, hop, chain.table.family, packet)
  const root = chains.find((base) => base === chain || contains(base, chain)) ?? chain
  values[CT_STATE_SLOT] = stateValue(stateSeenBy(root, hop, state))
  return values
}

function contains({ hits }: ChainTrace, wanted: ChainTrace): boolean {
  return hits.some(({ into }) => into !== null && (into === wanted || contains(into, wanted)))
}

function setMarks(values: Values, { mark, ctMark }: Marks): Values {
  values[MARK_SLOT] = mark
  values[CT_MARK_SLOT] = ctMark
  return values
}

function matches({ steps }: CompiledRule, values: Values, { packet, fib }: Question): boolean {
  return steps.every(
    (step) => step.kind !== 'test' || runTest(step.test, values, packet, fib) === YES,
  )
}

function testAgain(rule: CompiledRule, values: Values, question: Question): Passed {
  const { packet, fib } = question
  const tests = new Map(
    rule.steps.flatMap((step) => (step.kind === 'test' ? [[step.test.match, step.test]] : [])),
  )
  const tested: Tested[] = []
  let unsure: Tested | null = null
  for (const statement of rule.rule.body) {
    const test = statement.kind === 'match' ? tests.get(statement.match) : undefined
    if (test === undefined) continue
    const result = runTest(test, values, packet, fib)
    const one = testedAs(statement, test, result, values, question)
    tested.push(one)
    if (result === NO) return { rule: rule.rule, index: rule.index, tested, failed: one }
    if (result === UNSURE) unsure ??= one
  }
  return { rule: rule.rule, index: rule.index, tested, failed: unsure }
}

function testedAs(
  statement: Statement,
  test: Test,
  result: number,
  values: Values,
  question: Question,
): Tested {
  return {
    statement,
    result: result === YES ? 'yes' : result === NO ? 'no' : 'unknown',
    actual: slotsOf(test).map((slot) => actualValue(slot, values, question)),
  }
}

/** The fields a test looks at, in the order of its match. */
function slotsOf(test: Test): readonly number[] {
  if (test.parts.length > 0) return test.parts.flatMap(slotsOf)
  if (test.slots.length > 0) return test.slots
  return test.match.kind === 'limit' || test.match.kind === 'opaque' ? [] : [test.slot]
}

function actualValue(
  slot: number,
  values: Values,
  { packet, fib }: Question,
): Tested['actual'][number] {
  const value = valueAt(values, slot, packet, fib)
  if (value === UNKNOWN) return 'unknown'
  const field = FIELD_NAMES[slot]
  const isAddress = field !== undefined && FIELDS[field].kind === 'address'
  // no device is told apart from a device
  if (value === '') return null
  return isAddress && typeof value === 'number' ? BigInt(value) : value
}
