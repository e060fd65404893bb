import {
  type CompiledChain,
  type CompiledRule,
  compiledChain,
  type Step,
} from '../eval/compiled-chain.ts'
import type { Rule, Verdict } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Analysis } from './analysis.ts'
import { afterEffect, candidates, isSameState, mapOf } from './chain-sum.ts'
import { type Diagram, diagramOfLeaf, leafOf, NONE, TRUE } from './diagram.ts'
import { keyFormula } from './formula.ts'
import type { Place, Scene, State, SymbolicQuestion } from './place.ts'

/** What comes of a rule when all packets of some ways go through. */
export type RuleUse = {
  /** Some packet comes to it and matches. */
  readonly fires: boolean
  /** Where packets come to its chain, the first such place: there can be asked what stands before it. */
  readonly met: Meeting
}

export type Meeting = {
  readonly scene: Scene
  readonly chain: CompiledChain
  readonly index: number
  readonly state: State
  /** The packets that enter the chain. */
  readonly entering: Diagram
  /** Some packets are left in this state when they come to the rule. */
  readonly live: boolean
}

/** Packets by the state they are in. */
class Crowd {
  readonly #groups: { readonly state: State; region: Diagram }[] = []

  add(state: State, region: Diagram, over: (a: Diagram, b: Diagram) => Diagram): void {
    if (region === NONE) return
    const own = this.#groups.find((group) => isSameState(group.state, state))
    if (own === undefined) this.#groups.push({ state, region })
    else own.region = over(own.region, region)
  }

  get groups(): readonly { readonly state: State; readonly region: Diagram }[] {
    return this.#groups
  }
}

type Ending = { readonly falls: Crowd; readonly accepts: Crowd }

/**
 * Sends packets along ways and notes which rules they come to and which of these match: rules that never do have no
 * effect. `entering`: the packets that set out.
 */
export function rulesUsed(
  analysis: Analysis,
  ways: readonly SymbolicQuestion[],
  entering: Diagram,
): ReadonlyMap<Rule, RuleUse> {
  const { space, sums, leaves } = analysis
  const { arena } = space
  const over = (a: Diagram, b: Diagram): Diagram => arena.over(a, b)
  const uses = new Map<Rule, { fires: boolean; met: Meeting }>()
  const endings = new Map<string, Ending>()
  const leafOfRule = new Map<CompiledRule, Diagram>()
  let depth = 0

  const leaf = (rule: CompiledRule): Diagram => {
    const known = leafOfRule.get(rule) ?? diagramOfLeaf(arena.newLeaf())
    leafOfRule.set(rule, known)
    return known
  }

  const meet = (meeting: Meeting, rule: CompiledRule): void => {
    const use = uses.get(rule.rule)
    if (use === undefined) uses.set(rule.rule, { fires: false, met: meeting })
    // rather where packets are left: rules are come to in several states
    else if (!use.met.live && (meeting.live || isSameWalk(use.met, meeting))) use.met = meeting
  }

  const fire = (rule: CompiledRule): void => {
    const use = uses.get(rule.rule)
    if (use !== undefined) use.fires = true
  }

  const enter = (scene: Scene, chain: CompiledChain, state: State, region: Diagram): Ending => {
    const { table } = chain
    const key = `${scene.id} ${table.family} ${table.name} ${chain.chain.name} ${leaves.stateId(state)} ${region}`
    const known = endings.get(key)
    if (known !== undefined) return known
    const ending: Ending = { falls: new Crowd(), accepts: new Crowd() }
    endings.set(key, ending)
    depth += 1
    if (depth < 400) new Walk(scene, chain, ending).from(state, region)
    depth -= 1
    return ending
  }

  /** One walk through a chain; packets whose state changes go on from where it did. */
  class Walk {
    readonly #scene: Scene
    readonly #chain: CompiledChain
    readonly #ending: Ending
    readonly #waiting = new Map<number, Crowd>()
    #entering: Diagram = NONE

    constructor(scene: Scene, chain: CompiledChain, ending: Ending) {
      this.#scene = scene
      this.#chain = chain
      this.#ending = ending
    }

    from(state: State, region: Diagram): void {
      this.#entering = region
      this.#wait(0, state, region)
      for (;;) {
        const index = Math.min(...this.#waiting.keys())
        const crowd = this.#waiting.get(index)
        if (crowd === undefined) return
        this.#waiting.delete(index)
        for (const group of crowd.groups) this.#run(index, group.state, group.region)
      }
    }

    #wait(index: number, state: State, region: Diagram): void {
      const crowd = this.#waiting.get(index) ?? new Crowd()
      this.#waiting.set(index, crowd)
      crowd.add(state, region, over)
    }

    #run(first: number, state: State, region: Diagram): void {
      let left = region
      let plain: CompiledRule[] = []
      for (const index of candidates(this.#chain, this.#scene, first)) {
        const rule = this.#chain.rules[index] as CompiledRule
        if (rule.passive) continue
        meet(this.#meeting(index, state, left !== NONE), rule)
        if (sums.isHopeless(this.#scene, this.#chain, rule, state)) continue
        if (isPlain(rule)) {
          plain.push(rule)
          continue
        }
        left = this.#settle(plain, state, left)
        plain = []
        left = this.#step(rule, state, left)
      }
      left = this.#settle(plain, state, left)
      const { userPolicy, base } = this.#chain.chain
      if (base !== null || userPolicy === 'return') this.#ending.falls.add(state, left, over)
      else if (userPolicy === 'accept') this.#ending.accepts.add(state, left, over)
    }

    #meeting(index: number, state: State, live: boolean): Meeting {
      const entering = this.#entering
      return { scene: this.#scene, chain: this.#chain, index, state, entering, live }
    }

    /** Rules that only test and decide, all at once: who decides about what is left. */
    #settle(rules: readonly CompiledRule[], state: State, left: Diagram): Diagram {
      if (rules.length === 0 || left === NONE) return left
      const items = rules.map((rule) =>
        arena.where(sums.matched(this.#scene, this.#chain, rule.index, state), leaf(rule)),
      )
      const decided = arena.where(left, balanced(items))
      const present = arena.leavesOf(decided)
      const passed = new Set<number>()
      const returned = new Set<number>()
      for (const rule of rules) {
        const number = leafOf(leaf(rule))
        if (!present.has(number)) continue
        fire(rule)
        const { verdict } = rule
        if (verdict.kind === 'accept' || (verdict.kind === 'queue' && verdict.bypass))
          passed.add(number)
        if (verdict.kind === 'return') returned.add(number)
      }
      const those = (numbers: ReadonlySet<number>): Diagram =>
        numbers.size === 0
          ? NONE
          : arena.relabel(decided, (each) => (numbers.has(each) ? TRUE : NONE))
      this.#ending.accepts.add(state, those(passed), over)
      this.#ending.falls.add(state, those(returned), over)
      return arena.except(left, decided)
    }

    /** A rule that does more; returns the packets that come to the next one as they came to it. */
    #step(rule: CompiledRule, state: State, left: Diagram): Diagram {
      let guard = left
      let changed = state
      let rest = left
      for (const [i, step] of rule.steps.entries()) {
        if (guard === NONE) return rest
        if (step.kind === 'test') {
          const holds = sums.holds(this.#scene, this.#chain, rule, i, changed)
          const next = arena.where(holds, guard)
          if (changed !== state) this.#wait(rule.index + 1, changed, arena.except(guard, next))
          guard = next
        } else if (step.kind === 'effect') {
          fire(rule)
          const after = afterEffect(step.statement, changed)
          if (after === null) return arena.except(rest, guard)
          if (changed === state && !isSameState(after, state)) {
            rest = arena.except(rest, guard)
            changed = after
          } else if (changed !== state) changed = after
        } else {
          const kept = this.#map(rule, step, changed, state, guard)
          if (changed === state) return arena.over(arena.except(rest, guard), kept)
          this.#wait(rule.index + 1, changed, kept)
          return rest
        }
      }
      if (guard === NONE) return rest
      fire(rule)
      const kept = this.#decide(rule, rule.verdict, changed, state, guard)
      if (changed !== state) return rest
      return arena.over(arena.except(rest, guard), kept)
    }

    /** The elements of a map; returns packets that have none, or come back from where they were sent. */
    #map(
      rule: CompiledRule,
      step: Extract<Step, { kind: 'vmap' }>,
      changed: State,
      state: State,
      guard: Diagram,
    ): Diagram {
      const { statement, elements } = mapOf(this.#chain, rule, step)
      let left = guard
      for (const { key, verdict } of elements ?? []) {
        const formula = keyFormula(statement.fields, key, this.#scene.at(changed))
        const those = arena.where(space.packets(formula), guard)
        if (those === NONE) continue
        fire(rule)
        const kept = this.#decide(rule, verdict, changed, state, those)
        left = arena.over(arena.except(left, those), kept)
      }
      return left
    }

    /** Carries a verdict out; returns the packets that go on with the next rule in the state they came in. */
    #decide(
      rule: CompiledRule,
      verdict: Verdict,
      changed: State,
      state: State,
      region: Diagram,
    ): Diagram {
      switch (verdict.kind) {
        case 'continue':
          if (changed === state) return region
          this.#wait(rule.index + 1, changed, region)
          return NONE
        case 'accept':
          this.#ending.accepts.add(changed, region, over)
          return NONE
        case 'queue':
          if (verdict.bypass) this.#ending.accepts.add(changed, region, over)
          return NONE
        case 'drop':
        case 'reject':
          return NONE
        case 'return':
          this.#ending.falls.add(changed, region, over)
          return NONE
        case 'jump':
        case 'goto': {
          const target = compiledChain(this.#chain.table, verdict.chain)
          if (target === null) return NONE
          const { falls, accepts } = enter(this.#scene, target, changed, region)
          for (const group of accepts.groups)
            this.#ending.accepts.add(group.state, group.region, over)
          let back: Diagram = NONE
          for (const group of falls.groups) {
            if (verdict.kind === 'goto') this.#ending.falls.add(group.state, group.region, over)
            else if (isSameState(group.state, state)) back = arena.over(back, group.region)
            else this.#wait(rule.index + 1, group.state, group.region)
          }
          return back
        }
        default:
          return unreachable(verdict)
      }
    }
  }

  const balanced = (items: readonly Diagram[]): Diagram => {
    const visit = (first: number, end: number): Diagram => {
      if (end - first === 1) return items[first] as Diagram
      const middle = (first + end) >> 1
      return arena.over(visit(first, middle), visit(middle, end))
    }
    return items.length === 0 ? NONE : visit(0, items.length)
  }

  for (const way of ways) {
    let crowd = new Crowd()
    crowd.add({ mark: way.mark, ctMark: way.ctMark, notrack: false, noted: false }, entering, over)
    for (const place of analysis.places(way)) crowd = through(place, crowd, way)
  }
  return uses

  function through(place: Place, crowd: Crowd, { mark }: SymbolicQuestion): Crowd {
    const { base, scene, startsLeg, startsTracking } = place
    const next = new Crowd()
    for (const group of crowd.groups) {
      const state = {
        ...group.state,
        mark: startsLeg ? mark : group.state.mark,
        notrack: startsTracking ? false : group.state.notrack,
      }
      const { falls, accepts } = enter(scene, base, state, group.region)
      for (const each of accepts.groups) next.add(each.state, each.region, over)
      if (base.chain.base?.policy !== 'drop')
        for (const each of falls.groups) next.add(each.state, each.region, over)
      // chains of type nat are passed by others
      if (place.asksNewOnly) next.add(state, group.region, over)
    }
    return next
  }
}

function isSameWalk(one: Meeting, other: Meeting): boolean {
  return one.scene === other.scene && one.entering === other.entering
}

/** A rule that ends the chain for all it matches and changes nothing: a run of them is one diagram. */
function isPlain({ steps, verdict }: CompiledRule): boolean {
  const ends = !['continue', 'jump', 'goto'].includes(verdict.kind)
  return ends && steps.every(({ kind }) => kind === 'test')
}
