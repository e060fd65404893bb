import type { EditRequest } from '../edit/parse-edit.ts'
import { answerOf, namesOf, type Traced } from '../firewall/answer.ts'
import { ask } from '../firewall/ask.ts'
import type { AskedBackend } from '../firewall/backend-choice.ts'
import { type Asking, converse } from '../firewall/flow/converse.ts'
import type { FlowResult, PacketEvent } from '../firewall/flow/flow-result.ts'
import { nameOf } from '../firewall/flow/step-names.ts'
import { whyNotSent } from '../firewall/flow/why-failed.ts'
import type { NodeFirewall } from '../firewall/node-firewall.ts'
import type { Problem } from '../packet/problem.ts'
import type { Query } from '../packet/query.ts'
import type { FileNames } from '../render/file-names.ts'
import { lineNumber, type SourceFile } from '../source/source-file.ts'
import type { Run, Walked } from './moment.ts'
import { type Timeline, timelineOf } from './timeline.ts'

/** What is stepped through: one packet, or the packets of a conversation. */
export type Subject =
  | { readonly kind: 'packet'; readonly query: Query }
  | { readonly kind: 'flow'; readonly asking: Asking }

/** Whose rules, and what of them is asked. */
export type Setting = {
  readonly firewall: NodeFirewall
  readonly subject: Subject
  /** How the firewall was opened. */
  readonly opening: Opening
}

/** Which firewall is meant: whose files, which node's, as which backend reads them, after which edits. */
export type Opening = {
  /** Null: the root the session was started with. */
  readonly root: string | null
  readonly node: string
  /** `auto`: the node's own switch decides, which an edit may change. */
  readonly backend: AskedBackend
  /** Of the session, in their order; those of the command line come before. */
  readonly edits: readonly EditRequest[]
}

export type Recorded = {
  readonly kind: 'recorded'
  readonly timeline: Timeline
  readonly names: FileNames
}

export type NotRecorded = { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** Asks once and keeps everything that happened. */
export function record({ firewall, subject }: Setting): Recorded | NotRecorded {
  if (subject.kind === 'flow') return recordFlow(firewall, subject.asking)
  const asked = ask(firewall, subject.query)
  if (asked.kind === 'refused') return asked
  const run: Run = {
    number: 1,
    name: null,
    at: 0,
    walk: walkOf(firewall, asked),
    note: null,
    changes: [],
  }
  return recorded([run], namesOf(firewallsOf(firewall, [asked])))
}

function recordFlow(firewall: NodeFirewall, asking: Asking): Recorded | NotRecorded {
  const conversed = converse(firewall, asking)
  if (conversed.kind === 'refused') return conversed
  const results = [conversed.result, ...(conversed.anew === null ? [] : [conversed.anew])]
  const runs = results.flatMap((result) =>
    result.events.flatMap((event) => (event.kind === 'packet' ? [runOf(event, result)] : [])),
  )
  const asked = runs.flatMap(({ walk }) => (walk === null ? [] : [walk.asked]))
  return recorded(
    runs.map((run, index) => ({ ...run, number: index + 1 })),
    namesOf(firewallsOf(firewall, asked)),
  )
}

function runOf(event: PacketEvent, { script }: FlowResult): Run {
  const { number, at, step, fate } = event
  const base = { number, at, name: nameOf(step, script) }
  switch (fate.kind) {
    case 'walked':
      return {
        ...base,
        walk: walkOf(fate.firewall, fate.asked),
        note: null,
        changes: fate.changes,
      }
    case 'unseen':
      return { ...base, walk: null, note: 'it gets there by a way that no node sees', changes: [] }
    default:
      return {
        ...base,
        walk: null,
        note: `not sent: ${whyNotSent(fate.why, script)}`,
        changes: [],
      }
  }
}

function walkOf(firewall: NodeFirewall, asked: Traced): Walked {
  return { asked, trace: asked.trace, answer: answerOf(firewall, asked) }
}

function recorded(runs: readonly Run[], names: FileNames): Recorded {
  return { kind: 'recorded', timeline: timelineOf(runs), names }
}

function firewallsOf(firewall: NodeFirewall, asked: readonly Traced[]): readonly NodeFirewall[] {
  return [
    ...new Set([firewall, ...asked.flatMap(({ stages }) => stages.map((stage) => stage.firewall))]),
  ]
}

/** The files whose lines make rules, by path: cluster, hosts, guests, vnets of every node the packets met. */
export function filesOf({ timeline }: Recorded, { firewall }: Setting): readonly SourceFile[] {
  const asked = timeline.runs.flatMap(({ walk }) => (walk === null ? [] : [walk.asked]))
  const files = firewallsOf(firewall, asked).flatMap(({ tree }) => [
    ...[tree.clusterFw, tree.hostFw].flatMap((file) => (file === null ? [] : [file])),
    ...tree.guestFw.values(),
    ...tree.vnetFw.values(),
  ])
  return [...new Map(files.map((file) => [file.path, file])).values()]
}

/** Where a file has a line: its last one for numbers beyond. */
export function lastLine(file: SourceFile): number {
  const last = lineNumber(file, file.text.length)
  return file.text.endsWith('\n') && last > 1 ? last - 1 : last
}
