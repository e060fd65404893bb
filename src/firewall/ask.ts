import type { ConntrackTable } from '../eval/conntrack/table.ts'
import { evaluate } from '../eval/evaluate.ts'
import { replyFate } from '../eval/reply.ts'
import type { HopTrace, Question, Trace, Tracking } from '../eval/trace.ts'
import type { Leg, Path } from '../netfilter/hook.ts'
import type { Packet } from '../netfilter/packet.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import type { Problem } from '../packet/problem.ts'
import type { Query } from '../packet/query.ts'
import { type Resolved, resolveQuery } from '../topology/resolve.ts'
import { withLocalNetworkDoubt } from './local-network-doubt.ts'
import type { NodeFirewall } from './node-firewall.ts'

/** What a question comes to: the trace and how the question was understood, or why it cannot be answered. */
export type Asked =
  | {
      readonly kind: 'traced'
      readonly query: Query
      readonly trace: Trace
      readonly resolved: Resolved
      readonly stages: readonly Stage[]
      /** What conntrack of each node holds afterwards; of those that were given a table. */
      readonly tracked: ReadonlyMap<string, ConntrackTable>
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** The part of a way on one node: what was asked of that node's rules. */
export type Stage = {
  readonly firewall: NodeFirewall
  readonly question: Question
  readonly trace: Trace
}

/** What a packet of a conversation has besides what a query says. */
export type InConversation = {
  /** What conntrack holds before it, by node. */
  readonly tracking: ReadonlyMap<string, Tracking>
  /** The packet as it is sent: with its place in the stream, its payload, what it quotes. */
  readonly refine: (packet: Packet) => Packet
}

const ALONE: InConversation = { tracking: new Map(), refine: (packet) => packet }

/** Makes a packet of a query, finds its way and walks it through the rules of each node on it. */
export function ask(
  firewall: NodeFirewall,
  query: Query,
  { tracking, refine }: InConversation = ALONE,
): Asked {
  const found = resolveQuery(firewall.topology, query, firewall.tables)
  if (found.kind === 'refused') return found
  const resolved = tracking.size === 0 ? found : { ...found, packet: refine(found.packet) }
  const stages: Stage[] = []
  const tracked = new Map([...tracking].map(([node, { table }]) => [node, table]))
  for (const { firewall: own, node, path } of waysOf(firewall, resolved.path)) {
    const question: Question = {
      ruleset: rulesOf(own),
      path,
      packet: resolved.packet,
      state: resolved.state,
      fib: firewall.topology.fibOf(node),
      mark: 0,
      ctMark: 0,
      ...trackingOn(node, tracking),
    }
    const trace = withLocalNetworkDoubt(own, question, evaluate(question))
    stages.push({ firewall: own, question, trace })
    if (trace.tracked !== undefined) tracked.set(node, trace.tracked)
    if (trace.outcome !== 'accept') break
  }
  return { kind: 'traced', query, resolved, stages, tracked, trace: joined(resolved, stages) }
}

/** The part of a way that runs on one node, and the firewall it runs through there. */
export type Way = {
  readonly firewall: NodeFirewall
  readonly node: string
  readonly path: Path
}

/** A way cut where it goes from node to node. What was assumed to draw it is told of the first part. */
export function waysOf(firewall: NodeFirewall, path: Path): readonly Way[] {
  return legsByNode(path.legs).map((legs, part) => {
    const node = legs[0]?.node ?? firewall.tree.node
    const own = firewall.onNode(node) ?? firewall
    return {
      firewall: own,
      node,
      path: {
        ...path,
        legs: own.live === undefined ? legs : legs.map(withAllFamilies),
        assumptions: part === 0 ? path.assumptions : [],
      },
    }
  })
}

function trackingOn(
  node: string,
  tracking: ReadonlyMap<string, Tracking>,
): { readonly tracking?: Tracking } {
  const own = tracking.get(node)
  return own === undefined ? {} : { tracking: own }
}

/** What a node holds: what was dumped, else what its configuration compiles to. */
export function rulesOf({ live, compiled }: NodeFirewall): Ruleset {
  if (live !== undefined) return live.ruleset
  return compiled.state === 'disabled' ? NO_RULES : compiled.held
}

/** On a real node tables of any family may be there, not only those of one backend. */
function withAllFamilies(leg: Leg): Leg {
  const hops = leg.hops.map((hop) => {
    const families = new Set(hop.families)
    if (families.has('ip') || families.has('ip6') || families.has('inet'))
      for (const family of ['ip', 'ip6', 'inet'] as const) families.add(family)
    return { ...hop, families: [...families] }
  })
  return { ...leg, hops }
}

/** A node whose firewall is off: pve-firewall has taken its chains away, and bridged packets see no table at all. */
const NO_RULES: Ruleset = { backend: 'iptables', tables: [] }

/** Runs of legs on one node. Almost always there is one. */
function legsByNode(legs: readonly Leg[]): readonly (readonly Leg[])[] {
  const runs: Leg[][] = []
  for (const leg of legs) {
    const run = runs.at(-1)
    if (run?.[0]?.node === leg.node) run.push(leg)
    else runs.push([leg])
  }
  return runs
}

function joined(resolved: Resolved, stages: readonly Stage[]): Trace {
  const [first] = stages
  const last = stages.at(-1)
  const { packet, path } = resolved
  if (first === undefined || last === undefined)
    return { packet, path, hops: [], outcome: 'accept', assumptions: [], reply: null }
  if (first === last) return first.trace
  return {
    packet,
    path,
    hops: stages.flatMap(({ trace }) => trace.hops),
    outcome: last.trace.outcome,
    assumptions: stages.flatMap(({ trace }) => trace.assumptions),
    reply: replyThrough(stages),
  }
}

/**
 * What becomes of the answer of a reject on another node: it has to get through the nodes before too. Only a reset
 * can get lost there; an ICMP error is RELATED to a connection they know.
 */
function replyThrough(stages: readonly Stage[]): Trace['reply'] {
  const last = stages.at(-1)?.trace
  const reply = last?.reply ?? null
  const rejecting = last?.hops.at(-1)
  if (reply?.with !== 'tcp-reset' || !reply.reachesSender || rejecting === undefined) return reply
  for (const { question, trace } of stages.slice(0, -1).toReversed()) {
    const fate = replyFate(question, [...trace.hops, arriving(rejecting)], reply.with)
    if (!fate.reachesSender) return fate
  }
  return reply
}

/** A reject beyond the node: its reset comes in where the packet went out. */
function arriving(rejecting: HopTrace): HopTrace {
  const { hop } = rejecting
  return { ...rejecting, hop: { ...hop, physin: hop.physin ?? hop.iif } }
}
