import type { Origin } from './origin.ts'

/** One line as it is handed to a backend's tool, with why it is there. */
export type RestoreLine = { readonly text: string; readonly origin: Origin }

/** One iptables table as handed to `iptables-restore -n`. Chain rules are without `-A CHAIN `: `-p tcp --dport 22 -j DROP`, ` -j X`. */
export type RestoreTable = {
  readonly family: 'ip' | 'ip6'
  readonly table: 'filter' | 'raw'
  /** Jumps appended to built-in chains, in the order written: `INPUT` -> `-j PVEFW-INPUT`. */
  readonly hooks: readonly { readonly chain: string; readonly line: RestoreLine }[]
  readonly chains: ReadonlyMap<string, readonly RestoreLine[]>
}

/** One ipset: its `create NAME ...` line and its `add NAME ...` lines, complete. */
export type RestoreSet = {
  readonly name: string
  readonly create: RestoreLine
  readonly adds: readonly RestoreLine[]
}

/** The ebtables filter table; every chain has policy ACCEPT. Rules without `-A CHAIN `. */
export type RestoreEbtables = {
  readonly hooks: readonly { readonly chain: string; readonly line: RestoreLine }[]
  readonly chains: ReadonlyMap<string, readonly RestoreLine[]>
}

/** Everything pve-firewall hands to the kernel's tools in one update, before they judge it. */
export type Handed = {
  readonly ipset: readonly RestoreSet[]
  readonly v4: RestoreTable
  readonly v4raw: RestoreTable
  readonly v6: RestoreTable
  readonly v6raw: RestoreTable
  readonly ebtables: RestoreEbtables
}

/** The steps of an update in the order pve-firewall runs them (`apply_ruleset`); a failing one aborts those after it. */
export const RESTORE_STEPS = ['ipset', 'v4', 'v4raw', 'v6', 'v6raw', 'ebtables'] as const
export type RestoreStep = (typeof RESTORE_STEPS)[number]
