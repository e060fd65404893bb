/** The nft of Proxmox VE 9 (Debian 13). */
export const DEFAULT_NFT_VERSION = '1.1.3'

/** True when `version` is `other` or later; parts that are no numbers count as 0. */
export function isAtLeast(version: string, other: string): boolean {
  const own = partsOf(version)
  const wanted = partsOf(other)
  for (let at = 0; at < Math.max(own.length, wanted.length); at += 1) {
    const difference = (own[at] ?? 0) - (wanted[at] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

function partsOf(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0)
}
