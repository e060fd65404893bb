/** An ICMP type; `code` is null where a name stands for every code of its type. */
export type IcmpType = { readonly type: number; readonly code: number | null }

/** `name: type` or `name: [type, code]`. */
type Names = Readonly<Record<string, number | readonly [number, number]>>

// Names of iptables (libxt_icmp.h) and of nft (icmp_type) together; they never contradict each other.
const V4: Names = {
  'echo-reply': 0,
  pong: 0,
  'destination-unreachable': 3,
  'network-unreachable': [3, 0],
  'host-unreachable': [3, 1],
  'protocol-unreachable': [3, 2],
  'port-unreachable': [3, 3],
  'fragmentation-needed': [3, 4],
  'source-route-failed': [3, 5],
  'network-unknown': [3, 6],
  'host-unknown': [3, 7],
  'network-prohibited': [3, 9],
  'host-prohibited': [3, 10],
  'tos-network-unreachable': [3, 11],
  'tos-host-unreachable': [3, 12],
  'communication-prohibited': [3, 13],
  'host-precedence-violation': [3, 14],
  'precedence-cutoff': [3, 15],
  'source-quench': 4,
  redirect: 5,
  'network-redirect': [5, 0],
  'host-redirect': [5, 1],
  'tos-network-redirect': [5, 2],
  'tos-host-redirect': [5, 3],
  'echo-request': 8,
  ping: 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'ttl-exceeded': 11,
  'ttl-zero-during-transit': [11, 0],
  'ttl-zero-during-reassembly': [11, 1],
  'parameter-problem': 12,
  'ip-header-bad': [12, 0],
  'required-option-missing': [12, 1],
  'timestamp-request': 13,
  'timestamp-reply': 14,
  'info-request': 15,
  'info-reply': 16,
  'address-mask-request': 17,
  'address-mask-reply': 18,
}

// As above: libxt_icmp.h `icmpv6_codes` and nft's icmp6_type.
const V6: Names = {
  'destination-unreachable': 1,
  'no-route': [1, 0],
  'communication-prohibited': [1, 1],
  'beyond-scope': [1, 2],
  'address-unreachable': [1, 3],
  'port-unreachable': [1, 4],
  'failed-policy': [1, 5],
  'reject-route': [1, 6],
  'packet-too-big': 2,
  'time-exceeded': 3,
  'ttl-exceeded': 3,
  'ttl-zero-during-transit': [3, 0],
  'ttl-zero-during-reassembly': [3, 1],
  'parameter-problem': 4,
  'bad-header': [4, 0],
  'unknown-header-type': [4, 1],
  'unknown-option': [4, 2],
  'echo-request': 128,
  ping: 128,
  'echo-reply': 129,
  pong: 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'mld-listener-reduction': 132,
  'router-solicitation': 133,
  'nd-router-solicit': 133,
  'router-advertisement': 134,
  'nd-router-advert': 134,
  'neighbor-solicitation': 135,
  'neighbour-solicitation': 135,
  'nd-neighbor-solicit': 135,
  'neighbor-advertisement': 136,
  'neighbour-advertisement': 136,
  'nd-neighbor-advert': 136,
  redirect: 137,
  'nd-redirect': 137,
  'router-renumbering': 138,
  'ind-neighbor-solicit': 141,
  'ind-neighbor-advert': 142,
  'mld2-listener-report': 143,
}

const TABLES = { 4: new Map(Object.entries(V4)), 6: new Map(Object.entries(V6)) } as const

/**
 * Reads `8`, `3/1`, `echo-request` or `redirect/2` for ICMP (`4`) or ICMPv6 (`6`). Null when it is neither a
 * number of 0..255 nor a name of that family, or when the code says something else than the name.
 */
export function parseIcmpType(text: string, family: 4 | 6): IcmpType | null {
  const slash = text.indexOf('/')
  const head = slash === -1 ? text : text.slice(0, slash)
  const code = slash === -1 ? null : parseByte(text.slice(slash + 1))
  if (slash !== -1 && code === null) return null
  const type = parseByte(head)
  if (type !== null) return { type, code }
  const named = TABLES[family].get(head.toLowerCase())
  if (named === undefined) return null
  if (typeof named === 'number') return { type: named, code }
  return code === null || code === named[1] ? { type: named[0], code: named[1] } : null
}

/** The families in which a text is an ICMP type: numbers are in both, `neighbor-solicitation` only in 6. */
export function familiesOfIcmpType(text: string): readonly (4 | 6)[] {
  return ([4, 6] as const).filter((family) => parseIcmpType(text, family) !== null)
}

/** Every name of a family, for suggestions and completion. */
export function icmpTypeNames(family: 4 | 6): readonly string[] {
  return [...TABLES[family].keys()]
}

/** The usual name of a type (and of its code, where that has one): `echo-request`, `port-unreachable`; else `99` or `99/1`. */
export function showIcmpType(type: number, code: number | null, family: 4 | 6): string {
  let ofType: string | null = null
  for (const [name, value] of TABLES[family]) {
    if (typeof value === 'number') {
      if (value === type) ofType ??= name
    } else if (code !== null && value[0] === type && value[1] === code) return name
  }
  const head = ofType ?? String(type)
  return code === null || code === 0 ? head : `${head}/${code}`
}

function parseByte(text: string): number | null {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : null
}
