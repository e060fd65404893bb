import { namesOf } from '../../firewall/answer.ts'
import { type Conversed, converse, scriptFor } from '../../firewall/flow/converse.ts'
import { flowAnswer } from '../../firewall/flow/flow-answer.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { showScript } from '../../packet/flow/show-script.ts'
import { isProblem, type Problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import { safeJson } from '../../render/escape.ts'
import { flowJson } from '../../render/flow-json.ts'
import { renderFlow } from '../../render/flow-lines.ts'
import { renderFlowMinimal } from '../../render/flow-minimal.ts'
import type { FlowAnswer } from '../../render/flow-view.ts'
import type { JsonObject } from '../../render/json.ts'
import { lookOf } from '../../render/look.ts'
import type { Detail } from '../../render/path-lines.ts'
import { showLines } from '../../render/show.ts'
import { line, piece } from '../../render/styled.ts'
import { type Arguments, clashWithStep } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { type ConversationRead, clashInConversation, readConversation } from '../conversation.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { guestHint, queryOf } from '../query.ts'
import {
  reportAbout,
  reportAll,
  reportNftRefusal,
  reportProblems,
  reportRefusal,
  reportUnreadable,
} from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw flow`: a conversation through the rules and connection tracking. */
export async function flow(given: Arguments, io: Io): Promise<ExitCode> {
  const clash = clashInConversation(given) ?? clashWithStep(given)
  if (clash !== null) return usageError(io, clash, 'flow')
  const talk = await readConversation(given, io)
  if (talk.kind === 'usage') return usageError(io, talk.message, 'flow')
  if (talk.kind === 'wrong') {
    reportAll(io, talk.diagnostics)
    return talk.diagnostics.some(({ code }) => code.startsWith('read/')) ? EXIT.refused : EXIT.usage
  }
  const { packet } = talk
  const opened = given.lists.has('ruleset')
    ? await (await import('../dumps.ts')).openDumped(packet, io, guestHint(packet))
    : openConfiguration(packet, io.cwd, guestHint(packet))
  if (opened.kind === 'usage') return usageError(io, opened.message, 'flow')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    if (given.flags.has('json')) writeJson(io, { error: 'configuration unreadable' })
    return EXIT.refused
  }
  const { firewall, other, warnings } = opened
  const query = queryOf(packet, firewall.tables)
  if ('problems' in query) return refuse(given, io, query.problems)
  reportAll(io, talk.warnings)
  if (given.flags.has('step')) return stepFlow(firewall, talk, query, given, io)
  const firewalls = other === null ? [firewall] : [firewall, other]
  if (given.flags.has('print-script')) return printScript(firewall, talk, query, given, io)
  const answers: Answered[] = []
  for (const one of firewalls) {
    const answered = answer(one, talk, query, given, io)
    if (typeof answered === 'number') return answered
    answers.push(answered)
  }
  print(answers, given, io)
  const [first] = answers
  if (!given.flags.has('json') && first?.kind === 'answered')
    reportAbout(
      io,
      first.flow.diagnostics,
      warnings,
      first.flow.names,
      given.flags.has('minimal') ? null : first.asked,
      given.verbose,
    )
  return exitCodeOf(answers, given)
}

type Answered =
  | {
      readonly kind: 'answered'
      readonly backend: NodeFirewall['backend']
      readonly flow: FlowAnswer
      /** The first packet that was asked about: whose files complaints concern. */
      readonly asked: Parameters<typeof reportAbout>[4]
    }
  | { readonly kind: 'refused'; readonly backend: NodeFirewall['backend'] }

/** An exit code where there is nothing to print at all. */
function answer(
  firewall: NodeFirewall,
  talk: ConversationRead,
  query: Query,
  given: Arguments,
  io: Io,
): Answered | ExitCode {
  const { backend } = firewall
  const isLive = firewall.live !== undefined
  if (!isLive && isRefused(firewall) && !given.flags.has('anyway'))
    return noAnswer(firewall, given, io)
  if (!isLive) reportNftRefusal(io, firewall, namesOf([firewall]))
  const next = openNext(firewall, given, io)
  if (typeof next === 'number') return next
  if (next !== null && isRefused(next) && !given.flags.has('anyway'))
    return noAnswer(next, given, io)
  const { said, wayBack, conntrack } = talk
  const moment = given.text.get('then-after') ?? 'handshake'
  const conversed = converse(firewall, {
    query,
    said,
    wayBack,
    conntrack,
    next: next === null ? null : { firewall: next, moment },
  })
  if (conversed.kind === 'refused') return refuse(given, io, conversed.problems)
  const elsewhere = refusedElsewhere(conversed)
  if (elsewhere !== null && !given.flags.has('anyway')) return noAnswer(elsewhere, given, io)
  const nameOf = (one: NodeFirewall): string =>
    one === next ? (given.text.get('then') ?? '') : (given.text.get('root') ?? '/')
  const made = flowAnswer(conversed.result, conversed.anew, nameOf)
  const dump = given.text.get('conntrack')
  const start =
    dump === undefined
      ? []
      : [
          `conntrack of ${firewall.tree.node} starts with what ${dump === '-' ? 'standard input' : dump} tells: ${conntrack.length} ${conntrack.length === 1 ? 'connection' : 'connections'}`,
        ]
  const flow = { ...made, remarks: [...start, ...made.remarks] }
  return { kind: 'answered', backend, flow, asked: firstAsked(conversed) }
}

/** The packets of the conversation as one timeline. */
async function stepFlow(
  firewall: NodeFirewall,
  { said, wayBack, conntrack }: ConversationRead,
  query: Query,
  given: Arguments,
  io: Io,
): Promise<ExitCode> {
  const following = openNext(firewall, given, io)
  if (typeof following === 'number') return following
  const moment = given.text.get('then-after') ?? 'handshake'
  const next = following === null ? null : { firewall: following, moment }
  const { stepThrough } = await import('./step.ts')
  const asking = { query, said, wayBack, conntrack, next }
  return stepThrough(firewall, { kind: 'flow', asking }, given, io, 'flow')
}

/** With `--backend both` the other backend may still have an answer. */
function noAnswer(firewall: NodeFirewall, given: Arguments, io: Io): Answered | ExitCode {
  reportRefusal(io, firewall, namesOf([firewall]))
  const { backend } = firewall
  if (given.text.get('backend') === 'both') return { kind: 'refused', backend }
  if (given.flags.has('json'))
    writeJson(io, {
      error: 'configuration refused by the backend',
      backend,
      node: firewall.tree.node,
    })
  return EXIT.refused
}

/** The configuration of `--then`: of the same node, as the same backend reads it where one was asked for. */
function openNext(
  firewall: NodeFirewall,
  given: Arguments,
  io: Io,
): NodeFirewall | null | ExitCode {
  const root = given.text.get('then')
  if (root === undefined) return null
  const text = new Map([...given.text, ['root', root], ['node', firewall.tree.node]])
  const asked = given.text.get('backend') ?? 'auto'
  const backend = asked === 'both' ? firewall.backend : asked
  const opened = openConfiguration({ ...given, text, edits: [] }, io.cwd, null, backend)
  switch (opened.kind) {
    case 'opened':
      return opened.firewall
    case 'usage':
      return usageError(io, opened.message, 'flow')
    default:
      reportUnreadable(io, opened)
      if (given.flags.has('json')) writeJson(io, { error: 'configuration unreadable' })
      return EXIT.refused
  }
}

type Ran = Extract<Conversed, { readonly kind: 'ran' }>

/** A packet went to another node, whose backend refuses its configuration. */
function refusedElsewhere({ result, anew }: Ran): NodeFirewall | null {
  for (const { events } of anew === null ? [result] : [result, anew])
    for (const event of events) {
      if (event.kind !== 'packet' || event.fate.kind !== 'walked') continue
      const stage = event.fate.asked.stages.find(
        ({ firewall }) => firewall.live === undefined && isRefused(firewall),
      )
      if (stage !== undefined) return stage.firewall
    }
  return null
}

function firstAsked({ result }: Ran): Parameters<typeof reportAbout>[4] {
  for (const event of result.events)
    if (event.kind === 'packet' && event.fate.kind === 'walked') return event.fate.asked
  return null
}

function printScript(
  firewall: NodeFirewall,
  { said, wayBack, conntrack }: ConversationRead,
  query: Query,
  given: Arguments,
  io: Io,
): ExitCode {
  const script = scriptFor(firewall, { query, said, wayBack, conntrack, next: null })
  if (isProblem(script)) return refuse(given, io, [script])
  io.stdout.write(showScript(script))
  return EXIT.answered
}

function print(answers: readonly Answered[], given: Arguments, io: Io): void {
  const isBoth = given.text.get('backend') === 'both'
  if (given.flags.has('json')) {
    const [only] = answers
    const json = isBoth ? bothJson(answers) : only === undefined ? {} : oneJson(only)
    io.stdout.write(`${safeJson(json, 2)}\n`)
    return
  }
  const look = lookOf(io.env, io.stdout)
  for (const one of answers) {
    if (given.flags.has('minimal')) {
      const text = one.kind === 'refused' ? '- - - REFUSED - - -\n' : renderFlowMinimal(one.flow)
      io.stdout.write(isBoth ? text.replace(/^(?=.)/gm, `${one.backend} `) : text)
      continue
    }
    const title = isBoth ? [line([piece(one.backend, 'strong')])] : []
    const lines =
      one.kind === 'refused'
        ? [line(['  no answer: the backend refuses this configuration'])]
        : renderFlow(one.flow, Math.min(given.verbose, 3) as Detail, look)
    const gap = one === answers[0] ? [] : [line([''])]
    io.stdout.write(showLines([...gap, ...title, ...lines], look))
  }
}

function bothJson(answers: readonly Answered[]): JsonObject {
  const verdicts = answers.map(verdictOf)
  return {
    version: 1,
    backend: 'both',
    differ: new Set(verdicts).size > 1,
    answers: Object.fromEntries(answers.map((one) => [one.backend, oneJson(one)])),
  }
}

function oneJson(one: Answered): JsonObject {
  return one.kind === 'refused'
    ? { error: 'configuration refused by the backend' }
    : flowJson(one.flow)
}

function verdictOf(one: Answered): string {
  return one.kind === 'refused' ? 'refused' : one.flow.verdict
}

/** A refusal says most, then a doubt, then an answer that was not expected. */
function exitCodeOf(answers: readonly Answered[], { text }: Arguments): ExitCode {
  const anew = answers.flatMap((one) =>
    one.kind === 'answered' && one.flow.anew !== null ? [one.flow.anew.verdict] : [],
  )
  const verdicts = answers.map(verdictOf)
  if (verdicts.includes('refused')) return EXIT.refused
  if (verdicts.includes('unknown') || anew.includes('unknown')) return EXIT.unknown
  const isMet = (expected: string | undefined, found: readonly string[]): boolean =>
    expected === undefined || (found.length > 0 && found.every((verdict) => verdict === expected))
  const met = isMet(text.get('expect'), verdicts) && isMet(text.get('expect-anew'), anew)
  return met ? EXIT.answered : EXIT.unexpected
}

function refuse(given: Arguments, io: Io, problems: readonly Problem[]): ExitCode {
  reportProblems(io, problems, 'flow')
  const [first] = problems
  if (given.flags.has('json') && first !== undefined)
    writeJson(io, { error: first.message, code: first.code, help: first.help })
  return EXIT.usage
}

function writeJson(io: Io, fields: Readonly<Record<string, string | null>>): void {
  io.stdout.write(`${safeJson({ version: 1, ...fields }, 2)}\n`)
}
