/** Parses `AA:bb:C:00:1:2` (six groups of one or two hex digits, `:` or `-`) to 48 bits; null otherwise. */
export function parseMac(text: string): number | null {
  const groups = text.split(/[:-]/)
  if (groups.length !== 6 || !groups.every((group) => /^[0-9a-f]{1,2}$/i.test(group))) return null
  return groups.reduce((bits, group) => bits * 256 + Number.parseInt(group, 16), 0)
}

/** `bc:24:11:00:00:01`. */
export function showMac(bits: number): string {
  return bits
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?!$)/g, '$1:')
}
