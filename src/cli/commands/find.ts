import { verdictOrigin } from '../../eval/verdict-origin.ts'
import { namesOf } from '../../firewall/answer.ts'
import { findPackets, type Match } from '../../firewall/find/find.ts'
import { type WantedTexts, wantedBy } from '../../firewall/find/wanted.ts'
import type { NodeFirewall } from '../../firewall/node-firewall.ts'
import { regionNames } from '../../firewall/region-names.ts'
import { queryOfPacket } from '../../packet/packet-query.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { type FindView, foundJson, renderFound } from '../../render/find-lines.ts'
import { lookOf } from '../../render/look.ts'
import { packetWords } from '../../render/packet-words.ts'
import { regionWords } from '../../render/region-words.ts'
import { showLines } from '../../render/show.ts'
import { BudgetExceeded } from '../../symbolic/diagram.ts'
import { type Arguments, clashWithStep } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportAll, reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

const TEXTS = [
  ...(['from', 'to', 'src', 'not-src', 'dst', 'not-dst', 'proto'] as const),
  ...(['sport', 'dport', 'state', 'verdict', 'by'] as const),
]

/** `pvefw find`: a packet, or all, with a verdict or decided by a line. */
export async function find(given: Arguments, io: Io): Promise<ExitCode> {
  const clash = clashWithStep(given)
  if (clash !== null) return usageError(io, clash, 'find')
  const opened = openConfiguration(given, io.cwd, null)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'find')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  reportAll(io, opened.notes)
  const { firewall } = opened
  const texts = Object.fromEntries(
    TEXTS.map((name) => [name, given.text.get(name) ?? null]),
  ) as WantedTexts
  const first = !given.flags.has('all')
  const wanted = wantedBy(firewall, texts, first)
  if (typeof wanted === 'string') return usageError(io, escapeText(wanted), 'find')
  let view: FindView
  try {
    const { matches, searched } = findPackets(firewall, wanted)
    const [only] = matches
    if (given.flags.has('step') && only !== undefined) return stepMatch(firewall, only, given, io)
    const names = namesOf([firewall])
    view = {
      ...{ node: firewall.tree.node, searched, first, allPairs: wanted.allPairs },
      entries: joined(
        matches.map(({ way, family, outcome, pieces, more, witness, trace }) => ({
          ...{ outcome, more, way: `${way.from.text} → ${way.to.text}` },
          regions: pieces.map((piece) => regionWords(family, piece, regionNames(firewall, family))),
          packet: packetWords(witness.packet, family === 'arp' ? null : witness.state),
          by: { origin: verdictOrigin(trace), names, trace },
        })),
      ),
    }
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error
    io.stderr.write(`pvefw find: ${error.message}\n`)
    return EXIT.unknown
  }
  const look = lookOf(io.env, io.stdout)
  io.stdout.write(
    given.flags.has('json')
      ? `${safeJson({ version: 1, ...foundJson(view) }, 2)}\n`
      : showLines(renderFound(view), look),
  )
  return view.entries.length > 0 ? EXIT.answered : EXIT.unexpected
}

/** The packet that was found, stepped through. */
async function stepMatch(
  firewall: NodeFirewall,
  { way, witness }: Match,
  given: Arguments,
  io: Io,
): Promise<ExitCode> {
  const { stepThrough } = await import('./step.ts')
  const query = queryOfPacket(way.from.text, way.to.text, witness.packet, witness.state)
  return stepThrough(firewall, { kind: 'packet', query }, given, io, 'find')
}

/** The same on several ways is told once, with a packet of the first. */
function joined(entries: FindView['entries']): FindView['entries'] {
  const groups = new Map<string, FindView['entries'][number]>()
  for (const entry of entries) {
    const { span } = entry.by.origin
    const key = [entry.outcome, entry.more, span?.file.path, span?.start, ...entry.regions].join(
      ' ',
    )
    const same = groups.get(key)
    groups.set(key, same === undefined ? entry : { ...same, way: `${same.way}, ${entry.way}` })
  }
  return [...groups.values()]
}
