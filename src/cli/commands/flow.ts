import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ConntrackTable, EMPTY_TABLE, tableOf } from '../../eval/conntrack/table.ts'
import { namesOf } from '../../firewall/answer.ts'
import { type Flow, runFlow } from '../../firewall/flow/run-flow.ts'
import { flowView } from '../../firewall/flow/view.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { FLOW_KINDS, type FlowKind } from '../../packet/flow-kinds.ts'
import { type FlowStep, parseScript } from '../../packet/flow-script.ts'
import { isProblem, type Problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import { readConnections } from '../../read/conntrack.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { flowJson, renderFlow, renderFlowMinimal } from '../../render/flow-lines.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { guestHint, queryOf } from '../query.ts'
import {
  reportAbout,
  reportNftRefusal,
  reportProblems,
  reportRefusal,
  reportUnreadable,
} from '../report.ts'
import { usageError } from '../usage.ts'
import { exitCode } from './trace.ts'

/** `pvefw flow`: a conversation through the firewall, packet by packet, with what conntrack makes of it. */
export async function flow(given: Arguments, io: Io): Promise<ExitCode> {
  const said = saidIn(given)
  if ('message' in said) return usageError(io, said.message, 'flow')
  const { kind, rest } = said
  const opened = opening(rest, io, null)
  if (typeof opened === 'number') return opened
  const { firewall, warnings } = opened
  const query = queryOf({ ...rest, text: withProtocol(rest.text, kind) }, firewall.tables)
  if ('problems' in query) return refuse(io, query.problems)
  if (query.state !== null)
    return usageError(io, 'leave --state out: conntrack says it of each packet', 'flow')
  const steps = await stepsOf(given, io, kind, query)
  if (!Array.isArray(steps)) {
    if (isProblem(steps)) return refuse(io, [steps])
    return usageError(io, (steps as { readonly message: string }).message, 'flow')
  }
  const table = await tableGiven(given, io)
  if ('message' in table) return usageError(io, table.message, 'flow')
  const swap = swapOf(given, rest, io, steps as readonly FlowStep[])
  if (typeof swap === 'number') return swap
  const back = given.text.get('return') ?? null
  const asked: Flow = { query, steps: steps as readonly FlowStep[], back, table, swap }
  const result = runFlow(firewall, asked)
  if (isProblem(result)) return refuse(io, [result])
  const view = flowView(firewall, result as Exclude<typeof result, Problem>)
  if (given.flags.has('json')) io.stdout.write(`${safeJson(flowJson(view), 2)}\n`)
  else if (given.flags.has('minimal')) io.stdout.write(renderFlowMinimal(view))
  else {
    const look = lookOf(io.env, io.stdout)
    io.stdout.write(showLines(renderFlow(view, given.verbose, look), look))
    const last = (result as Exclude<typeof result, Problem>).packets.findLast(
      ({ fate }) => fate.kind === 'traced',
    )
    const traced = last?.fate.kind === 'traced' ? last.fate.asked : null
    reportAbout(io, firewall.diagnostics, warnings, namesOf([firewall]), traced, given.verbose)
  }
  return exitCode(view.outcome, given.text.get('expect') ?? null)
}

function refuse(io: Io, problems: readonly Problem[]): ExitCode {
  reportProblems(io, problems, 'flow')
  return EXIT.usage
}

/** The kind of conversation, and the arguments that say where it goes. */
function saidIn(
  given: Arguments,
): { readonly kind: FlowKind | null; readonly rest: Arguments } | { readonly message: string } {
  const [first, ...words] = given.words
  const kind = FLOW_KINDS.find(({ name }) => name === first) ?? null
  const hasScript = given.text.has('script')
  if (hasScript && kind !== null)
    return { message: '--script says what is sent; leave the kind out' }
  if (hasScript) return { kind: null, rest: given }
  if (kind === null)
    return {
      message: `say which conversation: ${FLOW_KINDS.map(({ name }) => name).join(', ')}, or --script FILE`,
    }
  if (given.flags.has('json') && given.flags.has('minimal'))
    return { message: '--json and --minimal: choose one' }
  return { kind, rest: { ...given, words } }
}

/** Protocol and port the kind has, where nothing else says them. */
function withProtocol(text: Arguments['text'], kind: FlowKind | null): Arguments['text'] {
  const all = new Map(text)
  if (kind === null || kind.name === 'ping') {
    if (kind !== null && !all.has('icmp-type')) all.set('icmp-type', 'echo-request')
    return all
  }
  if (!all.has('proto')) all.set('proto', kind.proto)
  if (kind.dport !== null && !all.has('dport')) all.set('dport', String(kind.dport))
  return all
}

type Opened = { readonly firewall: NodeFirewall; readonly warnings: NodeFirewall['diagnostics'] }

function opening(given: Arguments, io: Io, root: string | null): Opened | ExitCode {
  const text = root === null ? given.text : new Map([...given.text, ['root', root]])
  const opened = openConfiguration({ ...given, text }, io.cwd, guestHint(given))
  if (opened.kind === 'usage') return usageError(io, opened.message, 'flow')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall, warnings } = opened
  if (isRefused(firewall) && !given.flags.has('anyway')) {
    reportRefusal(io, firewall, namesOf([firewall]))
    return EXIT.refused
  }
  reportNftRefusal(io, firewall, namesOf([firewall]))
  return { firewall, warnings }
}

/** The configuration that takes over: after the handshake, or so many packets. */
function swapOf(
  given: Arguments,
  rest: Arguments,
  io: Io,
  steps: readonly FlowStep[],
): Flow['swap'] | ExitCode {
  const root = given.text.get('then')
  const after = given.text.get('then-after')
  if (root === undefined)
    return after === undefined ? null : usageError(io, '--then-after needs --then', 'flow')
  const sent = steps.filter(({ kind }) => kind === 'packet').length
  const number = after === undefined ? Math.min(3, Math.max(1, sent - 1)) : Number(after)
  if (!Number.isInteger(number) || number < 0)
    return usageError(io, '--then-after is a number of packets', 'flow')
  const opened = opening(rest, io, root)
  return typeof opened === 'number' ? opened : { firewall: opened.firewall, after: number }
}

async function stepsOf(
  given: Arguments,
  io: Io,
  kind: FlowKind | null,
  query: Query,
): Promise<readonly FlowStep[] | Problem | { readonly message: string }> {
  if (kind !== null) {
    const six = [query.src, query.dst, query.from, query.to].some(
      (text) => text?.includes('::') === true,
    )
    const version = query.family ?? (six ? 6 : 4)
    return parseScript(kind.script(version))
  }
  const name = given.text.get('script') ?? ''
  const text = await textOf(name, io)
  return typeof text === 'string' ? parseScript(text) : text
}

async function tableGiven(
  given: Arguments,
  io: Io,
): Promise<ConntrackTable | { readonly message: string }> {
  const name = given.text.get('conntrack')
  if (name === undefined) return EMPTY_TABLE
  const text = await textOf(name, io)
  if (typeof text !== 'string') return text
  const { entries, unread } = readConnections(text, 0)
  for (const { line, column, message } of unread.slice(0, 10))
    io.stderr.write(
      `warning: ${escapeText(name)}:${line}:${column}: ${message}: this line is left out\n`,
    )
  if (unread.length > 10)
    io.stderr.write(`warning: ${unread.length - 10} more lines are left out\n`)
  return tableOf(entries)
}

/** Largest file that is read. */
const longest = 64 * 2 ** 20

async function textOf(name: string, io: Io): Promise<string | { readonly message: string }> {
  if (name === '-') {
    const parts: string[] = []
    for await (const part of io.stdin()) parts.push(String(part))
    return parts.join('')
  }
  try {
    const text = readFileSync(resolve(io.cwd, name), 'latin1')
    return text.length > longest ? { message: `${name} is too large` } : text
  } catch (error) {
    return {
      message: `cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}
