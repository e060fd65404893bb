/** A table as every command names it. */
export type TableRef = { readonly family: 'inet' | 'bridge'; readonly table: string }

/** A chain with its table. */
export type ChainRef = TableRef & { readonly name: string }

/** Rules of the host and the cluster. */
export const HOST_TABLE: TableRef = { family: 'inet', table: 'proxmox-firewall' }

/** Rules of guests and vnets. */
export const GUEST_TABLE: TableRef = { family: 'bridge', table: 'proxmox-firewall-guests' }

export type Direction = 'in' | 'out' | 'forward'

export const DIRECTIONS: readonly Direction[] = ['in', 'out', 'forward']

/** A chain of a table. */
export function chainOf({ family, table }: TableRef, name: string): ChainRef {
  return { family, table, name }
}
