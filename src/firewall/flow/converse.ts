import { tableOf } from '../../eval/conntrack/table.ts'
import type { ConntrackEntry } from '../../netfilter/conntrack.ts'
import { PROTO } from '../../netfilter/packet.ts'
import { type ConversationOptions, scriptOf, usualPort } from '../../packet/flow/conversations.ts'
import type { Conversation } from '../../packet/flow/kinds.ts'
import { momentOf } from '../../packet/flow/moment.ts'
import type { Script } from '../../packet/flow/step.ts'
import type { Filled } from '../../packet/layer4.ts'
import { isProblem, type Problem, problem } from '../../packet/problem.ts'
import { hasPorts, showProtocol } from '../../packet/protocol.ts'
import type { Query } from '../../packet/query.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import type { FlowRefused, FlowResult, Tables } from './flow-result.ts'
import { runFlow } from './run-flow.ts'
import { type TwoWays, twoWays, type WayBack } from './two-ways.ts'

/** What is to be said, between whom, and what is so before. */
export type Asking = {
  /** Between whom, and by which ports; a protocol and flags are those of what is said. */
  readonly query: Query
  readonly said: Said
  readonly wayBack: WayBack
  /** What conntrack of the node holds at the start, by a clock that is at 0. */
  readonly conntrack: readonly ConntrackEntry[]
  /** Another configuration of the node, from a moment on (see `momentOf`). */
  readonly next: { readonly firewall: NodeFirewall; readonly moment: string } | null
}

export type Said =
  | { readonly kind: 'script'; readonly script: Script }
  | {
      readonly kind: 'usual'
      /** Null: what the protocol of the query suggests. */
      readonly conversation: Conversation | null
      readonly options: ConversationOptions
    }

export type Conversed =
  | {
      readonly kind: 'ran'
      readonly result: FlowResult
      /** The same begun anew after it, with other ports: null without another configuration, or without ports. */
      readonly anew: FlowResult | null
    }
  | FlowRefused

/** Makes the packets of a conversation and runs them; where the configuration changes on the way, anew after it. */
export function converse(firewall: NodeFirewall, asking: Asking): Conversed {
  const spoken = speak(firewall, asking, 0)
  if (isProblem(spoken)) return { kind: 'refused', problems: [spoken] }
  const { ways, script } = spoken
  const { node } = firewall.tree
  const tables: Tables = new Map(
    asking.conntrack.length === 0 ? [] : [[node, tableOf(asking.conntrack, [])]],
  )
  const start = { tables, now: 0 }
  if (asking.next === null) {
    const result = runFlow(firewall, { ways, script, ...start, next: null, echoId: 1 })
    return result.kind === 'refused' ? result : { kind: 'ran', result, anew: null }
  }
  const { firewall: later, moment } = asking.next
  if (later.tree.node !== node)
    return {
      kind: 'refused',
      problems: [
        problem(
          'flow/other-node',
          `the new configuration is that of ${later.tree.node}, not of ${node}`,
          'a node keeps its conntrack, another one has its own',
        ),
      ],
    }
  const after = momentOf(script, moment)
  if (isProblem(after)) return { kind: 'refused', problems: [after] }
  const next = { after, firewall: later }
  const result = runFlow(firewall, { ways, script, ...start, next, echoId: 1 })
  if (result.kind === 'refused') return result
  const again = speak(later, asking, 1)
  if (isProblem(again)) return { kind: 'refused', problems: [again] }
  const isNew = ways.sport !== null || ways.proto === PROTO.icmp || ways.proto === PROTO.icmpv6
  if (!isNew) return { kind: 'ran', result, anew: null }
  const { tables: left, now } = result
  const anew = runFlow(later, { ...again, tables: left, now, next: null, echoId: 2 })
  return anew.kind === 'refused' ? anew : { kind: 'ran', result, anew }
}

/** The script of what would be said; a problem where that is not clear. */
export function scriptFor(firewall: NodeFirewall, asking: Asking): Script | Problem {
  const spoken = speak(firewall, asking, 0)
  return isProblem(spoken) ? spoken : spoken.script
}

type Spoken = { readonly ways: TwoWays; readonly script: Script }

/** `nth`: of the conversations after each other; each has a port of its own. */
function speak(
  firewall: NodeFirewall,
  { query, said, wayBack }: Asking,
  nth: number,
): Spoken | Problem {
  const made = said.kind === 'script' ? ofScript(query, said.script) : ofUsual(query, said)
  if (isProblem(made)) return made
  const first = twoWays(firewall, made.query, wayBack)
  if (isProblem(first)) return first
  if (first.dport === null && hasPorts(first.proto))
    return problem(
      'flow/no-port',
      'a conversation needs the port of its server',
      "say it with the destination: '-> 105:22', or with --dport",
    )
  const ways: TwoWays = {
    ...first,
    filled: [...first.filled, ...made.filled],
    sport: first.sport === null ? null : portAfter(first.sport, nth),
  }
  if (said.kind === 'script') return { ways, script: said.script }
  const { client, server, sport } = ways
  const script = scriptOf(made.conversation ?? 'tcp', said.options, {
    client,
    server,
    sport: sport ?? 0,
  })
  return { ways, script }
}

/** Ports are taken one after the other; FTP takes two at a time. */
function portAfter(port: number, nth: number): number {
  const next = port + 10 * nth
  return next > 65_535 ? next - 10_000 : next
}

type Made = {
  readonly query: Query
  readonly conversation: Conversation | null
  readonly filled: readonly Filled[]
}

/** The protocol of a script is that of its first packet, unless the query says one. */
function ofScript(query: Query, { steps }: Script): Made {
  const own = steps.flatMap((step) =>
    step.kind === 'packet' && step.connection === null && step.what.kind !== 'icmp'
      ? [step.what.kind]
      : [],
  )[0]
  const isOpen = query.proto === null && query.icmpType === null
  const made =
    own === undefined || own === 'packet' || !isOpen
      ? query
      : own === 'echo'
        ? { ...query, icmpType: 'echo-request' }
        : { ...query, proto: PROTO[own] }
  return { query: made, conversation: null, filled: [] }
}

function ofUsual(
  query: Query,
  { conversation: asked }: Extract<Said, { readonly kind: 'usual' }>,
): Made | Problem {
  const conversation = asked ?? suggested(query)
  if (isProblem(conversation)) return conversation
  if (conversation === 'ping') {
    const isIcmp =
      query.proto === null || query.proto === PROTO.icmp || query.proto === PROTO.icmpv6
    if (!isIcmp || query.dport !== null || query.sport !== null)
      return contradiction(conversation, query.proto ?? PROTO.tcp)
    return { query: { ...query, icmpType: 'echo-request' }, conversation, filled: [] }
  }
  const proto = conversation === 'udp' || conversation === 'tftp' ? PROTO.udp : PROTO.tcp
  if (query.icmpType !== null) return contradiction(conversation, PROTO.icmp)
  if (query.proto !== null && query.proto !== proto) return contradiction(conversation, query.proto)
  const usual = usualPort(conversation)
  const isTold = query.dport !== null || usual === null || /:\d+(?:\/\w+)?$/.test(query.to ?? '')
  return {
    query: { ...query, proto, dport: isTold ? query.dport : usual },
    conversation,
    filled: isTold
      ? []
      : [{ field: 'dport', value: String(usual), why: `the port of ${conversation}` }],
  }
}

function suggested(query: Query): Conversation | Problem {
  if (query.icmpType !== null) return 'ping'
  switch (query.proto) {
    case PROTO.tcp:
      return 'tcp'
    case PROTO.udp:
      return 'udp'
    case PROTO.icmp:
    case PROTO.icmpv6:
      return 'ping'
    case null:
      if (query.dport !== null) return 'tcp'
      return problem(
        'query/no-protocol',
        'nothing says what is said',
        "begin with its kind: pvefw flow tcp '192.168.1.53 -> 105:22'",
      )
    default:
      return problem(
        'query/no-protocol',
        `there is no usual conversation of ${showProtocol(query.proto)}`,
        'write a script: --script FILE',
      )
  }
}

function contradiction(conversation: Conversation, proto: number): Problem {
  return problem(
    'flow/mixed-protocols',
    `${conversation} is no conversation of ${showProtocol(proto)}`,
    'leave the protocol out',
  )
}
