import { Arena, type Diagram, NONE, TRUE } from './diagram.ts'
import { endOf, type Family, type FreeField, freeFields } from './fields.ts'
import { collect, type Formula } from './formula.ts'
import { classesWithin, type Partition, partitionOf } from './partition.ts'
import type { ValueSet } from './value-set.ts'

/**
 * All packets of a family, by the classes of their free fields; below these a level for everything nobody can tell
 * (rates, matches that cannot be evaluated), of two classes: no, yes.
 */
export type Space = {
  readonly family: Family
  readonly arena: Arena
  readonly levels: readonly Level[]
  /** The packets a formula holds for. Its sets must be among those the space was made for. */
  readonly packets: (formula: Formula) => Diagram
  readonly levelOf: (field: FreeField) => number
  /** Packets whose field has one of these values, which are whole classes: those of a piece are. */
  readonly within: (field: FreeField, values: ValueSet) => Diagram
}

export type Level =
  | { readonly kind: 'field'; readonly field: FreeField; readonly partition: Partition }
  | { readonly kind: 'doubt'; readonly name: string; readonly text: string }

/** Everything that is asked of the fields of a family. */
export type Vocabulary = {
  readonly family: Family
  readonly sets: Map<FreeField, ValueSet[]>
  /** Text by name. */
  readonly doubts: Map<string, string>
}

export function newVocabulary(family: Family): Vocabulary {
  return {
    family,
    sets: new Map(freeFields(family).map((field) => [field, []])),
    doubts: new Map(),
  }
}

/** Puts what a formula asks for into the vocabulary. */
export function learn({ sets, doubts }: Vocabulary, formula: Formula): void {
  collect(
    formula,
    (field, values) => sets.get(field as FreeField)?.push(values),
    (name, text) => doubts.set(name, text),
  )
}

/** Makes the classes and an empty arena. `budget`: see {@link Arena}. */
export function spaceOf(vocabulary: Vocabulary, budget?: number): Space {
  const { family, sets, doubts } = vocabulary
  const levels: Level[] = freeFields(family).map((field) => ({
    kind: 'field',
    field,
    partition: partitionOf(sets.get(field) ?? [], endOf(field)),
  }))
  for (const [name, text] of doubts) levels.push({ kind: 'doubt', name, text })
  const levelOfName = new Map(
    levels.map((level, i) => [level.kind === 'field' ? level.field : level.name, i]),
  )
  const sizes = levels.map((level) => (level.kind === 'field' ? level.partition.size : 2))
  const arena = new Arena(sizes, budget)
  const levelOf = (name: string): number => {
    const level = levelOfName.get(name)
    if (level === undefined) throw new Error(`${name} is no free field of ${family} packets`)
    return level
  }
  const packets = (formula: Formula): Diagram => diagramOf(formula, { arena, levels, levelOf })
  const within = (field: FreeField, values: ValueSet): Diagram => {
    const at = levelOf(field)
    const level = levels[at] as Extract<Level, { kind: 'field' }>
    return arena.isIn(at, classesWithin(level.partition, values))
  }
  return { family, arena, levels, packets, levelOf, within }
}

function diagramOf(
  formula: Formula,
  space: Pick<Space, 'arena' | 'levels'> & { readonly levelOf: (name: string) => number },
): Diagram {
  const { arena, levels, levelOf } = space
  switch (formula.kind) {
    case 'const':
      return formula.value ? TRUE : NONE
    case 'in': {
      const at = levelOf(formula.field)
      const level = levels[at] as Extract<Level, { kind: 'field' }>
      return arena.isIn(at, level.partition.runsOf(formula.values), formula.negate)
    }
    case 'and':
      return formula.parts.reduce(
        (made: Diagram, part) => arena.where(made, made === NONE ? NONE : diagramOf(part, space)),
        TRUE,
      )
    case 'or':
      return formula.parts.reduce(
        (made: Diagram, part) => arena.over(made, diagramOf(part, space)),
        NONE,
      )
    case 'not':
      return arena.not(diagramOf(formula.part, space))
    case 'free':
      return arena.isIn(levelOf(formula.name), [1, 1])
    default:
      throw new Error('a formula about marks that nobody has told')
  }
}
