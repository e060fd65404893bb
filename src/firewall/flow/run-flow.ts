import { type ConntrackTable, EMPTY_TABLE } from '../../eval/conntrack/table.ts'
import type { Tracking } from '../../eval/trace.ts'
import type { Packet } from '../../netfilter/packet.ts'
import type { Direction, PacketStep, Script } from '../../packet/flow/step.ts'
import { parseIcmpType } from '../../packet/icmp-types.ts'
import { isProblem, type Problem, problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import { resolveQuery } from '../../topology/resolve.ts'
import { ask } from '../ask.ts'
import { settingsOf } from '../conntrack-settings.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import type {
  FlowEvent,
  FlowRefused,
  FlowResult,
  NotSent,
  PacketEvent,
  Tables,
} from './flow-result.ts'
import { arrived, closedAt, NEW_STREAM, opposite, type Stream, sent } from './stream.ts'
import { changesOf, expiredBetween } from './table-changes.ts'
import { protocolProblem, queryFor, type TwoWays } from './two-ways.ts'

/** What is said, and what is so before. */
export type Flow = {
  readonly ways: TwoWays
  readonly script: Script
  /** What conntrack of the nodes holds before; a node that is not among them: nothing. */
  readonly tables: Tables
  /** Where the clock stands at the start, ms: that of `expiresAt`. */
  readonly now: number
  /** Another configuration after the step of this index: conntrack keeps what it holds. */
  readonly next: { readonly after: number; readonly firewall: NodeFirewall } | null
  /** Id of the pings of a script that says none. */
  readonly echoId: number
}

/** Everything that goes on while a conversation runs. */
type Running = {
  firewall: NodeFirewall
  now: number
  tables: Map<string, ConntrackTable>
  /** Of each connection, by name; '' is the one that was asked about. */
  readonly streams: Map<string, Stream>
  /** The last packet an end sent, as an ICMP error would quote it, by connection and direction. */
  readonly quotable: Map<string, Packet>
  readonly packets: PacketEvent[]
  /** Who has been told that a connection is over, and by the answer to which packet. */
  readonly refused: Map<string, PacketEvent>
}

/**
 * Runs a conversation: each packet through the rules and through conntrack as the one before left it. An end sends what
 * it has to say when it got the last packet before it that came from the other end; what is lost is not sent again. The
 * answer of a REJECT ends the connection for the sender that gets it.
 */
export function runFlow(firewall: NodeFirewall, flow: Flow): FlowResult | FlowRefused {
  const { ways, script, next } = flow
  const running: Running = {
    firewall,
    now: flow.now,
    tables: new Map(flow.tables),
    streams: new Map(),
    quotable: new Map(),
    packets: [],
    refused: new Map(),
  }
  const events: FlowEvent[] = []
  for (const [index, step] of script.steps.entries()) {
    if (step.kind === 'wait') {
      const from = running.now
      running.now += step.ms
      const changes = expiredBetween(running.tables, from, running.now)
      events.push({ kind: 'wait', at: running.now, ms: step.ms, changes })
    } else {
      const event = packetEvent(running, flow, step)
      if (isProblem(event)) return { kind: 'refused', problems: [event] }
      running.packets.push(event)
      events.push(event)
    }
    if (next?.after === index) {
      running.firewall = next.firewall
      events.push({ kind: 'configuration', at: running.now, firewall: next.firewall })
    }
  }
  return { kind: 'ran', firewall, ways, script, events, tables: running.tables, now: running.now }
}

/** True for a packet that its receiver got. */
export function gotThere({ fate }: PacketEvent): boolean {
  return fate.kind === 'unseen' || (fate.kind === 'walked' && fate.asked.trace.outcome === 'accept')
}

function packetEvent(
  running: Running,
  { ways, script, echoId }: Flow,
  step: PacketStep,
): PacketEvent | Problem {
  const base = {
    kind: 'packet',
    at: running.now,
    number: running.packets.length + 1,
    step,
  } as const
  const why = step.forced ? null : notSent(running, step)
  if (why !== null) return { ...base, fate: { kind: 'not-sent', why } }
  const { direction, what } = step
  const connection = script.connections.find(({ name }) => name === step.connection) ?? null
  const wrong = connection === null ? protocolProblem(ways, what) : null
  if (wrong !== null) return wrong
  const query = queryFor(ways, direction, connection, what)
  if (isProblem(query)) return query
  const made = make(running, step, ways.client.version, echoId)
  if (isProblem(made)) return made
  running.streams.set(nameIn(step.connection), made.stream)
  if (step.unseen || (direction === 'back' && ways.backUnseen)) {
    const resolved = resolveQuery(running.firewall.topology, query, running.firewall.tables)
    if (resolved.kind === 'refused') return resolved.problems[0] ?? nothingAsked(step)
    const packet = made.refine(resolved.packet)
    quote(running, step, packet)
    arrive(running, step, packet)
    return { ...base, fate: { kind: 'unseen', packet } }
  }
  return walked(running, base, query, made.refine)
}

function walked(
  running: Running,
  base: Omit<PacketEvent, 'fate'>,
  query: Query,
  refine: (packet: Packet) => Packet,
): PacketEvent | Problem {
  const { firewall, now } = running
  const { step } = base
  const before: Tables = new Map(running.tables)
  const tracking = trackingFor(running, query)
  const asked = ask(firewall, query, { tracking, refine })
  if (asked.kind === 'refused') return asked.problems[0] ?? nothingAsked(step)
  for (const [node, table] of asked.tracked) running.tables.set(node, table)
  const changes = changesOf(before, running.tables, now)
  const fate = { kind: 'walked', firewall, asked, before, changes } as const
  const event: PacketEvent = { ...base, fate }
  const { trace } = asked
  quote(running, step, trace.packet)
  if (trace.outcome === 'accept') arrive(running, step, trace.packet)
  else if (trace.reply?.reachesSender === true) refuse(running, event)
  return event
}

/** Tables and settings of the nodes the packet will pass. */
function trackingFor({ firewall, tables, now }: Running, query: Query): Map<string, Tracking> {
  const resolved = resolveQuery(firewall.topology, query, firewall.tables)
  const nodes = resolved.kind === 'refused' ? [] : resolved.path.legs.map(({ node }) => node)
  return new Map(
    [...new Set([...nodes, firewall.tree.node])].map((node) => [
      node,
      {
        table: tables.get(node) ?? EMPTY_TABLE,
        now,
        settings: settingsOf(firewall.onNode(node) ?? firewall),
      },
    ]),
  )
}

/** Null: it is sent. An end answers the last packet before it that came from the other end, of any connection. */
function notSent({ packets, refused }: Running, step: PacketStep): NotSent | null {
  const over = refused.get(key(step.connection, step.direction))
  if (over !== undefined) return { kind: 'refused', packet: over }
  const before = packets.findLast((one) => one.step.direction !== step.direction)
  return before === undefined || gotThere(before) ? null : { kind: 'unanswered', packet: before }
}

/** The sender of a rejected packet is told: a connection that begins is over, a reset ends any (tcp_v4_err, tcp_reset). */
function refuse(running: Running, event: PacketEvent): void {
  const { step, fate } = event
  if (fate.kind !== 'walked') return
  const isReset = fate.asked.trace.reply?.with === 'tcp-reset'
  const stream = streamOf(running, step)
  const isOpen = step.what.kind === 'tcp' && stream[step.direction].got !== null
  if (isOpen && !isReset) return
  running.refused.set(key(step.connection, step.direction), event)
  running.streams.set(nameIn(step.connection), closedAt(stream, step.direction))
}

type Made = { readonly refine: (packet: Packet) => Packet; readonly stream: Stream }

/** What of a packet its script and its connection say beyond the question. */
function make(running: Running, step: PacketStep, family: 4 | 6, echoId: number): Made | Problem {
  const stream = streamOf(running, step)
  const { what, direction, connection } = step
  switch (what.kind) {
    case 'tcp': {
      const made = sent(stream, direction, what)
      const payload = what.payload === null ? {} : { payload: what.payload }
      return {
        stream: made.stream,
        refine: (packet) =>
          packet.l4.kind === 'tcp'
            ? { ...packet, l4: { ...packet.l4, segment: made.segment, ...payload } }
            : packet,
      }
    }
    case 'udp': {
      const { payload } = what
      if (payload === null) return { stream, refine: (packet) => packet }
      return {
        stream,
        refine: (packet) =>
          packet.l4.kind === 'udp' ? { ...packet, l4: { ...packet.l4, payload } } : packet,
      }
    }
    case 'echo': {
      const id = what.id ?? echoId
      return { stream, refine: (packet) => withIcmp(packet, { id }) }
    }
    case 'icmp': {
      if (!isError(what.type, family)) return { stream, refine: (packet) => packet }
      const inner = running.quotable.get(key(connection, opposite(direction)))
      if (inner === undefined) return nothingAsked(step)
      return { stream, refine: (packet) => withIcmp(packet, { inner }) }
    }
    default:
      return { stream, refine: (packet) => packet }
  }
}

function withIcmp(packet: Packet, more: { readonly id?: number; readonly inner?: Packet }): Packet {
  const { l4 } = packet
  return l4.kind === 'icmp' || l4.kind === 'icmpv6' ? { ...packet, l4: { ...l4, ...more } } : packet
}

/** Messages that quote a packet: RFC 1122 3.2.2, RFC 4443 2.1. */
function isError(text: string, family: 4 | 6): boolean {
  const type = parseIcmpType(text, family)?.type ?? null
  if (family === 4) return type !== null && [3, 4, 5, 11, 12].includes(type)
  return type !== null && type < 128
}

function nothingAsked({ what }: PacketStep): Problem {
  const type = what.kind === 'icmp' ? what.type : 'an ICMP error'
  return problem(
    'flow/nothing-asked-of',
    `${type} is about a packet, and none went the other way before`,
    'put a packet of the other direction before it',
  )
}

function quote(running: Running, { connection, direction }: PacketStep, packet: Packet): void {
  running.quotable.set(key(connection, direction), packet)
}

function arrive(running: Running, step: PacketStep, { l4 }: Packet): void {
  if (l4.kind !== 'tcp' || l4.segment === undefined || l4.flags === 'unknown') return
  const stream = arrived(streamOf(running, step), step.direction, l4.segment, l4.flags)
  running.streams.set(nameIn(step.connection), stream)
}

function streamOf({ streams }: Running, { connection }: PacketStep): Stream {
  return streams.get(nameIn(connection)) ?? NEW_STREAM
}

function key(connection: string | null, direction: Direction): string {
  return `${direction} ${nameIn(connection)}`
}

function nameIn(connection: string | null): string {
  return connection === null ? '' : connection
}
