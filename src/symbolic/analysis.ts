import { type CompiledChain, type CompiledRule, compiledChain } from '../eval/compiled-chain.ts'
import type { Verdict } from '../netfilter/ruleset.ts'
import { alikeFor } from './alike.ts'
import {
  type ChainSums,
  candidates,
  conditionOf,
  isSameState,
  mapOf,
  newChainSums,
} from './chain-sum.ts'
import { type Diagram, NONE, TRUE } from './diagram.ts'
import type { Family } from './fields.ts'
import { type Formula, keyFormula } from './formula.ts'
import { type Decider, type Leaf, type Leaves, newLeaves } from './leaf.ts'
import {
  newSceneCache,
  type Place,
  placesOn,
  type Scene,
  type SceneCache,
  type State,
  type SymbolicQuestion,
} from './place.ts'
import { learn, newVocabulary, type Space, spaceOf, type Vocabulary } from './space.ts'

/** Everything made for questions about one family of packets; their answers can be compared and cut with one another. */
export type Analysis = {
  readonly space: Space
  readonly leaves: Leaves
  readonly sums: ChainSums
  /** For every packet, what becomes of it on the way: `through`, `drop`, `reject` or `unknown`. */
  readonly answer: (question: SymbolicQuestion) => Diagram
  /**
   * True where two ways are the same to every packet because each base chain on the one does what its counterpart on
   * the other does. False does not say that they differ.
   */
  readonly isSame: (one: SymbolicQuestion, other: SymbolicQuestion) => boolean
  /** The base chains of the way. */
  readonly places: (question: SymbolicQuestion) => readonly Place[]
  readonly leaf: (leaf: number) => Leaf
}

export type AnalysisOptions = {
  readonly family: Family
  /** All questions that will be asked. */
  readonly questions: readonly SymbolicQuestion[]
  /** All that will be asked of packets besides. */
  readonly regions?: readonly Formula[]
  readonly deciders?: boolean
  readonly isNoted?: (decider: Decider) => boolean
  /** Cells of the diagram; see {@link DEFAULT_BUDGET}. */
  readonly budget?: number
}

/**
 * Reads what the questions' rules can look at, makes the classes, and answers. Throws {@link BudgetExceeded} where an
 * answer needs more memory than it may take.
 */
export function analyse(options: AnalysisOptions): Analysis {
  const scenes = newSceneCache(alikeFor(options.questions.map(({ ruleset }) => ruleset)))
  const vocabulary = newVocabulary(options.family)
  for (const region of options.regions ?? []) learn(vocabulary, region)
  learn(vocabulary, NEW_OR_RELATED)
  const visited = new Set<string>()
  for (const question of options.questions)
    for (const { scene, base } of placesOn(question, scenes))
      learnChain(scene, base, vocabulary, visited)
  const space = spaceOf(vocabulary, options.budget)
  const leaves = newLeaves(space.arena)
  const answers = new Map<string, Diagram>()
  const { isNoted } = options
  const sums = newChainSums({
    space,
    leaves,
    deciders: options.deciders ?? false,
    ...(isNoted === undefined ? {} : { isNoted }),
  })
  return {
    space,
    leaves,
    sums,
    places: (question) => placesOn(question, scenes),
    isSame: (one, other) => isSameWay(one, other, { space, leaves, sums, scenes }),
    answer: (question) => {
      const places = placesOn(question, scenes)
      const key = wayKey(question, places)
      const known = answers.get(key) ?? answerOn(question, places, { space, leaves, sums })
      answers.set(key, known)
      return known
    },
    leaf: (number) => {
      const leaf = leaves.get(number)
      if (leaf === null) throw new Error(`leaf ${number} says nothing about rules`)
      return leaf
    },
  }
}

/** Packets that chains of type nat are asked about (`asksForNat`). */
const NEW_OR_RELATED: Formula = {
  kind: 'in',
  field: 'ct state',
  // new and related: fields.ts has the order
  values: [0, 1, 2, 3],
  negate: false,
}

function learnChain(
  scene: Scene,
  chain: CompiledChain,
  vocabulary: Vocabulary,
  visited: Set<string>,
): void {
  const key = `${scene.id} ${chain.table.family} ${chain.table.name} ${chain.chain.name}`
  if (visited.has(key)) return
  visited.add(key)
  const enter = (verdict: Verdict): void => {
    if (verdict.kind !== 'jump' && verdict.kind !== 'goto') return
    const target = compiledChain(chain.table, verdict.chain)
    if (target !== null) learnChain(scene, target, vocabulary, visited)
  }
  for (const index of candidates(chain, scene, 0)) {
    const rule = chain.rules[index] as CompiledRule
    if (!rule.passive) learnRule(scene, chain, rule, vocabulary, enter)
  }
}

/** A rule with a term that no packet of the scene passes is left out, unless it does something before that. */
function learnRule(
  scene: Scene,
  chain: CompiledChain,
  rule: CompiledRule,
  vocabulary: Vocabulary,
  enter: (verdict: Verdict) => void,
): void {
  const formulas: Formula[] = []
  let acts = false
  for (const [i, step] of rule.steps.entries()) {
    if (step.kind === 'effect') {
      acts = true
      continue
    }
    if (step.kind === 'test') {
      const formula = conditionOf(scene, chain, rule, i, null)
      formulas.push(formula)
      if (formula.kind !== 'const' || formula.value) continue
      if (acts) for (const each of formulas) learn(vocabulary, each)
      return
    }
    const { statement, elements } = mapOf(chain, rule, step)
    for (const { key, verdict } of elements ?? []) {
      const formula = keyFormula(statement.fields, key, scene.any)
      if (formula.kind === 'const' && !formula.value) continue
      formulas.push(formula)
      enter(verdict)
    }
  }
  for (const formula of formulas) learn(vocabulary, formula)
  enter(rule.verdict)
}

/** Goes along both ways at once, with every state packets can be in. */
function isSameWay(
  one: SymbolicQuestion,
  other: SymbolicQuestion,
  { space, leaves, sums, scenes }: Parts & { readonly scenes: SceneCache },
): boolean {
  const own = placesOn(one, scenes)
  const others = placesOn(other, scenes)
  if (own.length !== others.length) return false
  const fresh = { mark: one.mark, ctMark: one.ctMark, notrack: false, noted: false }
  let states = new Map<number, State>([[leaves.stateId(fresh), fresh]])
  for (const [i, place] of own.entries()) {
    const counterpart = others[i] as Place
    const policy = place.base.chain.base?.policy
    if (
      policy !== counterpart.base.chain.base?.policy ||
      place.startsLeg !== counterpart.startsLeg ||
      place.startsTracking !== counterpart.startsTracking ||
      place.asksNewOnly !== counterpart.asksNewOnly
    )
      return false
    const next = new Map<number, State>()
    const goOn = (state: State): void => {
      next.set(leaves.stateId(state), state)
    }
    for (const came of states.values()) {
      const state = arriving(place, came, one)
      const sum = sums.of(place.scene, place.base, state)
      if (sum !== sums.of(counterpart.scene, counterpart.base, state)) return false
      if (place.asksNewOnly) goOn(state)
      for (const number of space.arena.leavesOf(sum)) {
        const leaf = leaves.get(number)
        if (leaf?.kind === 'accept' || (leaf?.kind === 'fall' && policy === 'accept'))
          goOn(leaf.state)
      }
    }
    states = next
  }
  return true
}

/** Ways that no rule can tell apart have one answer. */
function wayKey({ mark, ctMark }: SymbolicQuestion, places: readonly Place[]): string {
  const each = places.map(({ base, scene, startsLeg, startsTracking, asksNewOnly }) => {
    const { table, chain } = base
    const marks = [startsLeg, startsTracking, asksNewOnly].map(Number).join('')
    return `${scene.id} ${table.family} ${table.name} ${chain.name} ${marks}`
  })
  return [mark, ctMark, ...each].join('|')
}

type Parts = Pick<Analysis, 'space' | 'leaves' | 'sums'>

function answerOn(
  question: SymbolicQuestion,
  places: readonly Place[],
  { space, leaves, sums }: Parts,
): Diagram {
  const { arena } = space
  const known = new Map<string, Diagram>()
  const fresh: State = {
    mark: question.mark,
    ctMark: question.ctMark,
    notrack: false,
    noted: false,
  }

  const from = (index: number, came: State): Diagram => {
    const place = places[index]
    if (place === undefined) return leaves.put({ kind: 'through', state: lastState(came) })
    const state = arriving(place, came, question)
    const key = `${index} ${leaves.stateId(state)}`
    const found = known.get(key)
    if (found !== undefined) return found
    const made = goOn(atBase(place, state), index)
    known.set(key, made)
    return made
  }

  /** What the base chain says, its policy included. */
  const atBase = (place: Place, state: State): Diagram => {
    const { base, scene } = place
    const policy = base.chain.base?.policy ?? 'accept'
    const entered = arena.relabel(sums.of(scene, base, state), (number) => {
      const leaf = leaves.get(number)
      if (leaf?.kind !== 'fall') return -1 - number
      return leaves.put({ kind: policy, state: leaf.state, by: null })
    })
    if (!place.asksNewOnly) return entered
    const skipped = leaves.put({ kind: 'accept', state, by: null })
    if (state.notrack) return skipped
    return arena.over(arena.where(space.packets(NEW_OR_RELATED), entered), skipped)
  }

  /** Those that are let go on come to the next base chain, each in its state. */
  const goOn = (said: Diagram, index: number): Diagram => {
    const accepted: { readonly number: number; readonly state: State }[] = []
    for (const number of arena.leavesOf(said)) {
      const leaf = leaves.get(number)
      if (leaf?.kind === 'accept') accepted.push({ number, state: leaf.state })
    }
    if (accepted.length === 0) return said
    const numbers = new Set(accepted.map(({ number }) => number))
    let made = arena.relabel(said, (number) => (numbers.has(number) ? NONE : -1 - number))
    const groups = groupByState(accepted)
    for (const { state, members } of groups) {
      const next = from(index + 1, state)
      const those =
        groups.length === 1
          ? TRUE
          : arena.relabel(said, (number) => (members.has(number) ? TRUE : NONE))
      made = arena.over(made, arena.where(those, next))
    }
    return made
  }

  return from(0, fresh)
}

function groupByState(
  accepted: readonly { readonly number: number; readonly state: State }[],
): readonly { readonly state: State; readonly members: Set<number> }[] {
  const groups: { readonly state: State; readonly members: Set<number> }[] = []
  for (const { number, state } of accepted) {
    const own = groups.find((group) => isSameState(group.state, state))
    if (own === undefined) groups.push({ state, members: new Set([number]) })
    else own.members.add(number)
  }
  return groups
}

/** The state in which a packet comes to a base chain: marks are fresh on each leg, and conntrack looks anew. */
function arriving(
  { startsLeg, startsTracking }: Place,
  came: State,
  { mark }: SymbolicQuestion,
): State {
  if (!startsLeg && !startsTracking) return came
  return {
    ...came,
    mark: startsLeg ? mark : came.mark,
    notrack: startsTracking ? false : came.notrack,
  }
}

/** At the end only what somebody looks for is still of interest. */
function lastState({ noted }: State): State {
  return { mark: 0, ctMark: 0, notrack: false, noted }
}
