import { type IpAddr, parseAddr, showAddr, widthOf } from './address.ts'
import type { Range } from './range-set.ts'

/** An address with a prefix length; host bits are kept as written. */
export type Cidr = { readonly address: IpAddr; readonly prefix: number }

/** Parses `ADDRESS` or `ADDRESS/LENGTH` with a decimal length in range (leading zeros allowed); null otherwise. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/')
  const address = parseAddr(slash === -1 ? text : text.slice(0, slash))
  if (address === null) return null
  if (slash === -1) return { address, prefix: widthOf(address.version) }
  const length = text.slice(slash + 1)
  if (!/^\d{1,5}$/.test(length) || Number(length) > widthOf(address.version)) return null
  return { address, prefix: Number(length) }
}

/** First and last address of the network that holds `cidr`. */
export function rangeOf(cidr: Cidr): Range {
  const hostBits = BigInt(widthOf(cidr.address.version) - cidr.prefix)
  const lo = (cidr.address.bits >> hostBits) << hostBits
  return { lo, hi: lo | ((1n << hostBits) - 1n) }
}

/** True when bits beyond the prefix are set (`10.0.0.5/8`). */
export function hasHostBits(cidr: Cidr): boolean {
  return rangeOf(cidr).lo !== cidr.address.bits
}

/** `10.0.0.0/8`; a full-length prefix is left out. Host bits are shown as they are. */
export function showCidr(cidr: Cidr): string {
  const text = showAddr(cidr.address)
  return cidr.prefix === widthOf(cidr.address.version) ? text : `${text}/${cidr.prefix}`
}

/** The fewest CIDRs that make up an inclusive range, ascending. */
export function cidrsOf(version: 4 | 6, range: Range): readonly Cidr[] {
  const width = widthOf(version)
  const result: Cidr[] = []
  for (let lo = range.lo; lo <= range.hi; ) {
    let bits = 0
    while (
      bits < width &&
      (lo & ((1n << BigInt(bits + 1)) - 1n)) === 0n &&
      lo + (1n << BigInt(bits + 1)) - 1n <= range.hi
    )
      bits += 1
    result.push({ address: { version, bits: lo }, prefix: width - bits })
    lo += 1n << BigInt(bits)
  }
  return result
}
