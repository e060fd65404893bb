import type { FieldName } from '../../netfilter/field.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { isList, isObject, onlyEntry, ownOf, stringAt } from '../../netfilter/nft/json.ts'
import { PORT_PROTOCOLS } from '../../netfilter/nft/names.ts'
import { ETHERTYPE } from '../../netfilter/packet.ts'

/**
 * What an expression reads. `protocol`: the transport protocol the packet must have for it, `tcp dport`; `etherType`: the
 * network protocol, `ip protocol`.
 */
export type FieldRef = {
  readonly field: FieldName
  readonly protocol: number | null
  readonly etherType: number | null
}

const PAYLOAD: Readonly<Record<string, FieldRef>> = {
  'ether saddr': plain('ether saddr'),
  'ether daddr': plain('ether daddr'),
  'ether type': plain('ether type'),
  'vlan id': plain('vlan id'),
  'arp operation': plain('arp operation'),
  'arp saddr ether': plain('arp saddr ether'),
  'arp saddr ip': plain('arp saddr ip'),
  'arp daddr ip': plain('arp daddr ip'),
  'ip saddr': plain('ip saddr'),
  'ip daddr': plain('ip daddr'),
  'ip6 saddr': plain('ip6 saddr'),
  'ip6 daddr': plain('ip6 daddr'),
  'icmp type': plain('icmp type'),
  'icmp code': plain('icmp code'),
  'icmpv6 type': plain('icmpv6 type'),
  'icmpv6 code': plain('icmpv6 code'),
  'tcp flags': plain('tcp flags'),
  'th sport': plain('th sport'),
  'th dport': plain('th dport'),
}

const META: Readonly<Record<string, FieldName>> = {
  l4proto: 'meta l4proto',
  protocol: 'ether type',
  nfproto: 'meta nfproto',
  iifname: 'meta iifname',
  oifname: 'meta oifname',
  iif: 'meta iifname',
  oif: 'meta oifname',
  ibrname: 'meta ibrname',
  obrname: 'meta obrname',
  pkttype: 'meta pkttype',
  mark: 'meta mark',
}

const CT: Readonly<Record<string, FieldName>> = {
  state: 'ct state',
  mark: 'ct mark',
  helper: 'ct helper',
}

/** A field that every packet may have. */
export function plain(field: FieldName): FieldRef {
  return { field, protocol: null, etherType: null }
}

/** The fields an expression reads, several for a concatenation; null when pvefw cannot evaluate one of them. */
export function fieldsOf(expression: Json): readonly FieldRef[] | null {
  const entry = onlyEntry(expression)
  if (entry !== null && entry[0] === 'concat' && isList(entry[1])) {
    const parts = entry[1].map(fieldOf)
    return parts.every((part) => part !== null) ? parts : null
  }
  const field = fieldOf(expression)
  return field === null ? null : [field]
}

/** The field a plain expression reads; null when it is none pvefw knows. */
export function fieldOf(expression: Json): FieldRef | null {
  const entry = onlyEntry(expression)
  if (entry === null || !isObject(entry[1])) return null
  const [kind, body] = entry
  switch (kind) {
    case 'payload':
      return payloadField(stringAt(body, 'protocol'), stringAt(body, 'field'))
    case 'meta':
      return named(META, stringAt(body, 'key'))
    case 'ct':
      return named(CT, stringAt(body, 'key'))
    case 'fib':
      return fibField(body)
    default:
      return null
  }
}

function payloadField(protocol: string | null, field: string | null): FieldRef | null {
  if (protocol === null || field === null) return null
  const known = ownOf(PAYLOAD, `${protocol} ${field}`)
  if (known !== undefined) return known
  if (field === 'protocol' && protocol === 'ip')
    return { ...plain('meta l4proto'), etherType: ETHERTYPE.ip }
  // of a packet without extension headers, as all are here
  if (field === 'nexthdr' && protocol === 'ip6')
    return { ...plain('meta l4proto'), etherType: ETHERTYPE.ip6 }
  const number = ownOf(PORT_PROTOCOLS, protocol)
  if (number === undefined || (field !== 'sport' && field !== 'dport')) return null
  return { ...plain(field === 'sport' ? 'th sport' : 'th dport'), protocol: number }
}

function named(table: Readonly<Record<string, FieldName>>, key: string | null): FieldRef | null {
  const field = key === null ? undefined : ownOf(table, key)
  return field === undefined ? null : plain(field)
}

function fibField(body: { readonly [key: string]: Json }): FieldRef | null {
  const flags = body['flags']
  const asked = isList(flags) ? flags : [flags ?? null]
  if (body['result'] !== 'type' || asked.length !== 1) return null
  if (asked[0] === 'saddr') return plain('fib saddr type')
  return asked[0] === 'daddr' ? plain('fib daddr type') : null
}
