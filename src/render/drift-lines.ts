import type { Difference, Foreign } from '../audit/difference.ts'
import type { Drift } from '../audit/drift.ts'
import { showBytes } from './escape.ts'
import { type FileNames, showPlace } from './file-names.ts'
import type { JsonObject } from './json.ts'
import { placeJson } from './json.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'

/** Bytes of a rule that are shown. */
const shown = 200

/** Differences and strangers' rules that are listed one by one; JSON has all. */
const mostListed = 200

/** What differs, table by table, then what is not Proxmox's. */
export function renderDrift(found: Drift, names: FileNames): readonly StyledLine[] {
  const { differences, foreign, leftovers, notCompared } = found
  return [
    ...grouped(differences, (one) => differenceLine(one, names)),
    line([summary(found)], 4),
    ...notCompared.map((table) =>
      line([piece('not compared: ', 'note'), `no dump tells about ${table}`], 4),
    ),
    ...(leftovers.length === 0
      ? []
      : [
          line(
            [
              piece('left over: ', 'note'),
              `${leftovers.map(({ set }) => set.name).join(', ')}: proxmox-firewall never deletes a set`,
            ],
            4,
          ),
        ]),
    ...(foreign.length === 0
      ? []
      : [
          line([piece('of other programs, which have a say too:', 'strong')], 4),
          ...grouped(foreign, (one) => foreignLine(one, names)),
        ]),
  ]
}

function summary({ differences, notCompared }: Drift): Piece | string {
  if (differences.length === 0)
    return notCompared.length === 0
      ? piece('no drift: the node holds what the configuration compiles to', 'accept')
      : piece('no drift in what was compared', 'accept')
  const count = differences.length
  return piece(`${count} ${count === 1 ? 'difference' : 'differences'}`, 'drop')
}

function grouped<T extends { readonly table: string }>(
  all: readonly T[],
  show: (one: T) => StyledLine,
): readonly StyledLine[] {
  const lines: StyledLine[] = []
  let table: string | null = null
  for (const one of all.slice(0, mostListed)) {
    if (one.table !== table) lines.push(line([piece(one.table, 'strong')]))
    table = one.table
    lines.push(show(one))
  }
  if (all.length > mostListed)
    lines.push(line([piece(`  and ${all.length - mostListed} more: --json lists them`, 'faint')]))
  return lines
}

const MARK: Readonly<Record<Difference['change'], string>> = {
  missing: '-',
  extra: '+',
  moved: '~',
  changed: '!',
}

function differenceLine(one: Difference, names: FileNames): StyledLine {
  const { what, change, name, wanted, held, text, origin, found } = one
  const number = change === 'extra' ? held : wanted
  const where = `${name ?? ''}${number === null ? '' : `:${number}`}`
  const moved = change === 'moved' && held !== null ? ` (now rule ${held})` : ''
  const place = origin?.span ?? (change === 'extra' ? found?.span : null) ?? null
  const why = origin?.kind === 'generated' ? origin.why : null
  const tail = [
    ...(place === null ? [] : [showPlace(place, names)]),
    ...(place === null && why !== null ? [why] : []),
  ]
  return line(
    [
      piece(`  ${MARK[change]} `, change === 'missing' ? 'drop' : 'note'),
      `${change} ${what} `,
      piece(where, 'place'),
      `  ${showBytes(text, shown)}${moved}`,
      ...(tail.length === 0 ? [] : [piece(`  ${tail.join(': ')}`, 'faint')]),
    ],
    6,
  )
}

function foreignLine({ what, name, text, found }: Foreign, names: FileNames): StyledLine {
  const place = found?.span ?? null
  return line(
    [
      `  ${what} `,
      ...(name === null ? [] : [piece(name, 'place'), '  ']),
      showBytes(text, shown),
      ...(place === null ? [] : [piece(`  ${showPlace(place, names)}`, 'faint')]),
    ],
    6,
  )
}

/** The same as JSON. */
export function driftJson(node: string, backend: string, found: Drift): JsonObject {
  return {
    version: 1,
    node,
    backend,
    drift: found.differences.length > 0,
    differences: found.differences.map(
      ({ what, change, table, name, text, wanted, held, origin, found: there }) => ({
        what,
        change,
        table,
        name,
        text,
        wanted,
        held,
        ...placeJson(origin?.span ?? null),
        kind: origin?.kind ?? null,
        why: origin?.kind === 'generated' ? origin.why : null,
        dump: placeJson(there?.kind === 'imported' ? there.span : null),
      }),
    ),
    foreign: found.foreign.map(({ what, table, name, text, found: there }) => ({
      what,
      table,
      name,
      text,
      dump: placeJson(there?.span ?? null),
    })),
    leftovers: found.leftovers.map(({ table, set }) => ({ table, name: set.name })),
    notCompared: [...found.notCompared],
  }
}
