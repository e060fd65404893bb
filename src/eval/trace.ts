import type { ConntrackSettings } from '../netfilter/conntrack.ts'
import type { Fib } from '../netfilter/fib.ts'
import type { Hop, Leg, Path } from '../netfilter/hook.ts'
import type { CtState, Known, Packet } from '../netfilter/packet.ts'
import type {
  Chain,
  RejectWith,
  Rule,
  Ruleset,
  Statement,
  Table,
  Verdict,
} from '../netfilter/ruleset.ts'
import type { ConntrackTable } from './conntrack/table.ts'

/** What conntrack of one node holds before a packet, and what of it must be known to look the packet up. */
export type Tracking = {
  readonly table: ConntrackTable
  /** Of the clock `expiresAt` of its entries is by, ms. */
  readonly now: number
  readonly settings: ConntrackSettings
}

/** One packet on its way, and everything the answer depends on. */
export type Question = {
  readonly ruleset: Ruleset
  readonly path: Path
  readonly packet: Packet
  /** What conntrack says of the packet, at every hop; null: what it would say of a packet of no known flow. */
  readonly state: CtState | null
  /** Left out: a table that knows no connection, and nothing is asked of what it holds afterwards. */
  readonly tracking?: Tracking
  readonly fib: Fib
  /** Packet mark at the start of each leg, and mark of the connection; 32 bits, unsigned. */
  readonly mark: number
  readonly ctMark: number
}

export type Ternary = 'yes' | 'no' | 'unknown'

/** One statement as it was tested: what the packet had there (null: it lacks the field). */
export type Tested = {
  readonly statement: Statement
  readonly result: Ternary
  readonly actual: readonly (bigint | number | string | null)[]
}

/** A rule that matched, and what it did; rules that only log or comment are among them. */
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
  /**
   * How it ended: by a verdict of one of its rules (or of a chain it went into), by return, by its end, or by the
   * policy of a base chain (reached by its end or by return).
   */
  readonly end: 'verdict' | 'return' | 'fell-through' | 'policy'
  /** Marks of packet and connection when the chain was entered. */
  readonly markBefore: number
  readonly ctMarkBefore: number
}

export type HopTrace = {
  readonly hop: Hop
  /** Node the hop ran on. */
  readonly node: string
  readonly state: Known<CtState>
  /** Base chains in the order they ran. */
  readonly chains: readonly ChainTrace[]
  /** Why conntrack dropped it after all rules had let it through (`nf_confirm`); left out: it did not. */
  readonly lost?: string
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

/**
 * The whole answer for one packet. For `unknown` the hops end before the first rule of which it is not known whether
 * it matches and that decides; the last assumption names it.
 */
export type Trace = {
  readonly packet: Packet
  readonly path: Path
  readonly hops: readonly HopTrace[]
  readonly outcome: Outcome
  readonly assumptions: readonly Assumption[]
  readonly reply: RejectReply | null
  /** What conntrack holds after the packet; left out where the question has no {@link Tracking}. */
  readonly tracked?: ConntrackTable
}

/**
 * Where a trace was decided: the last rule that matched, be it only a jump, with the base chain whose policy applied
 * if none ended the walk. Null where no rule matched at all.
 */
export type Decision = {
  readonly kind: 'rule' | 'policy' | 'none'
  readonly hop: HopTrace | null
  /** Of the rule. */
  readonly table: Table | null
  readonly chain: Chain | null
  readonly hit: RuleHit | null
  /** The last base chain that ran. */
  readonly base: ChainTrace | null
}
export type { Leg }
