import type {
  NftAlias,
  NftGuest,
  NftIpSet,
  ScopedName,
} from '../../config/dialect/nftables/model.ts'
import type { Compilation } from './compilation.ts'

/** An IPSet that was found, and the name its nft sets have behind `v4-` and `v6-`. */
export type FoundSet = { readonly set: NftIpSet; readonly nftName: string }

/** Looks up an alias (config.rs `FirewallConfig::alias`): a bare name in the guest, then in the cluster. */
export function findAlias(
  { cluster }: Compilation,
  { scope, name }: ScopedName,
  guest: NftGuest | null,
): NftAlias | null {
  const own = scope === 'dc' ? undefined : guest?.fw.aliases.get(name)
  if (own !== undefined || scope === 'guest') return own ?? null
  return cluster?.aliases.get(name) ?? null
}

/**
 * Looks up an IPSet (`FirewallConfig::ipset`) by what the configuration says, not by what nft holds: the set
 * `management` is found only where a file defines it. A bare name is never one of the SDN.
 */
export function findSet(
  { cluster, sdnSets }: Compilation,
  { scope, name }: ScopedName,
  guest: NftGuest | null,
): FoundSet | null {
  if (scope === 'sdn') return foundSet(sdnSets.get(name), `sdn/${name}`)
  const own = scope === 'dc' ? undefined : guest?.fw.ipsets.get(name)
  if (own !== undefined && guest !== null) return foundSet(own, guestSetName(guest, name))
  return scope === 'guest' ? null : foundSet(cluster?.ipsets.get(name), `dc/${name}`)
}

/** Name of a guest's set without its family. */
export function guestSetName({ vmid }: NftGuest, name: string): string {
  return `guest-${vmid}/${name}`
}

function foundSet(set: NftIpSet | undefined, nftName: string): FoundSet | null {
  return set === undefined ? null : { set, nftName }
}
