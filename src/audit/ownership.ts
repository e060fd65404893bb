import type { Table } from '../netfilter/ruleset.ts'

/** The nft tables that are proxmox-firewall's alone. */
const OWN_TABLES: ReadonlySet<string> = new Set([
  'inet proxmox-firewall',
  'bridge proxmox-firewall-guests',
])

/** True for a table of nft that nobody else has rules in. */
export function isOwnTable({ family, name }: Table): boolean {
  return OWN_TABLES.has(`${family} ${name}`)
}

/** Names of chains that pve-firewall takes for its own and removes when they are not wanted: `iptables_get_chains`. */
const OWN_CHAIN =
  /^(?:PVEFW-[^ ]+|(?:tap|veth)\d+i\d+-(?:IN|OUT|OUT-ARP)|fwbr\d+(?:v\d+)?-(?:FW|IN|OUT|IPS)|GROUP-[^ ]+-(?:IN|OUT))$/

/** True for a chain of iptables or ebtables that is pve-firewall's. */
export function isOwnChain(name: string): boolean {
  return OWN_CHAIN.test(name)
}

/** True for an ipset that is pve-firewall's: `ipset_get_chains`. */
export function isOwnSet(name: string): boolean {
  return name.startsWith('PVEFW-')
}

/** A table as people call it: `iptables filter`, `inet proxmox-firewall`. */
export function tableName({ family, name, tool }: Table, backend: string): string {
  const isIptables = tool === undefined ? backend === 'iptables' : tool === 'iptables'
  if (!isIptables) return `${family} ${name}`
  const word = family === 'ip6' ? 'ip6tables' : family === 'bridge' ? 'ebtables' : 'iptables'
  return `${word} ${name}`
}
