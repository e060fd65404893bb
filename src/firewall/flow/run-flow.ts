import {
  type ConntrackTable,
  EMPTY_TABLE,
  entriesOf,
  findEntry,
  withoutExpired,
} from '../../eval/conntrack/table.ts'
import { tupleOf } from '../../eval/conntrack/tuple.ts'
import type { Outcome } from '../../eval/trace.ts'
import type { ConntrackEntry } from '../../netfilter/conntrack.ts'
import type { Packet } from '../../netfilter/packet.ts'
import type { FlowStep } from '../../packet/flow-script.ts'
import { type Problem, problem } from '../../packet/problem.ts'
import type { Query } from '../../packet/query.ts'
import type { Traced } from '../answer.ts'
import { ask } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import {
  icmpTypeOf,
  layer4,
  newStream,
  protocolOfSaid,
  type Stream,
  told,
  unsent,
} from './conversation.ts'
import { settingsOf } from './settings-of.ts'

/** A conversation and what it goes through. */
export type Flow = {
  /** The first packet's way; its ports are those of the first connection. */
  readonly query: Query
  readonly steps: readonly FlowStep[]
  /** Where answers go, if not back the way the question came: an endpoint; `elsewhere`: they do not pass this node. */
  readonly back: string | 'elsewhere' | null
  /** What conntrack of the node holds at the start. */
  readonly table: ConntrackTable
  /** Another configuration that takes over once so many packets were sent. */
  readonly swap: { readonly firewall: NodeFirewall; readonly after: number } | null
}

/** What became of one packet of a conversation. */
export type FlowPacket = {
  readonly step: Extract<FlowStep, { kind: 'packet' }>
  /** Ms since the first one. */
  readonly at: number
  /** The configuration it met: the second is `--then`'s. */
  readonly firewall: NodeFirewall
  /** Name of its connection; null where there is one only. */
  readonly connection: string | null
  readonly fate:
    | { readonly kind: 'traced'; readonly asked: Traced; readonly changes: readonly Change[] }
    /** It passes elsewhere, and arrives. */
    | { readonly kind: 'elsewhere' }
    | { readonly kind: 'unsent'; readonly why: string }
}

/** How one entry of conntrack changed by a packet. */
export type Change = {
  readonly what: 'new' | 'changed' | 'gone'
  readonly node: string
  readonly entry: ConntrackEntry
}

export type FlowResult = {
  readonly packets: readonly FlowPacket[]
  /** Of the first packet that did not get through; `accept` where all did. */
  readonly outcome: Outcome
  /** The first packet that failed, and why in words besides the rule that decided. */
  readonly failed: FlowPacket | null
  readonly why: string | null
  /** What conntrack of each node holds at the end. */
  readonly tables: ReadonlyMap<string, ConntrackTable>
  /** With another configuration: the first packet of a connection begun after all this. */
  readonly fresh: FlowPacket | null
  /** When it ended, ms. */
  readonly end: number
}

/** Sends the packets of a conversation one after the other, each through what conntrack holds after those before it. */
export function runFlow(first: NodeFirewall, flow: Flow): FlowResult | Problem {
  const { node } = first.tree
  let tables: ReadonlyMap<string, ConntrackTable> = new Map([[node, flow.table]])
  let firewall = first
  let now = 0
  let sent = 0
  const start = streamOf(flow.query)
  const streams = new Map<string, Stream>([['', start]])
  let name = ''
  const packets: FlowPacket[] = []
  for (const step of flow.steps) {
    if (step.kind === 'wait') {
      now += step.ms
      continue
    }
    if (step.kind === 'connection') {
      const opened = connectionOf(step, streams, start)
      if (opened === null)
        return problem(
          'query/bad-script',
          `line ${step.line}, column 1: no connection \`${step.name}\` was begun`,
          'give it ports where it begins: `connection data 50000`',
        )
      name = opened
      continue
    }
    if (flow.swap !== null && sent >= flow.swap.after) firewall = flow.swap.firewall
    const stream = streams.get(name) as Stream
    const connection = streams.size > 1 ? name || 'control' : null
    const common = { step, at: now, firewall, connection }
    const why = unsent(step, stream)
    if (why !== null) {
      stream.arrived[step.direction] = false
      packets.push({ ...common, fate: { kind: 'unsent', why } })
      continue
    }
    sent += 1
    if (step.direction === 'back' && flow.back === 'elsewhere') {
      const packet = previous(packets)
      if (packet === null) return problem('query/bad-script', 'answers come before any question')
      const answer = { ...packet, l4: layer4(step.said, 'back', stream, packet) }
      told(stream, 'back', answer, true)
      packets.push({ ...common, fate: { kind: 'elsewhere' } })
      continue
    }
    const done = send(firewall, flow, step, stream, tables, now)
    if ('code' in done) return done
    const { asked, changes, tables: after } = done
    tables = after
    told(stream, step.direction, asked.resolved.packet, asked.trace.outcome === 'accept')
    packets.push({ ...common, fate: { kind: 'traced', asked, changes } })
  }
  const failed =
    packets.find(({ fate }) => fate.kind === 'traced' && fate.asked.trace.outcome !== 'accept') ??
    null
  const fresh = flow.swap === null ? null : freshOf(flow, tables, now)
  if (fresh !== null && 'code' in fresh) return fresh
  return {
    packets,
    outcome: failed?.fate.kind === 'traced' ? failed.fate.asked.trace.outcome : 'accept',
    failed,
    why: failed === null ? null : whyOf(failed, packets, flow),
    tables,
    fresh,
    end: now,
  }
}

function streamOf({ sport, dport }: Query): Stream {
  return newStream(sport ?? FIRST_PORT, dport ?? 0)
}

/** The first port a client takes (net.ipv4.ip_local_port_range is 32768 60999; RFC 6335 says 49152). */
const FIRST_PORT = 49_152

function connectionOf(
  { name, sport, dport }: Extract<FlowStep, { kind: 'connection' }>,
  streams: Map<string, Stream>,
  start: Stream,
): string | null {
  if (name === 'control' && dport === null) return ''
  if (dport === null) return streams.has(name) ? name : null
  streams.set(name, newStream(sport ?? start.sport + streams.size, dport))
  return name
}

function previous(packets: readonly FlowPacket[]): Packet | null {
  for (const { fate } of packets.toReversed())
    if (fate.kind === 'traced') return fate.asked.resolved.packet
  return null
}

type Done = {
  readonly asked: Traced
  readonly changes: readonly Change[]
  readonly tables: ReadonlyMap<string, ConntrackTable>
}

function send(
  firewall: NodeFirewall,
  flow: Flow,
  step: Extract<FlowStep, { kind: 'packet' }>,
  stream: Stream,
  tables: ReadonlyMap<string, ConntrackTable>,
  now: number,
): Done | Problem {
  const alive = new Map([...tables].map(([node, table]) => [node, withoutExpired(table, now)]))
  for (const node of firewall.tree.nodes) if (!alive.has(node)) alive.set(node, EMPTY_TABLE)
  const settings = settingsOf(firewall)
  const tracking = new Map([...alive].map(([node, table]) => [node, { table, now, settings }]))
  const way = step.direction === 'out' ? flow.query : answering(flow)
  const family = familyOf(firewall, flow)
  const proto = protocolOfSaid(step.said, family)
  const hasPorts = step.said.kind === 'tcp' || step.said.kind === 'udp'
  const ports =
    step.direction === 'out' ? [stream.sport, stream.dport] : [stream.dport, stream.sport]
  const query: Query = {
    ...way,
    proto,
    sport: hasPorts ? (ports[0] ?? null) : null,
    dport: hasPorts ? (ports[1] ?? null) : null,
    flags: step.said.kind === 'tcp' ? step.said.flags : null,
    icmpType: icmpTypeOf(step.said),
    icmpCode: null,
  }
  const asked = ask(firewall, query, {
    tracking,
    refine: (packet) => ({ ...packet, l4: layer4(step.said, step.direction, stream, packet) }),
  })
  if (asked.kind === 'refused') {
    const [first] = asked.problems
    return first ?? problem('query/bad-script', 'this packet cannot be asked about')
  }
  const { l3 } = asked.resolved.packet
  if ((l3.kind === 'ip' || l3.kind === 'ip6') && (l3.src === 'unknown' || l3.dst === 'unknown'))
    return problem(
      'query/flow-needs-address',
      `the ${l3.src === 'unknown' ? 'source' : 'destination'} address is not known, and conntrack goes by it`,
      `say it with ${l3.src === 'unknown' ? '--src' : '--dst'} ADDRESS`,
    )
  return { asked, changes: changesOf(alive, asked.tracked), tables: asked.tracked }
}

const families = new WeakMap<Flow, 4 | 6>()

/** Of the first packet: pings are of one protocol or the other. */
function familyOf(firewall: NodeFirewall, flow: Flow): 4 | 6 {
  const known = families.get(flow)
  if (known !== undefined) return known
  const { query } = flow
  const probe = ask(firewall, {
    ...query,
    proto: 6,
    sport: 1,
    dport: 1,
    icmpType: null,
    flags: null,
  })
  const family = probe.kind === 'traced' && probe.resolved.packet.l3.kind === 'ip6' ? 6 : 4
  families.set(flow, family)
  return family
}

/** The way of answers: the question's, turned round. */
function answering({ query, back }: Flow): Query {
  return {
    ...query,
    from: query.to,
    to: back ?? query.from ?? (query.src === null ? 'outside' : null),
    src: query.dst,
    dst: query.src,
    mac: null,
  }
}

function changesOf(
  before: ReadonlyMap<string, ConntrackTable>,
  after: ReadonlyMap<string, ConntrackTable>,
): readonly Change[] {
  const changes: Change[] = []
  for (const [node, table] of after) {
    const old = new Map(
      entriesOf(before.get(node) ?? EMPTY_TABLE).map((entry) => [entry.id, entry]),
    )
    for (const entry of entriesOf(table)) {
      const was = old.get(entry.id)
      old.delete(entry.id)
      if (was === undefined) changes.push({ what: 'new', node, entry })
      else if (was !== entry) changes.push({ what: 'changed', node, entry })
    }
    for (const entry of old.values()) changes.push({ what: 'gone', node, entry })
  }
  return changes
}

/** A connection begun now: the same first packet from another port. */
function freshOf(
  flow: Flow,
  tables: ReadonlyMap<string, ConntrackTable>,
  now: number,
): FlowPacket | Problem | null {
  const step = flow.steps.find((each) => each.kind === 'packet')
  if (step?.kind !== 'packet' || flow.swap === null) return null
  const { firewall } = flow.swap
  const stream = newStream((flow.query.sport ?? FIRST_PORT) + 100, flow.query.dport ?? 0)
  const done = send(firewall, flow, step, stream, tables, now)
  if ('code' in done) return done
  const { asked, changes } = done
  return { step, at: now, firewall, connection: null, fate: { kind: 'traced', asked, changes } }
}

/** What conntrack has to do with a failure; null: nothing, the rule says it all. */
function whyOf(
  { step, fate, at }: FlowPacket,
  packets: readonly FlowPacket[],
  flow: Flow,
): string | null {
  if (fate.kind !== 'traced') return null
  const { trace, resolved } = fate.asked
  const state = trace.hops.findLast(({ hop }) => hop.tracks)?.state ?? trace.hops.at(-1)?.state
  const earlier = packets.filter(({ fate: other }) => other.kind === 'traced' && other !== fate)
  if (state === 'established' || state === 'related')
    return 'the connection is known, so a rule before the one for known connections stops it'
  if (earlier.length === 0) return null
  const forgotten = expiredBefore(earlier, resolved.packet, at)
  if (forgotten !== null) return forgotten
  if (flow.back === 'elsewhere' && state === 'invalid')
    return 'conntrack of this node has not seen the answers, which go another way: what follows belongs to nothing it knows'
  if (step.direction === 'back')
    return `its connection is not known here (${state}): the way out alone being open makes no connection`
  return state === 'invalid'
    ? 'conntrack does not take it for a part of its connection (INVALID)'
    : null
}

/** Whether an entry for a packet was there and had expired by then. */
function expiredBefore(earlier: readonly FlowPacket[], packet: Packet, now: number): string | null {
  const tuple = tupleOf(packet)
  if (tuple === null) return null
  for (const { fate, at } of earlier.toReversed()) {
    if (fate.kind !== 'traced') continue
    for (const table of fate.asked.tracked.values()) {
      const found = findEntry(table, tuple, 0, at)
      if (found !== null && found.entry.expiresAt <= now) {
        const seconds = (found.entry.expiresAt - at) / 1000
        return `its connection was forgotten ${seconds} s after the packet before: this one is a stranger's`
      }
    }
  }
  return null
}
