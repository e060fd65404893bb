/**
 * Decision diagrams with a level for each field and, on the edges, runs of the classes of that field. A diagram says
 * for every packet which leaf it comes to. All diagrams of an arena share their nodes, so that two are equal where
 * their references are. Nothing is ever freed: an arena lives as long as one analysis.
 */

/** A diagram: the place of its root in the pool, or, below 0, the complement of a leaf's number. */
export type Diagram = number

/** The two leaves of predicates. `NONE` also means: nothing decided yet. */
export const NONE: Diagram = -1
export const TRUE: Diagram = -2

/** The number of a leaf; only for diagrams below 0. */
export function leafOf(diagram: Diagram): number {
  return -1 - diagram
}

/** The diagram that is this leaf for every packet. 0 is {@link NONE}, 1 is {@link TRUE}. */
export function diagramOfLeaf(leaf: number): Diagram {
  return -1 - leaf
}

/** Thrown where an analysis would need more memory than it was given: there is no answer then, and no part of one. */
export class BudgetExceeded extends Error {
  readonly budget: number
  constructor(budget: number) {
    super(`budget exceeded: the answer needs more than ${budget} cells of the diagram`)
    this.name = 'BudgetExceeded'
    this.budget = budget
  }
}

/** Cells of 4 bytes the pool may grow to, if nobody says otherwise: 240 MB. */
export const DEFAULT_BUDGET = 60_000_000

/** Binary operations; what each does at the leaves stands in {@link Arena}. */
const OVER = 0
const WHERE = 1
const EXCEPT = 2
const PAIR = 3
const CHANGE = 4

const cacheBits = 18
const cacheMask = (1 << cacheBits) - 1

/**
 * The nodes of one analysis. A node is `level, n, last1, kid1, ... lastn, kidn` in the pool: classes up to `last1` go
 * to `kid1`, and so on. INVARIANT: neighbouring kids differ, and a node has two of them at least.
 */
export class Arena {
  readonly #sizes: readonly number[]
  readonly #budget: number
  #pool = new Int32Array(1 << 16)
  #used = 0
  #table = new Int32Array(1 << 14).fill(-1)
  #nodes = 0
  #runs = new Int32Array(1 << 12)
  #top = 0
  readonly #keys = new Int32Array(2 << cacheBits).fill(0)
  readonly #ops = new Int8Array(1 << cacheBits).fill(-1)
  readonly #results = new Int32Array(1 << cacheBits)
  /** Leaves that are pairs of leaves, by pair. */
  readonly #pairs = new Map<number, Map<number, number>>()
  readonly #halves: (readonly [number, number] | null)[] = [null, null]
  /** Verdict of a leaf, as far as a change of it is a change (see {@link changes}). */
  #verdictOf: (leaf: number) => number = (leaf) => leaf

  /** `sizes`: how many classes the field of each level has; `budget`: cells of the pool. */
  constructor(sizes: readonly number[], budget: number = DEFAULT_BUDGET) {
    this.#sizes = sizes
    this.#budget = budget
  }

  /** Cells of the pool in use, and nodes. */
  size(): { readonly cells: number; readonly nodes: number } {
    return { cells: this.#used, nodes: this.#nodes }
  }

  /** A leaf of its own: its number. */
  newLeaf(): number {
    this.#halves.push(null)
    return this.#halves.length - 1
  }

  /** The level of a node; past the last one for a leaf. */
  levelOf(diagram: Diagram): number {
    return diagram < 0 ? this.#sizes.length : (this.#pool[diagram] as number)
  }

  /** The runs of a node as `last, kid` pairs, a view of the pool. */
  runsOf(diagram: Diagram): Int32Array {
    const count = this.#pool[diagram + 1] as number
    return this.#pool.subarray(diagram + 2, diagram + 2 + 2 * count)
  }

  /** Where a class of the node's field goes. */
  kid(diagram: Diagram, cls: number): Diagram {
    const pool = this.#pool
    let low = 0
    let high = (pool[diagram + 1] as number) - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((pool[diagram + 2 + 2 * middle] as number) < cls) low = middle + 1
      else high = middle
    }
    return pool[diagram + 3 + 2 * low] as number
  }

  /** The leaf a packet comes to, whose class on each level `classAt` tells. */
  leafAt(diagram: Diagram, classAt: (level: number) => number): number {
    let at = diagram
    while (at >= 0) at = this.kid(at, classAt(this.#pool[at] as number))
    return leafOf(at)
  }

  /** True for the classes of one field that stand in `runs` (first, last, first, last ..., ascending). */
  isIn(level: number, runs: readonly number[], negate = false): Diagram {
    const size = this.#sizes[level] ?? 0
    const inside = negate ? NONE : TRUE
    const outside = negate ? TRUE : NONE
    const mark = this.#top
    let next = 0
    for (let i = 0; i < runs.length; i += 2) {
      const first = runs[i] as number
      if (first > next) this.#push(first - 1, outside, mark)
      next = (runs[i + 1] as number) + 1
      this.#push(next - 1, inside, mark)
    }
    if (next < size) this.#push(size - 1, outside, mark)
    return this.#make(level, mark)
  }

  /** `a` where it says something, else `b`: rules of which the first that matches decides. As predicates: or. */
  over(a: Diagram, b: Diagram): Diagram {
    if (a === NONE || a === b) return b
    if (b === NONE || a < 0) return a
    return this.#apply(OVER, a, b)
  }

  /** `b` where the predicate holds, nothing elsewhere. As predicates: and. */
  where(predicate: Diagram, b: Diagram): Diagram {
    if (predicate === NONE || b === NONE) return NONE
    if (predicate === TRUE) return b
    if (predicate === b) return b
    return this.#apply(WHERE, predicate, b)
  }

  /** `a` where `b` says nothing. */
  except(a: Diagram, b: Diagram): Diagram {
    if (a === NONE || a === b) return NONE
    if (b === NONE) return a
    if (b < 0) return NONE
    return this.#apply(EXCEPT, a, b)
  }

  not(predicate: Diagram): Diagram {
    return this.except(TRUE, predicate)
  }

  /** Every packet's leaf in `a` and in `b` as one leaf; {@link halvesOf} takes it apart. */
  pair(a: Diagram, b: Diagram): Diagram {
    return this.#apply(PAIR, a, b)
  }

  /** As {@link pair}, but nothing where both leaves have the same verdict. `verdictOf` stays the same for an arena. */
  changes(a: Diagram, b: Diagram, verdictOf: (leaf: number) => number): Diagram {
    this.#verdictOf = verdictOf
    return a === b ? NONE : this.#apply(CHANGE, a, b)
  }

  /** The two leaves a leaf of {@link pair} stands for. */
  halvesOf(leaf: number): readonly [number, number] {
    const halves = this.#halves[leaf]
    if (halves === null || halves === undefined) throw new Error(`leaf ${leaf} is no pair`)
    return halves
  }

  /** Another diagram for each leaf; asked once a leaf. Only leaves may come of leaves. */
  relabel(diagram: Diagram, leaf: (leaf: number) => Diagram): Diagram {
    const done = new Map<Diagram, Diagram>()
    const visit = (at: Diagram): Diagram => {
      const known = done.get(at)
      if (known !== undefined) return known
      const made = at < 0 ? leaf(leafOf(at)) : this.#relabelNode(at, visit)
      done.set(at, made)
      return made
    }
    return visit(diagram)
  }

  /** All leaves a diagram has. */
  leavesOf(diagram: Diagram): ReadonlySet<number> {
    const leaves = new Set<number>()
    const seen = new Set<Diagram>()
    const visit = (at: Diagram): void => {
      if (seen.has(at)) return
      seen.add(at)
      if (at < 0) leaves.add(leafOf(at))
      else {
        const runs = this.runsOf(at)
        for (let i = 1; i < runs.length; i += 2) visit(runs[i] as number)
      }
    }
    visit(diagram)
    return leaves
  }

  /** What is left where the field of one level has this class. */
  cofactor(diagram: Diagram, level: number, cls: number): Diagram {
    const done = new Map<Diagram, Diagram>()
    const visit = (at: Diagram): Diagram => {
      if (this.levelOf(at) > level) return at
      if (this.levelOf(at) === level) return this.kid(at, cls)
      const known = done.get(at)
      if (known !== undefined) return known
      const made = this.#relabelNode(at, visit)
      done.set(at, made)
      return made
    }
    return visit(diagram)
  }

  #relabelNode(at: Diagram, visit: (at: Diagram) => Diagram): Diagram {
    const mark = this.#top
    const level = this.#pool[at] as number
    const count = this.#pool[at + 1] as number
    for (let i = 0; i < count; i += 1) {
      const kid = visit(this.#pool[at + 3 + 2 * i] as number)
      this.#push(this.#pool[at + 2 + 2 * i] as number, kid, mark)
    }
    return this.#make(level, mark)
  }

  /** The result where it can be told without going further down; 1 where not (no reference is that of a leaf above 0). */
  #settled(op: number, a: Diagram, b: Diagram): Diagram | null {
    switch (op) {
      case OVER:
        if (a === NONE || a === b) return b
        return a < 0 || b === NONE ? a : null
      case WHERE:
        if (a === NONE || b === NONE) return NONE
        return a === TRUE || a === b ? b : null
      case EXCEPT:
        if (a === NONE || a === b) return NONE
        if (b === NONE) return a
        return b < 0 ? NONE : null
      case PAIR:
        return a < 0 && b < 0 ? this.#pairOf(a, b) : null
      default:
        if (a === b) return NONE
        if (a >= 0 || b >= 0) return null
        return this.#verdictOf(leafOf(a)) === this.#verdictOf(leafOf(b)) ? NONE : this.#pairOf(a, b)
    }
  }

  #pairOf(a: Diagram, b: Diagram): Diagram {
    const one = leafOf(a)
    const other = leafOf(b)
    let row = this.#pairs.get(one)
    if (row === undefined) {
      row = new Map()
      this.#pairs.set(one, row)
    }
    let leaf = row.get(other)
    if (leaf === undefined) {
      leaf = this.#halves.length
      this.#halves.push([one, other])
      row.set(other, leaf)
    }
    return diagramOfLeaf(leaf)
  }

  #apply(op: number, a: Diagram, b: Diagram): Diagram {
    const settled = this.#settled(op, a, b)
    if (settled !== null) return settled
    const slot = hashOf(op, a, b) & cacheMask
    if (this.#ops[slot] === op && this.#keys[2 * slot] === a && this.#keys[2 * slot + 1] === b)
      return this.#results[slot] as number
    const made = this.#applyNodes(op, a, b)
    this.#ops[slot] = op
    this.#keys[2 * slot] = a
    this.#keys[2 * slot + 1] = b
    this.#results[slot] = made
    return made
  }

  #applyNodes(op: number, a: Diagram, b: Diagram): Diagram {
    const levelA = this.levelOf(a)
    const levelB = this.levelOf(b)
    const level = levelA < levelB ? levelA : levelB
    const mark = this.#top
    const endA = levelA === level ? a + 2 + 2 * (this.#pool[a + 1] as number) : 0
    const endB = levelB === level ? b + 2 + 2 * (this.#pool[b + 1] as number) : 0
    let i = levelA === level ? a + 2 : -1
    let j = levelB === level ? b + 2 : -1
    while ((i >= 0 && i < endA) || (j >= 0 && j < endB)) {
      // the pool may be moved by what is made below: read anew each time
      const lastA = i >= 0 ? (this.#pool[i] as number) : 0x7fff_ffff
      const lastB = j >= 0 ? (this.#pool[j] as number) : 0x7fff_ffff
      const kidA = i >= 0 ? (this.#pool[i + 1] as number) : a
      const kidB = j >= 0 ? (this.#pool[j + 1] as number) : b
      const last = lastA < lastB ? lastA : lastB
      this.#push(last, this.#apply(op, kidA, kidB), mark)
      if (lastA === last) i += 2
      if (lastB === last) j += 2
    }
    return this.#make(level, mark)
  }

  /** Adds a run to the node under way, joining it to the one before where they go to the same place. */
  #push(last: number, kid: Diagram, mark: number): void {
    if (this.#top > mark && this.#runs[this.#top - 1] === kid) {
      this.#runs[this.#top - 2] = last
      return
    }
    if (this.#top + 2 > this.#runs.length) {
      const larger = new Int32Array(2 * this.#runs.length)
      larger.set(this.#runs)
      this.#runs = larger
    }
    this.#runs[this.#top] = last
    this.#runs[this.#top + 1] = kid
    this.#top += 2
  }

  /** The node of the runs from `mark` on, which are taken off. */
  #make(level: number, mark: number): Diagram {
    const cells = this.#top - mark
    if (cells === 2) {
      this.#top = mark
      return this.#runs[mark + 1] as number
    }
    const slot = this.#find(level, mark, cells)
    const found = this.#table[slot] as number
    this.#top = mark
    if (found !== -1) return found
    this.#reserve(cells + 2)
    const at = this.#used
    this.#pool[at] = level
    this.#pool[at + 1] = cells / 2
    this.#pool.set(this.#runs.subarray(mark, mark + cells), at + 2)
    this.#used = at + cells + 2
    this.#table[slot] = at
    this.#nodes += 1
    if (2 * this.#nodes > this.#table.length) this.#rehash()
    return at
  }

  #reserve(cells: number): void {
    const needed = this.#used + cells
    if (needed > this.#budget) throw new BudgetExceeded(this.#budget)
    if (needed <= this.#pool.length) return
    const larger = new Int32Array(Math.min(this.#budget, Math.max(needed, 2 * this.#pool.length)))
    larger.set(this.#pool.subarray(0, this.#used))
    this.#pool = larger
  }

  /** The slot of the table that holds the node of these runs, or would. */
  #find(level: number, mark: number, cells: number): number {
    const mask = this.#table.length - 1
    let hash = level + 1
    for (let i = mark; i < mark + cells; i += 1)
      hash = (Math.imul(hash, 0x01000193) ^ (this.#runs[i] as number)) | 0
    for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
      const at = this.#table[slot] as number
      if (at === -1 || this.#isNode(at, level, mark, cells)) return slot
    }
  }

  #isNode(at: number, level: number, mark: number, cells: number): boolean {
    const pool = this.#pool
    if (pool[at] !== level || pool[at + 1] !== cells / 2) return false
    for (let i = 0; i < cells; i += 1) if (pool[at + 2 + i] !== this.#runs[mark + i]) return false
    return true
  }

  #rehash(): void {
    const old = this.#table
    this.#table = new Int32Array(2 * old.length).fill(-1)
    const mask = this.#table.length - 1
    for (const at of old) {
      if (at === -1) continue
      const end = at + 2 + 2 * (this.#pool[at + 1] as number)
      let hash = (this.#pool[at] as number) + 1
      for (let i = at + 2; i < end; i += 1)
        hash = (Math.imul(hash, 0x01000193) ^ (this.#pool[i] as number)) | 0
      let slot = mix(hash) & mask
      while (this.#table[slot] !== -1) slot = (slot + 1) & mask
      this.#table[slot] = at
    }
  }
}

function hashOf(op: number, a: number, b: number): number {
  return mix(Math.imul(a, 0x9e3779b1) ^ Math.imul(b + op * 0x1f35, 0x85ebca6b))
}

function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x7feb352d)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
