import { PROTO } from '../netfilter/packet.ts'
import { agreeOnFamily, familyEvidence } from './family.ts'
import { familiesOfIcmpType, parseIcmpType } from './icmp-types.ts'
import { isProblem, type Problem, problem, quoted } from './problem.ts'
import { familyOfProtocol, hasPorts, showProtocol } from './protocol.ts'
import type { Query } from './query.ts'
import { showTcpFlags } from './tcp-flags.ts'

/** What in a query contradicts itself, whatever the configuration says. Empty: nothing. */
export function checkQuery(query: Query): readonly Problem[] {
  const family = agreeOnFamily(familyEvidence(query))
  return [
    ...checkEthertype(query),
    ...checkPorts(query),
    ...checkIcmp(query),
    ...checkFlags(query),
    ...(isProblem(family) ? [family] : []),
  ]
}

function checkEthertype(query: Query): readonly Problem[] {
  if (query.ethertype === null) return []
  const { proto, sport, dport, icmpType, flags } = query
  const of = [proto, dport ?? sport, icmpType, flags].findIndex((value) => value !== null)
  if (of === -1) return []
  const what = ['a protocol', 'a port', 'an ICMP type', 'TCP flags'][of]
  return [
    problem(
      'query/no-ip-header',
      `a frame of type 0x${query.ethertype.toString(16)} has no IP header, but ${what} is asked for`,
      'leave one of them out',
    ),
  ]
}

function checkPorts(query: Query): readonly Problem[] {
  const port = query.dport ?? query.sport
  if (port === null) return []
  if (query.icmpType !== null)
    return [
      problem(
        'query/port-with-icmp',
        `a packet has a port (${port}) or an ICMP type (${quoted(query.icmpType)}), not both`,
        'leave one of them out',
      ),
    ]
  if (query.proto === null || hasPorts(query.proto)) return []
  if (familyOfProtocol(query.proto) !== null)
    return [
      problem(
        'query/port-with-icmp',
        `${showProtocol(query.proto)} has no ports, but port ${port} is asked for`,
        'say `--icmp-type echo-request`, or -p tcp',
      ),
    ]
  return [
    problem(
      'query/port-without-ports',
      `protocol ${showProtocol(query.proto)} has no ports, but port ${port} is asked for`,
      'ports belong to tcp, udp, udplite, sctp and dccp',
    ),
  ]
}

function checkIcmp(query: Query): readonly Problem[] {
  const { icmpType, icmpCode, proto } = query
  if (icmpType === null)
    return icmpCode === null
      ? []
      : [problem('query/icmp-code-alone', `ICMP code ${icmpCode} of which type?`, 'add the type')]
  if (proto !== null && familyOfProtocol(proto) === null)
    return [
      problem(
        'query/icmp-type-without-icmp',
        `${showProtocol(proto)} has no ICMP type, but ${quoted(icmpType)} is asked for`,
        'say -p icmp, or -p icmpv6 for IPv6',
      ),
    ]
  if (icmpCode === null) return []
  const codes = familiesOfIcmpType(icmpType).map((family) => parseIcmpType(icmpType, family)?.code)
  if (codes.length === 0 || codes.some((code) => code === null || code === icmpCode)) return []
  return [
    problem(
      'query/said-twice',
      `${quoted(icmpType)} is code ${codes[0]}, but code ${icmpCode} is asked for`,
      'leave the code out',
    ),
  ]
}

function checkFlags(query: Query): readonly Problem[] {
  if (query.flags === null) return []
  const flags = showTcpFlags(query.flags)
  if (query.icmpType !== null || (query.proto !== null && query.proto !== PROTO.tcp))
    return [
      problem(
        'query/flags-without-tcp',
        `only TCP has flags, but ${flags} is asked for with ${query.proto === null ? 'an ICMP type' : showProtocol(query.proto)}`,
        'leave the flags out, or say -p tcp',
      ),
    ]
  return []
}
