import type { LockoutEntry } from './lockout-view.ts'

/** Steps to type, in order. */
export type PlanView = {
  readonly node: string
  readonly backend: 'iptables' | 'nftables'
  /** Whether the firewall of the cluster is on today. */
  readonly isOn: boolean
  readonly steps: readonly PlanViewStep[]
  readonly lost: readonly LockoutEntry[]
  readonly unproved: readonly LockoutEntry[]
  /** What no proof looks at, in words. */
  readonly blind: readonly string[]
}

export type PlanViewStep = {
  readonly title: string
  /** Lines for a shell. */
  readonly commands: readonly string[]
  /** Where they are run; null: on any node. */
  readonly where: string | null
  /** What is known of the state after it; null: it changes nothing of the firewall. */
  readonly state: PlanState | null
  /** Sentences about it. */
  readonly notes: readonly string[]
}

/** `off`: nothing is filtered. The numbers are needs. */
export type PlanState =
  | { readonly kind: 'off' }
  | { readonly kind: 'proved'; readonly count: number }
  | { readonly kind: 'lost' | 'unproved'; readonly count: number; readonly of: number }
