import type { FieldName } from '../field.ts'

/** ICMP types as nft names them: `icmp_type_tbl`, nftables src/proto.c. */
const ICMP_TYPE: Readonly<Record<string, number>> = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  'source-quench': 4,
  redirect: 5,
  'echo-request': 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
  'info-request': 15,
  'info-reply': 16,
  'address-mask-request': 17,
  'address-mask-reply': 18,
}

/** ICMPv6 types as nft names them: `icmp6_type_tbl`, nftables src/proto.c. */
const ICMPV6_TYPE: Readonly<Record<string, number>> = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'mld-listener-reduction': 132,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
  'router-renumbering': 138,
  'ind-neighbor-solicit': 141,
  'ind-neighbor-advert': 142,
  'mld2-listener-report': 143,
}

/** ICMP codes: `icmp_code_tbl`, `icmpv6_code_tbl`, nftables src/datatype.c. */
const ICMP_CODE: Readonly<Record<string, number>> = {
  'net-unreachable': 0,
  'host-unreachable': 1,
  'prot-unreachable': 2,
  'port-unreachable': 3,
  'net-prohibited': 9,
  'host-prohibited': 10,
  'admin-prohibited': 13,
  'frag-needed': 4,
}
const ICMPV6_CODE: Readonly<Record<string, number>> = {
  'no-route': 0,
  'admin-prohibited': 1,
  'addr-unreachable': 3,
  'port-unreachable': 4,
  'policy-fail': 5,
  'reject-route': 6,
}

const ETHERTYPE: Readonly<Record<string, number>> = {
  ip: 0x0800,
  arp: 0x0806,
  ip6: 0x86dd,
  '8021q': 0x8100,
  '8021ad': 0x88a8,
  vlan: 0x8100,
}

/**
 * Protocols as Debian's /etc/protocols names them, lower case first columns, and what nft adds (`ipv6-icmp` and its
 * alias `icmpv6`). nft asks getprotobyname(3).
 */
export const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  skip: 57,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  eigrp: 88,
  ospf: 89,
  'ax.25': 93,
  ipip: 94,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  'mobility-header': 135,
  udplite: 136,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
}

const TABLES: Partial<Readonly<Record<FieldName, Readonly<Record<string, number>>>>> = {
  'icmp type': ICMP_TYPE,
  'icmp code': ICMP_CODE,
  'icmpv6 type': ICMPV6_TYPE,
  'icmpv6 code': ICMPV6_CODE,
  'ether type': ETHERTYPE,
  'meta l4proto': PROTOCOL_NUMBERS,
}

/** The number a symbol stands for in a field; decimal and 0x numbers are themselves. Null: nft knows no such symbol. */
export function numberOf(field: FieldName, symbol: string): number | null {
  if (/^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(symbol)) return Number(symbol)
  const table = TABLES[field]
  return table !== undefined && Object.hasOwn(table, symbol) ? (table[symbol] ?? null) : null
}

/** The same tables from number to symbol; the first name of a number wins. */
const SYMBOLS: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map(
  Object.entries(TABLES).map(([field, table]) => [
    field,
    new Map(
      Object.entries(table)
        .map(([symbol, number]): [number, string] => [number, symbol])
        .reverse(),
    ),
  ]),
)

/** The symbol nft prints for a number of a field; null when it prints the number. */
export function symbolOf(field: FieldName, number: number): string | null {
  return SYMBOLS.get(field)?.get(number) ?? null
}

/** Protocols whose ports nft names after them: `tcp dport` is `th dport` of a TCP packet. */
export const PORT_PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: 6,
  udp: 17,
  dccp: 33,
  sctp: 132,
  udplite: 136,
}
