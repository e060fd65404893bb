import { concernsOf } from '../../audit/backends/differences.ts'
import { namesOf } from '../../firewall/answer.ts'
import { askAll, type BackendAnswer, differ } from '../../firewall/backend-answers.ts'
import { chooseBackend } from '../../firewall/backend-choice.ts'
import { pairOf } from '../../firewall/backend-pair.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { parsePacketJson } from '../../packet/packet-json.ts'
import { isProblem, type Problem, problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import { concernsJson, renderConcerns, renderPair } from '../../render/backend-lines.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { decidedByJson, type JsonObject } from '../../render/json.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { line, piece, type StyledLine } from '../../render/styled.ts'
import type { Arguments } from '../arguments.ts'
import { errorLine } from '../batch.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { isReadError, longestLine, packetLines } from '../packet-lines.ts'
import { guestHint, queryOf } from '../query.ts'
import {
  nftRefusal,
  reportAll,
  reportNftRefusal,
  reportProblems,
  reportRefusal,
  reportUnreadable,
} from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw backends`: what changes when the node is switched, for the node, a packet or many. */
export async function backends(given: Arguments, io: Io): Promise<ExitCode> {
  const batch = given.text.get('batch')
  if (batch !== undefined && given.words.length > 0)
    return usageError(io, 'the packets come from --batch; leave the packet out', 'backends')
  const opened = openConfiguration(given, io.cwd, guestHint(given), 'both')
  if (opened.kind === 'usage') return usageError(io, opened.message, 'backends')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall, other } = opened
  if (other === null) return EXIT.bug
  reportAll(io, opened.notes)
  const both = [firewall, other]
  if (batch === undefined && given.words.length === 0) return nodeWide(firewall, other, given, io)
  const anyway = given.flags.has('anyway')
  const refused = both.filter(isRefused)
  for (const one of refused) {
    const report = anyway ? reportNftRefusal : reportRefusal
    report(io, one, namesOf([one]))
  }
  if (refused.length > 0 && !anyway) return EXIT.refused
  if (batch !== undefined) return compareBatch(both, batch, given, io)
  const query = queryOf(given, firewall.tables)
  if ('problems' in query) {
    reportProblems(io, query.problems)
    return EXIT.usage
  }
  return compareOne(both, query, given, io)
}

/** What of the configuration changes, without any packet. */
function nodeWide(
  iptables: NodeFirewall,
  nftables: NodeFirewall,
  given: Arguments,
  io: Io,
): ExitCode {
  const { tree } = iptables
  const choice = chooseBackend(tree, 'auto')
  const concerns = concernsOf(pairOf(iptables, nftables))
  const refused = [iptables, nftables].filter(isRefused)
  if (given.flags.has('json')) {
    io.stdout.write(
      `${safeJson(
        {
          version: 1,
          node: tree.node,
          backend: choice.backend,
          why: choice.why,
          refusedBy: refused.map(({ backend }) => backend),
          differences: concernsJson(concerns),
        },
        2,
      )}\n`,
    )
    return EXIT.answered
  }
  reportNftRefusal(io, nftables, namesOf([nftables]))
  const look = lookOf(io.env, io.stdout)
  const loads = (one: NodeFirewall): string =>
    isRefused(one)
      ? `the ${one.backend} backend does not load this configuration`
      : `the ${one.backend} backend loads this configuration`
  const head: readonly StyledLine[] = [
    line(
      [
        piece(tree.node, 'place'),
        ` runs the `,
        piece(choice.backend, 'strong'),
        ` backend: ${choice.why}`,
      ],
      4,
    ),
    ...[iptables, nftables].map((one) => line([loads(one)])),
  ]
  const names = namesOf([iptables])
  const rest = renderConcerns(concerns, names, given.verbose > 0)
  const last =
    rest.length === 0
      ? [line(['nothing that is known of the two changes anything here'])]
      : [
          line(['']),
          line(
            [
              piece(
                'pvefw explain CODE says more; with a packet or --batch FILE both verdicts are compared',
                'faint',
              ),
            ],
            4,
          ),
        ]
  io.stdout.write(showLines([...head, ...rest, ...last], look))
  return EXIT.answered
}

function compareOne(
  both: readonly NodeFirewall[],
  query: Query,
  given: Arguments,
  io: Io,
): ExitCode {
  const asked = askAll(both, query, given.flags.has('anyway'))
  if (asked.kind === 'problems') {
    reportProblems(io, asked.problems)
    return EXIT.usage
  }
  const { answers } = asked
  if (given.flags.has('json')) io.stdout.write(`${safeJson(pairJson(null, answers))}\n`)
  else {
    const look = lookOf(io.env, io.stdout)
    const same = differ(answers) ? [] : [line([piece('both say the same', 'faint')])]
    io.stdout.write(showLines([...renderPair(answers), ...same], look))
  }
  return EXIT.answered
}

/** Shows the packets of a batch that end differently, then how many did. */
async function compareBatch(
  both: readonly NodeFirewall[],
  file: string,
  given: Arguments,
  io: Io,
): Promise<ExitCode> {
  const json = given.flags.has('json')
  const anyway = given.flags.has('anyway')
  const look = lookOf(io.env, io.stdout)
  const count = { packets: 0, differing: 0, notUnderstood: 0 }
  const tables = both[0]?.tables
  if (tables === undefined) return EXIT.bug
  try {
    for await (const text of packetLines(file, io)) {
      count.packets += 1
      const { id, query } =
        text.length > longestLine ? { id: null, query: tooLong } : parsePacketJson(text, tables)
      const asked = isProblem(query)
        ? { kind: 'problems' as const, problems: [query] }
        : askAll(both, query, anyway)
      if (asked.kind === 'problems') {
        count.notUnderstood += 1
        const [why] = asked.problems
        const told = json
          ? `${errorLine(id, why)}\n`
          : showLines([...notAskedLines(count.packets, why), line([''])], look)
        if (!io.stdout.write(told)) return EXIT.answered
        await io.stdout.drained()
        continue
      }
      if (!differ(asked.answers)) continue
      count.differing += 1
      const { answers } = asked
      const label = id === null ? [] : [line([piece(`packet ${escapeText(String(id))}`, 'faint')])]
      const shown = json
        ? `${safeJson(pairJson(id, answers))}\n`
        : showLines([...label, ...renderPair(answers), line([''])], look)
      if (!io.stdout.write(shown)) return EXIT.answered
      await io.stdout.drained()
    }
  } catch (error) {
    if (!isReadError(error)) throw error
    return usageError(io, `cannot read ${file}: ${error.message}`, 'backends')
  }
  io.stdout.write(json ? `${safeJson(count)}\n` : `${countText(count)}\n`)
  return EXIT.answered
}

const tooLong = problem('query/bad-json', 'the line is too long for a packet')

/** Which line of a batch could not be asked, and why. */
function notAskedLines(number: number, why: Problem | undefined): readonly StyledLine[] {
  const told = why?.message ?? 'not understood'
  const help = why?.help ?? null
  return [
    line([piece(`packet of line ${number} could not be asked: `, 'faint'), escapeText(told)], 2),
    ...(help === null ? [] : [line([escapeText(`  ${help}`)], 2)]),
  ]
}

function countText(count: {
  readonly packets: number
  readonly differing: number
  readonly notUnderstood: number
}): string {
  const { packets, differing, notUnderstood } = count
  const left = notUnderstood === 0 ? '' : `; ${notUnderstood} could not be asked`
  return `${differing} of ${packets} packets end differently${left}`
}

function pairJson(id: string | number | null, answers: readonly BackendAnswer[]): JsonObject {
  const sides = answers.map((one): readonly [string, JsonObject] => {
    if (one.kind === 'refused') {
      const refusal = one.refusedOn === null ? null : nftRefusal(one.refusedOn)
      return [one.backend, { verdict: 'refused', why: refusal?.message ?? null }]
    }
    const { trace, origin, kernel } = one.answer
    const decidedBy = decidedByJson(origin, kernel, trace.outcome)
    return [one.backend, { verdict: trace.outcome, decidedBy }]
  })
  return { id, differ: differ(answers), ...Object.fromEntries(sides) }
}
