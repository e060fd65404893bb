import type { IcmpMatch } from './model.ts'
import { parseUnsigned } from './numbers.ts'
import { trimCharacters } from './text.ts'

/** iptables' names for a type with a code (rule_match.rs `IPTABLES_ICMP_TYPES_MAPPING`). */
const ICMP_CODES: ReadonlyMap<string, readonly [type: number, code: number]> = new Map([
  ['network-unreachable', [3, 0]],
  ['host-unreachable', [3, 1]],
  ['protocol-unreachable', [3, 2]],
  ['port-unreachable', [3, 3]],
  ['fragmentation-needed', [3, 4]],
  ['source-route-failed', [3, 5]],
  ['network-unknown', [3, 6]],
  ['host-unknown', [3, 7]],
  ['network-prohibited', [3, 9]],
  ['host-prohibited', [3, 10]],
  ['TOS-network-unreachable', [3, 11]],
  ['TOS-host-unreachable', [3, 12]],
  ['communication-prohibited', [3, 13]],
  ['host-precedence-violation', [3, 14]],
  ['precedence-cutoff', [3, 15]],
  ['network-redirect', [5, 0]],
  ['host-redirect', [5, 1]],
  ['TOS-network-redirect', [5, 2]],
  ['TOS-host-redirect', [5, 3]],
  ['ttl-zero-during-transit', [11, 0]],
  ['ttl-zero-during-reassembly', [11, 1]],
  ['ip-header-bad', [12, 0]],
  ['required-option-missing', [12, 1]],
])

/** `IPTABLES_ICMPV6_TYPES_MAPPING`, with its slip: the seventh name ends in an apostrophe. */
const ICMPV6_CODES: ReadonlyMap<string, readonly [type: number, code: number]> = new Map([
  ['no-route', [1, 0]],
  ['communication-prohibited', [1, 1]],
  ['beyond-scope', [1, 2]],
  ['address-unreachable', [1, 3]],
  ['port-unreachable', [1, 4]],
  ['failed-policy', [1, 5]],
  ["reject-route'", [1, 6]],
  ['ttl-zero-during-transit', [3, 0]],
  ['ttl-zero-during-reassembly', [3, 1]],
  ['bad-header', [4, 0]],
  ['unknown-header-type', [4, 1]],
  ['unknown-option', [4, 2]],
])

/** ip6tables' names that nft spells otherwise. */
const ICMPV6_RENAMED: ReadonlyMap<string, string> = new Map([
  ['router-solicitation', 'nd-router-solicit'],
  ['router-advertisement', 'nd-router-advert'],
  ['neighbor-solicitation', 'nd-neighbor-solicit'],
  ['neighbour-solicitation', 'nd-neighbor-solicit'],
  ['neighbor-advertisement', 'nd-neighbor-advert'],
  ['neighbour-advertisement', 'nd-neighbor-advert'],
  ['redirect', 'nd-redirect'],
])

const ICMP_NAMES: ReadonlySet<string> = new Set([
  'address-mask-reply',
  'address-mask-request',
  'destination-unreachable',
  'echo-reply',
  'echo-request',
  'info-reply',
  'info-request',
  'parameter-problem',
  'redirect',
  'router-advertisement',
  'router-solicitation',
  'source-quench',
  'time-exceeded',
  'timestamp-reply',
  'timestamp-request',
])

const ICMPV6_NAMES: ReadonlySet<string> = new Set([
  'destination-unreachable',
  'echo-reply',
  'echo-request',
  'ind-neighbor-advert',
  'ind-neighbor-solicit',
  'mld-listener-done',
  'mld-listener-query',
  'mld-listener-reduction',
  'mld-listener-report',
  'mld2-listener-report',
  'nd-neighbor-advert',
  'nd-neighbor-solicit',
  'nd-redirect',
  'nd-router-advert',
  'nd-router-solicit',
  'packet-too-big',
  'parameter-problem',
  'router-renumbering',
  'time-exceeded',
])

/** The value of `-icmp-type` as proxmox-firewall takes it; null when it takes it for an error. */
export function parseIcmp(protocol: 'icmp' | 'icmpv6', text: string): IcmpMatch | null {
  const coded = (protocol === 'icmp' ? ICMP_CODES : ICMPV6_CODES).get(text)
  if (coded !== undefined) return { kind: 'type', type: coded[0], code: coded[1] }
  const renamed = protocol === 'icmp' ? undefined : ICMPV6_RENAMED.get(text)
  if (renamed !== undefined) return { kind: 'type', type: renamed, code: null }
  if (/^any$/i.test(text)) return { kind: 'any' }
  const number = parseUnsigned(trimCharacters(text), 255)
  if (number !== null) return { kind: 'type', type: number, code: null }
  const names = protocol === 'icmp' ? ICMP_NAMES : ICMPV6_NAMES
  return names.has(text) ? { kind: 'type', type: text, code: null } : null
}
