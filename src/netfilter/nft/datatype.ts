import { parseAddr } from '../../ip/address.ts'
import { parseMac } from '../../ip/mac.ts'
import { parseCidr, rangeOf } from '../../ip/prefix.ts'
import type { Range } from '../../ip/range-set.ts'
import type { FieldName } from '../field.ts'
import { TCP_FLAG } from '../packet.ts'
import type { Json } from './command.ts'
import { isList, isObject, onlyEntry, ownOf, stringAt } from './json.ts'
import { numberOf } from './names.ts'

/** What a value of an expression or an element of a set is, as nft names it in `type` of a set. */
export type Datatype =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'ether_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'icmp_type'
  | 'icmp_code'
  | 'icmpv6_type'
  | 'icmpv6_code'
  | 'ether_type'
  | 'ct_state'
  | 'mark'
  | 'ifname'
  | 'pkt_type'
  | 'fib_addrtype'
  | 'tcp_flag'
  | 'nf_proto'
  | 'helper'
  | 'other'

/** The fields whose symbols a datatype has. */
export const SYMBOL_FIELD: Partial<Readonly<Record<Datatype, FieldName>>> = {
  inet_proto: 'meta l4proto',
  icmp_type: 'icmp type',
  icmp_code: 'icmp code',
  icmpv6_type: 'icmpv6 type',
  icmpv6_code: 'icmpv6 code',
  ether_type: 'ether type',
}

const PAYLOAD: Readonly<Record<string, Datatype>> = {
  'ip saddr': 'ipv4_addr',
  'ip daddr': 'ipv4_addr',
  'arp saddr ip': 'ipv4_addr',
  'arp daddr ip': 'ipv4_addr',
  'ip6 saddr': 'ipv6_addr',
  'ip6 daddr': 'ipv6_addr',
  'ip protocol': 'inet_proto',
  'ip6 nexthdr': 'inet_proto',
  'ether saddr': 'ether_addr',
  'ether daddr': 'ether_addr',
  'arp saddr ether': 'ether_addr',
  'arp daddr ether': 'ether_addr',
  'ether type': 'ether_type',
  'vlan type': 'ether_type',
  'icmp type': 'icmp_type',
  'icmp code': 'icmp_code',
  'icmpv6 type': 'icmpv6_type',
  'icmpv6 code': 'icmpv6_code',
  'tcp flags': 'tcp_flag',
}

const META: Readonly<Record<string, Datatype>> = {
  l4proto: 'inet_proto',
  protocol: 'ether_type',
  nfproto: 'nf_proto',
  iifname: 'ifname',
  oifname: 'ifname',
  iif: 'ifname',
  oif: 'ifname',
  ibrname: 'ifname',
  obrname: 'ifname',
  pkttype: 'pkt_type',
  mark: 'mark',
}

const CONNECTION: Readonly<Record<string, Datatype>> = {
  state: 'ct_state',
  mark: 'mark',
  helper: 'helper',
}

/** The datatype of a plain expression; that of a masked one is its field's. */
export function datatypeOf(expression: Json): Datatype {
  const entry = onlyEntry(expression)
  if (entry === null) return 'other'
  const [kind, body] = entry
  if (kind === '&' && isList(body)) return datatypeOf(body[0] ?? null)
  if (!isObject(body)) return 'other'
  switch (kind) {
    case 'payload': {
      const field = stringAt(body, 'field')
      if (field === 'sport' || field === 'dport') return 'inet_service'
      return ownOf(PAYLOAD, `${stringAt(body, 'protocol')} ${field}`) ?? 'other'
    }
    case 'meta':
      return ownOf(META, stringAt(body, 'key') ?? '') ?? 'other'
    case 'ct': {
      const key = stringAt(body, 'key') ?? ''
      return ownOf(CONNECTION, key) ?? 'other'
    }
    case 'fib':
      return stringAt(body, 'result') === 'type' ? 'fib_addrtype' : 'other'
    default:
      return 'other'
  }
}

/** The datatypes of an expression: several for a concatenation. */
export function datatypesOf(expression: Json): readonly Datatype[] {
  const entry = onlyEntry(expression)
  return entry !== null && entry[0] === 'concat' && isList(entry[1])
    ? entry[1].map(datatypeOf)
    : [datatypeOf(expression)]
}

/** Values of symbols that are no fields' (datatype.c, meta.c, fib.c, ct.c of nftables). */
const NUMBERS: Partial<Readonly<Record<Datatype, Readonly<Record<string, number>>>>> = {
  ct_state: { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 },
  pkt_type: { host: 0, unicast: 0, broadcast: 1, multicast: 2, other: 3 },
  fib_addrtype: {
    unspec: 0,
    unicast: 1,
    local: 2,
    broadcast: 3,
    anycast: 4,
    multicast: 5,
    blackhole: 6,
    unreachable: 7,
    prohibit: 8,
  },
  nf_proto: { ipv4: 2, ipv6: 10 },
  tcp_flag: { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 },
}

/** How many bytes a value takes in the key of a concatenation, where their order depends on it. */
export const WIDTH: Readonly<Record<Datatype, number>> = {
  ipv4_addr: 4,
  ipv6_addr: 16,
  ether_addr: 6,
  inet_proto: 1,
  inet_service: 2,
  icmp_type: 1,
  icmp_code: 1,
  icmpv6_type: 1,
  icmpv6_code: 1,
  ether_type: 2,
  ct_state: 4,
  mark: 4,
  ifname: 16,
  pkt_type: 1,
  fib_addrtype: 4,
  tcp_flag: 1,
  nf_proto: 1,
  helper: 0,
  other: 0,
}

/** A single value as an unsigned number, the way it stands in the kernel; null when it is none of its datatype. */
export function bitsOf(datatype: Datatype, value: Json): bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null
  if (typeof value !== 'string') return null
  switch (datatype) {
    case 'ipv4_addr':
    case 'ipv6_addr': {
      const address = parseAddr(value)
      return address?.version === versionOf(datatype) ? address.bits : null
    }
    case 'ether_addr': {
      const mac = parseMac(value)
      return mac === null ? null : BigInt(mac)
    }
    case 'ifname':
      return bytesOf(value)
    default: {
      const named = NUMBERS[datatype]
      if (named !== undefined) return Object.hasOwn(named, value) ? BigInt(named[value] ?? 0) : null
      const field = SYMBOL_FIELD[datatype]
      const number = field === undefined ? null : numberOf(field, value)
      return number === null ? null : BigInt(number)
    }
  }
}

/** A name in the order of its bytes in memory as the host counts them: the first byte is the least; `tap*` is no name. */
function bytesOf(name: string): bigint | null {
  if (name.endsWith('*')) return null
  let bits = 0n
  for (let at = Math.min(name.length, 16) - 1; at >= 0; at -= 1)
    bits = (bits << 8n) | BigInt(name.charCodeAt(at) & 0xff)
  return bits
}

/** The version of an address datatype. */
export function versionOf(datatype: 'ipv4_addr' | 'ipv6_addr'): 4 | 6 {
  return datatype === 'ipv4_addr' ? 4 : 6
}

/** A value, `{"range":[a,b]}` or `{"prefix":{...}}` as the numbers from first to last; null when it is none. */
export function rangeOfValue(datatype: Datatype, value: Json): Range | null {
  const entry = onlyEntry(value)
  if (entry === null) {
    const single = bitsOf(datatype, value)
    return single === null ? null : { lo: single, hi: single }
  }
  const [kind, body] = entry
  if (kind === 'prefix' && isObject(body)) {
    const cidr = parseCidr(`${stringAt(body, 'addr') ?? ''}/${String(body['len'])}`)
    return cidr === null ? null : rangeOf(cidr)
  }
  if (kind !== 'range' || !isList(body)) return null
  const lo = bitsOf(datatype, body[0] ?? null)
  const hi = bitsOf(datatype, body[1] ?? null)
  return lo === null || hi === null ? null : { lo, hi }
}

/** The TCP flags of a list, `{"|":[...]}`, name or number; null when there is one nft does not know. */
export function flagBits(expression: Json): number | null {
  if (typeof expression === 'number') return expression
  if (typeof expression === 'string') {
    const name = expression === 'ecn' ? 'ECE' : expression.toUpperCase()
    return Object.hasOwn(TCP_FLAG, name) ? TCP_FLAG[name as keyof typeof TCP_FLAG] : null
  }
  const parts = partsOf(expression)
  if (parts === null) return null
  let bits = 0
  for (const part of parts) {
    const more = flagBits(part)
    if (more === null) return null
    bits |= more
  }
  return bits
}

/** The parts of a list or of `{"|":[...]}`; null for anything else. */
export function partsOf(expression: Json): readonly Json[] | null {
  if (isList(expression)) return expression
  const entry = onlyEntry(expression)
  return entry !== null && entry[0] === '|' && isList(entry[1]) ? entry[1] : null
}
