import type { Hop } from '../netfilter/hook.ts'
import {
  type CtState,
  ETHERTYPE,
  type Layer3,
  type Layer4,
  type Packet,
  TCP_FLAG,
} from '../netfilter/packet.ts'
import type { RejectWith } from '../netfilter/ruleset.ts'
import type { Walk } from './chain.ts'
import { stateOf } from './conntrack/first-packet.ts'
import type { ConntrackTable } from './conntrack/table.ts'
import { endOf } from './conntrack/tcp-window.ts'
import { newDoubt } from './doubt.ts'
import { CT_MARK_SLOT, MARK_SLOT, packetValues } from './field-value.ts'
import { fixedState, type HopTracking, runHop } from './hop.ts'
import type { ChainTrace, HopTrace, Question, RejectReply } from './trace.ts'
import { look, trackerOf } from './tracker.ts'

/**
 * Whether the answer of a REJECT gets back to the sender: it is walked through the hooks of its own way. `hops` end
 * with the one that rejected.
 *
 * A reset leaves by the bridge port the packet came in by, unseen by the hooks of that bridge (nf_send_reset,
 * net/ipv4/netfilter/nf_reject_ipv4.c); an ICMP error is sent by the host (nf_send_unreach). Each bridge the answer
 * crosses looks its connection up anew. A reset that answers a SYN removes the connection at the first look-up
 * (nf_conntrack_tcp_packet, nf_conntrack_proto_tcp.c) and is invalid at the second; an ICMP error about a packet that
 * never got through a bridge is invalid from the first (nf_conntrack_inet_error).
 */
export function replyFate(
  question: Question,
  hops: readonly HopTrace[],
  kind: RejectWith,
): RejectReply {
  return answerOf(question, hops, kind, null).reply
}

/** The same, and what conntrack holds when the answer is through; `table`: what it held when the packet was rejected. */
export function answerOf(
  question: Question,
  hops: readonly HopTrace[],
  kind: RejectWith,
  table: ConntrackTable | null,
): { readonly reply: RejectReply; readonly table: ConntrackTable | null } {
  const rejecting = hops.at(-1)?.hop
  const onBridge = hops.at(-1)?.chains.at(-1)?.table.family === 'bridge'
  const packet = replyPacket(question, kind)
  const why =
    packet === null
      ? 'a reset is not answered with a reset'
      : kind !== 'tcp-reset' && isUnanswered(question.packet, onBridge)
        ? 'an ICMP error is not answered with another'
        : null
  if (rejecting === undefined || packet === null || why !== null)
    return { reply: { with: kind, reachesSender: false, why }, table }
  const before = hops.slice(0, -1).map(({ hop }) => hop)
  const isReset = kind === 'tcp-reset'
  const direct = onBridge || (isReset && rejecting.physin !== null)
  const way = onBridge
    ? backOverBridge(rejecting)
    : direct
      ? reversed(before)
      : fromHost(question, rejecting, before)
  const flow = flowOf(question, before)
  const answer = { isReset, direct, flow, table }
  const { why: reason, table: after } = stopped(question, packet, way, answer)
  return { reply: { with: kind, reachesSender: reason === null, why: reason }, table: after }
}

/**
 * ICMP errors are answered with nothing: `icmp_send` (net/ipv4/icmp.c), `is_ineligible` (net/ipv6/icmp.c). A bridge spares
 * unreachables only: `nf_skb_is_icmp_unreach`, `nf_skb_is_icmp6_unreach` (net/ipv[46]/netfilter/nf_reject_ipv[46].c).
 */
function isUnanswered({ l4 }: Packet, onBridge: boolean): boolean {
  if ((l4.kind !== 'icmp' && l4.kind !== 'icmpv6') || l4.type === 'unknown') return false
  if (onBridge) return l4.type === (l4.kind === 'icmp' ? 3 : 1)
  return l4.kind === 'icmp' ? [3, 4, 5, 11, 12].includes(l4.type) || l4.type > 18 : l4.type < 128
}

/** `unknown`: conntrack knows nothing of it; `fresh`: of its first packet; `lasting`: both ends have spoken. */
type Flow = 'unknown' | 'fresh' | 'lasting'

/** A packet confirms its connection when it gets through a first hook traversal (nf_conntrack_confirm). */
function flowOf({ state, packet }: Question, before: readonly Hop[]): Flow {
  const own = state ?? stateOf(packet)
  if (own === 'established' || own === 'related') return 'lasting'
  if (own !== 'new') return 'unknown'
  return before.some(isTraversal) ? 'fresh' : 'unknown'
}

function isTraversal({ hook, families }: Hop): boolean {
  return (hook === 'forward' || hook === 'output') && families.some((family) => family !== 'bridge')
}

/** The answer as a packet; null if there is none. */
function replyPacket(
  { packet: { ether, l3, l4 }, path }: Question,
  kind: RejectWith,
): Packet | null {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return null
  const isReset = kind === 'tcp-reset'
  const answer: Layer3 = {
    kind: l3.kind,
    src: isReset ? l3.dst : (path.hostAddress ?? 'unknown'),
    dst: l3.src,
    srcType: isReset ? l3.dstType : 'local',
    dstType: l3.srcType,
  }
  const reply = isReset ? resetOf(l4) : unreachableOf(l3.kind, kind, { ether, l3, l4 })
  if (reply === null) return null
  return {
    ether: { src: ether.dst, dst: ether.src, type: ETHERTYPE[l3.kind], vlan: ether.vlan },
    l3: answer,
    l4: reply,
  }
}

/** `nf_reject_ip_tcphdr_put`, net/ipv4/netfilter/nf_reject_ipv4.c */
function resetOf(l4: Layer4): Layer4 | null {
  if (l4.kind !== 'tcp') return null
  const flags = l4.flags === 'unknown' ? TCP_FLAG.SYN : l4.flags
  if ((flags & TCP_FLAG.RST) !== 0) return null
  const answers = (flags & TCP_FLAG.ACK) !== 0
  const reset = {
    kind: 'tcp',
    sport: l4.dport,
    dport: l4.sport,
    flags: TCP_FLAG.RST | (answers ? 0 : TCP_FLAG.ACK),
  } as const
  if (l4.segment === undefined) return reset
  const { ack } = l4.segment
  return {
    ...reset,
    segment: {
      seq: answers ? ack : 0,
      ack: answers ? 0 : endOf(l4.segment, flags),
      window: 0,
      length: 0,
      windowScale: null,
      sackPermitted: false,
    },
  }
}

/** Codes of destination-unreachable: include/uapi/linux/icmp.h, icmpv6.h. */
const codes4: Readonly<Partial<Record<RejectWith, number>>> = {
  'net-unreachable': 0,
  'host-unreachable': 1,
  'prot-unreachable': 2,
  'port-unreachable': 3,
  'net-prohibited': 9,
  'host-prohibited': 10,
  'admin-prohibited': 13,
}

const codes6: Readonly<Partial<Record<RejectWith, number>>> = {
  'no-route': 0,
  'admin-prohibited': 1,
  'addr-unreachable': 3,
  'port-unreachable': 4,
  'policy-fail': 5,
  'reject-route': 6,
}

function unreachableOf(family: 'ip' | 'ip6', kind: RejectWith, inner: Packet): Layer4 {
  return family === 'ip'
    ? { kind: 'icmp', type: 3, code: codes4[kind] ?? 'unknown', inner }
    : { kind: 'icmpv6', type: 1, code: codes6[kind] ?? 'unknown', inner }
}

/**
 * A bridge's own reject sends its answer back through the port the packet came in by, past the hooks of what the host
 * sends there, as a packet of no connection (nft_reject_br_send_v4_tcp_reset, net/bridge/netfilter/nft_reject_bridge.c).
 */
function backOverBridge({ bridgeIn, ibrname }: Hop): readonly Hop[] {
  const at: Hop = { ...nowhere, families: ['bridge'], bridgeOut: bridgeIn, obrname: ibrname }
  return [
    { ...at, hook: 'output' },
    { ...at, hook: 'postrouting' },
  ]
}

/** The hops of the packet, walked back: each traversal with its ends exchanged. */
function reversed(before: readonly Hop[]): readonly Hop[] {
  return before
    .filter(isTraversal)
    .toReversed()
    .flatMap((hop) =>
      hop.hook === 'output' ? [arrival(hop), toHost(hop)] : [arrival(hop), back(hop)],
    )
}

/** Where the answer comes into a bridge or the host: the port is not known where the packet was routed out. */
function arrival({ oif, physout, bridgeOut, families, obrname }: Hop): Hop {
  return {
    ...nowhere,
    hook: 'prerouting',
    families,
    iif: oif,
    physin: physout,
    bridgeIn: bridgeOut,
    ibrname: obrname,
    tracks: true,
  }
}

function back(hop: Hop): Hop {
  return {
    hook: 'forward',
    families: hop.families,
    iif: hop.oif,
    oif: hop.iif,
    physin: hop.physout,
    physout: hop.physout === null ? null : hop.physin,
    bridgeIn: hop.bridgeOut,
    bridgeOut: hop.bridgeIn,
    ibrname: hop.obrname,
    obrname: hop.ibrname,
    tracks: false,
  }
}

function toHost({ oif, families }: Hop): Hop {
  return { ...nowhere, hook: 'input', families, iif: oif }
}

const nowhere: Hop = {
  hook: 'input',
  families: [],
  iif: null,
  oif: null,
  physin: null,
  physout: null,
  bridgeIn: null,
  bridgeOut: null,
  ibrname: null,
  obrname: null,
  tracks: false,
}

/** The way of what the host itself sends to the sender; over `lo` if that is the host. */
function fromHost({ path }: Question, rejecting: Hop, before: readonly Hop[]): readonly Hop[] {
  const families = rejecting.families.filter((family) => family !== 'bridge')
  const first = [...before, rejecting].find((hop) => isTraversal(hop) || hop.hook === 'input')
  if (first?.hook === 'output')
    return [
      { ...nowhere, hook: 'output', families, oif: 'lo', tracks: true },
      { ...nowhere, hook: 'input', families, iif: 'lo' },
    ]
  return (
    path.hostToSender ?? [
      { ...nowhere, hook: 'output', families, oif: first?.iif ?? null, tracks: true },
    ]
  )
}

type Answer = {
  readonly isReset: boolean
  readonly direct: boolean
  readonly flow: Flow
  readonly table: ConntrackTable | null
}

/** Walks the answer along its way: why it ends there, null if it arrives. */
function stopped(
  question: Question,
  packet: Packet,
  way: readonly Hop[],
  { isReset, direct, flow, table }: Answer,
): { readonly why: string | null; readonly table: ConntrackTable | null } {
  const { tracking } = question
  const asked: Question | null =
    tracking === undefined || table === null || question.state !== null
      ? null
      : { ...question, packet, tracking: { ...tracking, table } }
  const tracker = trackerOf(asked ?? { ...question, packet, state: 'invalid' })
  const walk: Walk = {
    packet,
    fib: question.fib,
    values: packetValues(packet),
    doubt: newDoubt([], -1),
    recording: true,
    notrack: false,
    template: null,
    tracker,
    translated: new Set(),
    assumed: [],
  }
  walk.values[CT_MARK_SLOT] = question.ctMark
  // fwmark_reflect is off: the answer does not inherit the mark
  walk.values[MARK_SLOT] = 0
  // what the host sends is tied to the connection of the packet it answers (nf_ct_attach)
  const own = question.state ?? stateOf(question.packet)
  let attached = !direct && own !== 'invalid' && own !== 'untracked'
  let state: CtState = attached ? 'related' : 'invalid'
  let known = flow !== 'unknown'
  let at: Hop | null = null
  const byTable: HopTracking = {
    state: () => state,
    look: ({ values, notrack, template }) => {
      if (asked === null || at === null || attached) return
      look(tracker, asked, at, values, { notrack, template })
      state = tracker.state === 'unknown' ? 'invalid' : tracker.state
    },
  }
  for (const hop of way) {
    at = hop
    if (hop.tracks) {
      walk.notrack = false
      walk.template = null
    }
    if (asked === null && hop.tracks && !attached) {
      state = known ? (isReset ? 'established' : 'related') : 'invalid'
      if (isReset && flow === 'fresh') known = false
    }
    const { verdict, chains } = runHop(
      walk,
      question.ruleset,
      hop,
      asked === null ? fixedState(state) : byTable,
    )
    // only the first look-up is spared: the answer is tied to the connection there
    if (hop.tracks) attached = false
    if (verdict === 'drop' || verdict === 'reject')
      return { why: reasonOf(hop, state, chains), table: tracker.table }
  }
  return { why: null, table: tracker.table }
}

function reasonOf(hop: Hop, state: CtState, chains: readonly ChainTrace[]): string {
  const place = hop.iif ?? hop.oif ?? hop.bridgeOut ?? 'the host'
  const last = lastRule(chains.at(-1))
  const by = last === null ? 'the policy drops it' : `\`${last}\` drops it`
  return state === 'invalid'
    ? `at ${place} it belongs to no connection (INVALID), and ${by}`
    : `at ${place} ${by}`
}

function lastRule(chain: ChainTrace | undefined): string | null {
  const hit = chain?.end === 'policy' ? undefined : chain?.hits.at(-1)
  if (chain === undefined || hit === undefined) return null
  return hit.into === null ? `${chain.chain.name} ${hit.rule.text.trim()}` : lastRule(hit.into)
}
