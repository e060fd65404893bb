import type { Outcome } from '../eval/trace.ts'
import type { CtState, Known } from '../netfilter/packet.ts'
import type { Answer } from './answer.ts'

/** A conversation as it is shown: made by whoever ran it. */
export type FlowView = {
  readonly node: string
  readonly backend: 'iptables' | 'nftables'
  readonly outcome: Outcome
  readonly packets: readonly FlowPacketView[]
  /** Why the first packet that failed did, as far as conntrack has to do with it. */
  readonly why: string | null
  /** After another configuration took over: the first packet of a new connection. */
  readonly fresh: FlowPacketView | null
  /** Connections at the end, a line each, as `conntrack -L` prints them. */
  readonly connections: readonly string[]
  /** What was taken for granted about helpers and settings, one sentence each. */
  readonly remarks: readonly string[]
}

export type FlowPacketView = {
  readonly number: number
  /** Ms since the first packet. */
  readonly at: number
  readonly direction: 'out' | 'back'
  /** `syn+ack`, `data 100`. */
  readonly said: string
  /** Null where there is one connection only. */
  readonly connection: string | null
  /** Which configuration: of the second the directory that was given. */
  readonly swapped: boolean
  readonly fate:
    | {
        readonly kind: 'traced'
        readonly state: Known<CtState> | null
        readonly answer: Answer
        readonly changes: readonly FlowChange[]
      }
    | { readonly kind: 'elsewhere' }
    | { readonly kind: 'unsent'; readonly why: string }
}

export type FlowChange = { readonly what: 'new' | 'changed' | 'gone'; readonly text: string }
