import { readCidr } from '../../config/dialect/iptables/terms.ts'

/** What `parse_ip_or_cidr` dies with. */
export const NOT_AN_ADDRESS = 'value does not look like a valid IP address or CIDR network'

/** Family of a bare address as PVE's `$IPV4RE` and `$IPV6RE` have it; null for everything else. */
export function addressFamily(text: string): 4 | 6 | null {
  return text.includes('/') ? null : (readCidr(text)?.version ?? null)
}
