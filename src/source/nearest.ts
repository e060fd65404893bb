/**
 * The names a person may have meant by `word`: at most three, nearest first, none that differs in more than three
 * letters or a third of them. Case does not count. Cost: `word` times the letters of all names, `word` cut at 64.
 */
export function nearest(word: string, names: Iterable<string>): readonly string[] {
  const asked = word.slice(0, 64).toLowerCase()
  const limit = Math.min(3, Math.max(1, Math.floor(asked.length / 3)))
  const found: { readonly name: string; readonly distance: number }[] = []
  for (const name of new Set(names)) {
    if (Math.abs(name.length - asked.length) > limit) continue
    const distance = editDistance(asked, name.toLowerCase(), limit)
    if (distance <= limit) found.push({ name, distance })
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; more than `limit` is not
 * counted out. Only cells within `limit` of the diagonal are filled: cost `limit` times the length.
 */
function editDistance(a: string, b: string, limit: number): number {
  const far = limit + 1
  let before = new Uint8Array(b.length + 1).fill(far)
  let row = new Uint8Array(b.length + 1).map((_, j) => Math.min(j, far))
  for (let i = 1; i <= a.length; i += 1) {
    const next = new Uint8Array(b.length + 1).fill(far)
    if (i <= limit) next[0] = i
    let least = next[0] ?? far
    for (let j = Math.max(1, i - limit); j <= Math.min(b.length, i + limit); j += 1) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
      let cost = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1))
      if (
        j > 1 &&
        i > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      )
        cost = Math.min(cost, at(before, j - 2) + 1)
      next[j] = Math.min(cost, far)
      least = Math.min(least, cost)
    }
    if (least > limit) return far
    before = row
    row = next
  }
  return at(row, b.length)
}

function at(row: Uint8Array, index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
