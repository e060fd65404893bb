import { kernelNameOf, namesOf, type Traced } from '../../firewall/answer.ts'
import { ask } from '../../firewall/ask.ts'
import { auditLockout } from '../../firewall/lockout/audit.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { availability } from '../../kernel/availability.ts'
import { type Disagreement, disagreement } from '../../kernel/compare.ts'
import { type KernelLab, openLab } from '../../kernel/kernel-lab.ts'
import { type ExtraPort, networkOf } from '../../kernel/network.ts'
import { localTransport } from '../../kernel/transport.ts'
import { parsePacketJson } from '../../packet/packet-json.ts'
import { queryOfPacket } from '../../packet/packet-query.ts'
import { isProblem, type Problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import { showQuery } from '../../packet/show-query.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { line, piece, type StyledLine } from '../../render/styled.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { isReadError, packetLines } from '../packet-lines.ts'
import { guestHint, queryOf } from '../query.ts'
import { reportNftRefusal, reportProblems, reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw verify`: puts a node's rules into a kernel, in name spaces of its own, and asks it what pvefw is asked. */
export async function verify(given: Arguments, io: Io): Promise<ExitCode> {
  const batch = given.text.get('batch')
  if (given.flags.has('lockout') && (batch !== undefined || given.words.length > 0))
    return usageError(io, 'the packets come from the audit; leave packet and --batch out', 'verify')
  if (batch !== undefined && given.words.length > 0)
    return usageError(io, 'the packets come from --batch; leave the packet out', 'verify')
  const opened = openConfiguration(given, io.cwd, guestHint(given))
  if (opened.kind === 'usage') return usageError(io, opened.message, 'verify')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall } = opened
  const queries = await queriesOf(given, firewall, io)
  if (typeof queries === 'number') return queries
  const able = availability(firewall.backend)
  if ('missing' in able) return unable(io, able.missing, able.help)
  const asked = queries.map((query) => ({ query, asked: ask(firewall, query) }))
  const extra = extraPorts(asked.flatMap((one) => (one.asked.kind === 'traced' ? [one.asked] : [])))
  const { missing } = networkOf(firewall.topology, extra)
  for (const what of missing) io.stderr.write(`left out: ${escapeText(what)}\n`)
  let lab: KernelLab
  try {
    lab = await openLab(localTransport(), extra, able.ebtables)
  } catch (error) {
    return unable(io, error instanceof Error ? error.message : String(error), 'run it as root')
  }
  try {
    return await compared(lab, firewall, asked, given, io)
  } finally {
    await lab.close()
  }
}

type Pair = { readonly query: Query; readonly asked: ReturnType<typeof ask> }

function unable(io: Io, why: string, help: string): ExitCode {
  io.stderr.write(
    `pvefw verify: this kernel cannot be asked: ${escapeText(why)}\n  = help: ${escapeText(help)}\n`,
  )
  return EXIT.unavailable
}

async function queriesOf(
  given: Arguments,
  firewall: NodeFirewall,
  io: Io,
): Promise<readonly Query[] | ExitCode> {
  const batch = given.text.get('batch')
  if (given.flags.has('lockout')) {
    const lost = lostQueries(firewall, given, io)
    if (typeof lost === 'string') return usageError(io, lost, 'verify')
    if (lost.length > 0) return lost
    io.stdout.write('pvefw audit lockout loses nothing here: there is no packet to ask about\n')
    return EXIT.answered
  }
  if (batch === undefined) {
    const query = queryOf(given, firewall.tables)
    if (!('problems' in query)) return [query]
    reportProblems(io, query.problems, 'verify')
    return EXIT.usage
  }
  const queries: Query[] = []
  try {
    for await (const text of packetLines(batch, io)) {
      const { query } = parsePacketJson(text, firewall.tables)
      if (isProblem(query)) {
        reportProblems(io, [query], 'verify')
        return EXIT.usage
      }
      queries.push(query)
    }
  } catch (error) {
    if (!isReadError(error)) throw error
    return usageError(io, `cannot read ${batch}: ${error.message}`, 'verify')
  }
  return queries
}

/** The first packets that the lockout audit says are lost on this node, each once. */
function lostQueries(firewall: NodeFirewall, given: Arguments, io: Io): readonly Query[] | string {
  const found = auditLockout(firewall, null, {
    admin: given.lists.get('admin') ?? [],
    session: io.env['SSH_CONNECTION'] ?? null,
    nodes: [firewall.tree.node],
  })
  if ('unknown' in found)
    return `--admin: there is no set, alias or network \`${escapeText(found.unknown[0] ?? '')}\``
  const queries = new Map<string, Query>()
  for (const { need, proof } of found.audited) {
    // a kernel that knows no connection and one node only can be asked about these
    if (proof.kind !== 'lost' || proof.phase !== 'first' || need.group === 'cluster') continue
    const { packet } = proof.witness.witness
    const query = queryOfPacket(need.from.place, need.to.place, packet, null)
    queries.set(JSON.stringify(query), query)
  }
  return [...queries.values()]
}

/** Ports of bridges that only the question names. */
function extraPorts(asked: readonly Traced[]): readonly ExtraPort[] {
  const ports = new Map<string, ExtraPort>()
  for (const { resolved } of asked)
    for (const { place } of [resolved.from, resolved.to])
      if (place.kind === 'port') ports.set(place.port, { bridge: place.bridge, port: place.port })
  return [...ports.values()]
}

async function compared(
  lab: KernelLab,
  firewall: NodeFirewall,
  asked: readonly Pair[],
  given: Arguments,
  io: Io,
): Promise<ExitCode> {
  const look = lookOf(io.env, io.stdout)
  const say = (...lines: readonly StyledLine[]): void => {
    io.stdout.write(showLines(lines, look))
  }
  const json = given.flags.has('json')
  reportNftRefusal(io, firewall, namesOf([firewall]))
  const loaded = await lab.load(firewall)
  if (loaded.kind === 'refused' && loaded.step === 'skeleton.nft')
    return unable(
      io,
      `it does not take the fixed rules of proxmox-firewall: ${loaded.message.split('\n')[0]}`,
      'ask the kernel of a Proxmox VE node',
    )
  if ((loaded.kind === 'refused') !== isRefused(firewall)) {
    const kernel =
      loaded.kind === 'refused' ? `refused at ${loaded.step}: ${loaded.message}` : 'loaded'
    const model = isRefused(firewall) ? 'refused' : 'loaded'
    if (json) io.stdout.write(`${safeJson({ agree: false, about: 'loading', model, kernel })}\n`)
    else
      say(
        line(
          [
            piece('DISAGREE', 'error'),
            ` about whether the rules load: the model says ${model}; the kernel: ${kernel}`,
          ],
          4,
        ),
      )
    return EXIT.unexpected
  }
  if (loaded.kind === 'refused') {
    if (json)
      io.stdout.write(
        `${safeJson({ agree: true, about: 'loading', kernel: `refused at ${loaded.step}` })}\n`,
      )
    else
      say(
        line(
          [
            piece('AGREE', 'accept'),
            `  the rules are refused, at ${loaded.step}: ${loaded.message}`,
          ],
          4,
        ),
      )
    return EXIT.answered
  }
  let worst: ExitCode = EXIT.answered
  for (const { query, asked: one } of asked) {
    const found = await comparedOne(lab, firewall, one)
    const text = showQuery(query)
    if (found.kind === 'left') {
      worst = worst === EXIT.answered ? EXIT.unknown : worst
      if (json) io.stdout.write(`${safeJson({ packet: text, agree: null, why: found.why })}\n`)
      else say(line([piece('NOT ASKED', 'unknown'), `  ${text}: ${found.why}`], 4))
      continue
    }
    const { difference, traced } = found
    if (difference !== null) worst = EXIT.unexpected
    if (json) io.stdout.write(`${safeJson(pairJson(text, traced, difference))}\n`)
    else say(...pairLines(text, traced, difference))
  }
  return worst
}

type Compared =
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'compared'; readonly traced: Traced; readonly difference: Disagreement | null }

async function comparedOne(
  lab: KernelLab,
  firewall: NodeFirewall,
  asked: ReturnType<typeof ask>,
): Promise<Compared> {
  if (asked.kind === 'refused') return { kind: 'left', why: problemText(asked.problems) }
  const [stage] = asked.stages
  if (stage === undefined || asked.stages.length > 1 || stage.question.path.legs.length !== 1)
    return { kind: 'left', why: 'its way leads over more than this node' }
  if (asked.trace.outcome === 'unknown')
    return {
      kind: 'left',
      why: asked.trace.assumptions.at(-1)?.text ?? 'a part of the packet is not known',
    }
  try {
    const [answer] = await lab.ask([stage.question])
    if (answer === undefined) return { kind: 'left', why: 'the kernel said nothing' }
    return {
      kind: 'compared',
      traced: asked,
      difference: disagreement(asked.trace, answer, firewall.backend),
    }
  } catch (error) {
    return { kind: 'left', why: error instanceof Error ? error.message : String(error) }
  }
}

function problemText(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join('; ')
}

function pairLines(
  text: string,
  traced: Traced,
  difference: Disagreement | null,
): readonly StyledLine[] {
  const { outcome } = traced.trace
  if (difference === null)
    return [
      line(
        [
          piece('AGREE', 'accept'),
          `  ${text}: `,
          piece(outcome.toUpperCase(), outcome),
          ` by ${kernelNameOf(traced) ?? 'no rule'}`,
        ],
        4,
      ),
    ]
  const side = (name: string, lines: readonly string[]): readonly StyledLine[] => [
    line([piece(`  ${name}`, 'strong')]),
    ...lines.map((one) => line([`    ${one}`], 6)),
  ]
  return [
    line([piece('DISAGREE', 'error'), `  ${text}: in ${difference.in.join(', ')}`], 4),
    ...side('model', difference.model),
    ...side('kernel', difference.kernel),
  ]
}

function pairJson(text: string, traced: Traced, difference: Disagreement | null) {
  return {
    packet: text,
    agree: difference === null,
    verdict: traced.trace.outcome,
    decidedBy: kernelNameOf(traced),
    differ: difference?.in ?? [],
    model: difference?.model ?? [],
    kernel: difference?.kernel ?? [],
  }
}
