import { parseAddr } from '../ip/address.ts'
import type { Range } from '../ip/range-set.ts'
import { parseUnsigned } from './words.ts'

/** A network with a mask whose ones are not all on the left: iptables takes it, an interval cannot say it. */
export type Scattered = 'scattered'

/**
 * One element of `-s`/`-d`: `xtables_ipparse_multiple` and `xtables_ip6parse_multiple`, libxtables/xtables.c.
 * `error`: why the tool refuses it. Host names are refused as unknown: what a name server says is not in a file.
 */
export function parseHostNetwork(
  version: 4 | 6,
  text: string,
): Range | Scattered | { readonly error: string } {
  const slash = text.indexOf('/')
  const host = slash === -1 ? text : text.slice(0, slash)
  const mask = slash === -1 ? null : text.slice(slash + 1)
  // both tools look at the mask first
  const bits = mask === null ? null : parseMask(version, mask)
  if (bits !== null && typeof bits === 'object') return bits
  const address = version === 4 ? parseDotted(host) : parseV6(host)
  if (address === null) return { error: `host/network \`${host}' not found` }
  const all = version === 4 ? 0xffff_ffffn : (1n << 128n) - 1n
  const wild = bits === null ? 0n : all ^ bits
  if ((wild & (wild + 1n)) !== 0n) return 'scattered'
  const lo = address & (all ^ wild)
  return { lo, hi: lo | wild }
}

/**
 * A dotted address as `__numeric_to_ipaddr` reads it: one to four numbers, each decimal, octal or hexadecimal; the
 * missing ones are zero, so `10` is 10.0.0.0 (inet_aton(3), and ipset, say 0.0.0.10).
 */
export function parseDotted(text: string): bigint | null {
  const parts = text.split('.')
  if (parts.length > 4 || text.length > 19) return null
  let bits = 0
  for (let i = 0; i < 4; i += 1) {
    const part = parts[i]
    const octet = part === undefined ? 0 : parseUnsigned(part, 255)
    if (octet === null) return null
    bits = bits * 256 + octet
  }
  return BigInt(bits)
}

/** inet_pton(3): the text of an IPv6 address, no zone. */
export function parseV6(text: string): bigint | null {
  if (!text.includes(':')) return null
  return parseAddr(text)?.bits ?? null
}

/** `parse_ipmask`, `parse_ip6mask`: a prefix length, or a mask written as an address (IPv4: all four numbers). */
function parseMask(version: 4 | 6, text: string): bigint | { readonly error: string } {
  if (version === 4 && text.split('.').length === 4) {
    const mask = parseDotted(text)
    if (mask !== null) return mask
  }
  if (version === 6) {
    const mask = parseV6(text)
    if (mask !== null) return mask
  }
  const width = version === 4 ? 32 : 128
  const length = parseUnsigned(text, width)
  if (length === null) return { error: `invalid mask \`${text}' specified` }
  return ((1n << BigInt(length)) - 1n) << BigInt(width - length)
}
