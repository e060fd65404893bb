import {
  attributeBytes,
  type Message,
  messageBytes,
  numberIn,
  SUBSYSTEM,
  textIn,
} from './netlink.ts'

/** A packet as NFLOG or TRACE reports it: include/uapi/linux/netfilter/nfnetlink_log.h. */
export type LogEvent = {
  readonly prefix: string
  /** `enum nf_inet_hooks`. */
  readonly hook: number
  /** Indexes of devices, 0 for none. */
  readonly iif: number
  readonly oif: number
  readonly physin: number
  readonly physout: number
  /** The packet from its network header on. */
  readonly payload: Uint8Array
}

/** Bytes of a packet that are copied: enough to know it by. */
const copied = 96

/** The messages that make a socket receive what rules log to a group, TRACE to group 0. */
export function subscribe(group: number): readonly Uint8Array[] {
  const type = (SUBSYSTEM.ulog << 8) | 1
  const mode = Buffer.alloc(6)
  mode.writeUInt32BE(copied, 0)
  mode[4] = 2
  // NFULNL_CFG_CMD_BIND, NFULNL_COPY_PACKET; no batches (NFULA_CFG_QTHRESH 1): an event is a datagram
  return [
    messageBytes(type, 0, [attributeBytes(1, Uint8Array.of(1))], 'ack', group),
    messageBytes(
      type,
      0,
      [attributeBytes(2, mode), attributeBytes(5, Uint8Array.of(0, 0, 0, 1))],
      'ack',
      group,
    ),
  ]
}

/** Null for a message that is none. */
export function logEvent({ type, attributes }: Message): LogEvent | null {
  if (type !== SUBSYSTEM.ulog << 8) return null
  const header = attributes.get(1) ?? new Uint8Array(4)
  return {
    prefix: textIn(attributes.get(10)),
    hook: header[2] ?? 0,
    iif: numberIn(attributes.get(4)),
    oif: numberIn(attributes.get(5)),
    physin: numberIn(attributes.get(6)),
    physout: numberIn(attributes.get(7)),
    payload: attributes.get(9) ?? new Uint8Array(),
  }
}

/** A rule or policy as xt_TRACE names it: `trace_packet`, net/ipv4/netfilter/ip_tables.c. */
export type TracedRule = {
  readonly table: string
  readonly chain: string
  /** `return`: the end of a user chain, or a rule without matches (`get_chainname_rulenum`). */
  readonly what: 'rule' | 'return' | 'policy'
  readonly number: number
}

/** Null for a prefix of a rule of its own. */
export function tracedRule(prefix: string): TracedRule | null {
  const found = /^TRACE: (\w+):(.+):(rule|return|policy):(\d+) $/.exec(prefix)
  if (found === null) return null
  const [, table = '', chain = '', what, number] = found
  return { table, chain, what: what as TracedRule['what'], number: Number(number) }
}
