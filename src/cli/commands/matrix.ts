import { endsNamed } from '../../firewall/find/wanted.ts'
import { type MatrixService, matrixOf } from '../../firewall/matrix/matrix.ts'
import { servicesNamed, USUAL_SERVICES } from '../../firewall/matrix/services.ts'
import type { NodeFirewall } from '../../firewall/node-firewall.ts'
import { endsOn, type WayEnd } from '../../firewall/ways.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { matrixHtml } from '../../render/matrix-html.ts'
import { matrixCsv, matrixJson, renderMatrix } from '../../render/matrix-lines.ts'
import type { MatrixView } from '../../render/matrix-view.ts'
import { showLines } from '../../render/show.ts'
import { BudgetExceeded } from '../../symbolic/diagram.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

/** Cells for one service beyond which somebody has to choose ends. */
const mostCells = 40_000

/** `pvefw matrix`: who reaches whom by which services. */
export async function matrix(given: Arguments, io: Io): Promise<ExitCode> {
  const opened = openConfiguration(given, io.cwd, null)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'matrix')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall } = opened
  const family = given.flags.has('ipv6') ? 'ip6' : 'ip'
  const services = servicesOf(given, firewall, family)
  if (typeof services === 'string') return usageError(io, escapeText(services), 'matrix')
  const from = endsOf(firewall, given.text.get('from') ?? null)
  const to = endsOf(firewall, given.text.get('to') ?? null)
  for (const end of [from, to])
    if (typeof end === 'string')
      return usageError(
        io,
        `${escapeText(end)} is no end of a way through ${firewall.tree.node}`,
        'matrix',
      )
  if (typeof from === 'string' || typeof to === 'string') return EXIT.usage
  if (from.length * to.length > mostCells)
    return usageError(
      io,
      `${from.length} senders and ${to.length} receivers are too many to show: choose with --from and --to`,
      'matrix',
    )
  let view: MatrixView
  try {
    const found = matrixOf(firewall, from, to, services, family)
    view = {
      node: firewall.tree.node,
      backend: firewall.backend,
      family: family === 'ip' ? 4 : 6,
      from: from.map(({ text }) => text),
      to: to.map(({ text }) => text),
      services: services.map(({ name }) => name),
      cells: found.cells,
    }
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error
    io.stderr.write(`pvefw matrix: ${error.message}\n`)
    return EXIT.unknown
  }
  io.stdout.write(
    shown(view, given.flags.has('json') ? 'json' : (given.text.get('format') ?? 'text'), io),
  )
  return EXIT.answered
}

function shown(view: MatrixView, format: string, io: Io): string {
  switch (format) {
    case 'json':
      return `${safeJson({ version: 1, ...matrixJson(view) }, 2)}\n`
    case 'csv':
      return matrixCsv(view)
    case 'html':
      return matrixHtml(view)
    default:
      return showLines(renderMatrix(view), lookOf(io.env, io.stdout))
  }
}

function servicesOf(
  given: Arguments,
  { tables }: NodeFirewall,
  family: 'ip' | 'ip6',
): readonly MatrixService[] | string {
  const names = given.lists.get('services')?.flatMap((each) => each.split(/,(?=[^\d])/))
  const found: MatrixService[] = []
  for (const name of names ?? USUAL_SERVICES) {
    const own = servicesNamed(name, family, tables)
    if (typeof own === 'string') return own
    found.push(...own)
  }
  return found
}

/** Ends by a list of names; a text: the one that nobody knows. */
function endsOf(firewall: NodeFirewall, text: string | null): readonly WayEnd[] | string {
  const ends = endsOn(firewall)
  if (text === null) return ends
  const found: WayEnd[] = []
  for (const word of text.split(',')) {
    const own = endsNamed(firewall, ends, word.trim())
    if (own.length === 0) return word.trim()
    found.push(...own.filter((end) => !found.includes(end)))
  }
  return found
}
