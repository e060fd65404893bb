import { addressType, type Fib } from '../netfilter/fib.ts'
import { FIELD_NAMES, type FieldName, fieldSlot } from '../netfilter/field.ts'
import type { Family, Hop } from '../netfilter/hook.ts'
import {
  type AddrType,
  type CtState,
  type Known,
  type Packet,
  protocolOf,
} from '../netfilter/packet.ts'
import { unreachable } from '../source/unreachable.ts'

/** The value of a field is not known. */
export const UNKNOWN: unique symbol = Symbol('unknown')

/** Not looked up yet: the routing table is asked when a rule does. */
const PENDING: unique symbol = Symbol('pending')

/**
 * What a packet has in a field: IPv4 addresses as numbers (they compare faster), IPv6 ones as bigints, devices,
 * states and types as names, null where it lacks the field.
 */
export type FieldValue = number | bigint | string | null | typeof UNKNOWN

/** The fields of a packet at one hop, by slot. Made once per question and changed from hop to hop. */
export type Values = (FieldValue | typeof PENDING)[]

const SLOT = Object.fromEntries(FIELD_NAMES.map((name) => [name, fieldSlot(name)])) as Readonly<
  Record<FieldName, number>
>

/** Slots the walk itself writes. */
export const MARK_SLOT: number = SLOT['meta mark']
export const CT_MARK_SLOT: number = SLOT['ct mark']
export const CT_STATE_SLOT: number = SLOT['ct state']

const IIF_SLOT = SLOT['meta iifname']
const OIF_SLOT = SLOT['meta oifname']
const IBR_SLOT = SLOT['meta ibrname']
const OBR_SLOT = SLOT['meta obrname']
const PHYSIN_SLOT = SLOT['physdev in']
const PHYSOUT_SLOT = SLOT['physdev out']
const MAC_SLOT = SLOT['ether saddr']

function known<T extends FieldValue>(value: Known<T>): FieldValue {
  return value === 'unknown' ? UNKNOWN : value
}

/** The fields a packet has wherever it is; all others are null. */
export function packetValues(packet: Packet): Values {
  const values: Values = new Array<FieldValue>(FIELD_NAMES.length).fill(null)
  const { ether } = packet
  values[SLOT['ether saddr']] = known(ether.src)
  values[SLOT['ether daddr']] = known(ether.dst)
  values[SLOT['ether type']] = ether.type
  values[SLOT['vlan id']] = ether.vlan
  values[SLOT['meta pkttype']] = UNKNOWN
  values[SLOT['meta l4proto']] = protocolOf(packet)
  setLayer3(values, packet)
  setLayer4(values, packet)
  return values
}

function setLayer3(values: Values, { l3 }: Packet): void {
  switch (l3.kind) {
    case 'ip':
      values[SLOT['ip saddr']] = l3.src === 'unknown' ? UNKNOWN : Number(l3.src)
      values[SLOT['ip daddr']] = l3.dst === 'unknown' ? UNKNOWN : Number(l3.dst)
      values[SLOT['meta nfproto']] = 'ipv4'
      break
    case 'ip6':
      values[SLOT['ip6 saddr']] = known(l3.src)
      values[SLOT['ip6 daddr']] = known(l3.dst)
      values[SLOT['meta nfproto']] = 'ipv6'
      break
    case 'arp':
      values[SLOT['arp operation']] = l3.operation
      values[SLOT['arp saddr ether']] = known(l3.senderMac)
      values[SLOT['arp saddr ip']] = l3.senderIp === 'unknown' ? UNKNOWN : Number(l3.senderIp)
      values[SLOT['arp daddr ip']] = l3.targetIp === 'unknown' ? UNKNOWN : Number(l3.targetIp)
      return
    case 'other':
      return
    default:
      unreachable(l3)
  }
  values[SLOT['fib saddr type']] = PENDING
  values[SLOT['fib daddr type']] = PENDING
}

function setLayer4(values: Values, { l4 }: Packet): void {
  switch (l4.kind) {
    case 'tcp':
      values[SLOT['tcp flags']] = known(l4.flags)
      values[SLOT['th sport']] = known(l4.sport)
      values[SLOT['th dport']] = known(l4.dport)
      return
    case 'udp':
    case 'udplite':
    case 'sctp':
    case 'dccp':
      values[SLOT['th sport']] = known(l4.sport)
      values[SLOT['th dport']] = known(l4.dport)
      return
    case 'icmp':
    case 'icmpv6':
      values[SLOT[`${l4.kind} type`]] = known(l4.type)
      values[SLOT[`${l4.kind} code`]] = known(l4.code)
      return
    case 'other':
    case 'none':
      return
    default:
      unreachable(l4)
  }
}

/**
 * Sets what depends on the hop, as the tables of a family see it. No device has the empty name (see FIELDS). The
 * source MAC address is the frame's only where one came in: `xt_mac` never matches in OUTPUT (mac_mt, xt_mac.c).
 */
export function setHop(values: Values, hop: Hop, family: Family, packet: Packet): void {
  const bridge = family === 'bridge'
  values[IIF_SLOT] = (bridge ? hop.bridgeIn : hop.iif) ?? ''
  values[OIF_SLOT] = (bridge ? hop.bridgeOut : hop.oif) ?? ''
  values[IBR_SLOT] = hop.ibrname ?? ''
  values[OBR_SLOT] = hop.obrname ?? ''
  values[PHYSIN_SLOT] = hop.physin
  values[PHYSOUT_SLOT] = hop.physout
  const hasFrame = bridge || hop.hook !== 'output'
  values[MAC_SLOT] = hasFrame ? known(packet.ether.src) : null
}

/** The value in a slot; asks the routing table for address types. */
export function valueAt(values: Values, slot: number, packet: Packet, fib: Fib): FieldValue {
  const value = values[slot] ?? null
  if (value !== PENDING) return value
  const type = addressTypeOf(packet, slot === SLOT['fib saddr type'] ? 'src' : 'dst', fib)
  values[slot] = type
  return type
}

function addressTypeOf(packet: Packet, end: 'src' | 'dst', fib: Fib): FieldValue {
  const { l3 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return null
  const given: AddrType | null = end === 'src' ? l3.srcType : l3.dstType
  if (given !== null) return given
  const bits = l3[end]
  return bits === 'unknown' ? UNKNOWN : addressType(fib, l3.kind === 'ip' ? 4 : 6, bits)
}

/** A state of conntrack as a field. */
export function stateValue(state: Known<CtState>): FieldValue {
  return known(state)
}
