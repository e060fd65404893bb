/** Longer words are no typing mistakes worth a guess. */
const LONGEST = 40

/**
 * The candidate most like `word`, letter case counting little; null when none is close: about one edit per
 * three letters, at most three. Ties go to the first. Cost: one edit distance per candidate of similar length.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null
  const wanted = word.toLowerCase()
  let best: string | null = null
  let allowed = Math.min(3, Math.max(1, Math.floor(word.length / 3)))
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) > allowed) continue
    const distance = editDistance(wanted, candidate.toLowerCase(), allowed)
    if (distance > allowed || (best !== null && distance === allowed)) continue
    best = candidate
    allowed = distance
    if (distance === 0) break
  }
  return best
}

/** `did you mean ...?` for the nearest candidate, else `otherwise`. */
export function didYouMean<T extends string | null>(
  word: string,
  candidates: Iterable<string>,
  otherwise: T,
): string | T {
  const found = nearest(word, candidates)
  return found === null ? otherwise : `did you mean \`${found}\`?`
}

/** Edits (insert, delete, replace, swap neighbours) from `a` to `b`; something above `limit` as soon as it is exceeded. */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    let smallest = i
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
      smallest = Math.min(smallest, cost)
    }
    if (smallest > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
