import { resolve } from 'node:path'
import { namesOf } from '../../firewall/answer.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { PROTO } from '../../netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from '../../packet/query.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { type Breakpoint, parseStop } from '../../step/breakpoint.ts'
import { openerOf, openingOf, type Start } from '../../step/open.ts'
import { newPicker } from '../../step/picker.ts'
import { filesOf, type Setting, type Subject } from '../../step/record.ts'
import { firstState, type Session, type StepState, type Writing } from '../../step/state.ts'
import { summaryLines } from '../../step/summary.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration, openOptions } from '../configuration.ts'
import { type Written, writeEdited } from '../edited-files.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { guestHint, queryOf } from '../query.ts'
import { reportProblems, reportRefusal, reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw step`: one packet, stepped through like a program in a debugger. */
export async function step(given: Arguments, io: Io): Promise<ExitCode> {
  const opened = given.lists.has('ruleset')
    ? await (await import('../dumps.ts')).openDumped(given, io, guestHint(given))
    : openConfiguration(given, io.cwd, guestHint(given))
  if (opened.kind === 'usage') return usageError(io, opened.message, 'step')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall } = opened
  const query = queryOf(given, firewall.tables)
  if ('problems' in query) {
    reportProblems(io, query.problems)
    return EXIT.usage
  }
  if (!isBare(query)) return stepThrough(firewall, { kind: 'packet', query }, given, io, 'step')
  const first = { ...EMPTY_QUERY, to: 'host', proto: PROTO.tcp, dport: 8006 }
  return stepThrough(firewall, { kind: 'packet', query: first }, given, io, 'step', true)
}

/** Nothing is said of a packet: it is chosen in the application. */
function isBare(query: Query): boolean {
  return Object.values(query).every((value) => value === null)
}

/**
 * Steps through what a command would answer: `pvefw step`, and `--step` of the others. `choose`: begins with the choice
 * of a packet.
 */
export async function stepThrough(
  firewall: NodeFirewall,
  subject: Subject,
  given: Arguments,
  io: Io,
  command: 'step' | 'trace' | 'flow' | 'find' | 'audit',
  choose = false,
): Promise<ExitCode> {
  if (firewall.live === undefined && isRefused(firewall) && !given.flags.has('anyway')) {
    reportRefusal(io, firewall, namesOf([firewall]))
    return EXIT.refused
  }
  const options = openOptions(given, io.cwd, null, given.text.get('backend') ?? 'auto')
  if ('message' in options) return usageError(io, options.message, command)
  const opened: Start = {
    ...{ firewall, options, edits: given.edits },
    resolve: (root) => resolve(io.cwd, root),
  }
  const session = sessionOf(opened, given, io)
  const setting: Setting = { firewall, subject, opening: openingOf(opened) }
  const started = firstState(session, setting, NO_SIZE)
  if ('problems' in started) {
    reportProblems(io, started.problems)
    return EXIT.usage
  }
  const start = asSaid(started, setting, given)
  if (typeof start === 'string') return usageError(io, start, command)
  const { terminal } = io
  if (terminal === undefined)
    return usageError(io, 'stepping needs a terminal as standard input and output', command)
  // ink draws nothing until the end where it takes the machine for one of continuous integration (is-in-ci); there is a
  // person at this terminal. It looks when it is loaded, which it is here and nowhere else, and React with it
  for (const name of ['CI', 'CONTINUOUS_INTEGRATION'])
    if (name in process.env) process.env[name] = 'false'
  const { runStep } = await import('../../tui/run.tsx')
  const write = (writing: Writing): Written => writeEdited(writing, io.cwd)
  const first = choose ? { ...start, picker: newPicker(start) } : start
  const last = await runStep(first, terminal, { write })
  const { look } = session
  io.stdout.write(showLines(summaryLines(last), look))
  return EXIT.answered
}

/** Before the terminal has said its own. */
const NO_SIZE = { columns: 80, rows: 24 }

function sessionOf(opened: Start, given: Arguments, io: Io): Session {
  return {
    open: openerOf(opened),
    options: wordsOf(given),
    look: lookOf(io.env, io.stdout),
    plain: given.flags.has('plain') || io.env['INK_SCREEN_READER'] === 'true',
  }
}

/** Options of the configuration and of the conversation, as they were said. */
const KEPT = [
  ...['root', 'host-ip', 'local-network', 'nft-version', 'bridge-nf-call'],
  ...['script', 'close', 'mode', 'answer-after', 'reply-from', 'reply-to', 'return-via'],
  ...['conntrack', 'then', 'then-after'],
] as const

function wordsOf({ text, lists, flags, edits }: Arguments): readonly string[] {
  const said = KEPT.flatMap((name) => {
    const value = text.get(name)
    return value === undefined ? [] : [`--${name}`, value]
  })
  const dumps = lists.get('ruleset')
  return [
    ...said,
    ...edits.flatMap(({ option, value }) => [`--${option}`, value]),
    ...(dumps === undefined ? [] : ['--ruleset', ...dumps]),
    ...(flags.has('anyway') ? ['--anyway'] : []),
  ]
}

/** The state with the breakpoints and at the moment that the command line says; a sentence where it cannot be. */
function asSaid(
  state: StepState,
  setting: Setting,
  { text, lists }: Arguments,
): StepState | string {
  const { recorded } = state
  const paths = filesOf(recorded, setting).map(({ path }) => path)
  const breakpoints: Breakpoint[] = []
  for (const said of lists.get('break') ?? []) {
    const stop = parseStop(said, { paths, names: recorded.names })
    if (typeof stop === 'string') return `--break: ${stop}`
    breakpoints.push({ stop, enabled: true })
  }
  const at = text.get('at')
  const count = recorded.timeline.moments.length
  if (at === undefined) return { ...state, breakpoints }
  if (!/^\d{1,7}$/.test(at) || Number(at) < 1 || Number(at) > count)
    return `--at is a step of 1..${count}`
  return { ...state, breakpoints, at: Number(at) - 1 }
}
