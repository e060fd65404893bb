import type { ValueSet } from './value-set.ts'

/**
 * The values of one field put into classes: two values are of one class where every set that was asked about has both
 * or neither. What rules say of a field, they say of its classes, however many bits it has.
 */
export type Partition = {
  /** Number of classes, at least 1. They are numbered in the order of their lowest values. */
  readonly size: number
  /** Values from `starts[i]` up to the next start are of class `classes[i]`. */
  readonly starts: readonly (number | bigint)[]
  readonly classes: Int32Array
  /** The value past the last one. */
  readonly end: number | bigint
  /** Classes of a set that was asked about, as inclusive runs: first, last, first, last ... */
  readonly runsOf: (values: ValueSet) => readonly number[]
}

/**
 * The coarsest classes for some sets of values below `end`, exact: a sweep over all bounds, with the sets that hold at
 * each as a shared binary tree of bits, so that a bound costs the logarithm of the number of sets.
 */
export function partitionOf(sets: readonly ValueSet[], end: number | bigint): Partition {
  const distinct = distinctSets(sets)
  const { list } = distinct
  const bounds = sortedBounds(list)
  const bits = new BitTree(list.length)
  const starts: (number | bigint)[] = [typeof end === 'bigint' ? 0n : 0]
  const classes: number[] = []
  const classOfRoot = new Map<number, number>()
  const rootOfClass: number[] = []
  const close = (root: number): void => {
    let cls = classOfRoot.get(root)
    if (cls === undefined) {
      cls = rootOfClass.length
      classOfRoot.set(root, cls)
      rootOfClass.push(root)
    }
    classes.push(cls)
  }
  let root = 0
  for (let i = 0; i < bounds.at.length; ) {
    const at = bounds.at[i] as number | bigint
    let next = root
    for (; i < bounds.at.length && bounds.at[i] === at; i += 1)
      next = bits.toggle(next, bounds.who[i] as number)
    if (next === root || at >= end) continue
    if (at !== starts[starts.length - 1]) {
      close(root)
      starts.push(at)
    }
    root = next
  }
  close(root)
  const runs = runsOfSets(rootOfClass, bits, list.length)
  return {
    size: rootOfClass.length,
    starts,
    classes: Int32Array.from(classes),
    end,
    runsOf: (values) => {
      const index = distinct.indexOf(values)
      if (index === null) throw new Error('a set of values that the classes were not made for')
      return runs[index] as readonly number[]
    },
  }
}

/** The class of a value: by bisection. */
export function classOf({ starts, classes }: Partition, value: number | bigint): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number | bigint) <= value) low = middle
    else high = middle - 1
  }
  return classes[low] as number
}

/** Classes that have values in a set, as inclusive runs. */
export function classesWithin(
  { starts, classes, size, end }: Partition,
  values: ValueSet,
): readonly number[] {
  const has = new Uint8Array(size)
  let at = 0
  for (const [i, cls] of classes.entries()) {
    const from = starts[i] as number | bigint
    const to = starts[i + 1] ?? end
    while (at < values.length && (values[at + 1] as number | bigint) <= from) at += 2
    if (at < values.length && (values[at] as number | bigint) < to) has[cls] = 1
  }
  const runs: number[] = []
  for (let cls = 0; cls < size; cls += 1) {
    if (has[cls] === 0) continue
    if (runs.length > 0 && runs[runs.length - 1] === cls - 1) runs[runs.length - 1] = cls
    else runs.push(cls, cls)
  }
  return runs
}

/** The values of some classes; `has` tells which. */
export function valuesOfClasses(
  { starts, classes, end }: Partition,
  has: (cls: number) => boolean,
): ValueSet {
  const values: (number | bigint)[] = []
  let inside = false
  for (const [i, cls] of classes.entries()) {
    if (has(cls) === inside) continue
    inside = !inside
    values.push(starts[i] as number | bigint)
  }
  if (inside) values.push(end)
  return values
}

/** Sets are told apart by what they hold; those that are the same array are not looked at again. */
function distinctSets(sets: readonly ValueSet[]): {
  readonly list: readonly ValueSet[]
  readonly indexOf: (values: ValueSet) => number | null
} {
  const byIdentity = new Map<ValueSet, number>()
  const byKey = new Map<string, number[]>()
  const list: ValueSet[] = []
  const known = (values: ValueSet): number | null => {
    const found = byIdentity.get(values)
    if (found !== undefined) return found
    const alike = byKey.get(roughKey(values)) ?? []
    return alike.find((index) => isSame(list[index] as ValueSet, values)) ?? null
  }
  for (const values of sets) {
    if (byIdentity.has(values)) continue
    let index = known(values)
    if (index === null) {
      index = list.length
      list.push(values)
      const key = roughKey(values)
      const alike = byKey.get(key)
      if (alike === undefined) byKey.set(key, [index])
      else alike.push(index)
    }
    byIdentity.set(values, index)
  }
  return { list, indexOf: known }
}

/** Equal sets have equal keys; large ones are not written out for it. */
function roughKey(values: ValueSet): string {
  const { length } = values
  if (length <= 32) return values.join(' ')
  return `${length}: ${values[0]} ${values[length >> 2]} ${values[length >> 1]} ${values[length - 1]}`
}

function isSame(a: ValueSet, b: ValueSet): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** All bounds of all sets in order, and whose each is. Each set is sorted already, which the engine's sort makes use of. */
function sortedBounds(list: readonly ValueSet[]): {
  readonly at: readonly (number | bigint)[]
  readonly who: Int32Array
} {
  const all: (number | bigint)[] = []
  const owners: number[] = []
  for (const [who, values] of list.entries())
    for (const value of values) {
      all.push(value)
      owners.push(who)
    }
  const order = all.map((_, i) => i)
  order.sort((a, b) => {
    const x = all[a] as number | bigint
    const y = all[b] as number | bigint
    return x < y ? -1 : x > y ? 1 : 0
  })
  return {
    at: order.map((i) => all[i] as number | bigint),
    who: Int32Array.from(order, (i) => owners[i] as number),
  }
}

function runsOfSets(
  roots: readonly number[],
  bits: BitTree,
  count: number,
): readonly (readonly number[])[] {
  const runs: number[][] = Array.from({ length: count }, () => [])
  for (const [cls, root] of roots.entries())
    bits.each(root, (index) => {
      const own = runs[index] as number[]
      if (own.length > 0 && own[own.length - 1] === cls - 1) own[own.length - 1] = cls
      else own.push(cls, cls)
    })
  return runs
}

/**
 * Sets of small numbers as binary trees that share their parts: equal sets are one number, and 0 is the empty one.
 */
class BitTree {
  readonly #depth: number
  readonly #left: number[] = [0]
  readonly #right: number[] = [0]
  readonly #known = new Map<number, Map<number, number>>()

  constructor(count: number) {
    this.#depth = Math.max(1, Math.ceil(Math.log2(Math.max(1, count))))
  }

  /** The set with one number put in or taken out. */
  toggle(root: number, index: number): number {
    return this.#toggleAt(root, index, this.#depth - 1)
  }

  each(root: number, visit: (index: number) => void): void {
    this.#eachAt(root, 0, this.#depth - 1, visit)
  }

  #toggleAt(node: number, index: number, depth: number): number {
    const left = this.#left[node] as number
    const right = this.#right[node] as number
    const goesRight = ((index >> depth) & 1) === 1
    // at the bottom a child is 1 for a number that is there
    const old = goesRight ? right : left
    const made = depth === 0 ? 1 - old : this.#toggleAt(old, index, depth - 1)
    return goesRight ? this.#node(left, made, depth) : this.#node(made, right, depth)
  }

  /** The node of two halves; those of different depths are told apart, so that no number means two sets. */
  #node(left: number, right: number, depth: number): number {
    if (left === 0 && right === 0) return 0
    const key = left * 64 + depth
    let row = this.#known.get(key)
    if (row === undefined) {
      row = new Map()
      this.#known.set(key, row)
    }
    let node = row.get(right)
    if (node === undefined) {
      node = this.#left.length
      this.#left.push(left)
      this.#right.push(right)
      row.set(right, node)
    }
    return node
  }

  #eachAt(node: number, base: number, depth: number, visit: (index: number) => void): void {
    if (node === 0) return
    const left = this.#left[node] as number
    const right = this.#right[node] as number
    if (depth === 0) {
      if (left === 1) visit(base)
      if (right === 1) visit(base + 1)
      return
    }
    this.#eachAt(left, base, depth - 1, visit)
    this.#eachAt(right, base + (1 << depth), depth - 1, visit)
  }
}
