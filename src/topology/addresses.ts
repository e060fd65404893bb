import type { Guest, Nic } from '../config/tree.ts'
import type { IpAddr } from '../ip/address.ts'
import { widthOf } from '../ip/address.ts'
import { type Cidr, parseCidr } from '../ip/prefix.ts'
import { position } from '../source/source-file.ts'
import type { Names } from './names.ts'
import type { IpamEntry, Vnet } from './sdn.ts'

/** An address a NIC is known to have, and who says so. */
export type KnownAddress = { readonly address: IpAddr; readonly from: AddressSource }

export type AddressSource =
  | { readonly kind: 'config'; readonly path: string; readonly line: number }
  | { readonly kind: 'ipam'; readonly zone: string }
  | { readonly kind: 'ipfilter'; readonly set: string; readonly vmid: number }

/** What the addresses of guests are found by, besides their own configuration. */
export type AddressFacts = {
  readonly names: Names
  readonly ipam: readonly IpamEntry[]
  readonly vnets: readonly Vnet[]
}

/**
 * The addresses of a NIC as far as the configuration tells: `ip=`/`ip6=` of a container or cloud-init's
 * `ipconfigN`, else the IPAM of the SDN, else a set `ipfilter-netN` with one single address. Nothing is guessed: a
 * guest that asks DHCP has no known address here.
 */
export function nicAddresses(facts: AddressFacts, guest: Guest, nic: Nic): readonly KnownAddress[] {
  const result: KnownAddress[] = []
  for (const family of [4, 6] as const) {
    const found =
      configured(family === 4 ? nic.ip : nic.ip6, family) ??
      fromIpam(facts, guest, nic, family) ??
      fromIpfilter(facts.names, guest, nic, family)
    if (found !== null) result.push(found)
  }
  return result
}

/** `ip= in 105.conf:7`, for people. */
export function showAddressSource(from: AddressSource): string {
  switch (from.kind) {
    case 'config':
      return `${from.path}:${from.line}`
    case 'ipam':
      return `the IPAM of SDN zone ${from.zone}`
    default:
      return `the only address in ${from.set} of ${from.vmid}.fw`
  }
}

function configured(written: Nic['ip'], family: 4 | 6): KnownAddress | null {
  if (written === null) return null
  const cidr = parseCidr(written.value)
  if (cidr?.address.version !== family) return null
  const { path } = written.span.file
  return {
    address: cidr.address,
    from: { kind: 'config', path, line: position(written.span).line },
  }
}

/** By MAC address; an entry without one belongs to the guest's only NIC in that zone. */
function fromIpam(facts: AddressFacts, guest: Guest, nic: Nic, family: 4 | 6): KnownAddress | null {
  if (facts.ipam.length === 0 || nic.bridge === null) return null
  const vnet = facts.vnets.find((each) => each.name === nic.bridge?.value)
  const mac = nic.mac?.value.toLowerCase() ?? null
  const entry = facts.ipam.find(
    ({ zone, address, vmid, mac: its }) =>
      zone === vnet?.zone &&
      address.address.version === family &&
      (its === null ? vmid === guest.vmid && guest.nics.length === 1 : its === mac),
  )
  return entry === undefined
    ? null
    : { address: entry.address.address, from: { kind: 'ipam', zone: entry.zone } }
}

function fromIpfilter(names: Names, guest: Guest, nic: Nic, family: 4 | 6): KnownAddress | null {
  const set = `ipfilter-${nic.id}`
  const members = names.set(`guest/${set}`, guest.vmid) ?? []
  const own = members.filter(({ cidr }) => cidr.address.version === family)
  const [only, more] = own
  if (only === undefined || more !== undefined || only.nomatch || !isSingle(only.cidr)) return null
  return { address: only.cidr.address, from: { kind: 'ipfilter', set, vmid: guest.vmid } }
}

function isSingle(cidr: Cidr): boolean {
  return cidr.prefix === widthOf(cidr.address.version)
}
