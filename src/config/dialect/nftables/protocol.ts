import { parseIcmp } from './icmp.ts'
import type { ProtocolMatch } from './model.ts'
import { parseUnsigned } from './numbers.ts'
import { type NamedPorts, parsePorts } from './ports.ts'

/** What of a rule line belongs to its protocol, by its text. */
export type ProtocolFields = {
  readonly proto: string
  readonly sport: string | null
  readonly dport: string | null
  readonly icmpType: string | null
}

/** Why the fields of a protocol cannot be read: which of them, and the real program's text. */
export type ProtocolError = {
  readonly field: 'sport' | 'dport' | 'icmpType'
  readonly error: string
}

type PortProtocol = Extract<ProtocolMatch, { readonly kind: 'ports' }>['name']

const WITH_PORTS: ReadonlyMap<string, PortProtocol> = new Map([
  ['tcp', 'tcp'],
  ['6', 'tcp'],
  ['udp', 'udp'],
  ['17', 'udp'],
  ['dccp', 'dccp'],
  ['33', 'dccp'],
  ['sctp', 'sctp'],
  ['132', 'sctp'],
  ['udplite', 'udplite'],
  ['136', 'udplite'],
])

const WITH_TYPES: ReadonlyMap<string, 'icmp' | 'icmpv6'> = new Map([
  ['icmp', 'icmp'],
  ['1', 'icmp'],
  ['icmpv6', 'icmpv6'],
  ['ipv6-icmp', 'icmpv6'],
  ['58', 'icmpv6'],
])

/**
 * A protocol with its ports or ICMP type (`Protocol::from_options`). Ports and types are looked at only for
 * the protocols that have them, in exactly these spellings; for all others they are not even read.
 */
export function parseProtocol(
  fields: ProtocolFields,
  names: NamedPorts,
): ProtocolMatch | ProtocolError {
  const withPorts = WITH_PORTS.get(fields.proto)
  if (withPorts !== undefined) {
    const sport = fields.sport === null ? null : parsePorts(fields.sport, names)
    if (typeof sport === 'string') return { field: 'sport', error: sport }
    const dport = fields.dport === null ? null : parsePorts(fields.dport, names)
    if (typeof dport === 'string') return { field: 'dport', error: dport }
    return { kind: 'ports', name: withPorts, sport, dport }
  }
  const kind = WITH_TYPES.get(fields.proto)
  if (kind !== undefined) return parseTyped(kind, fields.icmpType)
  const value = parseUnsigned(fields.proto, 255)
  return value === null ? { kind: 'word', value: fields.proto } : { kind: 'number', value }
}

function parseTyped(
  kind: 'icmp' | 'icmpv6',
  icmpType: string | null,
): ProtocolMatch | ProtocolError {
  if (icmpType === null) return { kind, icmp: null }
  const icmp = parseIcmp(kind, icmpType)
  if (icmp !== null) return { kind, icmp }
  const error =
    kind === 'icmp'
      ? 'supplied string is neither a valid icmp type nor code'
      : 'supplied string is not a valid icmpv6 type'
  return { field: 'icmpType', error }
}
