import {
  type CompiledChain,
  type CompiledRule,
  compiledChain,
  type Step,
} from '../eval/compiled-chain.ts'
import { changedMarks } from '../eval/marks.ts'

import type { Statement, Verdict } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import { type Diagram, NONE, TRUE } from './diagram.ts'
import { type Formula, formulaOf, keyFormula } from './formula.ts'
import type { Decider, Leaves } from './leaf.ts'
import type { Scene, State } from './place.ts'
import type { Space } from './space.ts'

/** Sums up chains as diagrams; each once for every scene and state it is entered in. */
export type ChainSums = {
  /**
   * What becomes of packets that enter a chain: its leaves are verdicts, and `fall` where the chain ends without one.
   * It has a leaf for every packet.
   */
  readonly of: (scene: Scene, chain: CompiledChain, state: State) => Diagram
  /** The packets a rule of the chain matches, whatever stands before it, in the state its chain is entered in. */
  readonly matched: (scene: Scene, chain: CompiledChain, index: number, state: State) => Diagram
  /** The packets one test of a rule holds for. */
  readonly holds: (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    step: number,
    state: State,
  ) => Diagram
  /** True where a rule fails for every packet before it does anything. */
  readonly isHopeless: (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    state: State,
  ) => boolean
  /** What the rules before this one decide. */
  readonly before: (scene: Scene, chain: CompiledChain, index: number, state: State) => Diagram
}

export type SumOptions = {
  readonly space: Space
  readonly leaves: Leaves
  /** Leaves say who decided; else verdicts are all there is, and diagrams are smaller. */
  readonly deciders: boolean
  /** Rules that somebody looks for: what they let through is noted in its state. */
  readonly isNoted?: (decider: Decider) => boolean
}

/** A term of a rule, and the packets it holds for once somebody has asked. */
type Condition = { readonly formula: Formula; packets: Diagram | null }

/** Chains deeper than this lead back to themselves: no kernel holds such rules. */
const deepest = 400

/** States are few: pairs of marks that rules set. */
const mostStates = 65_536

/** The inner map of a map of maps, made on first use. */
function entry<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key)
  if (inner === undefined) {
    inner = new Map()
    map.set(key, inner)
  }
  return inner
}

/** The key of a way through `make` that has not ended yet. */
const OPEN = 'open'

export function newChainSums({ space, leaves, deciders, isNoted }: SumOptions): ChainSums {
  const { arena } = space
  const sums = new Map<CompiledChain, Map<number, Map<number, Diagram | typeof OPEN>>>()
  const conditions = new Map<CompiledRule, Map<number, Condition[]>>()
  let depth = 0

  /** One number for a scene and a state. */
  const where = (scene: Scene, state: State): number =>
    scene.id * mostStates + leaves.stateId(state)

  const by = (chain: CompiledChain, rule: CompiledRule | null): Decider => ({
    table: chain.table,
    chain: chain.chain,
    rule: rule?.rule ?? null,
    index: rule?.index ?? chain.rules.length,
  })

  const verdict = (
    kind: 'accept' | 'drop' | 'reject' | 'unknown',
    state: State,
    decider: Decider,
  ): Diagram => {
    const noted = state.noted || isNoted?.(decider) === true
    return leaves.put({
      kind,
      state: kind === 'accept' || noted !== state.noted ? { ...state, noted } : state,
      by: deciders ? decider : null,
    })
  }

  /** What the rules from one on make of packets in a state. */
  const from = (scene: Scene, chain: CompiledChain, index: number, state: State): Diagram => {
    const own = entry(entry(sums, chain), where(scene, state))
    const known = own.get(index)
    if (known !== undefined && known !== OPEN) return known
    depth += 1
    if (known === OPEN || depth > deepest) {
      depth -= 1
      return verdict('unknown', state, by(chain, chain.rules[index] ?? null))
    }
    own.set(index, OPEN)
    const items = itemsOf(scene, chain, index, chain.rules.length, state)
    if (!items.isClosed) items.list.push(endOfChain(chain, state))
    const made = overAll(items.list)
    own.set(index, made)
    depth -= 1
    return made
  }

  const endOfChain = (chain: CompiledChain, state: State): Diagram => {
    const { userPolicy, base } = chain.chain
    if (base !== null || userPolicy === 'return') return leaves.put({ kind: 'fall', state })
    return verdict(userPolicy, state, by(chain, null))
  }

  /** A diagram for each rule from one to before another that may say something, in order. */
  const itemsOf = (
    scene: Scene,
    chain: CompiledChain,
    first: number,
    end: number,
    state: State,
  ): { readonly list: Diagram[]; readonly isClosed: boolean } => {
    const list: Diagram[] = []
    for (const index of candidates(chain, scene, first)) {
      if (index >= end) break
      const rule = chain.rules[index] as CompiledRule
      if (rule.passive) continue
      const item = ruleItem(scene, chain, rule, state)
      if (item === NONE) continue
      list.push(item)
      // a leaf for every packet: nothing comes to the rules below
      if (item < 0) return { list, isClosed: true }
    }
    return { list, isClosed: false }
  }

  /** What one rule says: nothing where packets go on to the next one as they came. */
  const ruleItem = (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    state: State,
  ): Diagram => {
    if (isHopeless(scene, chain, rule, state)) return NONE
    let guard: Diagram = TRUE
    let changed = state
    // packets that a rule changed and that then failed one of its later terms
    let strayed: Diagram = NONE
    for (const [i, step] of rule.steps.entries()) {
      if (step.kind === 'test') {
        const holds = holdsFor(condition(scene, chain, rule, i, changed))
        const next = arena.where(guard, holds)
        if (changed !== state && next !== guard) {
          const rest = from(scene, chain, rule.index + 1, changed)
          strayed = arena.over(strayed, arena.where(arena.except(guard, next), rest))
        }
        guard = next
        if (guard === NONE) return strayed
      } else if (step.kind === 'effect') {
        const after = afterEffect(step.statement, changed)
        if (after === null)
          return arena.over(
            strayed,
            arena.where(guard, verdict('unknown', changed, by(chain, rule))),
          )
        changed = isSameState(after, state) ? state : after
      } else {
        const mapped = vmapItem(scene, chain, rule, step, changed, state)
        return arena.over(strayed, arena.where(guard, mapped))
      }
    }
    const said = verdictItem(scene, chain, rule, rule.verdict, changed, state)
    return arena.over(strayed, arena.where(guard, said))
  }

  const vmapItem = (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    step: Extract<Step, { kind: 'vmap' }>,
    changed: State,
    state: State,
  ): Diagram => {
    const { statement, elements } = mapOf(chain, rule, step)
    if (elements === null) return verdict('unknown', changed, by(chain, rule))
    const list: Diagram[] = []
    for (const { key, verdict: said } of elements) {
      const at = scene.at(changed)
      const formula = keyFormula(statement.fields, key, at)
      const matched = space.packets(formula)
      if (matched === NONE) continue
      list.push(arena.where(matched, verdictItem(scene, chain, rule, said, changed, state)))
    }
    const found = overAll(list)
    if (changed === state) return found
    // no element for the packet: the rule does not match, but what it did stays done
    return arena.over(found, from(scene, chain, rule.index + 1, changed))
  }

  const verdictItem = (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    said: Verdict,
    changed: State,
    state: State,
  ): Diagram => {
    const decider = by(chain, rule)
    switch (said.kind) {
      case 'continue':
        return changed === state ? NONE : from(scene, chain, rule.index + 1, changed)
      case 'accept':
      case 'drop':
      case 'reject':
        return verdict(said.kind, changed, decider)
      case 'queue':
        return verdict(said.bypass ? 'accept' : 'drop', changed, decider)
      case 'return':
        return leaves.put({ kind: 'fall', state: changed })
      case 'jump':
      case 'goto': {
        const target = compiledChain(chain.table, said.chain)
        if (target === null) return verdict('unknown', changed, decider)
        const notes = !changed.noted && isNoted?.(decider) === true
        const entered = from(scene, target, 0, notes ? { ...changed, noted: true } : changed)
        if (said.kind === 'goto') return entered
        // a rule that only sent packets somewhere they came back from had no say
        return resumed(scene, chain, rule.index + 1, notes ? forgetting(entered) : entered, state)
      }
      default:
        return unreachable(said)
    }
  }

  /** Packets that fall out of a chain are noted no more. */
  const forgetting = (entered: Diagram): Diagram =>
    arena.relabel(entered, (number) => {
      const leaf = leaves.get(number)
      if (leaf?.kind !== 'fall') return -1 - number
      return leaves.put({ kind: 'fall', state: { ...leaf.state, noted: false } })
    })

  /** A chain's sum where those that fall out of it go on in the chain they came from. */
  const resumed = (
    scene: Scene,
    chain: CompiledChain,
    next: number,
    entered: Diagram,
    state: State,
  ): Diagram => {
    const falls = [...arena.leavesOf(entered)].flatMap((number) => {
      const leaf = leaves.get(number)
      return leaf?.kind === 'fall' ? [{ number, leaf }] : []
    })
    if (falls.length === 0) return entered
    let made = arena.relabel(entered, (number) =>
      falls.some((fall) => fall.number === number) ? NONE : -1 - number,
    )
    for (const { number, leaf } of falls) {
      if (isSameState(leaf.state, state)) continue
      const those = arena.relabel(entered, (each) => (each === number ? TRUE : NONE))
      made = arena.over(made, arena.where(those, from(scene, chain, next, leaf.state)))
    }
    return made
  }

  const condition = (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    step: number,
    state: State,
  ): Condition => {
    const at = where(scene, state)
    let ofRule = conditions.get(rule)
    if (ofRule === undefined) {
      ofRule = new Map()
      conditions.set(rule, ofRule)
    }
    let steps = ofRule.get(at)
    if (steps === undefined) {
      steps = []
      ofRule.set(at, steps)
    }
    const known = steps[step]
    if (known !== undefined) return known
    const made = { formula: conditionOf(scene, chain, rule, step, state), packets: null }
    steps[step] = made
    return made
  }

  const holdsFor = (known: Condition): Diagram => {
    known.packets ??= space.packets(known.formula)
    return known.packets
  }

  /** True where a rule fails for every packet before it does anything: nothing of it need be looked at. */
  const isHopeless = (
    scene: Scene,
    chain: CompiledChain,
    rule: CompiledRule,
    state: State,
  ): boolean => {
    for (const [i, { kind }] of rule.steps.entries()) {
      if (kind !== 'test') return false
      const { formula } = condition(scene, chain, rule, i, state)
      if (formula.kind === 'const' && !formula.value) return true
    }
    return false
  }

  const overAll = (list: readonly Diagram[]): Diagram => {
    if (list.length === 0) return NONE
    const visit = (first: number, end: number): Diagram => {
      if (end - first === 1) return list[first] as Diagram
      const middle = (first + end) >> 1
      return arena.over(visit(first, middle), visit(middle, end))
    }
    return visit(0, list.length)
  }

  return {
    holds: (...test) => holdsFor(condition(...test)),
    isHopeless,
    of: (scene, chain, state) => from(scene, chain, 0, state),
    before: (scene, chain, index, state) => overAll(itemsOf(scene, chain, 0, index, state).list),
    matched: (scene, chain, index, state) => {
      const rule = chain.rules[index] as CompiledRule
      if (isHopeless(scene, chain, rule, state)) return NONE
      let guard: Diagram = TRUE
      let changed = state
      for (const [i, step] of rule.steps.entries()) {
        if (step.kind === 'test')
          guard = arena.where(guard, holdsFor(condition(scene, chain, rule, i, changed)))
        else if (step.kind === 'effect') changed = afterEffect(step.statement, changed) ?? changed
      }
      return guard
    },
  }
}

/** A test of a rule as a formula; the name of what nobody can tell in it is this rule's. */
export function conditionOf(
  scene: Scene,
  chain: CompiledChain,
  rule: CompiledRule,
  step: number,
  state: State | null,
): Formula {
  const { test } = rule.steps[step] as Extract<Step, { kind: 'test' }>
  const at = state === null ? scene.any : scene.at(state)
  const name = `${chain.table.family} ${chain.table.name} ${chain.chain.name} ${rule.index} ${step}`
  return formulaOf(test, at, chain.table, name)
}

/** The elements of a verdict map as they stand in the ruleset; null: the map is not held. */
export function mapOf(
  chain: CompiledChain,
  rule: CompiledRule,
  { verdicts }: Extract<Step, { kind: 'vmap' }>,
): {
  readonly statement: Extract<Statement, { kind: 'vmap' }>
  readonly elements:
    | readonly {
        readonly key: readonly (string | number | bigint)[]
        readonly verdict: Verdict
      }[]
    | null
} {
  const statement = rule.rule.body.find((each) => each.kind === 'vmap')
  if (statement?.kind !== 'vmap') throw new Error('a map without its statement')
  const map = chain.table.maps.get(statement.map)
  return { statement, elements: verdicts === null ? null : (map?.elements ?? null) }
}

/** The state after what a rule does besides its verdict; null: nobody can tell what it does. */
export function afterEffect(statement: Statement, state: State): State | null {
  switch (statement.kind) {
    case 'set-mark':
    case 'copy-mark':
      return { ...state, ...changedMarks(statement, state) }
    case 'notrack':
      return { ...state, notrack: true }
    case 'nat':
    case 'opaque':
      return null
    default:
      return state
  }
}

export function isSameState(a: State, b: State): boolean {
  return (
    a.mark === b.mark && a.ctMark === b.ctMark && a.notrack === b.notrack && a.noted === b.noted
  )
}

/** The rules of a chain from one on that can match the devices of a scene, ascending. */
export function candidates(
  { rules, dispatch }: CompiledChain,
  scene: Scene,
  first: number,
): readonly number[] {
  const all = dispatch === null ? rules.map((_, index) => index) : dispatched(dispatch, scene)
  return first === 0 ? all : all.filter((index) => index >= first)
}

function dispatched(
  { slot, byName, rest }: NonNullable<CompiledChain['dispatch']>,
  scene: Scene,
): readonly number[] {
  const device = scene.any.values[slot]
  const own = typeof device === 'string' ? byName.get(device) : undefined
  if (own === undefined) return rest
  return [...own, ...rest].toSorted((a, b) => a - b)
}
