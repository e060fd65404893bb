import type { IcmpMatch, ProtocolMatch } from '../../config/dialect/nftables/model.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { unreachable } from '../../source/unreachable.ts'
import { equal, meta, payload, portList, type Statement } from './expression.ts'

const L4PROTO = meta('l4proto')
const SPORT = payload('th', 'sport')
const DPORT = payload('th', 'dport')
const NONE: readonly Statement[] = []

const BY_NAME = new Map<string, Statement>()
for (const name of ['tcp', 'udp', 'dccp', 'sctp', 'udplite', 'icmp', 'icmpv6'])
  BY_NAME.set(name, equal(L4PROTO, name))

/** What a protocol adds to a rule: its family (null: both) and the matches. */
export type ProtocolPart = {
  readonly family: 4 | 6 | null
  readonly matches: readonly Statement[]
}

/** Matches of a protocol (rule.rs `impl ToNftRules for Protocol`), made once for each. */
export function protocolPart(protocol: ProtocolMatch): ProtocolPart {
  const known = PARTS.get(protocol)
  if (known !== undefined) return known
  const made = makePart(protocol)
  PARTS.set(protocol, made)
  return made
}

const PARTS = new WeakMap<ProtocolMatch, ProtocolPart>()

function makePart(protocol: ProtocolMatch): ProtocolPart {
  switch (protocol.kind) {
    case 'ports': {
      const { sport, dport } = protocol
      const matches = [
        protocolMatch(protocol.name),
        ...(sport === null ? NONE : [equal(SPORT, portList(sport))]),
        ...(dport === null ? NONE : [equal(DPORT, portList(dport))]),
      ]
      return { family: null, matches }
    }
    case 'icmp':
    case 'icmpv6': {
      const family = protocol.kind === 'icmp' ? 4 : 6
      return { family, matches: icmpMatches(protocol.kind, protocol.icmp) }
    }
    case 'number':
    case 'word':
      return { family: null, matches: [protocolMatch(protocol.value)] }
    default:
      return unreachable(protocol)
  }
}

function protocolMatch(protocol: string | number): Statement {
  const known = typeof protocol === 'string' ? BY_NAME.get(protocol) : undefined
  return known ?? equal(L4PROTO, protocol)
}

function icmpMatches(kind: 'icmp' | 'icmpv6', icmp: IcmpMatch | null): readonly Statement[] {
  if (icmp === null) return [protocolMatch(kind)]
  const type: Json = icmp.kind === 'any' ? { range: [0, 255] } : icmp.type
  const matches = [equal(payload(kind, 'type'), type)]
  if (icmp.kind === 'type' && icmp.code !== null)
    matches.push(equal(payload(kind, 'code'), icmp.code))
  return matches
}
