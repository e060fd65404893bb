import { PROTO } from '../netfilter/packet.ts'
import type { NameTables } from './query.ts'

/** Names that always work, whatever /etc/protocols says. */
const NAMES: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(PROTO),
  ['ipv6-icmp', PROTO.icmpv6],
  ['icmp6', PROTO.icmpv6],
  ['ospf', 89],
  ['vrrp', 112],
])
const BY_NUMBER = new Map<number, string>(
  [...NAMES].reverse().map(([name, number]) => [number, name]),
)
const WITH_PORTS: ReadonlySet<number> = new Set([
  PROTO.tcp,
  PROTO.udp,
  PROTO.udplite,
  PROTO.sctp,
  PROTO.dccp,
])

/** A protocol by name (case does not matter) or number 0..255; null: no such protocol. */
export function parseProtocol(text: string, names: NameTables): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : null
  return NAMES.get(text.toLowerCase()) ?? names.protocol(text) ?? names.protocol(text.toLowerCase())
}

/** `tcp`, `icmpv6`, else the number. */
export function showProtocol(protocol: number): string {
  return BY_NUMBER.get(protocol) ?? String(protocol)
}

/** Names for suggestions and completion. */
export const PROTOCOL_NAMES: readonly string[] = [...NAMES.keys()]

/** True for protocols whose header starts with two ports. */
export function hasPorts(protocol: number): boolean {
  return WITH_PORTS.has(protocol)
}

/** The family an ICMP protocol belongs to; null for every other protocol, which both families carry. */
export function familyOfProtocol(protocol: number): 4 | 6 | null {
  if (protocol === PROTO.icmp) return 4
  return protocol === PROTO.icmpv6 ? 6 : null
}
