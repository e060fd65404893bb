import type { Chain, Rule, Table } from '../netfilter/ruleset.ts'
import { type Arena, type Diagram, diagramOfLeaf } from './diagram.ts'
import type { State } from './place.ts'

/** Who says what becomes of a packet: a rule of a chain, or, `rule` null, the policy at the end of it. */
export type Decider = {
  readonly table: Table
  readonly chain: Chain
  readonly rule: Rule | null
  /** Zero-based number of the rule; that of rules in the chain for the policy. */
  readonly index: number
}

/** What a leaf of a diagram about rules says. */
export type Leaf =
  /** A chain or a base chain lets the packet go on. */
  | { readonly kind: 'accept'; readonly state: State; readonly by: Decider | null }
  /** It was dropped or rejected, or nobody can tell what the rule `by` does. */
  | {
      readonly kind: 'drop' | 'reject' | 'unknown'
      readonly state: State
      readonly by: Decider | null
    }
  /** The chain came to its end, or returned. */
  | { readonly kind: 'fall'; readonly state: State }
  /** It got through all hooks. */
  | { readonly kind: 'through'; readonly state: State }

/** The leaves of an arena that rules come to. Equal leaves have one number. */
export type Leaves = {
  readonly put: (leaf: Leaf) => Diagram
  /** Null for leaves that were not put here: those of predicates and pairs. */
  readonly get: (leaf: number) => Leaf | null
  readonly stateId: (state: State) => number
}

export function newLeaves(arena: Arena): Leaves {
  const byKey = new Map<string, number>()
  const byNumber = new Map<number, Leaf>()
  const states = new Map<string, number>()
  const chains = new Map<Chain, number>()
  const idsOfObjects = new WeakMap<State, number>()
  const stateId = (state: State): number => {
    const known = idsOfObjects.get(state)
    if (known !== undefined) return known
    const { mark, ctMark, notrack, noted } = state
    const key = `${mark} ${ctMark} ${notrack} ${noted}`
    let id = states.get(key)
    if (id === undefined) {
      id = states.size
      states.set(key, id)
    }
    idsOfObjects.set(state, id)
    return id
  }
  const chainId = (chain: Chain): number => {
    let id = chains.get(chain)
    if (id === undefined) {
      id = chains.size
      chains.set(chain, id)
    }
    return id
  }
  return {
    stateId,
    get: (leaf) => byNumber.get(leaf) ?? null,
    put: (leaf) => {
      const by = 'by' in leaf ? leaf.by : null
      const who = by === null ? '' : `${chainId(by.chain)}.${by.index}`
      const key = `${leaf.kind} ${stateId(leaf.state)} ${who}`
      let number = byKey.get(key)
      if (number === undefined) {
        number = arena.newLeaf()
        byKey.set(key, number)
        byNumber.set(number, leaf)
      }
      return diagramOfLeaf(number)
    },
  }
}
