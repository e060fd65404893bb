import type { Cidr } from '../../../ip/prefix.ts'
import { parseCidr } from './address.ts'

/** Name of a zone or vnet (`validate_sdn_name`): null if it is one, else the real program's complaint. */
export function sdnNameError(name: string): string | null {
  if (name === '') return 'name is empty'
  if (Buffer.byteLength(name) > 8) return 'name too long'
  return /^[A-Za-z][A-Za-z0-9]*$/.test(name) ? null : 'invalid symbols in name'
}

/** `ZONE-ADDRESS-LENGTH` (`SubnetName::from_str`), or the text of its error. */
export function parseSubnetName(
  text: string,
): { readonly zone: string; readonly cidr: Cidr } | string {
  const first = text.indexOf('-')
  const second = text.indexOf('-', first + 1)
  if (first === -1 || second === -1) return 'invalid format for subnet name'
  const zone = text.slice(0, first)
  const nameError = sdnNameError(zone)
  if (nameError !== null) return nameError
  const cidr = parseCidr(`${text.slice(first + 1, second)}/${text.slice(second + 1)}`)
  return typeof cidr === 'string' ? 'invalid cidr in name' : { zone, cidr }
}

/** IPv4 before IPv6, then by address, then by length (`Ord` of `Cidr`). */
export function compareCidrs(a: Cidr, b: Cidr): number {
  if (a.address.version !== b.address.version) return a.address.version - b.address.version
  if (a.address.bits !== b.address.bits) return a.address.bits < b.address.bits ? -1 : 1
  return a.prefix - b.prefix
}

/** Order of Rust's `BTreeMap<String, _>`: by bytes of UTF-8. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
