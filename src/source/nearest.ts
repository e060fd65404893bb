/**
 * The names a person may have meant by `word`: at most three, nearest first, none that differs in more than a
 * third of its letters. Case does not count. Cost: `word` times the letters of all names, `word` cut at 64.
 */
export function nearest(word: string, names: Iterable<string>): readonly string[] {
  const asked = word.slice(0, 64).toLowerCase()
  const limit = Math.max(1, Math.floor(asked.length / 3))
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

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; more than `limit` is not counted out. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    let least = i
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(before, j - 2) + 1)
      next.push(cost)
      least = Math.min(least, cost)
    }
    if (least > limit) return limit + 1
    before = row
    row = next
  }
  return at(row, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
