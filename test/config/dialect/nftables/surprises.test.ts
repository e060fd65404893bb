import { describe, expect, it } from 'vitest'
import {
  clusterFile,
  codesOf,
  type NftCase,
  nftAnswer,
  oneGuest,
} from '../../../support/nftables-case.ts'

/** A case with one rule in cluster.fw. */
function clusterRule(rule: string, ...before: readonly string[]): NftCase {
  return { files: { 'cluster.fw': clusterFile(...before, '[RULES]', rule) } }
}

function hostOption(option: string): NftCase {
  return { files: { 'cluster.fw': clusterFile(), 'host.fw': `[OPTIONS]\n${option}\n` } }
}

function clusterOption(option: string): NftCase {
  return { files: { 'cluster.fw': clusterFile(option) } }
}

/** A case and the codes its diagnostics have, `nftables/` left out. */
const FACTS: readonly (readonly [name: string, input: NftCase, codes: readonly string[]])[] = [
  ['a port without protocol', clusterRule('IN ACCEPT -dport 80'), ['port-ignored']],
  ['a protocol in capitals', clusterRule('IN ACCEPT -p TCP -sport 80'), ['port-ignored']],
  ['an ICMP type as port', clusterRule('IN ACCEPT -p icmp -dport 8'), ['port-ignored']],
  ['a port beside a macro', clusterRule('IN HTTP(ACCEPT) -dport 81'), ['port-ignored']],
  ['an ICMP type without ICMP', clusterRule('IN ACCEPT -icmp-type 8'), ['icmp-type-ignored']],
  ['a disabled rule', clusterRule('|IN ACCEPT -dport 80'), []],
  ['ports where they belong', clusterRule('IN ACCEPT -p tcp -dport 80'), []],
  ['SSH dropped', clusterRule('IN SSH(DROP)'), ['decided-before-rules']],
  ['SSH accepted', clusterRule('IN SSH(ACCEPT)'), []],
  ['SMB accepted', clusterRule('IN SMB(ACCEPT)'), ['decided-before-rules']],
  ['UPnP accepted', clusterRule('IN ACCEPT -p udp -dport 1900'), ['decided-before-rules']],
  ['corosync dropped', clusterRule('IN DROP -p udp -dport 5405:5410'), ['decided-before-rules']],
  ['more than SSH dropped', clusterRule('IN DROP -p tcp -dport 20:30'), []],
  ['DNS answers accepted', clusterRule('IN ACCEPT -p udp -sport 53'), ['decided-before-rules']],
  [
    'a group inside a group',
    clusterRule('IN ACCEPT', '[group a]', '[group b]', 'GROUP a'),
    ['nested-group'],
  ],
  ['-i in a group', clusterRule('IN ACCEPT', '[group a]', 'IN ACCEPT -i net0'), ['iface-in-group']],
  [
    'GROUP -i in a vnet',
    { ...clusterRule('IN ACCEPT', '[group a]'), vnets: { v: '[RULES]\nGROUP a -i x\n' } },
    ['group-iface-forward'],
  ],
  ['REJECT into a guest', oneGuest('[RULES]', 'IN REJECT -p tcp'), ['reject-in-drops']],
  ['policy_in REJECT of a guest', oneGuest('policy_in: REJECT'), ['reject-in-drops']],
  ['REJECT out of a guest', oneGuest('policy_out: REJECT', '[RULES]', 'OUT REJECT'), []],
  ['an option in capitals', clusterOption('Policy_in: DROP'), ['option-unknown']],
  ['ips of a guest', oneGuest('ips: 1'), ['option-without-effect']],
  ['ebtables', clusterOption('ebtables: 0'), ['option-without-effect']],
  ['policy_forward of a guest', oneGuest('policy_forward: DROP'), ['option-without-effect']],
  ['nftables: yes', hostOption('nftables: yes'), ['enable-spelling']],
  ['nftables: 1', hostOption('nftables: 1'), []],
  ['policy_out DROP', clusterOption('policy_out: DROP'), ['policy-out']],
  ['a blacklist', clusterOption('[IPSET blacklist]'), ['blacklist']],
  ['SYN flood protection', hostOption('protection_synflood: 1'), ['synflood']],
  ['host off', hostOption('enable: 0'), ['host-disabled']],
  ['ndp off', hostOption('ndp: 0'), ['blocked-before-rules']],
  ['an unknown helper', hostOption('nf_conntrack_helpers: ftp, sip'), ['helper-unknown']],
  ['dhcp of a guest off', oneGuest('dhcp: 0'), ['blocked-before-rules']],
  [
    'aliases in a vnet',
    { ...clusterOption(''), vnets: { v: '[ALIASES]\na 10.0.0.1\n' } },
    ['unused-in-vnet'],
  ],
  [
    'a set called like a companion',
    clusterOption('[IPSET a]\n[IPSET a-nomatch]'),
    ['set-name-clash'],
  ],
  [
    'an entry within an exception',
    clusterOption('[IPSET s]\n10.0.0.0/8\n!10.1.0.0/16\n10.1.2.0/24'),
    ['excluded-entry'],
  ],
  ['an exception within an entry', clusterOption('[IPSET s]\n10.0.0.0/8\n!10.1.0.0/16'), []],
  [
    'a filter without ipfilter',
    oneGuest('[IPSET ipfilter-net0]', '10.0.0.5'),
    ['ipfilter-not-enforced'],
  ],
  ['a filter of no NIC', oneGuest('[IPSET ipfilter-net1]', '10.0.0.5'), ['ipfilter-unused']],
  ['ipfilter of a VM without set', oneGuest('ipfilter: 1'), ['ipfilter-no-ipv4']],
  [
    'a filter without link-local address',
    oneGuest('ipfilter: 1', '[IPSET ipfilter-net0]', '10.0.0.5'),
    ['ipfilter-no-link-local'],
  ],
  [
    'a filter with all that is needed',
    oneGuest('ipfilter: 1', '[IPSET ipfilter-net0]', '10.0.0.5', 'fe80::/10'),
    [],
  ],
  ['a set management of a guest', oneGuest('[IPSET management]'), ['guest-management-set']],
  ['a NIC that is not there', oneGuest('[RULES]', 'IN ACCEPT -i net5'), ['iface-without-nic']],
  ['an unknown macro', clusterRule('IN Htttp(ACCEPT)'), ['rule-skipped']],
  ['an unknown alias', clusterRule('IN ACCEPT -source nosuch'), ['rule-skipped']],
  ['the alias local_network', clusterRule('IN ACCEPT -source local_network'), ['rule-skipped']],
  ['an unknown IPSet', clusterRule('IN ACCEPT -source +nosuch'), ['rule-skipped']],
  ['a NIC beyond net30', oneGuest('[RULES]', 'IN ACCEPT -i net31'), ['rule-skipped']],
  ['-i forward', clusterRule('FORWARD ACCEPT -i vmbr0'), ['rule-skipped']],
  [
    'a v4 source for Ping',
    clusterRule('IN Ping(ACCEPT) -source 10.0.0.0/8'),
    ['address-match-lost'],
  ],
  [
    'a v4 source for icmpv6',
    clusterRule('IN ACCEPT -p icmpv6 -source 10.0.0.0/8'),
    ['address-match-lost'],
  ],
  [
    'aliases of two families',
    clusterRule('IN ACCEPT -source a -dest b', '[ALIASES]', 'a 10.0.0.1', 'b fd00::1'),
    ['address-match-lost'],
  ],
  [
    'a v4 destination for a set of both families',
    clusterRule('IN ACCEPT -source +s -dest 10.0.0.1', '[IPSET s]', '10.0.0.1', 'fd00::1'),
    ['address-match-lost'],
  ],
  [
    'a v4 destination for a v4 set',
    clusterRule('IN ACCEPT -source +s -dest 10.0.0.1', '[IPSET s]', '10.0.0.1'),
    [],
  ],
  [
    'a macro beside another protocol',
    clusterRule('IN DNS(ACCEPT) -p tcp'),
    ['macro-never-matches'],
  ],
  ['a macro beside its protocol', clusterRule('IN HTTP(ACCEPT) -p tcp'), []],
  ['Ping beside icmpv6', clusterRule('IN Ping(ACCEPT) -p icmpv6'), ['macro-match-lost']],
]

describe('what loads without doing what it says has a diagnostic', () => {
  it.each(FACTS.map(([name, input, codes]) => ({ name, input, codes })))(
    '$name',
    ({ input, codes }) => {
      const answer = nftAnswer(input)
      expect(answer.compiled.state).toBe('compiled')
      expect(codesOf(answer)).toEqual(codes.map((code) => `nftables/${code}`))
    },
  )
})

describe('a diagnostic is read by people', () => {
  it('says once what a group does in both tables and all directions', () => {
    const group = ['[group g]', 'IN ACCEPT -source nosuch', '[RULES]', 'GROUP g']
    const input = oneGuest('[RULES]', 'GROUP g')
    const files = { ...input.files, 'cluster.fw': clusterFile(...group) }
    const { compiled } = nftAnswer({ ...input, files })
    expect(compiled.diagnostics.map(({ message }) => message)).toEqual([
      'the rule is left out: could not find alias nosuch',
    ])
  })

  it('guesses the macro that was meant', () => {
    const { compiled } = nftAnswer(clusterRule('IN SHS(ACCEPT)'))
    expect(compiled.diagnostics[0]?.help).toBe('did you mean `SSH`?')
  })

  it('names the consequence of a refusal', () => {
    const { config } = nftAnswer(clusterRule('IN HTTP'))
    expect(config.refusal?.diagnostic.message).toBe(
      '`HTTP` is no verdict, so proxmox-firewall loads nothing at all: the old rules stay, and after a boot there are none',
    )
    expect(config.refusal?.diagnostic.upstream).toEqual([
      "error updating firewall rules: invalid verdict \"HTTP\", expected one of 'ACCEPT', 'REJECT' or 'DROP'",
    ])
  })
})
