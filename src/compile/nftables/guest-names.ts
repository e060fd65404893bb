import type { NftGuest, NftNic } from '../../config/dialect/nftables/model.ts'
import { type ChainRef, chainOf, GUEST_TABLE } from './tables.ts'

/** Directions of a guest's rules, seen from the guest. */
export type GuestDirection = 'in' | 'out'

/** The chain of a guest for one direction. */
export function guestChain({ vmid }: NftGuest, direction: GuestDirection): ChainRef {
  return chainOf(GUEST_TABLE, `guest-${vmid}-${direction}`)
}

/** The NICs with `firewall=1`. */
export function filteredNics({ nics }: NftGuest): readonly NftNic[] {
  return nics.filter(({ firewall }) => firewall)
}

/** `tap100i0` for a VM, `veth100i0` for a container. */
export function deviceOf({ type, vmid }: NftGuest, index: number): string {
  return `${type === 'vm' ? 'tap' : 'veth'}${vmid}i${index}`
}
