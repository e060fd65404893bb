import { type Layer4, PROTO, TCP_FLAG } from '../netfilter/packet.ts'
import { parseIcmpType, showIcmpType } from './icmp-types.ts'
import { type Problem, problem, quoted } from './problem.ts'
import { familyOfProtocol, hasPorts, showProtocol } from './protocol.ts'
import type { Query } from './query.ts'
import { showTcpFlags } from './tcp-flags.ts'

/** Something nobody said and that was taken for granted; shown beside the answer. */
export type Filled = {
  readonly field: string
  readonly value: string
  readonly why: string
}

/** First port of the range Linux takes source ports from is 32768; IANA's is this one. */
export const EPHEMERAL_PORT = 49152

/** The transport header a query asks for, and what of it was filled in. */
export function layer4Of(
  query: Query,
  family: 4 | 6,
): { readonly l4: Layer4; readonly filled: readonly Filled[] } | Problem {
  const filled: Filled[] = []
  const proto = query.proto ?? protocolSuggestedBy(query, family, filled)
  if (proto === null)
    return problem(
      'query/no-protocol',
      'nothing says what kind of packet it is',
      'add a port (`--dport 80`), a protocol (`-p icmp`), or both (`-p udp --dport 53`)',
    )
  if (proto === PROTO.icmp || proto === PROTO.icmpv6) return icmpOf(query, proto, filled)
  if (!hasPorts(proto)) return { l4: { kind: 'other', proto }, filled }
  const sport = query.sport ?? EPHEMERAL_PORT
  if (query.sport === null) fill(filled, 'sport', String(sport), 'a port of the dynamic range')
  const dport = query.dport ?? 'unknown'
  if (query.dport === null) fill(filled, 'dport', 'unknown', 'no port was given')
  if (proto !== PROTO.tcp) return { l4: { kind: portsKind(proto), sport, dport }, filled }
  const flags = query.flags ?? flagsOf(query, filled)
  return { l4: { kind: 'tcp', sport, dport, flags }, filled }
}

/** TCP where a port or flags are given, ICMP where a type is. */
function protocolSuggestedBy(query: Query, family: 4 | 6, filled: Filled[]): number | null {
  const icmp = query.icmpType !== null
  const ports = query.dport !== null || query.sport !== null
  if (!icmp && !ports && query.flags === null) return null
  const proto = icmp ? (family === 4 ? PROTO.icmp : PROTO.icmpv6) : PROTO.tcp
  const why = icmp ? 'an ICMP type was given' : ports ? 'a port was given' : 'flags were given'
  fill(filled, 'proto', showProtocol(proto), why)
  return proto
}

function flagsOf(query: Query, filled: Filled[]): number {
  const running = query.state === 'established' || query.state === 'invalid'
  const flags = running ? TCP_FLAG.ACK : TCP_FLAG.SYN
  const why = running ? `a packet of state ${query.state}` : 'a new connection starts with it'
  fill(filled, 'flags', showTcpFlags(flags), why)
  return flags
}

function icmpOf(
  query: Query,
  proto: number,
  filled: Filled[],
): { readonly l4: Layer4; readonly filled: readonly Filled[] } | Problem {
  const family = familyOfProtocol(proto) ?? 4
  const kind = family === 4 ? 'icmp' : 'icmpv6'
  const text = query.icmpType ?? 'echo-request'
  if (query.icmpType === null) fill(filled, 'icmpType', text, 'what ping sends')
  const parsed = parseIcmpType(text, family)
  if (parsed === null)
    return problem(
      'query/bad-icmp-type',
      `${quoted(text)} is not a type of ${kind}`,
      family === 4 ? 'say -p icmpv6 for IPv6' : 'say -p icmp for IPv4',
    )
  const code = query.icmpCode ?? parsed.code ?? 0
  if (query.icmpCode === null && parsed.code === null && query.icmpType !== null)
    fill(filled, 'icmpCode', '0', `${showIcmpType(parsed.type, null, family)} without a code`)
  return { l4: { kind, type: parsed.type, code }, filled }
}

function portsKind(proto: number): 'udp' | 'udplite' | 'sctp' | 'dccp' {
  switch (proto) {
    case PROTO.udplite:
      return 'udplite'
    case PROTO.sctp:
      return 'sctp'
    case PROTO.dccp:
      return 'dccp'
    default:
      return 'udp'
  }
}

function fill(filled: Filled[], field: string, value: string, why: string): void {
  filled.push({ field, value, why })
}
