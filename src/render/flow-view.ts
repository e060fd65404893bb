import type { Outcome } from '../eval/trace.ts'
import type { ConntrackEntry, ConntrackExpectation } from '../netfilter/conntrack.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { Answer, Filled, Headline } from './answer.ts'
import type { FileNames } from './file-names.ts'

/** Something that happened to what conntrack of a node holds. */
export type TableChange = { readonly node: string } & (
  | { readonly kind: 'new'; readonly entry: ConntrackEntry }
  | { readonly kind: 'changed'; readonly before: ConntrackEntry; readonly entry: ConntrackEntry }
  | { readonly kind: 'gone'; readonly entry: ConntrackEntry; readonly why: 'expired' | 'removed' }
  | { readonly kind: 'expects'; readonly expectation: ConntrackExpectation }
  | {
      readonly kind: 'expects-no-more'
      readonly expectation: ConntrackExpectation
      readonly why: 'expired' | 'removed'
    }
)

/** What a node holds at the end. */
export type ShownTable = {
  readonly node: string
  readonly entries: readonly ConntrackEntry[]
  readonly expectations: readonly ConntrackExpectation[]
}

/** What became of a packet of a conversation. */
export type ShownFate =
  | {
      readonly kind: 'walked'
      readonly answer: Answer
      readonly changes: readonly TableChange[]
      /** Why it does not arrive; null: it does. */
      readonly failure: string | null
    }
  /** It gets there by a way that no node of the tree sees. */
  | { readonly kind: 'unseen' }
  | { readonly kind: 'not-sent'; readonly why: string }

export type ShownPacket = {
  readonly kind: 'packet'
  readonly number: number
  /** When it is sent, ms of the flow's clock. */
  readonly at: number
  readonly direction: 'forth' | 'back'
  /** Name of a connection beside the one that was asked about. */
  readonly connection: string | null
  /** What people call it: `SYN/ACK`, `answer`. */
  readonly name: string
  /** The same as one word, for programs: `SYN,ACK`, `udp`. */
  readonly word: string
  /** As a line of a script. */
  readonly line: string
  readonly fate: ShownFate
}

export type ShownEvent =
  | {
      readonly kind: 'wait'
      /** When it is over. */
      readonly at: number
      readonly ms: number
      readonly changes: readonly TableChange[]
    }
  | { readonly kind: 'configuration'; readonly at: number; readonly name: string }
  | ShownPacket

/** A whole conversation: made by whoever asked, rendered as lines or JSON. */
export type FlowAnswer = {
  readonly backend: 'iptables' | 'nftables'
  readonly node: string
  readonly headline: Headline
  /** Accept: every packet got there; else what became of the first that did not. */
  readonly verdict: Outcome
  /** The first packet that did not get there, and why. */
  readonly failure: { readonly number: number; readonly text: string } | null
  readonly filled: readonly Filled[]
  readonly remarks: readonly string[]
  readonly events: readonly ShownEvent[]
  readonly tables: readonly ShownTable[]
  /** When it ended, ms. */
  readonly now: number
  /** The same conversation begun anew once there is another configuration. */
  readonly anew: FlowAnswer | null
  readonly diagnostics: readonly Diagnostic[]
  readonly names: FileNames
}
