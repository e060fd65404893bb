import type { FieldName } from '../netfilter/field.ts'
import type { Packet } from '../netfilter/packet.ts'
import type { AddressElement, Rule, Table } from '../netfilter/ruleset.ts'
import { decidingElement, setIndex } from './set-index.ts'

/** An address of a packet that a rule found in a set, and the element it found it by. */
export type Membership = {
  readonly set: string
  readonly version: 4 | 6
  readonly address: bigint
  readonly element: AddressElement
}

/** The elements by which a packet is in the sets a rule asks for; none for `!`, and where an address is not known. */
export function membershipsOf(rule: Rule, table: Table, packet: Packet): readonly Membership[] {
  return rule.body.flatMap((statement) => {
    if (statement.kind !== 'match' || statement.match.kind !== 'lookup') return []
    const { fields, set: name, negate } = statement.match
    const [field] = fields
    if (negate || field === undefined || fields.length !== 1) return []
    const asked = addressIn(packet, field)
    if (asked === null) return []
    const { version, address } = asked
    const key = version === 4 ? Number(address) : address
    const element = decidingElement(setIndex(name, table.sets), version, key)
    return element === null || element.nomatch ? [] : [{ set: name, version, address, element }]
  })
}

function addressIn(
  { l3 }: Packet,
  field: FieldName,
): { readonly version: 4 | 6; readonly address: bigint } | null {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return null
  const version = l3.kind === 'ip' ? 4 : 6
  const end = field === `${l3.kind} saddr` ? 'src' : field === `${l3.kind} daddr` ? 'dst' : null
  const address = end === null ? 'unknown' : l3[end]
  return address === 'unknown' ? null : { version, address }
}
