import type { DiagnosticCode } from '../../source/codes.ts'
import type { Difference } from './difference.ts'
import {
  hostSwitch,
  leftOutByIptables,
  nestedGroups,
  restoreRefused,
  toldInLines,
} from './finders.ts'

const noFinder = { find: null } as const
const untold = { told: [] } as const

/** Complaints of the nftables reader that stop everything and that no difference of their own explains. */
const BAD_LINES: readonly DiagnosticCode[] = [
  'nftables/alias-duplicate',
  'nftables/alias-invalid',
  'nftables/duplicate-section',
  'nftables/group-options',
  'nftables/ipset-entry',
  'nftables/line-outside-section',
  'nftables/nic-duplicate',
  'nftables/nic-key',
  'nftables/not-declared-here',
  'nftables/not-utf8',
  'nftables/option-duplicate',
  'nftables/option-syntax',
  'nftables/option-value',
  'nftables/rule-address',
  'nftables/rule-direction',
  'nftables/rule-families',
  'nftables/rule-icmp-type',
  'nftables/rule-interface',
  'nftables/rule-option-duplicate',
  'nftables/rule-option-unknown',
  'nftables/rule-port',
  'nftables/rule-syntax',
  'nftables/rule-verdict',
  'nftables/sdn-invalid',
  'nftables/vnet-name',
]

/** What one of the two programs reads and the other does not, and what that costs. */
export const LOAD_DIFFERENCES: readonly Difference[] = [
  {
    code: 'backends/one-bad-line',
    effect: 'load',
    sentence:
      'A line that cannot be read costs only itself with iptables; with nftables it stops every update of the node: ' +
      'the old rules stay, and after a boot there are none.',
    source:
      'proxmox-firewall config.rs `FirewallConfig::new`; Firewall.pm `generic_fw_config_parser`',
    section: '17.1',
    scenario: 'wrong-option-kills-allow-rule',
    told: BAD_LINES,
    ...noFinder,
  },
  {
    code: 'backends/case-matters',
    effect: 'load',
    sentence:
      'Section headers, GROUP, option keys, log levels, macros and names of sets and groups are taken in any case by ' +
      'iptables; nftables refuses or misses all but one spelling.',
    source: 'proxmox-ve-rs firewall/common.rs; Firewall.pm `generic_fw_config_parser`',
    section: '17.2',
    scenario: 'case',
    told: ['nftables/section-invalid', 'nftables/section-header'],
    ...noFinder,
  },
  {
    code: 'backends/bare-hash',
    effect: 'load',
    sentence:
      'A rule that ends in a `#` with nothing behind it is fine with iptables and refused with nftables, with ' +
      'everything else.',
    source: 'proxmox-ve-rs firewall/parse.rs `split_comment`; Firewall.pm `parse_fw_rule`',
    section: '17.3',
    scenario: 'bare-hash',
    ...untold,
    find: toldInLines('nftables/rule-syntax', /#$/),
  },
  {
    code: 'backends/empty-log-level',
    effect: 'load',
    sentence:
      'A log level left empty means nolog to iptables; nftables refuses everything because of it.',
    source: 'proxmox-ve-rs firewall/types/log.rs; Firewall.pm `parse_hostfw_option`',
    section: '17.4',
    scenario: 'empty-log-level',
    told: ['nftables/log-level'],
    ...noFinder,
  },
  {
    code: 'backends/trial-timer',
    effect: 'load',
    sentence:
      '`enable` of cluster.fw may be a time with iptables, which then counts as on or off by the clock; to nftables any ' +
      'number but 0 and 1 is an error that stops everything.',
    source: 'proxmox-ve-rs firewall/cluster.rs `Options`; Firewall.pm `parse_clusterfw_option`',
    section: '17.5',
    scenario: 'trial-timer',
    ...untold,
    find: toldInLines('nftables/option-value', /^enable[ \t]*:[ \t]*[0-9]/),
  },
  {
    code: 'backends/lenient-switch',
    effect: 'load',
    sentence:
      'A switch written as `yes` or `on` means on to proxmox-firewall only; pve-firewall, which decides for both, takes ' +
      'it for unset and has the nftables rules removed.',
    source: 'Firewall.pm `update_force_nftables_disable_flag`',
    section: '1',
    scenario: 'switch-in-words',
    told: ['nftables/enable-spelling'],
    ...noFinder,
  },
  {
    code: 'backends/ports-without-protocol',
    effect: 'verdict',
    sentence:
      'A rule with ports and no protocol that has ports is left out by iptables; nftables keeps it without the ports, so ' +
      'it matches far more than it says.',
    source: 'proxmox-ve-rs firewall/types/rule_match.rs `Protocol`; Firewall.pm `verify_rule`',
    section: '17.6',
    scenario: 'dport-without-proto',
    ...untold,
    find: toldInLines('nftables/port-ignored', /^(?!.*icmp)/i),
  },
  {
    code: 'backends/icmp-type-as-port',
    effect: 'verdict',
    sentence:
      'An ICMP type in `-dport` is read as such by iptables; nftables passes over it and matches all of ICMP.',
    source: 'proxmox-ve-rs firewall/types/rule_match.rs `Protocol`; Firewall.pm `ipt_rule_to_cmds`',
    section: '17.7',
    scenario: 'icmp-type-as-port',
    told: ['nftables/icmp-type-ignored'],
    find: toldInLines('nftables/port-ignored', /icmp/i),
  },
  {
    code: 'backends/family-lost',
    effect: 'verdict',
    sentence:
      'What of a rule does not fit its address family (protocol, macro, source, destination) is left out with the rule by ' +
      'iptables; nftables keeps it, without the match that does not fit.',
    source: 'proxmox-firewall rule.rs `handle_match`; Firewall.pm `verify_rule`',
    section: '17.8',
    scenario: 'family-lost',
    told: ['nftables/address-match-lost', 'nftables/macro-match-lost'],
    ...noFinder,
  },
  {
    code: 'backends/interface-in-group',
    effect: 'verdict',
    sentence:
      'A rule with `-i` inside a security group is left out by iptables; with nftables it means an interface of the host ' +
      'and never matches for guests.',
    source: 'proxmox-firewall rule.rs `handle_iface`; Firewall.pm `verify_rule`',
    section: '17.9',
    scenario: 'interface-in-group',
    told: ['nftables/iface-in-group', 'nftables/group-iface-forward'],
    ...noFinder,
  },
  {
    code: 'backends/undefined-group',
    effect: 'load',
    sentence:
      'A GROUP line of a group that does not exist does nothing with iptables; with nftables nft refuses the whole update.',
    source: 'proxmox-firewall rule.rs; nftables chain lookup; Firewall.pm `generate_group_rules`',
    section: '17.11',
    scenario: 'group-names-an-ipset',
    told: ['nftables/nft-undefined-group'],
    ...noFinder,
  },
  {
    code: 'backends/alias-missing-in-set',
    effect: 'load',
    sentence:
      'A set entry that names an alias which does not exist is left out by iptables; nftables refuses everything because of it.',
    source: 'proxmox-firewall object.rs; Firewall.pm `generate_ipset`',
    section: '17.12',
    scenario: 'alias-missing-in-set',
    told: ['nftables/ipset-alias-missing'],
    ...noFinder,
  },
  {
    code: 'backends/nic-model',
    effect: 'load',
    sentence:
      'A guest with a .fw file and a NIC of a model other than virtio, e1000, rtl8139 and vmxnet3, or with net31, is fine ' +
      'with iptables; nftables refuses everything because of it.',
    source: 'proxmox-ve-rs guest/vm.rs `NetworkDeviceModel`',
    section: '17.13',
    scenario: 'nic-model',
    told: ['nftables/nic-invalid'],
    ...noFinder,
  },
  {
    code: 'backends/nested-group',
    effect: 'verdict',
    sentence:
      'A GROUP line inside a security group is left out by iptables; nftables enters the inner group, if its name comes first.',
    source: 'proxmox-firewall rule.rs; Firewall.pm `parse_fw_rule`',
    section: '17.15',
    scenario: 'nested-group',
    told: ['nftables/nested-group', 'nftables/nft-group-loop'],
    find: nestedGroups,
  },
  {
    code: 'backends/synflood',
    effect: 'load',
    sentence:
      '`protection_synflood` limits new connections with iptables; with nftables nft 1.1.2 and later refuse the whole ' +
      'update, and older ones drop every new connection to the host.',
    source: 'proxmox-firewall firewall.rs `handle_host_options`; nftables parser_json.c',
    section: '17.23',
    scenario: 'synflood',
    told: ['nftables/synflood', 'nftables/nft-synflood'],
    ...noFinder,
  },
  {
    code: 'backends/refused-by-nft',
    effect: 'load',
    sentence:
      'Unknown protocol words, impossible interface names, sets that do not exist and the like make nft refuse the whole ' +
      'update; iptables leaves such rules out or takes them.',
    source: 'proxmox-firewall bin/proxmox-firewall.rs `handle_firewall`; nftables',
    section: '16',
    scenario: 'protocol-word',
    told: [
      'nftables/nft-interface-name',
      'nftables/nft-log-prefix',
      'nftables/nft-log-rate',
      'nftables/nft-missing-set',
      'nftables/nft-name-too-long',
      'nftables/nft-overlap',
      'nftables/nft-protocol',
      'nftables/nft-protocol-conflict',
      'nftables/nft-vnet-reject',
    ],
    ...noFinder,
  },
  {
    code: 'backends/equal-entries',
    effect: 'load',
    sentence:
      'One network spelled twice in a set makes ipset refuse the whole update with iptables; nftables merges the entries.',
    source: 'Firewall.pm `generate_ipset`; proxmox-firewall object.rs (auto-merge)',
    section: '16',
    scenario: 'equal-set-entries',
    ...untold,
    find: restoreRefused,
  },
  {
    code: 'backends/line-ends',
    effect: 'verdict',
    sentence:
      'Windows line ends hide sections and options from iptables; nftables reads the file as it is meant.',
    source: 'Firewall.pm `generic_fw_config_parser`; proxmox-ve-rs firewall/common.rs',
    section: '3.1',
    scenario: 'crlf-file',
    ...untold,
    find: ({ tree }) =>
      [tree.clusterFw, tree.hostFw, ...tree.guestFw.values()]
        .filter((file) => file?.text.includes('\r\n') === true)
        .flatMap((file) =>
          file === null
            ? []
            : [
                {
                  span: { file, start: 0, end: Math.max(0, file.text.indexOf('\r')) },
                  note: 'the file has Windows line ends',
                },
              ],
        ),
  },
  {
    code: 'backends/names-in-any-order',
    effect: 'verdict',
    sentence:
      'A name must be defined above its use with iptables, or the line is left out; nftables finds it anywhere in the files.',
    source: 'Firewall.pm `generic_fw_config_parser`; proxmox-firewall config.rs',
    section: '5',
    scenario: 'alias-defined-below',
    ...untold,
    find: leftOutByIptables(
      ['config/unknown-alias', 'config/unknown-ipset'],
      'iptables leaves this out; nftables looks in all files before it does',
    ),
  },
  {
    code: 'backends/alias-blanks',
    effect: 'verdict',
    sentence:
      'Two blanks between an alias and its address hide the alias from iptables; nftables reads it.',
    source: 'Firewall.pm `parse_alias`; proxmox-ve-rs firewall/types/alias.rs',
    section: '3.2',
    scenario: 'alias-two-spaces',
    ...untold,
    find: leftOutByIptables(['config/bad-alias'], 'nftables reads this alias'),
  },
  {
    code: 'backends/zero-prefix',
    effect: 'verdict',
    sentence:
      'A set may not hold 0.0.0.0/0 or ::/0 with iptables, so the entry is left out; nftables takes it.',
    source: 'Firewall.pm `parse_ip_or_cidr`; proxmox-ve-rs firewall/types/ipset.rs',
    section: '3.4',
    scenario: 'zero-prefix',
    ...untold,
    find: leftOutByIptables(['config/zero-prefix'], 'nftables takes this entry'),
  },
  {
    code: 'backends/fail-open-group',
    effect: 'verdict',
    sentence:
      'A rule that passes the checks but cannot be compiled ends the chain it is in with iptables, and with it the ' +
      'filtering of guests; nftables leaves out that one rule.',
    source: 'Firewall.pm `compile`; proxmox-firewall firewall.rs (1.2.3)',
    section: '2',
    scenario: 'fail-open-group',
    ...untold,
    find: leftOutByIptables(
      [
        'compile/guest-unfiltered',
        'compile/group-truncated',
        'compile/group-lost',
        'compile/rule-lost',
      ],
      'nftables does not lose more than one rule here',
    ),
  },
  {
    code: 'backends/smurfs-and-flags',
    effect: 'verdict',
    sentence:
      '`tcpflags` and `nosmurfs` protect the host and the guests with iptables, the host alone with nftables.',
    source:
      'Firewall.pm `ruleset_create_vm_chain`; proxmox-firewall firewall.rs `handle_host_options`',
    section: '17.22',
    scenario: 'tcpflags-on-guests',
    ...untold,
    find: hostSwitch('tcpflags', false, 'guests lose this check'),
  },
]
