import { entriesOf } from '../../eval/conntrack/table.ts'
import { showStep } from '../../packet/flow/show-script.ts'
import type { Answer, Filled } from '../../render/answer.ts'
import type { FlowAnswer, ShownEvent, ShownFate } from '../../render/flow-view.ts'
import { answerOf, namesOf } from '../answer.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import type { FlowEvent, FlowResult, PacketEvent } from './flow-result.ts'
import { nameOf, wordOf } from './step-names.ts'
import { whyFailed, whyNotSent } from './why-failed.ts'

/** Everything that the answer about a conversation shows, in the form the renderers take. `anew`: {@link FlowAnswer.anew} */
export function flowAnswer(
  result: FlowResult,
  anew: FlowResult | null,
  names: (firewall: NodeFirewall) => string,
): FlowAnswer {
  const { firewall, events, ways, tables, now } = result
  const answers = new Map<PacketEvent, Answer>()
  for (const event of events)
    if (event.kind === 'packet' && event.fate.kind === 'walked')
      answers.set(event, answerOf(event.fate.firewall, event.fate.asked))
  const shown = [...answers.values()]
  const firewalls = [...new Set([firewall, ...events.flatMap(firewallsOf)])]
  const files = namesOf(firewalls)
  const failed = events.findIndex(
    (event) => event.kind === 'packet' && isLost(event, answers.get(event) ?? null),
  )
  const first = events[failed]
  const failure = first?.kind === 'packet' ? first : null
  return {
    backend: firewall.backend,
    node: firewall.tree.node,
    headline: headlineOf(shown[0] ?? null, result),
    verdict: failure === null ? 'accept' : (answers.get(failure)?.trace.outcome ?? 'accept'),
    failure:
      failure === null
        ? null
        : {
            number: failure.number,
            text: whyFailed(failure, storyAt(result, failed, files)) ?? '',
          },
    filled: [
      ...ways.filled.filter(({ field }) => !OF_ONE_PACKET.has(field)),
      ...backendTaken(firewall),
    ],
    remarks: remarksOn([
      shown[0] ?? null,
      failure === null ? null : (answers.get(failure) ?? null),
    ]),
    events: events.map((event, index) => shownEvent(result, event, index, answers, files, names)),
    tables: [...tables].map(([node, table]) => ({
      node,
      entries: entriesOf(table).filter(({ expiresAt }) => expiresAt > now),
      expectations: table.expectations.filter(({ expiresAt }) => expiresAt > now),
    })),
    now,
    anew: anew === null ? null : flowAnswer(anew, null, names),
    diagnostics: [...new Set(shown.flatMap(({ diagnostics }) => diagnostics))],
    names: files,
  }
}

/** Of the first packet and of the one that is lost: what is to be said of them is to be said of all. */
function remarksOn(answers: readonly (Answer | null)[]): readonly string[] {
  return [...new Set(answers.flatMap((answer) => answer?.remarks ?? []))]
}

/** What is filled in for the first packet only. */
const OF_ONE_PACKET: ReadonlySet<string> = new Set(['flags', 'icmpType', 'icmpCode'])

/** Firewalls that a packet met, or that are there from then on. */
function firewallsOf(event: FlowEvent): readonly NodeFirewall[] {
  if (event.kind === 'configuration') return [event.firewall]
  if (event.kind !== 'packet' || event.fate.kind !== 'walked') return []
  return event.fate.asked.stages.map(({ firewall }) => firewall)
}

function isLost({ fate }: PacketEvent, answer: Answer | null): boolean {
  return fate.kind === 'walked' && answer?.trace.outcome !== 'accept'
}

function storyAt({ script, events }: FlowResult, index: number, names: FlowAnswer['names']) {
  return { script, events: events.slice(0, index), names }
}

/** Of the conversation: that of its first packet, as it goes forth. */
function headlineOf(first: Answer | null, { ways, events }: FlowResult): FlowAnswer['headline'] {
  const event = events.find(({ kind }) => kind === 'packet')
  if (first === null || event?.kind !== 'packet')
    return {
      proto: '',
      from: ways.forth.from,
      src: ways.forth.src,
      to: ways.forth.to,
      dst: ways.forth.dst,
    }
  const { headline } = first
  const proto = headline.proto.split(' ')[0] ?? headline.proto
  if (event.step.direction === 'forth') return { ...headline, proto }
  const { from, src, to, dst } = headline
  return { proto, from: to, src: dst, to: from, dst: src }
}

function shownEvent(
  result: FlowResult,
  event: FlowEvent,
  index: number,
  answers: ReadonlyMap<PacketEvent, Answer>,
  files: FlowAnswer['names'],
  names: (firewall: NodeFirewall) => string,
): ShownEvent {
  if (event.kind === 'wait') return event
  if (event.kind === 'configuration')
    return { kind: 'configuration', at: event.at, name: names(event.firewall) }
  const { step, number, at } = event
  return {
    kind: 'packet',
    number,
    at,
    direction: step.direction,
    connection: step.connection,
    name: nameOf(step, result.script),
    word: wordOf(step),
    line: showStep(step),
    fate: shownFate(result, event, index, answers, files),
  }
}

function shownFate(
  result: FlowResult,
  event: PacketEvent,
  index: number,
  answers: ReadonlyMap<PacketEvent, Answer>,
  files: FlowAnswer['names'],
): ShownFate {
  const { fate } = event
  if (fate.kind === 'unseen') return { kind: 'unseen' }
  if (fate.kind === 'not-sent')
    return { kind: 'not-sent', why: whyNotSent(fate.why, result.script) }
  const answer = answers.get(event)
  if (answer === undefined) throw new Error('a packet without answer')
  return {
    kind: 'walked',
    answer: { ...answer, names: files },
    changes: fate.changes,
    failure: whyFailed(event, storyAt(result, index, files)),
  }
}

function backendTaken({ choice, backend }: NodeFirewall): readonly Filled[] {
  return choice.asked ? [] : [{ field: 'backend', value: backend, why: choice.why }]
}
