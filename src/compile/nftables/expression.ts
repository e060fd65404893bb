import { showAddress } from '../../config/dialect/nftables/address.ts'
import type { AddressItem, PortItem } from '../../config/dialect/nftables/model.ts'
import type { Cidr } from '../../ip/prefix.ts'
import type { Json } from '../../netfilter/nft/command.ts'

/**
 * Statements and expressions of libnftables-json(5) in the forms proxmox-nftables writes (statement.rs,
 * expression.rs). INVARIANT: they are plain data and never changed, so that rules can share them.
 */
export type Statement = { readonly [key: string]: Json }

export const ACCEPT: Statement = { accept: null }
export const DROP: Statement = { drop: null }
/** `Statement::make_reject`: what it sends is nft's choice. */
export const REJECT: Statement = { reject: {} }

const JUMPS = new Map<string, Statement>()

/** A jump. The few chains of the skeleton share theirs; others are made anew. */
export function jump(target: string): Statement {
  return JUMPS.get(target) ?? { jump: { target } }
}

for (const target of ['do-reject', 'before-bridge', 'pre-vm-in', 'pre-vm-out'])
  JUMPS.set(target, { jump: { target } })

export function payload(protocol: string, field: string): Json {
  return { payload: { protocol, field } }
}

export function meta(key: string): Json {
  return { meta: { key } }
}

export function equal(left: Json, right: Json): Statement {
  return { match: { op: '==', left, right } }
}

export function unequal(left: Json, right: Json): Statement {
  return { match: { op: '!=', left, right } }
}

/** `{"prefix":...}`, for single addresses too. */
export function prefix({ address, prefix: len }: Cidr): Json {
  return { prefix: { addr: showAddress(address), len } }
}

/** A single item stands alone, several are an anonymous set. */
export function addressList(items: readonly AddressItem[]): Json {
  const [first] = items
  if (first !== undefined && items.length === 1) return addressItem(first)
  return { set: items.map(addressItem) }
}

export function addressItem(item: AddressItem): Json {
  return item.kind === 'cidr'
    ? prefix(item.cidr)
    : { range: [showAddress(item.lo), showAddress(item.hi)] }
}

export function portList(items: readonly PortItem[]): Json {
  const [first] = items
  if (first !== undefined && items.length === 1) return portItem(first)
  return { set: items.map(portItem) }
}

function portItem({ lo, hi, range }: PortItem): Json {
  return range ? { range: [lo, hi] } : lo
}
