import { parseAddr } from '../ip/address.ts'
import { familiesOfIcmpType } from './icmp-types.ts'
import { type Problem, problem, quoted } from './problem.ts'
import { familyOfProtocol, showProtocol } from './protocol.ts'
import type { Query } from './query.ts'

/** Something said that pins the packet to one family: `what` is quoted as it stands. */
export type FamilyEvidence = { readonly family: 4 | 6; readonly what: string }

/** What a query itself says about the family of its packet. */
export function familyEvidence(query: Query): readonly FamilyEvidence[] {
  const evidence: FamilyEvidence[] = []
  const add = (family: 4 | 6 | null, what: string): void => {
    if (family !== null) evidence.push({ family, what })
  }
  add(query.family, `-${query.family}`)
  for (const text of [query.src, query.dst, query.from, query.to])
    add(text === null ? null : (parseAddr(text)?.version ?? null), text ?? '')
  if (query.proto !== null) add(familyOfProtocol(query.proto), showProtocol(query.proto))
  if (query.icmpType !== null) {
    const [only, other] = familiesOfIcmpType(query.icmpType)
    if (only !== undefined && other === undefined) add(only, query.icmpType)
  }
  return evidence
}

/** The family all evidence agrees on; null: there is none. */
export function agreeOnFamily(evidence: readonly FamilyEvidence[]): 4 | 6 | null | Problem {
  const four = evidence.find(({ family }) => family === 4)
  const six = evidence.find(({ family }) => family === 6)
  if (four === undefined || six === undefined) return four?.family ?? six?.family ?? null
  return problem(
    'query/mixed-families',
    `${quoted(four.what)} is IPv4 and ${quoted(six.what)} is IPv6: no packet is both`,
    advice(four.what, six.what),
  )
}

function advice(four: string, six: string): string {
  if (four === 'icmp') return 'the ICMP of IPv6 is another protocol: -p icmpv6'
  if (six === 'icmpv6') return 'the ICMP of IPv4 is another protocol: -p icmp'
  return 'ask about one family at a time'
}
