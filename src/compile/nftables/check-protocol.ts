import type { Protocols } from '../../config/tree.ts'
import { type Complaint, complaint } from './complaint.ts'

/** A protocol as nft takes it: its number, or why it does not. */
export type ResolvedProtocol = number | Complaint

/**
 * Right side of `meta l4proto` (nftables src/datatype.c `inet_protocol_type_parse`): a number in C notation, else
 * what getprotobyname(3) finds, of which one byte counts (mptcp, 262, is tcp).
 */
export function resolveProtocol(value: string | number, protocols: Protocols): ResolvedProtocol {
  if (typeof value === 'number') return value
  const refuse = (message: string): Complaint =>
    complaint(
      'nftables/nft-protocol',
      message,
      `nft does not know the protocol \`${value}\``,
      'write a name of etc/protocols in its spelling there, or a number up to 255',
    )
  if (value.startsWith('@')) return refuse('No such file or directory')
  if (value === '*')
    return refuse('datatype mismatch, expected Internet protocol, expression has type invalid')
  const number = cNumber(value)
  if (number !== null)
    return number >= 0 && number <= 255 ? number : refuse('Protocol out of range')
  const known = BUILT_IN.get(value) ?? protocols.byName.get(value) ?? protocols.aliases.get(value)
  return known === undefined ? refuse('Could not resolve protocol name') : known & 255
}

/** strtoumax(3) with base 0, of the whole text. */
function cNumber(text: string): number | null {
  const [, sign, digits] = /^([+-]?)(0x[0-9a-f]+|[0-9]+)$/i.exec(text) ?? []
  if (digits === undefined) return null
  const octal = /^0[0-7]+$/.test(digits)
  if (!octal && /^0[0-9]+$/.test(digits)) return null
  const value = octal ? Number.parseInt(digits, 8) : Number(digits)
  return sign === '-' ? -value : value
}

/** Names nft knows whatever etc/protocols says. */
const BUILT_IN: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['udplite', 136],
  ['dccp', 33],
  ['sctp', 132],
  ['icmp', 1],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
])

/** Names of the protocols nft has headers for, as its messages give them. */
const HEADERS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [108, 'comp'],
  [132, 'sctp'],
  [136, 'udplite'],
])

/** What becomes of an ICMP match behind `meta l4proto`: null when they agree. */
export function checkConflict(own: number, header: 'icmp' | 'icmpv6'): Complaint | null {
  if (own === (header === 'icmp' ? 1 : 58)) return null
  return complaint(
    'nftables/nft-protocol-conflict',
    `conflicting protocols specified: ${HEADERS.get(own) ?? 'unknown'} vs. ${header}`,
    'the protocol of the rule contradicts its macro, which is about ICMP',
    'remove `-p`: a macro has its own protocols',
  )
}
