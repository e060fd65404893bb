import { answerOf, namesOf } from '../../firewall/answer.ts'
import { ask } from '../../firewall/ask.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import type { Problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import type { Answer } from '../../render/answer.ts'
import { safeJson } from '../../render/escape.ts'
import { answerJson } from '../../render/json.ts'
import { lookOf } from '../../render/look.ts'
import { renderMinimal } from '../../render/minimal.ts'
import type { Detail } from '../../render/path-lines.ts'
import { showLines } from '../../render/show.ts'
import { renderAnswer } from '../../render/trace-lines.ts'
import { type Arguments, clashWithStep } from '../arguments.ts'
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

/** `pvefw trace`: what the firewall does with a packet, or with each of a batch. */
export async function trace(given: Arguments, io: Io): Promise<ExitCode> {
  const clash = clashing(given)
  if (clash !== null) return usageError(io, clash, 'trace')
  const opened = given.lists.has('ruleset')
    ? await (await import('../dumps.ts')).openDumped(given, io, guestHint(given))
    : openConfiguration(given, io.cwd, guestHint(given))
  switch (opened.kind) {
    case 'usage':
      return usageError(io, opened.message, 'trace')
    case 'unreadable':
      reportUnreadable(io, opened)
      if (given.flags.has('json')) writeJson(io, { error: 'configuration unreadable' })
      return EXIT.refused
    default:
  }
  const { firewall, other, warnings } = opened
  if (other !== null) {
    const packet = queryOf(given, firewall.tables)
    if ('problems' in packet) return refuseQuestion(given, io, packet.problems)
    const { answerBoth } = await import('./both.ts')
    return answerBoth([firewall, other], packet, given, io)
  }
  if (answersNot(firewall) && !given.flags.has('anyway')) {
    reportRefusal(io, firewall, namesOf([firewall]))
    if (given.flags.has('json'))
      writeJson(io, {
        error: 'configuration refused by the backend',
        backend: firewall.backend,
        node: firewall.tree.node,
      })
    return EXIT.refused
  }
  if (firewall.live === undefined) reportNftRefusal(io, firewall, namesOf([firewall]))
  const batch = given.text.get('batch')
  if (batch !== undefined) {
    const { answerBatch } = await import('../batch.ts')
    reportAbout(io, firewall.diagnostics, warnings, namesOf([firewall]), null)
    return answerBatch(firewall, batch, expected(given), io)
  }
  const query = queryOf(given, firewall.tables)
  if ('problems' in query) return refuseQuestion(given, io, query.problems)
  if (given.flags.has('step')) {
    const { stepThrough } = await import('./step.ts')
    return stepThrough(firewall, { kind: 'packet', query }, given, io, 'trace')
  }
  return answerOne(firewall, warnings, query, given, io)
}

/** The backend refuses the configuration, and nothing tells what the node holds. */
function answersNot(firewall: NodeFirewall): boolean {
  return firewall.live === undefined && isRefused(firewall)
}

function answerOne(
  firewall: NodeFirewall,
  warnings: NodeFirewall['diagnostics'],
  query: Query,
  given: Arguments,
  io: Io,
): ExitCode {
  const asked = ask(firewall, query)
  if (asked.kind === 'refused') return refuseQuestion(given, io, asked.problems)
  const elsewhere = asked.stages.find((stage) => answersNot(stage.firewall))
  if (elsewhere !== undefined && !given.flags.has('anyway')) {
    reportRefusal(io, elsewhere.firewall, namesOf([elsewhere.firewall]))
    return EXIT.refused
  }
  const made = answerOf(firewall, asked)
  const answer: Answer = { ...made, diagnostics: [...warnings, ...made.diagnostics] }
  print(answer, given, io)
  if (!given.flags.has('json'))
    reportAbout(
      io,
      made.diagnostics,
      warnings,
      answer.names,
      given.flags.has('minimal') ? null : asked,
      given.verbose,
    )
  return exitCode(answer.trace.outcome, expected(given))
}

function print(answer: Answer, given: Arguments, io: Io): void {
  if (given.flags.has('json')) {
    io.stdout.write(`${safeJson(answerJson(answer), 2)}\n`)
  } else if (given.flags.has('minimal')) {
    io.stdout.write(renderMinimal(answer))
  } else {
    const look = lookOf(io.env, io.stdout)
    const detail = Math.min(given.verbose, 3) as Detail
    io.stdout.write(showLines(renderAnswer(answer, detail, look), look))
  }
}

/** The exit code of one answer. An unknown verdict is no expected one either, but says more. */
export function exitCode(outcome: string, expect: string | null): ExitCode {
  if (outcome === 'unknown') return EXIT.unknown
  return expect === null || expect === outcome ? EXIT.answered : EXIT.unexpected
}

function refuseQuestion(given: Arguments, io: Io, problems: readonly Problem[]): ExitCode {
  reportProblems(io, problems)
  const [first] = problems
  if (given.flags.has('json') && first !== undefined)
    writeJson(io, { error: first.message, code: first.code, help: first.help })
  return EXIT.usage
}

function writeJson(io: Io, fields: Readonly<Record<string, string | null>>): void {
  io.stdout.write(`${safeJson({ version: 1, ...fields }, 2)}\n`)
}

function expected({ text }: Arguments): string | null {
  return text.get('expect') ?? null
}

/** Options of which only one makes sense. */
function clashing(given: Arguments): string | null {
  const { flags, text, lists, words } = given
  if (flags.has('json') && flags.has('minimal')) return '--json and --minimal: choose one'
  const stepping = clashWithStep(given)
  if (stepping !== null) return stepping
  if (lists.has('ruleset') && text.get('backend') === 'both')
    return '--ruleset is what one backend left on the node; leave --backend both out'
  if (text.get('batch') === '-' && lists.get('ruleset')?.includes('-') === true)
    return '--batch and --ruleset cannot both be standard input'
  if (!text.has('batch')) return null
  if (text.get('backend') === 'both')
    return '--backend both answers one packet; pvefw backends --batch FILE compares many'
  if (flags.has('json') || flags.has('minimal'))
    return '--batch answers one JSON object a line; leave --json and --minimal out'
  const packet = [
    'from',
    'to',
    'vm',
    'ct',
    'src',
    'dst',
    'proto',
    'sport',
    'dport',
    'icmp-type',
    'flags',
    'state',
    'mac',
    'vlan',
    'family',
    'iface',
  ]
  const extra = packet.find((name) => text.has(name))
  if (words.length > 0 || extra !== undefined)
    return `the packets come from --batch; leave ${extra === undefined ? 'the packet' : `--${extra}`} out`
  return null
}
