import { entriesOf } from '../../eval/conntrack/table.ts'
import { tupleOf } from '../../eval/conntrack/tuple.ts'
import { verdictOrigin } from '../../eval/verdict-origin.ts'
import type { ConntrackEntry, Tuple } from '../../netfilter/conntrack.ts'
import type { Script } from '../../packet/flow/step.ts'
import type { FileNames } from '../../render/file-names.ts'
import { showOrigin, showReply } from '../../render/words.ts'
import type { FlowEvent, NotSent, PacketEvent } from './flow-result.ts'
import { nameOf, openerOf } from './step-names.ts'
import { opposite } from './stream.ts'

type Walked = Extract<PacketEvent['fate'], { readonly kind: 'walked' }>

/** The story of a conversation up to a packet. */
export type Story = {
  readonly script: Script
  /** Everything before the packet. */
  readonly events: readonly FlowEvent[]
  readonly names: FileNames
}

/** Why a packet does not arrive, in words: who stops it, and what of the conversation makes it so. Null: it arrives. */
export function whyFailed(event: PacketEvent, story: Story): string | null {
  const { fate, step } = event
  if (fate.kind !== 'walked') return null
  const { trace } = fate.asked
  if (trace.outcome === 'accept') return null
  const name = nameOf(step, story.script)
  if (trace.outcome === 'unknown')
    return `whether the ${name} gets through cannot be said: ${trace.assumptions.at(-1)?.text ?? 'a rule cannot be evaluated'}`
  const by = showOrigin(verdictOrigin(trace), story.names)
  const does = trace.outcome === 'reject' ? 'rejected' : 'dropped'
  const clauses = [causeOf(event, fate, story), replyOf(fate)].filter((clause) => clause !== null)
  return [`the ${name} is ${does} by ${by}`, ...clauses].join('; ')
}

/** Why a packet was not sent, in words. */
export function whyNotSent(why: NotSent, script: Script): string {
  const { step, fate } = why.packet
  const name = nameOf(step, script)
  if (why.kind === 'refused') return `the sender was told that the ${name} is rejected`
  if (fate.kind === 'not-sent') return `the ${name} before was not sent`
  return `the ${name} never came`
}

function replyOf({ asked: { trace } }: Walked): string | null {
  if (trace.reply === null) return null
  const { with: kind, reachesSender, why } = trace.reply
  if (reachesSender) return `its sender gets the answer (${showReply(kind)})`
  return `its sender never gets the answer (${showReply(kind)})${why === null ? '' : `: ${why}`}`
}

/** What of the conversation, beyond the rule, makes it so. */
function causeOf(event: PacketEvent, fate: Walked, story: Story): string | null {
  const { trace } = fate.asked
  const hop = trace.hops.at(-1)
  if (hop === undefined) return null
  const { node, state, lost } = hop
  if (lost !== undefined) return lost
  const { packet } = trace
  const tuple = tupleOf(packet)
  const known = tuple === null ? null : entryOf(fate, node, tuple)
  const opens = openerOf(event.step.connection, story.script) === event.step.direction
  if (state === 'new' || state === 'invalid') {
    const over = tuple === null ? null : forgotten(node, tuple, known, event, story)
    if (over !== null) return over
  }
  if (state === 'invalid') return whyInvalid(event, node, known, opens, story)
  if (state === 'new') return whyNew(event, fate, node, opens, story)
  if (state === 'established' || state === 'related')
    return whyThough(event, node, state, opens, story)
  return null
}

/** The entry was there, but nobody used it for too long. */
function forgotten(
  node: string,
  tuple: Tuple,
  known: ConntrackEntry | null,
  { at }: PacketEvent,
  { events }: Story,
): string | null {
  const told = events
    .flatMap((event) => (event.kind === 'configuration' ? [] : changesIn(event)))
    .findLast(
      (change) =>
        change.kind === 'gone' &&
        change.why === 'expired' &&
        change.node === node &&
        isOf(change.entry, tuple),
    )
  const entry = told?.kind === 'gone' ? told.entry : known
  if (entry === null || entry.expiresAt > at) return null
  const late = (at - entry.expiresAt) / 1000
  const when = late === 0 ? 'just then' : `${late} s before`
  return `conntrack of ${node} forgot the connection ${when}, as nobody had used it for so long`
}

function changesIn(event: Exclude<FlowEvent, { readonly kind: 'configuration' }>) {
  if (event.kind === 'wait') return event.changes
  return event.fate.kind === 'walked' ? event.fate.changes : []
}

function whyInvalid(
  event: PacketEvent,
  node: string,
  known: ConntrackEntry | null,
  opens: boolean,
  story: Story,
): string {
  const { step } = event
  const hidden = unseen(story, step.direction === 'forth' ? 'back' : 'forth')
  if (step.what.kind === 'icmp')
    return `INVALID: what it is about belongs to no connection that conntrack of ${node} knows`
  if (known === null)
    return hidden && !opens
      ? `INVALID: conntrack of ${node} never saw what it answers, which goes another way`
      : `INVALID: conntrack of ${node} knows no connection that it belongs to`
  const state = known.tcp?.state ?? null
  if (hidden && !known.seenReply)
    return `INVALID: conntrack of ${node} never saw the answer, which goes another way, so the connection is still ${state ?? 'unanswered'}`
  const isOff = step.what.kind === 'tcp' && (step.what.seq !== null || step.what.ack !== null)
  if (isOff) return `INVALID: it is out of the window that conntrack of ${node} knows`
  return `INVALID: in state ${state ?? 'it has'} conntrack of ${node} takes no such packet`
}

function whyNew(
  event: PacketEvent,
  fate: Walked,
  node: string,
  opens: boolean,
  story: Story,
): string | null {
  const { step } = event
  const isFirst = !earlier(story).some(
    (one) => one.step.connection === step.connection && one.fate.kind !== 'not-sent',
  )
  if (!opens)
    return unseen(story, opposite(step.direction))
      ? `NEW: conntrack of ${node} never saw what it answers, which goes another way`
      : `NEW: conntrack of ${node} knows no connection that it answers`
  if (!isFirst) return `NEW: conntrack of ${node} no longer knows the connection`
  const half = fate.changes.find((change) => change.kind === 'new')
  const left =
    half === undefined
      ? 'the connection never begins, and conntrack keeps nothing of it'
      : `the connection never begins; conntrack of ${half.node} keeps a first half of it, as the packet got through a bridge before`
  if (step.connection === null) return left
  const helped = [...fate.before.values()].some((table) =>
    entriesOf(table).some(({ helper }) => helper !== null),
  )
  return helped
    ? `NEW: the helper has not announced it`
    : `NEW: no helper of conntrack reads the connection that announced it (nf_conntrack_helpers)`
}

function whyThough(
  event: PacketEvent,
  node: string,
  state: 'established' | 'related',
  opens: boolean,
  story: Story,
): string | null {
  const { step } = event
  const word = state.toUpperCase()
  if (story.events.some(({ kind }) => kind === 'configuration'))
    return `although it is ${word}: with the new configuration this comes before what accepts such packets`
  const through = earlier(story).findLast(
    (one) => one.step.direction !== step.direction && one.fate.kind === 'walked',
  )
  const isFirstAnswer =
    !opens && !earlier(story).some((one) => one.step.direction === step.direction)
  if (!isFirstAnswer || through?.fate.kind !== 'walked')
    return `although it is ${word} to conntrack of ${node}`
  const by = showOrigin(verdictOrigin(through.fate.asked.trace), story.names)
  return `${by} lets the ${nameOf(through.step, story.script)} through, but what it asks for is not let back: one way only, it never becomes a connection`
}

function earlier({ events }: Story): readonly PacketEvent[] {
  return events.filter((event) => event.kind === 'packet')
}

function unseen(story: Story, direction: 'forth' | 'back'): boolean {
  return earlier(story).some(
    ({ step, fate }) => step.direction === direction && fate.kind === 'unseen',
  )
}

function entryOf({ before }: Walked, node: string, tuple: Tuple): ConntrackEntry | null {
  const table = before.get(node)
  if (table === undefined) return null
  return entriesOf(table).find((entry) => isOf(entry, tuple)) ?? null
}

function isOf({ original, reply }: ConntrackEntry, tuple: Tuple): boolean {
  return isSame(original, tuple) || isSame(reply, tuple)
}

function isSame(a: Tuple, b: Tuple): boolean {
  return (
    a.src === b.src &&
    a.dst === b.dst &&
    a.proto === b.proto &&
    a.sport === b.sport &&
    a.dport === b.dport &&
    a.version === b.version
  )
}
