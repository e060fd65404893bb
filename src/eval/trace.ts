import type { Hop, Leg, Path } from '../netfilter/hook.ts'
import type { CtState, Packet } from '../netfilter/packet.ts'
import type { Chain, RejectWith, Rule, Statement, Table, Verdict } from '../netfilter/ruleset.ts'

export type Ternary = 'yes' | 'no' | 'unknown'

/** One statement as it was tested: what the packet had there (null: it lacks the field). */
export type Tested = {
  readonly statement: Statement
  readonly result: Ternary
  readonly actual: readonly (bigint | number | string | null)[]
}

/** A rule that matched, and what it did. */
export type RuleHit = {
  readonly rule: Rule
  /** Zero-based index in the chain: the kernel's rule number less one. */
  readonly index: number
  readonly verdict: Verdict
  /** The chain a jump or goto went into. */
  readonly into: ChainTrace | null
}

/** One chain as it was walked; rules that did not match are not recorded (see `explainMisses`). */
export type ChainTrace = {
  readonly table: Table
  readonly chain: Chain
  readonly hits: readonly RuleHit[]
  /** How it ended: by a verdict of one of its rules, by return, by its end, or by its policy. */
  readonly end: 'verdict' | 'return' | 'fell-through' | 'policy'
}

export type HopTrace = {
  readonly hop: Hop
  /** Node the hop ran on. */
  readonly node: string
  readonly state: CtState
  /** Base chains in the order they ran. */
  readonly chains: readonly ChainTrace[]
  /** Packet and connection mark after the hop. */
  readonly mark: number
  readonly ctMark: number
}

export type Outcome = 'accept' | 'drop' | 'reject' | 'unknown'

/** Something taken for granted that could change the answer. */
export type Assumption = {
  readonly kind: 'limit' | 'queue' | 'unknown-field' | 'path' | 'state' | 'other'
  /** One sentence for people. */
  readonly text: string
  readonly rule: Rule | null
}

/** What became of the answer of a REJECT on its way to the sender. */
export type RejectReply = {
  readonly with: RejectWith
  readonly reachesSender: boolean
  readonly why: string | null
}

/** The whole answer for one packet. */
export type Trace = {
  readonly packet: Packet
  readonly path: Path
  readonly hops: readonly HopTrace[]
  readonly outcome: Outcome
  readonly assumptions: readonly Assumption[]
  readonly reply: RejectReply | null
}

/** Where a trace was decided: the last rule that matched or the policy that applied, as the kernel would name it. */
export type Decision = {
  /** `policy` here: the end of a base chain; the config option is in the rule's origin. */
  readonly kind: 'rule' | 'policy' | 'none'
  readonly hop: HopTrace | null
  readonly table: Table | null
  readonly chain: Chain | null
  readonly hit: RuleHit | null
}
export type { Leg }
