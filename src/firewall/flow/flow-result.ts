import type { ConntrackTable } from '../../eval/conntrack/table.ts'
import type { Packet } from '../../netfilter/packet.ts'
import type { PacketStep, Script } from '../../packet/flow/step.ts'
import type { Problem } from '../../packet/problem.ts'
import type { TableChange } from '../../render/flow-view.ts'
import type { Traced } from '../answer.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import type { TwoWays } from './two-ways.ts'

/** Tables of conntrack by node. */
export type Tables = ReadonlyMap<string, ConntrackTable>

/** What became of a conversation. */
export type FlowResult = {
  readonly kind: 'ran'
  readonly firewall: NodeFirewall
  readonly ways: TwoWays
  readonly script: Script
  readonly events: readonly FlowEvent[]
  /** What conntrack holds at the end, and when that is, ms. */
  readonly tables: Tables
  readonly now: number
}

export type FlowRefused = { readonly kind: 'refused'; readonly problems: readonly Problem[] }

export type FlowEvent =
  | {
      readonly kind: 'wait'
      /** When it was over. */
      readonly at: number
      readonly ms: number
      readonly changes: readonly TableChange[]
    }
  | { readonly kind: 'configuration'; readonly at: number; readonly firewall: NodeFirewall }
  | PacketEvent

export type PacketEvent = {
  readonly kind: 'packet'
  readonly at: number
  /** From 1. */
  readonly number: number
  readonly step: PacketStep
  readonly fate: Fate
}

export type Fate =
  | {
      readonly kind: 'walked'
      readonly firewall: NodeFirewall
      readonly asked: Traced
      readonly before: Tables
      readonly changes: readonly TableChange[]
    }
  /** It got there by a way that no node of the tree sees. */
  | { readonly kind: 'unseen'; readonly packet: Packet }
  | { readonly kind: 'not-sent'; readonly why: NotSent }

/** Why a packet was not sent: what it answers never came, or its sender has been told that it is over. */
export type NotSent =
  | { readonly kind: 'unanswered'; readonly packet: PacketEvent }
  | { readonly kind: 'refused'; readonly packet: PacketEvent }
