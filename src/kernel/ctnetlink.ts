import { inverted } from '../eval/conntrack/tuple.ts'
import type { ConntrackEntry, Tuple } from '../netfilter/conntrack.ts'
import { PROTO } from '../netfilter/packet.ts'
import { addressBytes, addressIn } from './frame.ts'
import {
  type Attributes,
  attributeBytes,
  attributesIn,
  type Message,
  messageBytes,
  nestedBytes,
  numberIn,
  SUBSYSTEM,
  textIn,
} from './netlink.ts'

/** What the kernel says of a connection: include/uapi/linux/netfilter/nfnetlink_conntrack.h. */
export type KernelConnection = {
  readonly original: Tuple
  readonly reply: Tuple
  readonly zone: number
  readonly zoneOf: ConntrackEntry['zoneOf']
  readonly seenReply: boolean
  readonly assured: boolean
  readonly dying: boolean
  /** By its protocol, as `conntrack -L` prints it; null: the protocol has none. */
  readonly state: string | null
  readonly mark: number
  readonly helper: string | null
  /** The original tuple of the connection that expected it. */
  readonly master: Tuple | null
  /** Seconds left. */
  readonly timeout: number
}

/** Takes all connections out of the table. */
export const FLUSH: Uint8Array = messageBytes((SUBSYSTEM.ctnetlink << 8) | 2, 0, [])

/** Asks for all connections. */
export const LIST: Uint8Array = messageBytes((SUBSYSTEM.ctnetlink << 8) | 1, 0, [], 'dump')

/** Puts a connection into the table: as after its first packet, or once both ends have spoken. */
export function insertion(original: Tuple, both: boolean): Uint8Array {
  const status = Buffer.alloc(4)
  // IPS_CONFIRMED, with IPS_SEEN_REPLY and IPS_ASSURED
  status.writeUInt32BE(both ? 0x8 | 0x2 | 0x4 : 0x8)
  const timeout = Buffer.alloc(4)
  timeout.writeUInt32BE(300)
  return messageBytes(
    SUBSYSTEM.ctnetlink << 8,
    original.version === 4 ? 2 : 10,
    [
      tupleBytes(1, original),
      tupleBytes(2, inverted(original) ?? original),
      attributeBytes(3, status),
      attributeBytes(7, timeout),
      ...(original.proto === PROTO.tcp
        ? [nestedBytes(4, [nestedBytes(1, [attributeBytes(1, Uint8Array.of(both ? 3 : 1))])])]
        : []),
    ],
    'create',
  )
}

function tupleBytes(type: number, { version, src, dst, proto, sport, dport }: Tuple): Uint8Array {
  const [a, b] = version === 4 ? [1, 2] : [3, 4]
  const numbers =
    proto === PROTO.icmp || proto === PROTO.icmpv6
      ? [
          attributeBytes(proto === PROTO.icmp ? 4 : 7, two(sport)),
          attributeBytes(proto === PROTO.icmp ? 5 : 8, Uint8Array.of(dport >> 8)),
          attributeBytes(proto === PROTO.icmp ? 6 : 9, Uint8Array.of(dport & 255)),
        ]
      : [attributeBytes(2, two(sport)), attributeBytes(3, two(dport))]
  return nestedBytes(type, [
    nestedBytes(1, [
      attributeBytes(a, addressBytes(src, version)),
      attributeBytes(b, addressBytes(dst, version)),
    ]),
    nestedBytes(2, [attributeBytes(1, Uint8Array.of(proto)), ...numbers]),
  ])
}

function two(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}

/** By attribute of CTA_PROTOINFO: `enum tcp_conntrack`, `ct_dccp_states`, `sctp_conntrack`. */
const states: readonly (readonly string[])[] = [
  [],
  [
    'NONE',
    'SYN_SENT',
    'SYN_RECV',
    'ESTABLISHED',
    'FIN_WAIT',
    'CLOSE_WAIT',
    'LAST_ACK',
    'TIME_WAIT',
    'CLOSE',
    'SYN_SENT2',
  ],
  ['NONE', 'REQUEST', 'RESPOND', 'PARTOPEN', 'OPEN', 'CLOSEREQ', 'CLOSING', 'TIMEWAIT'],
  [
    'NONE',
    'CLOSED',
    'COOKIE_WAIT',
    'COOKIE_ECHOED',
    'ESTABLISHED',
    'SHUTDOWN_SENT',
    'SHUTDOWN_RECD',
    'SHUTDOWN_ACK_SENT',
    'HEARTBEAT_SENT',
  ],
]

function stateIn(attributes: Attributes): string | null {
  const info = inner(attributes, 4)
  for (const [protocol, names] of states.entries()) {
    const state = inner(info, protocol).get(1)
    if (state !== undefined) return names[numberIn(state)] ?? null
  }
  return null
}

/** Null for a message that is none. */
export function kernelConnection({ type, attributes }: Message): KernelConnection | null {
  if (type !== SUBSYSTEM.ctnetlink << 8) return null
  const original = tupleIn(attributes.get(1))
  const reply = tupleIn(attributes.get(2))
  if (original === null || reply === null) return null
  const status = numberIn(attributes.get(3))
  const helper = textIn(inner(attributes, 5).get(1))
  return {
    original,
    reply,
    ...zoneIn(attributes),
    seenReply: (status & 0x2) !== 0,
    assured: (status & 0x4) !== 0,
    dying: (status & 0x200) !== 0,
    state: stateIn(attributes),
    mark: numberIn(attributes.get(8)),
    helper: helper === '' ? null : helper,
    master: tupleIn(attributes.get(14)),
    timeout: numberIn(attributes.get(7)),
  }
}

/** Of both directions it is the connection's (CTA_ZONE), of one that of its tuple (CTA_TUPLE_ZONE): ctnetlink_dump_zone_id. */
function zoneIn(attributes: Attributes): Pick<KernelConnection, 'zone' | 'zoneOf'> {
  const original = inner(attributes, 1).get(3)
  if (original !== undefined) return { zone: numberIn(original), zoneOf: 'original' }
  const reply = inner(attributes, 2).get(3)
  if (reply !== undefined) return { zone: numberIn(reply), zoneOf: 'reply' }
  return { zone: numberIn(attributes.get(18)), zoneOf: 'both' }
}

function inner(attributes: Attributes, type: number): Attributes {
  return attributesIn(attributes.get(type) ?? new Uint8Array())
}

function tupleIn(bytes: Uint8Array | undefined): Tuple | null {
  if (bytes === undefined) return null
  const whole = attributesIn(bytes)
  const ip = inner(whole, 1)
  const ports = inner(whole, 2)
  const version = ip.has(1) ? 4 : 6
  const proto = numberIn(ports.get(1))
  const common = {
    version,
    src: addressIn(ip.get(version === 4 ? 1 : 3) ?? new Uint8Array()),
    dst: addressIn(ip.get(version === 4 ? 2 : 4) ?? new Uint8Array()),
    proto,
  } as const
  if (proto !== PROTO.icmp && proto !== PROTO.icmpv6)
    return { ...common, sport: numberIn(ports.get(2)), dport: numberIn(ports.get(3)) }
  const [id, type, code] = proto === PROTO.icmp ? [4, 5, 6] : [7, 8, 9]
  return {
    ...common,
    sport: numberIn(ports.get(id)),
    dport: (numberIn(ports.get(type)) << 8) | numberIn(ports.get(code)),
  }
}
