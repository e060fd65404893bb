import type { Span } from '../source/source-file.ts'
import type { Answer } from './answer.ts'
import type { FileNames } from './file-names.ts'

/** `lost-before`: it was lost before the change as well; `partly`: of a peer nobody named only some are reached. */
export type LockoutStatus = 'lost' | 'lost-before' | 'partly' | 'unproved' | 'proved'

/** What a node cannot do without, and what becomes of it. */
export type LockoutEntry = {
  readonly id: string
  readonly status: LockoutStatus
  readonly service: string
  readonly between: string
  readonly family: 4 | 6
  /** How the need is known. */
  readonly why: string
  readonly span: Span | null
  /** Why nobody can tell; null for other states. */
  readonly doubt: string | null
  /** A proof that holds as long as no rate of a rule is exceeded. */
  readonly withinRates: boolean
  /** The node lets these in only as answers to what it sends itself. */
  readonly asAnswers: boolean
  readonly loss: LockoutLoss | null
}

export type LockoutLoss = {
  readonly phase: 'first' | 'later' | 'answer'
  /** All packets that are lost, in words. */
  readonly regions: readonly string[]
  readonly more: boolean
  /** One of them. */
  readonly packet: string
  readonly answer: Pick<Answer, 'origin' | 'names' | 'trace'>
  /** What to add, proved to be enough; null: nothing that was tried is. */
  readonly advice: Advice | null
}

/** A line to add as the first of a file's rules. */
export type Advice = { readonly file: string; readonly line: string }

export type LockoutView = {
  readonly node: string
  readonly backend: 'iptables' | 'nftables'
  readonly entries: readonly LockoutEntry[]
  readonly blind: readonly {
    readonly what: string
    readonly why: string
    readonly span: Span | null
  }[]
  /** What proofs and losses rest on, one sentence each. */
  readonly assumptions: readonly string[]
  /** Sentences about the audit as a whole: a firewall that is off, a configuration that is refused. */
  readonly remarks: readonly string[]
  readonly names: FileNames
}
