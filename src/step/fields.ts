import { parseAddr, showAddr } from '../ip/address.ts'
import { showMac } from '../ip/mac.ts'
import type { Known, Packet } from '../netfilter/packet.ts'
import { protocolOf } from '../netfilter/packet.ts'
import { parseQueryFields, type QueryFields } from '../packet/parse-fields.ts'
import type { Problem } from '../packet/problem.ts'
import { showProtocol } from '../packet/protocol.ts'
import type { NameTables, Query } from '../packet/query.ts'
import { showTcpFlags } from '../packet/tcp-flags.ts'

/** A field of a packet that can be edited, with its name on the command line. */
export type FieldName = Exclude<keyof Query, 'icmpCode' | 'ethertype'>

export const FIELDS: readonly { readonly name: FieldName; readonly label: string }[] = [
  { name: 'from', label: 'from' },
  { name: 'to', label: 'to' },
  { name: 'src', label: 'src' },
  { name: 'dst', label: 'dst' },
  { name: 'proto', label: 'proto' },
  { name: 'sport', label: 'sport' },
  { name: 'dport', label: 'dport' },
  { name: 'icmpType', label: 'icmp-type' },
  { name: 'flags', label: 'flags' },
  { name: 'state', label: 'state' },
  { name: 'family', label: 'family' },
  { name: 'iface', label: 'iface' },
  { name: 'mac', label: 'mac' },
  { name: 'vlan', label: 'vlan' },
]

/** What a query says of a field, as it is typed; null: nothing. */
export function fieldText(query: Query, name: FieldName): string | null {
  if (name === 'proto' && query.ethertype !== null)
    return query.ethertype === 0x0806 ? 'arp' : `0x${query.ethertype.toString(16).padStart(4, '0')}`
  if (name === 'icmpType' && query.icmpType !== null && query.icmpCode !== null)
    return `${query.icmpType}/${query.icmpCode}`
  const value = query[name]
  if (value === null) return null
  if (name === 'proto') return showProtocol(Number(value))
  if (name === 'flags') return showTcpFlags(Number(value))
  if (name === 'mac') return showMac(Number(value))
  return String(value)
}

/** A query with another value of a field; empty: none. Ports that stand in the text of an end stay there. */
export function withField(
  query: Query,
  name: FieldName,
  text: string,
  tables: NameTables,
): Query | Problem {
  const fields: { -readonly [K in keyof QueryFields]: QueryFields[K] } = {}
  for (const field of FIELDS) fields[field.name] = fieldText(query, field.name)
  if (query.ethertype !== null && query.ethertype !== 0x0806) {
    fields.proto = null
    fields.ethertype = query.ethertype.toString(16).padStart(4, '0')
  }
  fields[placeOf(name, fields)] = text.trim() === '' ? null : text.trim()
  if (name === 'proto') fields.ethertype = null
  return parseQueryFields(fields, tables)
}

/** Where an address is said: an end that is one is its address, and saying another beside it would contradict it. */
function placeOf(name: FieldName, fields: QueryFields): FieldName {
  const end = name === 'src' ? 'from' : name === 'dst' ? 'to' : null
  if (end === null || fields[name] != null) return name
  return parseAddr(fields[end] ?? '') === null ? name : end
}

/** What the packet has in a field, said or not; null: it lacks it. */
export function packetText({ ether, l3, l4 }: Packet, name: FieldName): string | null {
  const version = l3.kind === 'ip6' ? 6 : 4
  const address = (bits: Known<bigint>): string =>
    bits === 'unknown' ? bits : showAddr({ version, bits })
  switch (name) {
    case 'src':
    case 'dst': {
      if (l3.kind === 'other') return null
      if (l3.kind === 'arp') return address(name === 'src' ? l3.senderIp : l3.targetIp)
      return address(l3[name])
    }
    case 'proto': {
      if (l3.kind === 'arp') return 'arp'
      const proto = protocolOf({ ether, l3, l4 })
      return proto === null ? null : showProtocol(proto)
    }
    case 'sport':
    case 'dport':
      return name in l4 ? String((l4 as unknown as Record<string, unknown>)[name]) : null
    case 'icmpType':
      return 'type' in l4 ? `${l4.type}/${l4.code}` : null
    case 'flags':
      return l4.kind !== 'tcp' ? null : l4.flags === 'unknown' ? l4.flags : showTcpFlags(l4.flags)
    case 'mac':
      return ether.src === 'unknown' ? ether.src : showMac(ether.src)
    case 'vlan':
      return ether.vlan === null ? null : String(ether.vlan)
    case 'family':
      return l3.kind === 'ip' ? '4' : l3.kind === 'ip6' ? '6' : null
    default:
      return null
  }
}
