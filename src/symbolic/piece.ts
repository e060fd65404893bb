import type { Diagram } from './diagram.ts'
import { NONE, TRUE } from './diagram.ts'
import type { FreeField } from './fields.ts'
import { valuesOfClasses } from './partition.ts'
import type { Point } from './point.ts'
import type { Level, Space } from './space.ts'
import type { ValueSet } from './value-set.ts'

/** Packets that can be told field by field: those whose fields all have one of the given values. Fields left out have any. */
export type Piece = {
  readonly fields: ReadonlyMap<FreeField, ValueSet>
  /** Values that a field can have at all, where that was said: what is not among `fields` has these. */
  readonly domains?: ReadonlyMap<FreeField, ValueSet>
  /** What nobody can tell and must be so: by text, that of {@link Level}. */
  readonly doubts: readonly { readonly text: string; readonly holds: boolean }[]
}

export type Pieces = {
  /** They may overlap: each is as large as it can be. */
  readonly pieces: readonly Piece[]
  /** Packets are left that are in none of them, as there were too many to tell. */
  readonly more: boolean
}

/** Classes of each level, by one byte each: 1 for those that are in. */
type Box = Uint8Array[]

/** The order in which a piece is made larger: what people care least about goes first. */
const GROWTH: readonly (FreeField | 'doubt')[] = [
  'doubt',
  'meta pkttype',
  'ether daddr',
  'th sport',
  'tcp flags',
  'icmp code',
  'icmpv6 code',
  'ether saddr',
  'arp saddr ether',
  'arp operation',
  'ct state',
  'ip saddr',
  'ip6 saddr',
  'arp saddr ip',
  'icmp type',
  'icmpv6 type',
  'th dport',
  'ip daddr',
  'ip6 daddr',
  'arp daddr ip',
  'meta l4proto',
]

/**
 * A region as few large pieces whose union it is: one packet after the other that is in none yet, its piece made
 * larger field by field while it stays inside.
 *
 * @param most Pieces after which it is enough.
 * @param possible Packets that there can be: pieces cover those of the region, and may hold any that there cannot be,
 * which makes them fewer and larger.
 */
export function piecesOf(
  space: Space,
  region: Diagram,
  most = 20,
  possible: Diagram = TRUE,
): Pieces {
  const { arena, levels } = space
  const order = growthOrder(levels)
  const inside = arena.over(region, arena.not(possible))
  const pieces: Piece[] = []
  let left = arena.where(possible, region)
  while (left !== NONE) {
    if (pieces.length === most) return { pieces, more: true }
    const box = boxAround(space, left)
    for (const level of order) grow(space, inside, box, level)
    const whole = diagramOf(space, box)
    pieces.push(pieceOf(space, box, arena.where(possible, whole), possible))
    left = arena.except(left, whole)
  }
  return { pieces, more: false }
}

/**
 * The largest piece around one packet of a region that growing field by field finds; null where the packet is not in
 * the region. Classes of the packet that nobody knows are taken all.
 */
export function pieceAround(
  space: Space,
  region: Diagram,
  point: Point,
  possible: Diagram = TRUE,
): Piece | null {
  const { arena, levels } = space
  const inside = arena.over(region, arena.not(possible))
  const box = levels.map((level, i) => {
    const at = point[i] ?? null
    const only = new Uint8Array(sizeOf(level)).fill(at === null ? 1 : 0)
    if (typeof at === 'number') only[at] = 1
    else for (const each of at ?? []) only[each] = 1
    return only
  })
  if (arena.except(diagramOf(space, box), inside) !== NONE) return null
  for (const level of growthOrder(levels)) grow(space, inside, box, level)
  return pieceOf(space, box, arena.where(possible, diagramOf(space, box)), possible)
}

/** The values of a field that some packet of the region has. */
export function valuesIn(space: Space, region: Diagram, field: FreeField): ValueSet {
  const level = space.levelOf(field)
  const at = space.levels[level]
  if (at?.kind !== 'field') return []
  const has = classesIn(space, region, level)
  return valuesOfClasses(at.partition, (cls) => has[cls] === 1)
}

/** By one byte each: 1 for the classes of a level that some packet of the region has. */
function classesIn({ arena, levels }: Space, region: Diagram, level: number): Uint8Array {
  const has = new Uint8Array(sizeOf(levels[level] as Level))
  const seen = new Set<Diagram>()
  const visit = (at: Diagram): void => {
    if (at === NONE || seen.has(at)) return
    seen.add(at)
    if (arena.levelOf(at) > level) {
      has.fill(1)
      return
    }
    const runs = arena.runsOf(at)
    const here = arena.levelOf(at) === level
    let first = 0
    for (let i = 0; i < runs.length; i += 2) {
      const last = runs[i] as number
      const kid = runs[i + 1] as number
      if (!here) visit(kid)
      else if (kid !== NONE) has.fill(1, first, last + 1)
      first = last + 1
    }
  }
  visit(region)
  return has
}

function growthOrder(levels: readonly Level[]): readonly number[] {
  const rank = (level: Level): number =>
    GROWTH.indexOf(level.kind === 'field' ? level.field : 'doubt')
  return levels.map((_, i) => i).sort((a, b) => rank(levels[a] as Level) - rank(levels[b] as Level))
}

/** A single packet of the region: on every level the one class, of many the one with the most values. */
function boxAround({ arena, levels }: Space, region: Diagram): Box {
  const box = levels.map((level) => new Uint8Array(sizeOf(level)).fill(1))
  let at = region
  while (at >= 0) {
    const level = arena.levelOf(at)
    const runs = arena.runsOf(at)
    const widths = widthsOf(levels[level] as Level)
    let best = -1
    let bestKid = NONE
    let first = 0
    for (let i = 0; i < runs.length; i += 2) {
      const last = runs[i] as number
      const kid = runs[i + 1] as number
      if (kid !== NONE)
        for (let cls = first; cls <= last; cls += 1)
          if (best === -1 || (widths[cls] as number) > (widths[best] as number)) {
            best = cls
            bestKid = kid
          }
      first = last + 1
    }
    const only = new Uint8Array(sizeOf(levels[level] as Level))
    only[best] = 1
    box[level] = only
    at = bestKid
  }
  return box
}

function sizeOf(level: Level): number {
  return level.kind === 'field' ? level.partition.size : 2
}

const widths = new WeakMap<Level, Float64Array>()

/** How many values each class has, roughly. */
function widthsOf(level: Level): Float64Array {
  const known = widths.get(level)
  if (known !== undefined) return known
  const made = new Float64Array(sizeOf(level))
  if (level.kind === 'field') {
    const { starts, classes, end } = level.partition
    for (const [i, cls] of classes.entries()) {
      const width = Number(starts[i + 1] ?? end) - Number(starts[i])
      made[cls] = (made[cls] as number) + width
    }
  } else made.fill(1)
  widths.set(level, made)
  return made
}

/** Gives a level of the box every class with which all of the box is still inside the region. */
function grow({ arena, levels }: Space, region: Diagram, box: Box, level: number): void {
  const size = sizeOf(levels[level] as Level)
  const whole = new Map<Diagram, boolean>()
  const isInside = (at: Diagram): boolean => {
    if (at < 0) return at !== NONE
    const known = whole.get(at)
    if (known !== undefined) return known
    const found = kidsIn(at).every(isInside)
    whole.set(at, found)
    return found
  }
  const kidsIn = (at: Diagram): readonly Diagram[] => {
    const allowed = box[arena.levelOf(at)] as Uint8Array
    const kids: Diagram[] = []
    const runs = arena.runsOf(at)
    let first = 0
    for (let i = 0; i < runs.length; i += 2) {
      const last = runs[i] as number
      if (hasAny(allowed, first, last)) kids.push(runs[i + 1] as number)
      first = last + 1
    }
    return kids
  }
  const known = new Map<Diagram, Uint8Array>()
  const classesAt = (at: Diagram): Uint8Array => {
    const found = known.get(at)
    if (found !== undefined) return found
    const made = new Uint8Array(size)
    if (arena.levelOf(at) > level) made.fill(isInside(at) ? 1 : 0)
    else if (arena.levelOf(at) === level) {
      const runs = arena.runsOf(at)
      let first = 0
      for (let i = 0; i < runs.length; i += 2) {
        const last = runs[i] as number
        if (isInside(runs[i + 1] as number)) made.fill(1, first, last + 1)
        first = last + 1
      }
    } else {
      made.fill(1)
      for (const kid of kidsIn(at)) {
        const below = classesAt(kid)
        for (let cls = 0; cls < size; cls += 1)
          made[cls] = (made[cls] as number) & (below[cls] as number)
      }
    }
    known.set(at, made)
    return made
  }
  box[level] = classesAt(region)
}

function hasAny(allowed: Uint8Array, first: number, last: number): boolean {
  for (let cls = first; cls <= last; cls += 1) if (allowed[cls] === 1) return true
  return false
}

/** The box as a predicate. */
function diagramOf({ arena }: Space, box: Box): Diagram {
  let made: Diagram = TRUE
  for (let level = box.length - 1; level >= 0; level -= 1) {
    const runs: number[] = []
    const allowed = box[level] as Uint8Array
    for (let cls = 0; cls < allowed.length; cls += 1) {
      if (allowed[cls] !== 1) continue
      if (runs.length > 0 && runs[runs.length - 1] === cls - 1) runs[runs.length - 1] = cls
      else runs.push(cls, cls)
    }
    made = arena.where(arena.isIn(level, runs), made)
  }
  return made
}

/**
 * `there`: the packets of the box that there can be. Of a field only values are told that some of them has, and nothing
 * where these are all it can have.
 */
function pieceOf(space: Space, box: Box, there: Diagram, possible: Diagram): Piece {
  const fields = new Map<FreeField, ValueSet>()
  const domains = new Map<FreeField, ValueSet>()
  const doubts: { readonly text: string; readonly holds: boolean }[] = []
  for (const [i, level] of space.levels.entries()) {
    const allowed = box[i] as Uint8Array
    if (!allowed.includes(0)) continue
    if (level.kind === 'doubt') {
      doubts.push({ text: level.text, holds: allowed[1] === 1 })
      continue
    }
    const real = classesIn(space, there, i)
    const all = classesIn(space, possible, i)
    if (!real.some((has, cls) => has !== all[cls])) continue
    const valuesOf = (classes: Uint8Array): ValueSet =>
      valuesOfClasses(level.partition, (cls) => classes[cls] === 1)
    fields.set(level.field, valuesOf(real))
    domains.set(level.field, valuesOf(all))
  }
  return { fields, domains, doubts }
}
