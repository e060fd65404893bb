import { tupleOf } from '../eval/conntrack/tuple.ts'
import type { Question } from '../eval/trace.ts'
import type { NodeFirewall } from '../firewall/node-firewall.ts'
import type { Hop } from '../netfilter/hook.ts'
import { ETHERTYPE, type Known, type Packet, protocolOf } from '../netfilter/packet.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import { type Agent, type Operation, type Result, startAgent } from './agent.ts'
import type { KernelAnswer } from './answer.ts'
import { FLUSH, insertion, type KernelConnection, kernelConnection, LIST } from './ctnetlink.ts'
import { addressBytes, datagramOf, frameOf, joined, markOf, NO_NEXT_HEADER } from './frame.ts'
import { cleared, type Ebtables, type Loaded, stepsOf } from './load.ts'
import { messagesIn, numberIn } from './netlink.ts'
import { type ExtraPort, type Network, networkOf } from './network.ts'
import { type LogEvent, logEvent, subscribe } from './nflog.ts'
import { type NftTraceEvent, nftTraceEvent, TRACE_GROUP } from './nftrace.ts'
import { responseOf } from './response.ts'
import { nextHop } from './rtnetlink.ts'
import {
  type DeviceNames,
  type Handles,
  handlesIn,
  iptablesRan,
  nftRan,
  type Ran,
} from './trace-events.ts'
import type { Transport } from './transport.ts'

/** A node's network in a kernel, and a ruleset in it: what is sent is answered by what that kernel does. */
export type KernelLab = {
  /** Something stands in for nftables' tables of bridges: it takes a reject where the kernel's own would refuse it. */
  readonly translated: boolean
  /** Builds the network of a node unless it is there, and puts its rules in place of the former ones. */
  readonly load: (firewall: NodeFirewall) => Promise<Loaded>
  /**
   * Sends packets one after the other. Their questions say which way each goes; all facts of a packet must be known.
   * `keep`: connections are kept between them; else each meets an empty table.
   */
  readonly ask: (
    questions: readonly Question[],
    how?: { readonly keep: boolean },
  ) => Promise<readonly KernelAnswer[]>
  /** What conntrack holds. */
  readonly connections: () => Promise<readonly KernelConnection[]>
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What stays while the network is the same. */
type Built = {
  readonly network: Network
  readonly devices: DeviceNames
  readonly indexes: ReadonlyMap<string, number>
  /** Sockets at the far ends, by device of the node. */
  readonly sockets: ReadonlyMap<string, number>
  /** Where each address is sent, as it was said last. */
  readonly nextHops: Map<string, string>
}

type Rules = {
  readonly backend: NodeFirewall['backend']
  readonly ruleset: Ruleset
  readonly translated: boolean
  readonly handles: Handles
}

const SOCKET = {
  raw4: 1,
  raw6: 2,
  conntrack: 3,
  expect: 4,
  log: 5,
  probe: 6,
  trace: 7,
  route: 8,
  firstCable: 100,
} as const

/**
 * A lab in the kernel behind a transport. `extra`: ports of bridges that no file names. `translated`: something stands in
 * for nftables' tables of bridges, as the kernel lacks what they need (stand-in.ts).
 */
export async function openLab(
  transport: Transport,
  extra: readonly ExtraPort[] = [],
  ebtables: Ebtables = 'ebtables-nft',
  translated: boolean = false,
): Promise<KernelLab> {
  const agent = await startAgent(transport)
  await firstSockets(agent)
  let built: Built | null = null
  let rules: Rules | null = null
  let mark = 0
  return {
    translated,
    load: async (firewall) => {
      const network = networkOf(firewall.topology, extra)
      if (built?.network.script !== network.script) {
        if (built !== null) await script(agent, TEAR_DOWN)
        built = await buildNetwork(agent, network)
      }
      const stood = translated && firewall.backend === 'nftables' ? network.ports : null
      const found = await loadRules(agent, firewall, ebtables, stood)
      rules = 'ruleset' in found ? found : null
      return 'ruleset' in found ? { kind: 'loaded' } : found
    },
    ask: async (questions, how = { keep: false }) => {
      if (built === null || rules === null) throw new Error('no ruleset is loaded')
      const first = mark + 1
      const operations = questions.flatMap((question, index) =>
        sending(built as Built, question, wrapped(first + index), how.keep),
      )
      mark += questions.length
      const results = await agent.run([...operations, { kind: 'drain', quietMicroseconds: 3000 }])
      return answersOf(built, rules, questions, results, first)
    },
    connections: async () => {
      const results = await agent.run([{ kind: 'request', id: SOCKET.conntrack, bytes: LIST }])
      return results.flatMap((result) =>
        result.kind === 'answer'
          ? messagesIn(result.bytes).flatMap((message) => kernelConnection(message) ?? [])
          : failed(result),
      )
    },
    flush: async () => {
      await agent.run([FLUSHING])
    },
    close: agent.close,
  }
}

/** Marks are 16 bits wide, and 0 is what others send. */
function wrapped(number: number): number {
  return (number % 0xfff0) + 1
}

/** Expectations go with the connections they belong to (nf_ct_remove_expectations). */
const FLUSHING: Operation = { kind: 'request', id: SOCKET.conntrack, bytes: FLUSH }

async function firstSockets(agent: Agent): Promise<void> {
  const open = (id: number, socket: Extract<Operation, { kind: 'open' }>['socket']): Operation => ({
    kind: 'open',
    id,
    side: 'host',
    socket,
  })
  const results = await agent.run([
    // loads the modules whose settings the network script makes
    {
      kind: 'script',
      side: 'host',
      text: 'ip link set lo up; nft list ruleset >/dev/null; iptables-legacy -L -n >/dev/null; ip6tables-legacy -L -n >/dev/null\n',
    },
    open(SOCKET.raw4, { kind: 'raw4' }),
    open(SOCKET.raw6, { kind: 'raw6' }),
    open(SOCKET.conntrack, { kind: 'netlink', group: null }),
    open(SOCKET.log, { kind: 'netlink', group: null }),
    open(SOCKET.probe, { kind: 'netlink', group: null }),
    open(SOCKET.trace, { kind: 'netlink', group: TRACE_GROUP }),
    open(SOCKET.route, { kind: 'route' }),
    ...subscribe(0).map((bytes): Operation => ({ kind: 'request', id: SOCKET.log, bytes })),
    ...subscribe(5).map((bytes): Operation => ({ kind: 'request', id: SOCKET.probe, bytes })),
  ])
  for (const result of results) if (result.kind === 'failed') throw new Error(result.why)
}

async function buildNetwork(agent: Agent, network: Network): Promise<Built> {
  await script(agent, network.script)
  const listing = await script(agent, 'ip -o link\n')
  const devices = new Map<number, string>()
  for (const [, index, name] of listing.matchAll(/^(\d+): ([^:@\s]+)/gm))
    devices.set(Number(index), name ?? '')
  const cables = [...network.cables.values()]
  const sockets = new Map(cables.map(({ device }, index) => [device, SOCKET.firstCable + index]))
  const results = await agent.run([
    ...cables.map(
      ({ device, far }): Operation => ({
        kind: 'open',
        id: sockets.get(device) ?? 0,
        side: 'far',
        socket: { kind: 'packet', device: far },
      }),
    ),
    { kind: 'listen', ids: [SOCKET.log, SOCKET.probe, SOCKET.trace, ...sockets.values()] },
    { kind: 'drain', quietMicroseconds: 10_000 },
  ])
  for (const result of results) if (result.kind === 'failed') throw new Error(result.why)
  return {
    network,
    devices,
    indexes: new Map([...devices].map(([index, name]) => [name, index])),
    sockets,
    nextHops: new Map(),
  }
}

/** All devices at once: one by one the kernel waits for each (synchronize_net). */
const TEAR_DOWN =
  'for d in $(ls /proc/sys/net/ipv4/conf); do case $d in all|default|lo) ;; *) echo "link set $d group 7";; esac; done | ip -batch -; ip link delete group 7\n'

async function loadRules(
  agent: Agent,
  firewall: NodeFirewall,
  ebtables: Ebtables,
  translated: Network['ports'] | null,
): Promise<Rules | Exclude<Loaded, { kind: 'loaded' }>> {
  const { backend } = firewall
  await script(agent, cleared(backend, firewall.topology.wiring.callsIp, translated !== null))
  for (const { name, script: text } of stepsOf(firewall, ebtables, translated)) {
    const [result] = await agent.run([{ kind: 'script', side: 'host', text }])
    if (result?.kind !== 'script') throw new Error(`${name}: no answer`)
    if (result.status !== 0) return { kind: 'refused', step: name, message: result.text.trim() }
  }
  const listing = backend === 'nftables' ? await script(agent, 'nft -j -a list ruleset\n') : null
  return {
    backend,
    ruleset: firewall.compiled.held,
    translated: translated !== null,
    handles: listing === null ? new Map() : handlesIn(listing),
  }
}

async function script(agent: Agent, text: string): Promise<string> {
  const [result] = await agent.run([{ kind: 'script', side: 'host', text }])
  if (result?.kind !== 'script') throw new Error('no answer to a script')
  if (result.status !== 0) throw new Error(`script: ${result.text.trim()}`)
  return result.text
}

function failed(result: Result): never {
  throw new Error(result.kind === 'failed' ? result.why : `unexpected ${result.kind}`)
}

/** Where a packet enters, where it should come out, and to whom its frame is addressed. */
type Way = {
  /** Device it comes in by; null: the host sends it. */
  readonly entry: string | null
  /** Device it leaves by; null: the host takes it. */
  readonly exit: string | null
  /** Device whose address the frame carries where the host takes it up; null: it is bridged all the way. */
  readonly stack: string | null
  /** Device by which the host sends it on; null: it does not. */
  readonly out: string | null
}

function wayOf({ path }: Question): Way {
  const hops = path.legs[0]?.hops ?? []
  const first = hops[0]
  const last = hops.at(-1)
  const taken = hops.find(
    (hop) => isAtHost(hop) && hop.hook !== 'output' && hop.hook !== 'postrouting',
  )
  const sent = hops.find(
    (hop) => hop.oif !== null && hop.physout === null && hop.hook !== 'prerouting',
  )
  return {
    entry: first?.hook === 'output' ? null : (first?.bridgeIn ?? first?.iif ?? null),
    exit: last?.hook === 'input' ? null : (last?.bridgeOut ?? last?.oif ?? null),
    stack: taken?.iif ?? null,
    out: sent?.oif ?? null,
  }
}

/** A hop of the IP stack itself, not of a bridge. */
function isAtHost({ hook, iif, physout }: Hop): boolean {
  return (
    (hook === 'input' && iif !== null) || (hook === 'forward' && iif !== null && physout === null)
  )
}

function sending(
  built: Built,
  question: Question,
  mark: number,
  keep: boolean,
): readonly Operation[] {
  const { packet } = question
  const way = wayOf(question)
  return [
    ...(keep ? [] : [FLUSHING]),
    ...routing(built, question, way),
    ...established(question),
    way.entry === null ? fromHost(packet, mark) : fromCable(built, packet, way, mark),
    { kind: 'drain', quietMicroseconds: 0 },
    { kind: 'note', number: mark },
  ]
}

/** Where the question says that both ends have spoken, conntrack is told so: the packet is then of a known connection. */
function established({ state, packet }: Question): readonly Operation[] {
  if (state !== 'established') return []
  const tuple = tupleOf(packet)
  if (tuple === null) throw new Error('a connection of unknown ends')
  return [{ kind: 'request', id: SOCKET.conntrack, bytes: insertion(tuple, true) }]
}

/** Says where the host sends the packet on, and where it sends what it has to say to the sender. */
function routing(
  { network, indexes, nextHops }: Built,
  { packet: { l3 }, path }: Question,
  { entry, exit, out }: Way,
): readonly Operation[] {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return []
  const version = l3.kind === 'ip' ? 4 : 6
  const to = (
    address: Known<bigint>,
    device: string | null,
    cable: string | null,
  ): readonly Operation[] => {
    const index = indexes.get(device ?? '')
    const mac = network.cables.get(cable ?? '')?.mac
    if (address === 'unknown' || index === undefined || mac === undefined) return []
    const key = `${version} ${address}`
    if (nextHops.get(key) === `${index} ${mac}`) return []
    nextHops.set(key, `${index} ${mac}`)
    return nextHop({ version, address, device: index, mac }).map((bytes) => ({
      kind: 'request',
      id: SOCKET.route,
      bytes,
    }))
  }
  const back = path.hostToSender?.find(({ hook }) => hook === 'output')?.oif ?? null
  return [
    ...to(l3.dst, out, exit),
    ...(entry === null || l3.src === l3.dst ? [] : to(l3.src, back, entry)),
  ]
}

function fromHost(packet: Packet, mark: number): Operation {
  const { l3 } = packet
  if ((l3.kind !== 'ip' && l3.kind !== 'ip6') || l3.dst === 'unknown')
    throw new Error('the host sends IP packets to known addresses only')
  const version = l3.kind === 'ip' ? 4 : 6
  // sockaddr_in and sockaddr_in6
  const to =
    version === 4
      ? joined(Uint8Array.of(2, 0, 0, 0), addressBytes(l3.dst, 4), new Uint8Array(8))
      : joined(Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 0), addressBytes(l3.dst, 6), new Uint8Array(4))
  return {
    kind: 'send',
    id: version === 4 ? SOCKET.raw4 : SOCKET.raw6,
    bytes: datagramOf(packet, mark),
    to,
  }
}

function fromCable({ network, sockets }: Built, packet: Packet, way: Way, mark: number): Operation {
  const cable = network.cables.get(way.entry ?? '')
  if (cable === undefined) throw new Error(`no cable at ${way.entry}`)
  const { ether } = packet
  // ARP goes to one end only, or the bridge would flood it: there is one answer to a question
  const toGroup =
    packet.l3.kind !== 'arp' && ether.dst !== 'unknown' && Math.floor(ether.dst / 2 ** 40) % 2 === 1
  const next =
    way.stack === null ? network.cables.get(way.exit ?? '')?.mac : network.hostMacs.get(way.stack)
  const wire = {
    src: ether.src === 'unknown' ? cable.mac : ether.src,
    dst: toGroup ? ether.dst : (next ?? 0),
  }
  return { kind: 'send', id: sockets.get(cable.device) ?? 0, bytes: frameOf(packet, wire, mark) }
}

/** Everything that was seen of one packet. */
type Seen = {
  readonly logs: LogEvent[]
  readonly traces: NftTraceEvent[]
  delivered: boolean
  readonly back: Uint8Array[]
}

function answersOf(
  built: Built,
  rules: Rules,
  questions: readonly Question[],
  results: readonly Result[],
  first: number,
): readonly KernelAnswer[] {
  const seen: Seen[] = questions.map(() => ({ logs: [], traces: [], delivered: false, back: [] }))
  const ways = questions.map(wayOf)
  const byMark = new Map(questions.map((_, index) => [wrapped(first + index), index]))
  const traceIds = new Map<number, number | null>()
  let turn = 0
  for (const result of results) {
    if (result.kind === 'note') turn += 1
    if (result.kind === 'failed') {
      // the host is told that its packet was dropped (EPERM)
      if (ways[Math.min(turn, ways.length - 1)]?.entry === null) continue
      throw new Error(result.why)
    }
    if (result.kind === 'answer') messagesIn(result.bytes)
    if (result.kind !== 'data') continue
    const { id, bytes } = result
    const whose = (datagram: Uint8Array): number | null => {
      const mark = markOf(datagram)
      const index = mark === null ? undefined : byMark.get(mark)
      return index !== undefined && isOf(datagram, questions[index]?.packet) ? index : null
    }
    if (id === SOCKET.log || id === SOCKET.probe) {
      for (const message of messagesIn(bytes)) {
        const event = logEvent(message)
        const index = event === null ? null : whose(event.payload)
        if (event === null || index === null) continue
        if (id === SOCKET.log) seen[index]?.logs.push(event)
        else if (ways[index]?.exit === null) (seen[index] as Seen).delivered = true
      }
    } else if (id === SOCKET.trace) {
      for (const message of messagesIn(bytes)) {
        const event = nftTraceEvent(message)
        if (event === null) continue
        if (event.header !== null)
          traceIds.set(event.id, whose(event.header) ?? arpIn(event, turn, questions))
        const index = traceIds.get(event.id) ?? null
        if (index !== null) seen[index]?.traces.push(event)
      }
    } else {
      const frame = bytes
      const device = [...built.sockets].find(([, socket]) => socket === id)?.[0] ?? ''
      const index = whose(frame.subarray(14)) ?? (isArp(frame, questions[turn]) ? turn : null)
      if (index !== null) {
        if (ways[index]?.exit === device) (seen[index] as Seen).delivered = true
      } else if (turn < questions.length && device === ways[turn]?.entry)
        seen[turn]?.back.push(frame.subarray(14))
    }
  }
  return questions.map((question, index) =>
    answerOf(built, rules, question, seen[index] as Seen, ways[index] as Way),
  )
}

/** True where a datagram has protocol and ends of the packet: an answer may carry its mark by chance. */
function isOf(datagram: Uint8Array, packet: Packet | undefined): boolean {
  if (packet === undefined) return false
  const { l3 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return false
  const version = l3.kind === 'ip' ? 4 : 6
  if ((datagram[0] ?? 0) >> 4 !== version || l3.src === 'unknown') return false
  if (
    l3.dst === 'unknown' ||
    (protocolOf(packet) ?? NO_NEXT_HEADER) !== datagram[version === 4 ? 9 : 6]
  )
    return false
  const at = version === 4 ? 12 : 8
  const ends = [...addressBytes(l3.src, version), ...addressBytes(l3.dst, version)]
  return ends.every((byte, index) => datagram[at + index] === byte)
}

function isArp(frame: Uint8Array, question: Question | undefined): boolean {
  return question?.packet.l3.kind === 'arp' && numberIn(frame.subarray(12, 14)) === ETHERTYPE.arp
}

function arpIn(
  { header }: NftTraceEvent,
  turn: number,
  questions: readonly Question[],
): number | null {
  const isRequest = header !== null && header[0] === 0 && header[1] === 1 && header[2] === 8
  return isRequest && questions[turn]?.packet.l3.kind === 'arp' ? turn : null
}

function answerOf(
  built: Built,
  rules: Rules,
  { packet }: Question,
  seen: Seen,
  way: Way,
): KernelAnswer {
  const { ruleset, backend } = rules
  const family = packet.l3.kind === 'ip6' ? 'ip6' : 'ip'
  const ran: readonly Ran[] =
    backend === 'iptables'
      ? iptablesRan(seen.logs, ruleset, family, built.devices, isWatched)
      : nftRan(seen.traces, ruleset, rules.handles, built.devices)
  const last = ran.at(-1)
  const decided = ran.findLast((each) => each.last !== null)?.last ?? null
  const verdict = last?.last?.rule.body.findLast((statement) => statement.kind === 'verdict')
  const kind = verdict?.kind === 'verdict' ? verdict.verdict.kind : null
  const response =
    seen.back.map((bytes) => responseOf(bytes, packet)).find((found) => found !== null) ?? null
  return {
    outcome:
      seen.delivered || (way.exit === 'lo' && kind !== 'drop' && kind !== 'reject')
        ? 'accept'
        : last?.policy === true
          ? 'lost'
          : kind === 'drop' || kind === 'queue'
            ? 'drop'
            : kind === 'reject'
              ? 'reject'
              : 'lost',
    decidedBy: backend === 'iptables' ? iptablesName(decided) : nftName(last ?? null),
    ran: ran.map(({ last: _, ...rest }) => rest),
    response,
    translated: rules.translated,
  }
}

function isWatched(table: string, chain: string): boolean {
  return table === 'raw' && (chain === 'PREROUTING' || chain === 'OUTPUT')
}

function iptablesName(found: Ran['last']): string | null {
  return found === null ? null : `${found.table.name}:${found.chain.name}:rule:${found.number}`
}

function nftName(ran: Ran | null): string | null {
  if (ran === null) return null
  const name = ran.table.replace(' ', ':')
  if (ran.policy) return `${name}:${ran.chain}:policy:accept`
  return ran.last === null ? null : `${name}:${ran.last.chain.name}:rule:${ran.last.number}`
}
