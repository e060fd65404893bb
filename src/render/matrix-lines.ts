import { widthOf } from './columns.ts'
import type { JsonObject } from './json.ts'
import { CELL_WORDS, type MatrixCell, type MatrixView, whoWords } from './matrix-view.ts'
import { line, type Piece, piece, type Style, type StyledLine } from './styled.ts'

const STYLES: Readonly<Record<MatrixCell['kind'], Style>> = {
  yes: 'accept',
  no: 'drop',
  part: 'unknown',
  'no-way': 'faint',
}

/** A table for each service, senders down, receivers across; below it who gets through where only some do. */
export function renderMatrix(view: MatrixView): readonly StyledLine[] {
  const { from, to, services } = view
  const first = Math.max(...[...from, ...services].map(widthOf))
  const widths = to.map((name) => Math.max(widthOf(name), 4))
  return [
    line([piece(`${view.node}, ${view.backend}, IPv${view.family}`, 'strong'), ': first packets']),
    ...services.flatMap((service, s) => [
      line(['']),
      line([
        piece(service.padEnd(first), 'strong'),
        ...to.map((name, j) => `  ${name.padEnd(widths[j] ?? 0)}`),
      ]),
      ...from.map((name, i) =>
        line([
          name.padEnd(first),
          ...to.map((_, j): Piece => {
            const { kind } = view.cells[s]?.[i]?.[j] ?? { kind: 'no-way' }
            return piece(`  ${CELL_WORDS[kind].padEnd(widths[j] ?? 0)}`, STYLES[kind])
          }),
        ]),
      ),
      ...from.flatMap((sender, i) =>
        to.flatMap((receiver, j) => {
          const cell = view.cells[s]?.[i]?.[j]
          return cell?.kind === 'part'
            ? [line([piece(`  ${sender} → ${receiver}`, 'faint'), `  ${whoWords(cell)}`], 6)]
            : []
        }),
      ),
    ]),
  ]
}

/** One row for each cell: `from,to,service,reach,who`, as RFC 4180 has it. */
export function matrixCsv({ from, to, services, cells }: MatrixView): string {
  const rows = services.flatMap((service, s) =>
    from.flatMap((sender, i) =>
      to.map((receiver, j) => {
        const cell = cells[s]?.[i]?.[j] ?? { kind: 'no-way' }
        return [sender, receiver, service, cell.kind, whoWords(cell)].map(quoted).join(',')
      }),
    ),
  )
  return `${['from,to,service,reach,who', ...rows].join('\r\n')}\r\n`
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function matrixJson({
  node,
  backend,
  family,
  from,
  to,
  services,
  cells,
}: MatrixView): JsonObject {
  return {
    ...{ node, backend, family: `IPv${family}`, services },
    cells: services.flatMap((service, s) =>
      from.flatMap((sender, i) =>
        to.map((receiver, j) => {
          const cell = cells[s]?.[i]?.[j] ?? { kind: 'no-way' as const }
          return {
            ...{ from: sender, to: receiver, service, reach: cell.kind },
            who: cell.kind === 'part' ? cell.who : null,
          }
        }),
      ),
    ),
  }
}
