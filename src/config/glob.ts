/** What a glob needs of the file system: names in a directory, and whether they are directories. */
export type Lister = (directory: string) => readonly { readonly name: string }[]

/** True when a pattern has a character glob(7) gives a meaning to. */
export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern)
}

/** A path with more segments is refused: the time to expand it is bounded. */
const MAX_SEGMENTS = 64

/**
 * The paths a pattern stands for, sorted, at most `limit`: `*`, `?` and `[...]` in any segment. A pattern
 * without them stands for itself, whether or not it exists; one of too many segments for nothing.
 */
export function expandGlob(pattern: string, list: Lister, limit: number): readonly string[] {
  const segments = pattern.split('/').filter((segment) => segment !== '')
  if (segments.length > MAX_SEGMENTS) return []
  let paths: readonly string[] = ['']
  for (const segment of segments) {
    const next: string[] = []
    for (const path of paths) {
      if (!isGlob(segment)) next.push(`${path}/${segment}`)
      else
        for (const { name } of list(path))
          if (next.length < limit && matchesGlob(segment, name)) next.push(`${path}/${name}`)
    }
    paths = next
  }
  return paths.map((path) => path.slice(1)).toSorted()
}

/** glob(7) of one name. A leading dot must be written. Time is at most pattern times name. */
export function matchesGlob(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  const tokens = globTokens(pattern)
  let token = 0
  let at = 0
  let starToken = -1
  let starAt = 0
  while (at < name.length) {
    const current = tokens[token]
    if (current?.kind === 'any') {
      starToken = token
      starAt = at
      token += 1
    } else if (current !== undefined && matchesOne(current, name.charCodeAt(at))) {
      token += 1
      at += 1
    } else if (starToken !== -1) {
      token = starToken + 1
      starAt += 1
      at = starAt
    } else {
      return false
    }
  }
  return tokens.slice(token).every((rest) => rest.kind === 'any')
}

type GlobToken =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | {
      readonly kind: 'class'
      readonly ranges: readonly (readonly [number, number])[]
      readonly negate: boolean
    }

function matchesOne(token: GlobToken, unit: number): boolean {
  if (token.kind === 'one') return true
  if (token.kind === 'any') return false
  return token.negate !== token.ranges.some(([lo, hi]) => unit >= lo && unit <= hi)
}

function globTokens(pattern: string): readonly GlobToken[] {
  const tokens: GlobToken[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at]
    const close = sign === '[' ? pattern.indexOf(']', at + 2) : -1
    if (sign === '*') {
      tokens.push({ kind: 'any' })
    } else if (sign === '?') {
      tokens.push({ kind: 'one' })
    } else if (close === -1) {
      const unit = pattern.charCodeAt(at)
      tokens.push({ kind: 'class', ranges: [[unit, unit]], negate: false })
    } else {
      const negate = pattern[at + 1] === '!'
      tokens.push({
        kind: 'class',
        ranges: classRanges(pattern.slice(at + (negate ? 2 : 1), close)),
        negate,
      })
      at = close
    }
  }
  return tokens
}

/** `a-z_`: inclusive ranges of code units. */
function classRanges(body: string): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = []
  for (let at = 0; at < body.length; at += 1) {
    const lo = body.charCodeAt(at)
    const isRange = body[at + 1] === '-' && at + 2 < body.length
    ranges.push([lo, isRange ? body.charCodeAt(at + 2) : lo])
    if (isRange) at += 2
  }
  return ranges
}
