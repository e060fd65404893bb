import type { DiagnosticCode } from '../../source/codes.ts'
import type { Span } from '../../source/source-file.ts'
import type { BackendPair } from './pair.ts'

/** What a difference between the backends changes for whoever switches. */
export type Effect =
  /** The whole configuration does not load: the node keeps old rules, or has none. */
  | 'load'
  /** Packets end differently. */
  | 'verdict'
  /** Log lines, kernel settings, how an update is done: no packet shows it. */
  | 'operation'

/** One way in which proxmox-firewall (nftables) does not do what pve-firewall (iptables) does with the same files. */
export type Difference = {
  readonly code: `backends/${string}`
  readonly effect: Effect
  /** Both sides in one sentence or two. */
  readonly sentence: string
  /** Where upstream does it. */
  readonly source: string
  /** Where it stands in the description of the nftables backend: section, and number in the list of section 17. */
  readonly section: string
  /** The directory of scenarios/ that shows it; null where no packet can. */
  readonly scenario: string | null
  /** Complaints of reading and compiling for nftables that tell where it concerns a configuration. */
  readonly told: readonly DiagnosticCode[]
  /** Where else it concerns one; null: nowhere that could be told. */
  readonly find: ((pair: BackendPair) => readonly Place[]) | null
}

/** A line that the difference is about; a null span: all of the node. */
export type Place = { readonly span: Span | null; readonly note: string }
