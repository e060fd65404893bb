import { type IpAddr, parseAddr, showAddr, widthOf } from '../../../ip/address.ts'
import type { Cidr } from '../../../ip/prefix.ts'
import type { AddressItem, AddressOperand, NftSetEntry, ScopedName } from './model.ts'
import { parseUnsigned } from './numbers.ts'
import { lowerAscii } from './text.ts'

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/

/** `Cidr::from_str` (proxmox-network-types): the CIDR, or the text of its error. */
export function parseCidr(text: string): Cidr | string {
  const slash = text.indexOf('/')
  const address = parseAddr(slash === -1 ? text : text.slice(0, slash))
  // IPv4 is only tried: the error is always that of reading the text as IPv6.
  if (address === null) return 'invalid IP address: invalid IPv6 address syntax'
  if (slash === -1) return { address, prefix: widthOf(address.version) }
  const prefix = parseUnsigned(text.slice(slash + 1), widthOf(address.version))
  if (prefix !== null) return { address, prefix }
  return address.version === 4
    ? 'invalid IP address: invalid IPv6 address syntax'
    : 'invalid netmask'
}

/** Text of an address as Rust prints it: RFC 5952, and IPv4-mapped addresses with a dotted tail. */
export function showAddress(address: IpAddr): string {
  if (address.version === 6 && address.bits >> 32n === 0xffffn)
    return `::ffff:${showAddr({ version: 4, bits: address.bits & 0xffff_ffffn })}`
  return showAddr(address)
}

/** The value of `-source` or `-dest` (`IpAddrMatch::from_str`); null for `invalid IP specification`. */
export function parseOperand(text: string): AddressOperand | null {
  return parseList(text) ?? parseSetReference(text) ?? aliasOperand(text)
}

/** An item of an IPSet: a CIDR or address, else an alias; null otherwise (`IpsetAddress::from_str`). No ranges. */
export function parseSetItem(text: string): NftSetEntry['item'] | null {
  const cidr = parseCidr(text)
  if (typeof cidr !== 'string') return { kind: 'cidr', cidr }
  const ref = parseAliasName(text)
  return ref === null ? null : { kind: 'alias', ref }
}

/** A reference as the real program writes it in messages: `dc/web`, `web`. */
export function showName({ scope, name }: ScopedName): string {
  return scope === null ? name : `${scope}/${name}`
}

/** Comma list of CIDRs, addresses and ranges of one family (`IpList::from_str`). */
function parseList(text: string): AddressOperand | null {
  const items: AddressItem[] = []
  let version: 4 | 6 | null = null
  for (const part of text.split(',')) {
    const item = parseItem(part)
    if (item === null) return null
    const family = (item.kind === 'cidr' ? item.cidr.address : item.lo).version
    if (version !== null && family !== version) return null
    version = family
    items.push(item)
  }
  return version === null ? null : { kind: 'list', version, items }
}

function parseItem(text: string): AddressItem | null {
  const cidr = parseCidr(text)
  if (typeof cidr !== 'string') return { kind: 'cidr', cidr }
  const dash = text.indexOf('-')
  if (dash === -1) return null
  const lo = parseAddr(text.slice(0, dash))
  const hi = parseAddr(text.slice(dash + 1))
  if (lo === null || hi === null || lo.version !== hi.version || lo.bits > hi.bits) return null
  return { kind: 'range', lo, hi }
}

/** `+dc/x`, `+guest/x`, `+sdn/x` with any `x`, or `+name` (`RuleIpsetName::from_str`); case is kept. */
function parseSetReference(text: string): AddressOperand | null {
  if (!text.startsWith('+')) return null
  const slash = text.indexOf('/')
  const scope = text.slice(1, slash)
  if (slash !== -1 && slash < text.length - 1) {
    if (scope === 'dc' || scope === 'guest' || scope === 'sdn')
      return { kind: 'ipset', ref: { scope, name: text.slice(slash + 1) } }
  }
  const name = text.slice(1)
  return NAME.test(name) ? { kind: 'ipset', ref: { scope: null, name } } : null
}

function aliasOperand(text: string): AddressOperand | null {
  const ref = parseAliasName(text)
  return ref === null ? null : { kind: 'alias', ref }
}

/** `dc/x`, `guest/x` with any `x`, or a bare name (`RuleAliasName::from_str`), in lower case. */
function parseAliasName(text: string): ScopedName | null {
  const slash = text.indexOf('/')
  const scope = text.slice(0, slash)
  if (slash !== -1 && slash < text.length - 1 && (scope === 'dc' || scope === 'guest'))
    return { scope, name: lowerAscii(text.slice(slash + 1)) }
  return NAME.test(text) ? { scope: null, name: lowerAscii(text) } : null
}
