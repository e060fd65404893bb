import { describe, expect, it } from 'vitest'
import {
  findMacro,
  isIptablesMacro,
  MACROS,
  type MacroTemplate,
  macroTemplates,
} from '../../src/config/macros.ts'

/** Name, then what it stands for: IPv4 and IPv6 under iptables and nftables, where they differ. */
const FACTS: readonly (readonly [string, string] | readonly [string, string, string, string])[] = [
  ['Amanda', 'udp dport 10080; tcp dport 10080'],
  ['Auth', 'tcp dport 113'],
  ['BGP', 'tcp dport 179'],
  ['BitTorrent', 'tcp dport 6881:6889; udp dport 6881'],
  ['BitTorrent32', 'tcp dport 6881:6999; udp dport 6881'],
  ['CVS', 'tcp dport 2401'],
  ['Ceph', 'tcp dport 6789; tcp dport 3300; tcp dport 6800:7300'],
  ['Citrix', 'tcp dport 1494; udp dport 1604; tcp dport 2598'],
  ['DAAP', 'tcp dport 3689; udp dport 3689'],
  ['DCC', 'tcp dport 6277'],
  ['DHCPfwd', 'udp sport 67:68 dport 67:68'],
  ['DHCPv6', 'none', 'udp sport 546:547 dport 546:547', 'udp sport 546:547 dport 546:547'],
  ['DNS', 'udp dport 53; tcp dport 53'],
  ['Distcc', 'tcp dport 3632'],
  ['FTP', 'tcp dport 21'],
  ['Finger', 'tcp dport 79'],
  ['GNUnet', 'tcp dport 2086; udp dport 2086; tcp dport 1080; udp dport 1080'],
  ['GRE', '47'],
  ['Git', 'tcp dport 9418'],
  ['HKP', 'tcp dport 11371'],
  ['HTTP', 'tcp dport 80'],
  ['HTTP/3', 'none', 'none', 'udp dport 443'],
  ['HTTPS', 'tcp dport 443'],
  ['ICPV2', 'udp dport 3130'],
  ['ICQ', 'tcp dport 5190'],
  ['IMAP', 'tcp dport 143'],
  ['IMAPS', 'tcp dport 993'],
  ['IPIP', '94'],
  ['IPsec', 'udp sport 500 dport 500; 50'],
  ['IPsecah', 'udp sport 500 dport 500; 51'],
  ['IPsecnat', 'udp dport 500; udp dport 4500; 50'],
  ['IRC', 'tcp dport 6667'],
  ['Jetdirect', 'tcp dport 9100'],
  ['L2TP', 'udp dport 1701'],
  ['LDAP', 'tcp dport 389'],
  ['LDAPS', 'tcp dport 636'],
  ['MDNS', 'udp dport 5353'],
  ['MSNP', 'tcp dport 1863'],
  ['MSSQL', 'tcp dport 1433'],
  ['Mail', 'tcp dport 25; tcp dport 465; tcp dport 587'],
  ['Munin', 'tcp dport 4949'],
  ['MySQL', 'tcp dport 3306'],
  ['NNTP', 'tcp dport 119'],
  ['NNTPS', 'tcp dport 563'],
  ['NTP', 'udp dport 123'],
  [
    'NeighborDiscovery',
    'none',
    'icmpv6 dport router-solicitation; icmpv6 dport router-advertisement; icmpv6 dport neighbor-solicitation; icmpv6 dport neighbor-advertisement',
    'icmpv6 dport nd-router-solicit; icmpv6 dport nd-router-advert; icmpv6 dport nd-neighbor-solicit; icmpv6 dport nd-neighbor-advert',
  ],
  ['OSPF', '89'],
  ['OpenVPN', 'udp dport 1194'],
  ['PBS', 'none', 'none', 'tcp dport 8007'],
  ['PCA', 'udp dport 5632; tcp dport 5631'],
  ['PMG', 'tcp dport 8006'],
  ['POP3', 'tcp dport 110'],
  ['POP3S', 'tcp dport 995'],
  ['PPtP', '47; tcp dport 1723'],
  [
    'Ping',
    'icmp dport echo-request',
    'icmpv6 dport echo-request',
    'icmp dport echo-request; icmpv6 dport echo-request',
  ],
  ['PostgreSQL', 'tcp dport 5432'],
  ['Printer', 'tcp dport 515'],
  ['RDP', 'tcp dport 3389'],
  ['RIP', 'udp dport 520'],
  ['RNDC', 'tcp dport 953'],
  ['Razor', 'tcp dport 2703'],
  ['Rdate', 'tcp dport 37'],
  ['Rsync', 'tcp dport 873'],
  ['SANE', 'tcp dport 6566'],
  [
    'SMB',
    'udp dport 135,445; udp dport 137:139; udp sport 137 dport 1024:65535; tcp dport 135,139,445',
  ],
  ['SMBswat', 'tcp dport 901'],
  ['SMTP', 'tcp dport 25'],
  ['SMTPS', 'tcp dport 465'],
  ['SNMP', 'udp dport 161:162; tcp dport 161'],
  ['SPAMD', 'tcp dport 783'],
  ['SPICEproxy', 'tcp dport 3128'],
  ['SSH', 'tcp dport 22'],
  ['SVN', 'tcp dport 3690'],
  ['SixXS', 'tcp dport 3874; udp dport 3740; 41; udp dport 5072,8374'],
  ['Squid', 'tcp dport 3128'],
  ['Submission', 'tcp dport 587'],
  ['Syslog', 'udp dport 514; tcp dport 514'],
  ['TFTP', 'udp dport 69'],
  ['Telnet', 'tcp dport 23'],
  ['Telnets', 'tcp dport 992'],
  ['Time', 'tcp dport 37'],
  [
    'Trcrt',
    'udp dport 33434:33524; icmp dport echo-request',
    'udp dport 33434:33524; icmpv6 dport echo-request',
    'udp dport 33434:33524; icmp dport echo-request; icmpv6 dport echo-request',
  ],
  ['VNC', 'tcp dport 5900:5999'],
  ['VNCL', 'tcp dport 5500'],
  ['Web', 'tcp dport 80; tcp dport 443'],
  ['Webcache', 'tcp dport 8080'],
  ['Webmin', 'tcp dport 10000'],
  ['Whois', 'tcp dport 43'],
]

function show(templates: readonly MacroTemplate[] | null): string {
  if (templates === null || templates.length === 0) return 'none'
  return templates
    .map(({ proto, sport, dport }) => {
      const from = sport === null ? '' : ` sport ${sport}`
      return `${proto}${from}${dport === null ? '' : ` dport ${dport}`}`
    })
    .join('; ')
}

describe('macros', () => {
  it.each(FACTS)('%s', (name, ip4, ip6 = ip4, nftables = ip4) => {
    expect(show(macroTemplates(name, 4))).toBe(ip4)
    expect(show(macroTemplates(name, 6))).toBe(ip6)
    expect(show(findMacro(name)?.nftables ?? null)).toBe(nftables)
  })

  it('are these and no others: 86 under iptables, 88 under nftables', () => {
    expect(MACROS.map((macro) => macro.name)).toEqual(FACTS.map(([name]) => name))
    expect(MACROS.filter(isIptablesMacro)).toHaveLength(86)
    expect(MACROS.filter((macro) => macro.nftables !== null)).toHaveLength(88)
  })

  it('are found in any case', () => {
    expect(findMacro('sSh')?.name).toBe('SSH')
    expect(findMacro('http/3')?.name).toBe('HTTP/3')
    expect(findMacro('nosuch')).toBeNull()
  })

  it('stand for their IPv4 templates while the family is open, unless there are none', () => {
    expect(show(macroTemplates('Ping', null))).toBe('icmp dport echo-request')
    expect(show(macroTemplates('DHCPv6', null))).toBe('udp sport 546:547 dport 546:547')
  })
})
