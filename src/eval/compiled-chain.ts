import { type FieldName, fieldSlot } from '../netfilter/field.ts'
import type { Chain, NfMap, Rule, Statement, Table, Verdict } from '../netfilter/ruleset.ts'
import { tupleKey } from './set-index.ts'
import { prepareTest, TEST, type Test } from './statement.ts'

/** A rule made ready to be run: tests and effects in the order of its statements. */
export type CompiledRule = {
  readonly rule: Rule
  readonly index: number
  readonly steps: readonly Step[]
  /** What it does when all its tests pass. */
  readonly verdict: Verdict
  /** Only logs or comments: what is assumed about it changes nothing. */
  readonly passive: boolean
  /** The chain its verdict goes into, found when it first does; null: not looked for yet. */
  target: CompiledChain | null
}

export type Step =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'effect'; readonly statement: Statement }
  | {
      readonly kind: 'vmap'
      readonly slots: readonly number[]
      /** By key; null for a map that is not held, because it could not be read: nobody knows. */
      readonly verdicts: ReadonlyMap<string, Verdict> | null
    }

export type CompiledChain = {
  readonly table: Table
  readonly chain: Chain
  readonly rules: readonly CompiledRule[]
  readonly dispatch: Dispatch | null
}

/**
 * For chains with a rule per guest: the rules that can match a device, by its name in the one field most rules look
 * at; `rest` are the rules that do not look at it, or not for one name. Both ascending, so that order is kept.
 */
export type Dispatch = {
  readonly slot: number
  readonly byName: ReadonlyMap<string, readonly number[]>
  readonly rest: readonly number[]
}

/** Fewer rules with a device are walked faster than looked up. */
const worthDispatching = 8

const GO_ON: Verdict = { kind: 'continue' }
const ACCEPT: Verdict = { kind: 'accept' }

type Cache = {
  readonly chains: Map<string, CompiledChain | null>
  /** Statements are shared by rules (readers make each once), so their tests are as well. */
  readonly tests: Map<Statement, Test>
}

const caches = new WeakMap<Table, Cache>()

/** The chain of that name, made ready on first use; null if the table has none. */
export function compiledChain(table: Table, name: string): CompiledChain | null {
  let cache = caches.get(table)
  if (cache === undefined) {
    cache = { chains: new Map(), tests: new Map() }
    caches.set(table, cache)
  }
  const known = cache.chains.get(name)
  if (known !== undefined) return known
  const chain = table.chains.get(name)
  const compiled = chain === undefined ? null : compileChain(table, chain, cache)
  cache.chains.set(name, compiled)
  return compiled
}

function compileChain(table: Table, chain: Chain, cache: Cache): CompiledChain {
  const rules = chain.rules.map((rule, index) => compileRule(table, rule, index, cache))
  return { table, chain, rules, dispatch: makeDispatch(rules) }
}

function compileRule(table: Table, rule: Rule, index: number, cache: Cache): CompiledRule {
  const steps: Step[] = []
  let limits: Step[] = []
  let verdict: Verdict = GO_ON
  for (const statement of rule.body) {
    if (statement.kind === 'match') {
      const step: Step = { kind: 'test', test: testOf(statement, table, cache) }
      // a limit is asked last: what is taken of it matters only where all else matched
      if (statement.match.kind === 'limit') limits.push(step)
      else steps.push(step)
      continue
    }
    steps.push(...limits)
    limits = []
    if (statement.kind === 'verdict') verdict = statement.verdict
    else if (statement.kind === 'vmap')
      steps.push(vmapStep(statement.fields, table.maps.get(statement.map)))
    else if (statement.kind !== 'log' && statement.kind !== 'comment') {
      steps.push({ kind: 'effect', statement })
      if (statement.kind === 'nat') verdict = ACCEPT
    }
  }
  steps.push(...limits)
  return { rule, index, steps, verdict, passive: isPassive(rule), target: null }
}

/** True for a rule that only logs or comments: it has no part in what becomes of a packet. */
export function isPassive(rule: Rule): boolean {
  let watches = false
  for (const { kind } of rule.body) {
    if (kind === 'log' || kind === 'comment') watches = true
    else if (kind !== 'match') return false
  }
  return watches
}

function testOf(
  statement: Extract<Statement, { kind: 'match' }>,
  table: Table,
  cache: Cache,
): Test {
  const known = cache.tests.get(statement)
  if (known !== undefined) return known
  const made = prepareTest(statement.match, table.sets)
  cache.tests.set(statement, made)
  return made
}

function vmapStep(
  fields: Extract<Statement, { kind: 'vmap' }>['fields'],
  map: NfMap | undefined,
): Step {
  const slots = fields.map(fieldSlot)
  if (map === undefined) return { kind: 'vmap', slots, verdicts: null }
  const entries = map.elements.map(({ key, verdict }): [string, Verdict] => [
    tupleKey(key),
    verdict,
  ])
  return { kind: 'vmap', slots, verdicts: new Map(entries) }
}

function makeDispatch(rules: readonly CompiledRule[]): Dispatch | null {
  if (rules.length < worthDispatching) return null
  const bySlot = new Map<number, number>()
  for (const rule of rules)
    for (const slot of new Set(deviceTests(rule).map((one) => one.slot)))
      bySlot.set(slot, (bySlot.get(slot) ?? 0) + 1)
  const [best] = [...bySlot].sort(([, a], [, b]) => b - a)
  if (best === undefined || best[1] < worthDispatching) return null
  const [slot] = best
  const byName = new Map<string, number[]>()
  const rest: number[] = []
  for (const rule of rules) {
    const own = deviceTests(rule).find((one) => one.slot === slot)
    if (own === undefined) rest.push(rule.index)
    else {
      const others = byName.get(own.name)
      if (others === undefined) byName.set(own.name, [rule.index])
      else others.push(rule.index)
    }
  }
  return { slot, byName, rest }
}

/** Tests for exactly one device that come before anything the rule does. */
function deviceTests({ steps }: CompiledRule): readonly Test[] {
  const found: Test[] = []
  for (const step of steps) {
    if (step.kind !== 'test') break
    const { test } = step
    if (test.kind === TEST.name && !test.negate && isDevice(test)) found.push(test)
  }
  return found
}

const devices: ReadonlySet<FieldName> = new Set([
  'meta iifname',
  'meta oifname',
  'meta ibrname',
  'meta obrname',
  'physdev in',
  'physdev out',
] as const)

function isDevice({ match }: Test): boolean {
  return match.kind === 'field' && devices.has(match.field)
}
