import { packetTypes } from '../eval/doubt.ts'
import { packetValues, UNKNOWN } from '../eval/field-value.ts'
import { fieldSlot } from '../netfilter/field.ts'
import type { CtState, Packet } from '../netfilter/packet.ts'
import { namesIn } from './fields.ts'
import { classOf } from './partition.ts'
import type { Space } from './space.ts'

/** A packet as the classes of its free fields; null on levels where nobody knows them, several where it is one of these. */
export type Point = readonly (number | ReadonlySet<number> | null)[]

/**
 * Where a packet is in a space. Rates are not exceeded, as the evaluator takes them; matches nobody can evaluate can be
 * either; its type on the link is told by its addresses as far as it is (`packetTypes`, eval/doubt.ts).
 */
export function pointOf({ levels }: Space, packet: Packet, state: CtState): Point {
  const values = packetValues(packet)
  return levels.map((level) => {
    if (level.kind === 'doubt') return level.name.startsWith('limit ') ? 1 : null
    const { field, partition } = level
    if (field === 'ct state') return classOf(partition, namesIn(field)?.indexOf(state) ?? 0)
    if (field === 'meta pkttype') {
      const types = packetTypes(packet).map((type) => namesIn(field)?.indexOf(type) ?? 0)
      return new Set(types.map((type) => classOf(partition, type)))
    }
    const value = values[fieldSlot(field)]
    if (value === UNKNOWN) return null
    // it lacks the field: no rule looks at it without looking at the protocol
    return typeof value === 'number' || typeof value === 'bigint' ? classOf(partition, value) : 0
  })
}

/** All leaves a packet can come to; several only where something of it is not known. */
export function leavesAt({ arena }: Space, diagram: number, point: Point): ReadonlySet<number> {
  const leaves = new Set<number>()
  const seen = new Set<number>()
  const visit = (at: number): void => {
    if (seen.has(at)) return
    seen.add(at)
    if (at < 0) {
      leaves.add(-1 - at)
      return
    }
    const cls = point[arena.levelOf(at)] ?? null
    if (typeof cls === 'number') visit(arena.kid(at, cls))
    else if (cls !== null) for (const each of cls) visit(arena.kid(at, each))
    else {
      const runs = arena.runsOf(at)
      for (let i = 1; i < runs.length; i += 2) visit(runs[i] as number)
    }
  }
  visit(diagram)
  return leaves
}
