/**
 * The fields of a packet, of its way and of its connection that rules can match, named as nft prints them
 * (`physdev in/out`, which nft lacks, as xt_physdev). `kind` says which of the `Values` a field is compared with.
 *
 * A packet that lacks a field matches nothing about it, negated or not (xt_mac in OUTPUT, ports of a protocol
 * without ports). Devices are the exception: no device is a device with the empty name, so `! -i eth0` matches
 * in OUTPUT (`nulldevname` in ip_packet_match, net/ipv4/netfilter/ip_tables.c). For `physdev out` this holds
 * only as long as the frame came in through no bridge port either: physdev_mt, net/netfilter/xt_physdev.c.
 */
export const FIELDS = {
  'ether saddr': { kind: 'number', bits: 48 },
  'ether daddr': { kind: 'number', bits: 48 },
  'ether type': { kind: 'number', bits: 16 },
  'vlan id': { kind: 'number', bits: 12 },
  'arp operation': { kind: 'number', bits: 16 },
  'arp saddr ether': { kind: 'number', bits: 48 },
  'arp saddr ip': { kind: 'address', bits: 32 },
  'arp daddr ip': { kind: 'address', bits: 32 },
  'ip saddr': { kind: 'address', bits: 32 },
  'ip daddr': { kind: 'address', bits: 32 },
  'ip6 saddr': { kind: 'address', bits: 128 },
  'ip6 daddr': { kind: 'address', bits: 128 },
  'meta l4proto': { kind: 'number', bits: 8 },
  'th sport': { kind: 'number', bits: 16 },
  'th dport': { kind: 'number', bits: 16 },
  'tcp flags': { kind: 'number', bits: 8 },
  'icmp type': { kind: 'number', bits: 8 },
  'icmp code': { kind: 'number', bits: 8 },
  'icmpv6 type': { kind: 'number', bits: 8 },
  'icmpv6 code': { kind: 'number', bits: 8 },
  'meta iifname': { kind: 'name', bits: 0 },
  'meta oifname': { kind: 'name', bits: 0 },
  'meta ibrname': { kind: 'name', bits: 0 },
  'meta obrname': { kind: 'name', bits: 0 },
  'physdev in': { kind: 'name', bits: 0 },
  'physdev out': { kind: 'name', bits: 0 },
  'meta nfproto': { kind: 'name', bits: 0 },
  'meta pkttype': { kind: 'name', bits: 0 },
  'fib saddr type': { kind: 'name', bits: 0 },
  'fib daddr type': { kind: 'name', bits: 0 },
  'ct state': { kind: 'name', bits: 0 },
  'ct helper': { kind: 'name', bits: 0 },
  'meta mark': { kind: 'number', bits: 32 },
  'ct mark': { kind: 'number', bits: 32 },
} as const satisfies Record<
  string,
  { readonly kind: 'address' | 'number' | 'name'; readonly bits: number }
>

export type FieldName = keyof typeof FIELDS

/** All fields in a fixed order; {@link fieldSlot} gives a field's place in it. */
export const FIELD_NAMES: readonly FieldName[] = Object.keys(FIELDS) as FieldName[]

const SLOTS = new Map<FieldName, number>(FIELD_NAMES.map((name, slot) => [name, slot]))

/** Index of a field in {@link FIELD_NAMES}. */
export function fieldSlot(field: FieldName): number {
  const slot = SLOTS.get(field)
  if (slot === undefined) throw new Error(`no such field: ${field}`)
  return slot
}
