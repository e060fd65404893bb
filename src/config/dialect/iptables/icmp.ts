/**
 * ICMP types pve-firewall knows by name (`$icmp_type_names`, `$icmpv6_type_names` in Firewall.pm), spelled as
 * iptables spells them.
 */

/** For `-p icmp`. */
export const ICMP_TYPES: ReadonlySet<string> = new Set([
  'any',
  'echo-reply',
  'destination-unreachable',
  'network-unreachable',
  'host-unreachable',
  'protocol-unreachable',
  'port-unreachable',
  'fragmentation-needed',
  'source-route-failed',
  'network-unknown',
  'host-unknown',
  'network-prohibited',
  'host-prohibited',
  'TOS-network-unreachable',
  'TOS-host-unreachable',
  'communication-prohibited',
  'host-precedence-violation',
  'precedence-cutoff',
  'source-quench',
  'redirect',
  'network-redirect',
  'host-redirect',
  'TOS-network-redirect',
  'TOS-host-redirect',
  'echo-request',
  'router-advertisement',
  'router-solicitation',
  'time-exceeded',
  'ttl-zero-during-transit',
  'ttl-zero-during-reassembly',
  'parameter-problem',
  'ip-header-bad',
  'required-option-missing',
  'timestamp-request',
  'timestamp-reply',
  'address-mask-request',
  'address-mask-reply',
])

/** For `-p icmpv6` and `-p ipv6-icmp`. */
export const ICMPV6_TYPES: ReadonlySet<string> = new Set([
  'destination-unreachable',
  'no-route',
  'communication-prohibited',
  'beyond-scope',
  'address-unreachable',
  'port-unreachable',
  'failed-policy',
  'reject-route',
  'packet-too-big',
  'time-exceeded',
  'ttl-zero-during-transit',
  'ttl-zero-during-reassembly',
  'parameter-problem',
  'bad-header',
  'unknown-header-type',
  'unknown-option',
  'echo-request',
  'echo-reply',
  'router-solicitation',
  'router-advertisement',
  'neighbor-solicitation',
  'neighbour-solicitation',
  'neighbor-advertisement',
  'neighbour-advertisement',
  'redirect',
])

/** True for the three spellings pve-firewall treats as ICMP; the numbers 1 and 58 are not among them. */
export function isIcmp(protocol: string): boolean {
  return protocol === 'icmp' || protocol === 'icmpv6' || protocol === 'ipv6-icmp'
}

/** Names valid for one of the three ICMP protocols. */
export function icmpTypesOf(protocol: string): ReadonlySet<string> {
  return protocol === 'icmp' ? ICMP_TYPES : ICMPV6_TYPES
}
