/**
 * IPv6 address as Net::IP's `ip_compress_address` writes it: groups without leading zeros, the longest run
 * of zero groups as `::`. Where RFC 5952 wants the first of equally long runs, Net::IP counts the colons a
 * run touches too, so a run in the middle beats one at either end. Letters come out in lower case.
 */
export function compressIp6(text: string): string {
  const groups = expand(text.toLowerCase()).map((group) => group.replace(/^0+(?=.)/, ''))
  const joined = groups.join(':')
  let longest = ''
  for (const [run] of joined.matchAll(/(?:^|:)0(?::0)+(?::|$)/g))
    if (run.length > longest.length) longest = run
  return longest === '' ? joined : joined.replace(longest, '::')
}

/** The eight groups of an address that is known to be well formed. */
function expand(text: string): readonly string[] {
  const hex = text.includes('.') ? withHexTail(text) : text
  const gap = hex.indexOf('::')
  if (gap === -1) return hex.split(':')
  const before = hex.slice(0, gap).split(':').filter(isNotEmpty)
  const after = hex
    .slice(gap + 2)
    .split(':')
    .filter(isNotEmpty)
  const missing = Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<string>(missing).fill('0'), ...after]
}

function isNotEmpty(text: string): boolean {
  return text !== ''
}

function withHexTail(text: string): string {
  const colon = text.lastIndexOf(':')
  const [a = 0, b = 0, c = 0, d = 0] = text
    .slice(colon + 1)
    .split('.')
    .map(Number)
  return `${text.slice(0, colon + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}
