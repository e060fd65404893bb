/** A conntrack helper: the port it listens to and whether it is for IPv4 only (resources/ct_helper.json). */
export type CtHelper = {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly v4Only: boolean
}

/** The helpers proxmox-firewall knows, by name. */
export const CT_HELPERS: ReadonlyMap<string, CtHelper> = new Map([
  ['amanda', { protocol: 'udp', port: 10_080, v4Only: false }],
  ['ftp', { protocol: 'tcp', port: 21, v4Only: false }],
  ['irc', { protocol: 'tcp', port: 6667, v4Only: true }],
  ['netbios-ns', { protocol: 'udp', port: 137, v4Only: true }],
  ['pptp', { protocol: 'tcp', port: 1723, v4Only: true }],
  ['sane', { protocol: 'tcp', port: 6566, v4Only: false }],
  ['sip', { protocol: 'udp', port: 5060, v4Only: false }],
  ['snmp', { protocol: 'udp', port: 161, v4Only: true }],
  ['tftp', { protocol: 'udp', port: 69, v4Only: false }],
])
