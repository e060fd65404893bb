/**
 * Built-in macros of both backends: data only. The iptables backend knows 86 (`$pve_fw_macros` and
 * `$pve_ipv6fw_macros` in Firewall.pm), nftables two more (proxmox-ve-config, `resources/macros.json`).
 */

/**
 * One rule a macro stands for. Values are spelled as the backends spell them; an ICMP type stands in `dport`,
 * where pve-firewall keeps it.
 */
export type MacroTemplate = {
  readonly proto: string
  readonly sport: string | null
  readonly dport: string | null
}

export type Macro = {
  readonly name: string
  /** For IPv4 under iptables; null: nothing is generated. */
  readonly ip4: readonly MacroTemplate[] | null
  /** For IPv6 under iptables; null: nothing is generated. */
  readonly ip6: readonly MacroTemplate[] | null
  readonly nftables: readonly MacroTemplate[] | null
}

/** True for a macro that pve-firewall has; the others are an error there. */
export function isIptablesMacro(macro: Macro): boolean {
  return macro.ip4 !== null || macro.ip6 !== null
}

/** The macro of that name in any case (ASCII), of either backend. */
export function findMacro(name: string): Macro | null {
  return MACROS_BY_NAME.get(name) ?? MACROS_BY_NAME.get(name.toLowerCase()) ?? null
}

/**
 * What pve-firewall puts in place of a macro, by its name in any case; `family` is what the rule is pinned to
 * or generated for, null while it may be both (`$apply_macro`). Empty: nothing for this family.
 */
export function macroTemplates(name: string, family: 4 | 6 | null): readonly MacroTemplate[] {
  const macro = findMacro(name)
  if (macro === null) return NO_TEMPLATES
  if (family === null) return macro.ip4 ?? macro.ip6 ?? NO_TEMPLATES
  return (family === 4 ? macro.ip4 : macro.ip6) ?? NO_TEMPLATES
}

const NO_TEMPLATES: readonly MacroTemplate[] = []

function tcp(dport: string): MacroTemplate {
  return { proto: 'tcp', sport: null, dport }
}

function udp(dport: string): MacroTemplate {
  return { proto: 'udp', sport: null, dport }
}

function icmp(type: string): MacroTemplate {
  return { proto: 'icmp', sport: null, dport: type }
}

function icmpv6(type: string): MacroTemplate {
  return { proto: 'icmpv6', sport: null, dport: type }
}

function proto(number: string): MacroTemplate {
  return { proto: number, sport: null, dport: null }
}

function from(protocol: string, sport: string, dport: string): MacroTemplate {
  return { proto: protocol, sport, dport }
}

/** A macro that is the same for both families and both backends. */
function same(name: string, ...templates: readonly MacroTemplate[]): Macro {
  return { name, ip4: templates, ip6: templates, nftables: templates }
}

/** All macros of both backends, sorted by name. */
export const MACROS: readonly Macro[] = [
  same('Amanda', udp('10080'), tcp('10080')),
  same('Auth', tcp('113')),
  same('BGP', tcp('179')),
  same('BitTorrent', tcp('6881:6889'), udp('6881')),
  same('BitTorrent32', tcp('6881:6999'), udp('6881')),
  same('CVS', tcp('2401')),
  same('Ceph', tcp('6789'), tcp('3300'), tcp('6800:7300')),
  same('Citrix', tcp('1494'), udp('1604'), tcp('2598')),
  same('DAAP', tcp('3689'), udp('3689')),
  same('DCC', tcp('6277')),
  same('DHCPfwd', from('udp', '67:68', '67:68')),
  {
    name: 'DHCPv6',
    ip4: null,
    ip6: [from('udp', '546:547', '546:547')],
    nftables: [from('udp', '546:547', '546:547')],
  },
  same('DNS', udp('53'), tcp('53')),
  same('Distcc', tcp('3632')),
  same('FTP', tcp('21')),
  same('Finger', tcp('79')),
  same('GNUnet', tcp('2086'), udp('2086'), tcp('1080'), udp('1080')),
  same('GRE', proto('47')),
  same('Git', tcp('9418')),
  same('HKP', tcp('11371')),
  same('HTTP', tcp('80')),
  { name: 'HTTP/3', ip4: null, ip6: null, nftables: [udp('443')] },
  same('HTTPS', tcp('443')),
  same('ICPV2', udp('3130')),
  same('ICQ', tcp('5190')),
  same('IMAP', tcp('143')),
  same('IMAPS', tcp('993')),
  same('IPIP', proto('94')),
  same('IPsec', from('udp', '500', '500'), proto('50')),
  same('IPsecah', from('udp', '500', '500'), proto('51')),
  same('IPsecnat', udp('500'), udp('4500'), proto('50')),
  same('IRC', tcp('6667')),
  same('Jetdirect', tcp('9100')),
  same('L2TP', udp('1701')),
  same('LDAP', tcp('389')),
  same('LDAPS', tcp('636')),
  same('MDNS', udp('5353')),
  same('MSNP', tcp('1863')),
  same('MSSQL', tcp('1433')),
  same('Mail', tcp('25'), tcp('465'), tcp('587')),
  same('Munin', tcp('4949')),
  same('MySQL', tcp('3306')),
  same('NNTP', tcp('119')),
  same('NNTPS', tcp('563')),
  same('NTP', udp('123')),
  {
    name: 'NeighborDiscovery',
    ip4: null,
    ip6: [
      icmpv6('router-solicitation'),
      icmpv6('router-advertisement'),
      icmpv6('neighbor-solicitation'),
      icmpv6('neighbor-advertisement'),
    ],
    nftables: [
      icmpv6('nd-router-solicit'),
      icmpv6('nd-router-advert'),
      icmpv6('nd-neighbor-solicit'),
      icmpv6('nd-neighbor-advert'),
    ],
  },
  same('OSPF', proto('89')),
  same('OpenVPN', udp('1194')),
  { name: 'PBS', ip4: null, ip6: null, nftables: [tcp('8007')] },
  same('PCA', udp('5632'), tcp('5631')),
  same('PMG', tcp('8006')),
  same('POP3', tcp('110')),
  same('POP3S', tcp('995')),
  same('PPtP', proto('47'), tcp('1723')),
  {
    name: 'Ping',
    ip4: [icmp('echo-request')],
    ip6: [icmpv6('echo-request')],
    nftables: [icmp('echo-request'), icmpv6('echo-request')],
  },
  same('PostgreSQL', tcp('5432')),
  same('Printer', tcp('515')),
  same('RDP', tcp('3389')),
  same('RIP', udp('520')),
  same('RNDC', tcp('953')),
  same('Razor', tcp('2703')),
  same('Rdate', tcp('37')),
  same('Rsync', tcp('873')),
  same('SANE', tcp('6566')),
  same('SMB', udp('135,445'), udp('137:139'), from('udp', '137', '1024:65535'), tcp('135,139,445')),
  same('SMBswat', tcp('901')),
  same('SMTP', tcp('25')),
  same('SMTPS', tcp('465')),
  same('SNMP', udp('161:162'), tcp('161')),
  same('SPAMD', tcp('783')),
  same('SPICEproxy', tcp('3128')),
  same('SSH', tcp('22')),
  same('SVN', tcp('3690')),
  same('SixXS', tcp('3874'), udp('3740'), proto('41'), udp('5072,8374')),
  same('Squid', tcp('3128')),
  same('Submission', tcp('587')),
  same('Syslog', udp('514'), tcp('514')),
  same('TFTP', udp('69')),
  same('Telnet', tcp('23')),
  same('Telnets', tcp('992')),
  same('Time', tcp('37')),
  {
    name: 'Trcrt',
    ip4: [udp('33434:33524'), icmp('echo-request')],
    ip6: [udp('33434:33524'), icmpv6('echo-request')],
    nftables: [udp('33434:33524'), icmp('echo-request'), icmpv6('echo-request')],
  },
  same('VNC', tcp('5900:5999')),
  same('VNCL', tcp('5500')),
  same('Web', tcp('80'), tcp('443')),
  same('Webcache', tcp('8080')),
  same('Webmin', tcp('10000')),
  same('Whois', tcp('43')),
]

const MACROS_BY_NAME: ReadonlyMap<string, Macro> = new Map(
  MACROS.flatMap((macro) => [
    [macro.name.toLowerCase(), macro],
    [macro.name, macro],
  ]),
)
