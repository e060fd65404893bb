/** How the items of one list stand in another. */
export type Alignment = {
  /** Places of equal items, first list and second, ascending in both. */
  readonly kept: readonly (readonly [number, number])[]
  /** Places of equal items that stand in another order. */
  readonly moved: readonly (readonly [number, number])[]
  /** Places of items of the first list that the second has not, and the other way round. */
  readonly missing: readonly number[]
  readonly extra: readonly number[]
}

/**
 * Compares two lists by their keys. The k-th item of a key is the k-th of it in the other list; of these pairs the most
 * that stand in the same order are kept. Cost: n log n.
 */
export function align(first: readonly string[], second: readonly string[]): Alignment {
  const places = new Map<string, number[]>()
  for (const [at, key] of second.entries()) {
    const same = places.get(key)
    if (same === undefined) places.set(key, [at])
    else same.push(at)
  }
  const used = new Map<string, number>()
  const pairs: (readonly [number, number])[] = []
  const missing: number[] = []
  for (const [at, key] of first.entries()) {
    const nth = used.get(key) ?? 0
    const place = places.get(key)?.[nth]
    used.set(key, nth + 1)
    if (place === undefined) missing.push(at)
    else pairs.push([at, place])
  }
  const taken = new Set(pairs.map(([, place]) => place))
  const ascending = longestAscending(pairs.map(([, place]) => place))
  return {
    kept: pairs.filter((_, at) => ascending.has(at)),
    moved: pairs.filter((_, at) => !ascending.has(at)),
    missing,
    extra: [...second.keys()].filter((place) => !taken.has(place)),
  }
}

/** Places in the list of a longest ascending sequence of its numbers, each of which stands there once. */
function longestAscending(numbers: readonly number[]): ReadonlySet<number> {
  /** By length less one: the place where the sequence of that length with the smallest end ends. */
  const ends: number[] = []
  const before: number[] = []
  for (const [at, number] of numbers.entries()) {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1
      else high = middle
    }
    before.push(low === 0 ? -1 : (ends[low - 1] ?? -1))
    ends[low] = at
  }
  const chosen = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at !== -1; at = before[at] ?? -1) chosen.add(at)
  return chosen
}
