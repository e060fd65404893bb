import type { Origin } from '../netfilter/origin.ts'
import type { Rule, Table } from '../netfilter/ruleset.ts'

/** Something that is not on the node as the configuration compiles to it. */
export type Difference = {
  readonly what: 'table' | 'chain' | 'policy' | 'rule' | 'set' | 'element'
  /** `moved`: there, but in another order. */
  readonly change: 'missing' | 'extra' | 'moved' | 'changed'
  /** As people call it: `iptables filter`, `inet proxmox-firewall`, `ipset`. */
  readonly table: string
  /** Name of the chain, set or map. */
  readonly name: string | null
  /** The rule as its tool has it, the element; of a chain, set or table how much is in it. */
  readonly text: string
  /** Number of the rule where the configuration wants it, and where the node has it, as the kernel counts. */
  readonly wanted: number | null
  readonly held: number | null
  /** Why the configuration wants it. */
  readonly origin: Origin | null
  /** Where the dump has it. */
  readonly found: Origin | null
}

/** Something on the node that is neither of the two backends' doing: it decides about packets all the same. */
export type Foreign = {
  readonly what: 'table' | 'chain' | 'policy' | 'rule' | 'set'
  readonly table: string
  readonly name: string | null
  readonly text: string
  readonly found: Origin | null
}

type Parts = Pick<Difference, 'what' | 'change' | 'table' | 'name' | 'text'> & Partial<Difference>

/** A {@link Difference}; what is left out is null. */
export function difference(parts: Parts): Difference {
  return { wanted: null, held: null, origin: null, found: null, ...parts }
}

/** `3 rules`. */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

/** `4 chains, 12 rules`. */
export function sizeOf({ chains }: Table): string {
  const rules = [...chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0)
  return `${count(chains.size, 'chain')}, ${count(rules, 'rule')}`
}

/** Where the first of some rules stands in a dump, or why it is wanted. */
export function firstOrigin(rules: readonly Rule[]): Origin | null {
  return rules[0]?.origin ?? null
}
