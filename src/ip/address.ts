import { collapseIPv6Number, IPv4, IPv6 } from 'ip-num'

/** An IP address: unsigned, 32 or 128 bits. */
export type IpAddr = { readonly version: 4 | 6; readonly bits: bigint }

const V4_SHAPE = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/
const V6_SHAPE = /^[0-9a-f:]+(?:\d{1,3}(?:\.\d{1,3}){3})?$/i

/**
 * Parses the usual text of an address: four decimal octets without leading zeros, or RFC 4291 IPv6 (a dotted
 * tail allowed). No zone, no prefix, no blanks: null for everything else.
 */
export function parseAddr(text: string): IpAddr | null {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

function parseV4(text: string): IpAddr | null {
  if (!V4_SHAPE.test(text)) return null
  let bits = 0
  for (const octet of text.split('.')) {
    const value = Number(octet)
    if (value > 255 || (octet.length > 1 && octet.startsWith('0'))) return null
    bits = bits * 256 + value
  }
  return { version: 4, bits: BigInt(bits) }
}

function parseV6(text: string): IpAddr | null {
  if (text.length > 45 || !V6_SHAPE.test(text)) return null
  if (!text.includes('.')) {
    const bits = parseGroups(text)
    return bits === null ? null : { version: 6, bits }
  }
  try {
    return { version: 6, bits: IPv6.fromString(withHexTail(text)).getValue() }
  } catch {
    return null
  }
}

/**
 * Eight groups of one to four digits, or fewer around one `::`. ip-num would read them too, in 10 µs and after 10 ms of
 * loading; a test compares the two.
 */
function parseGroups(text: string): bigint | null {
  const gap = text.indexOf('::')
  if (gap === -1) return joinGroups(text.split(':'))
  const head = gap === 0 ? [] : text.slice(0, gap).split(':')
  const tail = gap + 2 === text.length ? [] : text.slice(gap + 2).split(':')
  const missing = 8 - head.length - tail.length
  return missing < 1 ? null : joinGroups([...head, ...Array<string>(missing).fill('0'), ...tail])
}

/** Groups of hexadecimal digits as one number; two at a time, which a double holds exactly. */
function joinGroups(groups: readonly string[]): bigint | null {
  if (groups.length !== 8) return null
  let bits = 0n
  let word = 0
  for (const [at, group] of groups.entries()) {
    if (group.length < 1 || group.length > 4) return null
    word = word * 0x10000 + Number.parseInt(group, 16)
    if (at % 2 === 0) continue
    bits = (bits << 32n) | BigInt(word)
    word = 0
  }
  return bits
}

/** `::ffff:1.2.3.4` -> `::ffff:102:304`: ip-num reads only hexadecimal groups. Throws what ip-num throws on a bad tail. */
function withHexTail(text: string): string {
  if (!text.includes('.')) return text
  const colon = text.lastIndexOf(':')
  const tail = IPv4.fromDecimalDottedString(text.slice(colon + 1)).getValue()
  return `${text.slice(0, colon + 1)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
}

/** Text of an address: dotted quad, or RFC 5952 for IPv6. */
export function showAddr(address: IpAddr): string {
  if (address.version === 4) {
    const bits = Number(address.bits)
    return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`
  }
  return collapseIPv6Number(IPv6.fromBigInt(address.bits).toString())
}

/** Number of bits of an address of this version. */
export function widthOf(version: 4 | 6): 32 | 128 {
  return version === 4 ? 32 : 128
}
