import {
  type CtState,
  DCCP_TYPE,
  type Known,
  type Packet,
  TCP_FLAG,
} from '../../netfilter/packet.ts'
import { unreachable } from '../../source/unreachable.ts'
import { sctpOpens } from './sctp.ts'

/**
 * What nf_conntrack says of a packet that belongs to no flow it knows, with the sysctls of a Proxmox host
 * (tcp_loose 1). `unknown` where that depends on something of the packet that is not known.
 */
export function stateOf(packet: Packet): Known<CtState> {
  const { l4, l3 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return 'untracked'
  switch (l4.kind) {
    case 'tcp':
      return l4.flags === 'unknown' ? 'unknown' : tcpState(l4.flags)
    case 'icmp':
      return l4.type === 'unknown' ? 'unknown' : icmpState(l4.type)
    case 'icmpv6':
      return l4.type === 'unknown' ? 'unknown' : icmpv6State(l4.type)
    // without a word of which, a packet of SCTP is an INIT and one of DCCP a REQUEST
    case 'sctp':
      return l4.packet === undefined || sctpOpens(l4.packet) ? 'new' : 'invalid'
    case 'dccp':
      return l4.packet === undefined || l4.packet.type === DCCP_TYPE.request ? 'new' : 'invalid'
    case 'udp':
    case 'udplite':
    case 'other':
      return 'new'
    case 'none':
      return 'untracked'
    default:
      return unreachable(l4)
  }
}

const { FIN, SYN, RST, ACK, URG, PSH, ECE, CWR } = TCP_FLAG

/** Combinations that are valid at all, less PSH, ECE and CWR: `tcp_valid_flags`, nf_conntrack_proto_tcp.c. */
const validFlags: readonly number[] = [
  SYN,
  SYN | URG,
  SYN | ACK,
  RST,
  RST | ACK,
  FIN | ACK,
  FIN | ACK | URG,
  ACK,
  ACK | URG,
]

/** Whether TCP has such a segment at all: others are invalid whatever connection they are of. */
export function hasValidFlags(flags: number): boolean {
  return validFlags.includes(flags & ~(PSH | ECE | CWR))
}

/**
 * `tcp_new` with the row sNO of `tcp_conntracks`: a SYN opens a connection, and a lone ACK is taken up (tcp_loose);
 * RST, FIN and SYN/ACK of nowhere are invalid.
 */
function tcpState(flags: number): CtState {
  if (!hasValidFlags(flags)) return 'invalid'
  if ((flags & (RST | FIN)) !== 0) return 'invalid'
  return (flags & (SYN | ACK)) === (SYN | ACK) ? 'invalid' : 'new'
}

/** Queries open a flow (`valid_new` of `icmp_new`); errors and replies without one are invalid: nf_conntrack_proto_icmp.c. */
function icmpState(type: number): CtState {
  const queries = [8, 13, 15, 17]
  return queries.includes(type) ? 'new' : 'invalid'
}

/**
 * ICMPv6 types conntrack leaves alone: listener messages (130-132, 143), neighbour discovery but for redirects
 * (133-136), multicast router discovery (151, 152). `noct_valid_new`, nf_conntrack_proto_icmpv6.c.
 */
export function isUntracked(type: number): boolean {
  return (type >= 130 && type <= 136) || type === 143 || type === 151 || type === 152
}

/** Those, and `valid_new` of `nf_conntrack_icmpv6_packet`. */
function icmpv6State(type: number): CtState {
  const queries = [128, 139]
  if (isUntracked(type)) return 'untracked'
  return queries.includes(type) ? 'new' : 'invalid'
}
