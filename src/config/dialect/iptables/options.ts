import { unreachable } from '../../../source/unreachable.ts'
import type { FwScope } from './model.ts'

/** What may stand behind `key:`. Letter case never counts. */
export type OptionValue =
  /** `0` or `1`. */
  | { readonly kind: 'switch' }
  | { readonly kind: 'number' }
  /** A log level; empty where `empty` is set, which means `nolog`. */
  | { readonly kind: 'level'; readonly empty: boolean }
  | { readonly kind: 'policy'; readonly words: readonly string[] }
  /** `N` or `N:M`. */
  | { readonly kind: 'queues' }
  /** One word without white space; `of` says what its parts between commas are. */
  | { readonly kind: 'word'; readonly of: 'helpers' | 'ethertypes' | 'ratelimit' }

/** An option of a .fw file as pve-firewall knows it. */
export type FwOption = {
  readonly scope: FwScope
  readonly key: string
  readonly value: OptionValue
  /** What counts when the line is absent; null: nothing in particular. */
  readonly otherwise: string | null
  readonly effect: string
  /** Why the iptables backend does nothing with it; null: it has an effect. */
  readonly ignored: string | null
  /** The sub of Firewall.pm that decides the effect. */
  readonly source: string
}

const SWITCH: OptionValue = { kind: 'switch' }
const NUMBER: OptionValue = { kind: 'number' }
const LEVEL: OptionValue = { kind: 'level', empty: true }
const POLICY: OptionValue = { kind: 'policy', words: ['ACCEPT', 'DROP', 'REJECT'] }

function option(
  scope: FwScope,
  key: string,
  value: OptionValue,
  otherwise: string | null,
  effect: string,
  source: string,
): FwOption {
  return { scope, key, value, otherwise, effect, ignored: null, source }
}

function ignored(
  scope: FwScope,
  key: string,
  value: OptionValue,
  effect: string,
  why: string,
): FwOption {
  return {
    scope,
    key,
    value,
    otherwise: null,
    effect,
    ignored: why,
    source: `parse_${PARSERS[scope]}_option`,
  }
}

const PARSERS: { readonly [scope in FwScope]: string } = {
  cluster: 'clusterfw',
  host: 'hostfw',
  guest: 'vmfw',
  vnet: 'vnetfw',
}

const NFTABLES_ONLY = 'only the nftables backend filters what is forwarded'

/** All options, per file in the order of the documentation. */
export const OPTIONS: readonly FwOption[] = [
  option(
    'cluster',
    'enable',
    NUMBER,
    '0',
    '0 switches the firewall off on every node; a value above 1 is a time in seconds since 1970, and the firewall is on until 60 s after it',
    'parse_clusterfw_option',
  ),
  option(
    'cluster',
    'ebtables',
    SWITCH,
    '1',
    '0 leaves the layer 2 filter of guests out',
    'compile_ebtables_filter',
  ),
  option(
    'cluster',
    'policy_in',
    POLICY,
    'DROP',
    'what happens to packets to a host that no rule decides',
    'enable_host_firewall',
  ),
  option(
    'cluster',
    'policy_out',
    POLICY,
    'ACCEPT',
    'what happens to packets from a host that no rule decides',
    'enable_host_firewall',
  ),
  ignored(
    'cluster',
    'policy_forward',
    POLICY,
    'what happens to forwarded packets that no rule decides',
    NFTABLES_ONLY,
  ),
  option(
    'cluster',
    'log_ratelimit',
    { kind: 'word', of: 'ratelimit' },
    'enable=1,rate=1/second',
    'limits how many packets are logged; keys are enable (must be given), rate and burst',
    'set_global_log_ratelimit',
  ),

  option(
    'host',
    'enable',
    SWITCH,
    '1',
    '0 leaves the host itself unfiltered; guests stay filtered',
    'compile_iptables_filter',
  ),
  option(
    'host',
    'nftables',
    SWITCH,
    '0',
    '1 hands the node over to the nftables backend if that is installed',
    'is_enabled_and_not_nftables',
  ),
  option(
    'host',
    'log_level_in',
    LEVEL,
    'nolog',
    'log level of packets to the host that the policy drops or rejects',
    'enable_host_firewall',
  ),
  option(
    'host',
    'log_level_out',
    LEVEL,
    'nolog',
    'log level of packets from the host that the policy drops or rejects, and of the blacklist',
    'enable_host_firewall',
  ),
  ignored('host', 'log_level_forward', LEVEL, 'log level of forwarded packets', NFTABLES_ONLY),
  option(
    'host',
    'tcp_flags_log_level',
    LEVEL,
    'nolog',
    'log level of packets that tcpflags drops',
    'generate_std_chains',
  ),
  option(
    'host',
    'smurf_log_level',
    LEVEL,
    'nolog',
    'log level of packets that nosmurfs drops',
    'generate_std_chains',
  ),
  option(
    'host',
    'nosmurfs',
    SWITCH,
    '1',
    '1 drops IPv4 packets from a broadcast or multicast address',
    'ruleset_chain_add_input_filters',
  ),
  option(
    'host',
    'tcpflags',
    SWITCH,
    '0',
    '1 drops TCP packets with impossible flags',
    'ruleset_chain_add_input_filters',
  ),
  option(
    'host',
    'ndp',
    SWITCH,
    '1',
    '1 lets IPv6 neighbour discovery of the host pass',
    'enable_host_firewall',
  ),
  option(
    'host',
    'nf_conntrack_allow_invalid',
    SWITCH,
    '0',
    '1 lets packets of no known connection be forwarded; the host drops them all the same',
    'compile_iptables_filter',
  ),
  option(
    'host',
    'nf_conntrack_helpers',
    { kind: 'word', of: 'helpers' },
    null,
    'connection tracking helpers to use, separated by commas',
    'compile_iptables_raw',
  ),
  option(
    'host',
    'nf_conntrack_max',
    NUMBER,
    '262144',
    'connections that are tracked at most, rounded up to a multiple of 8192; smaller values than the default have no effect',
    'update_nf_conntrack_max',
  ),
  option(
    'host',
    'nf_conntrack_tcp_timeout_established',
    NUMBER,
    '432000',
    'seconds a silent TCP connection is remembered',
    'update_nf_conntrack_tcp_timeout_established',
  ),
  option(
    'host',
    'nf_conntrack_tcp_timeout_syn_recv',
    NUMBER,
    '60',
    'seconds a half-open TCP connection counts for protection_synflood',
    'compile_iptables_raw',
  ),
  option(
    'host',
    'protection_synflood',
    SWITCH,
    '0',
    '1 drops new TCP connections above protection_synflood_rate',
    'compile_iptables_raw',
  ),
  option(
    'host',
    'protection_synflood_rate',
    NUMBER,
    '200',
    'new TCP connections per second and source address',
    'compile_iptables_raw',
  ),
  option(
    'host',
    'protection_synflood_burst',
    NUMBER,
    '1000',
    'new TCP connections at once per source address',
    'compile_iptables_raw',
  ),
  option(
    'host',
    'log_nf_conntrack',
    SWITCH,
    '0',
    '1 logs connections',
    'update_nf_conntrack_logging',
  ),
  ignored('host', 'protection_limit', NUMBER, 'none', 'nothing reads it'),

  option(
    'guest',
    'enable',
    SWITCH,
    '0',
    '1 filters the NICs of the guest that have firewall=1',
    'compile_iptables_filter',
  ),
  option(
    'guest',
    'dhcp',
    SWITCH,
    '1',
    '0 no longer lets DHCP pass before all rules (documentation and web interface say 0 is the default)',
    'ruleset_create_vm_chain',
  ),
  option(
    'guest',
    'ndp',
    SWITCH,
    '1',
    '1 lets IPv6 neighbour discovery pass',
    'ruleset_create_vm_chain',
  ),
  option(
    'guest',
    'radv',
    SWITCH,
    '0',
    '1 lets the guest send IPv6 router advertisements',
    'ruleset_create_vm_chain',
  ),
  option(
    'guest',
    'macfilter',
    SWITCH,
    '1',
    '1 drops packets from another MAC address than that of the NIC',
    'ruleset_create_vm_chain',
  ),
  option(
    'guest',
    'ipfilter',
    SWITCH,
    '0',
    '1 drops packets from addresses that are not in the set ipfilter-netN of the NIC',
    'ruleset_create_vm_chain',
  ),
  option(
    'guest',
    'policy_in',
    POLICY,
    'DROP',
    'what happens to packets to the guest that no rule decides',
    'generate_tap_rules_direction',
  ),
  option(
    'guest',
    'policy_out',
    POLICY,
    'ACCEPT',
    'what happens to packets from the guest that no rule decides',
    'generate_tap_rules_direction',
  ),
  option(
    'guest',
    'log_level_in',
    LEVEL,
    'nolog',
    'log level of packets to the guest that the policy drops or rejects',
    'generate_tap_rules_direction',
  ),
  option(
    'guest',
    'log_level_out',
    LEVEL,
    'nolog',
    'log level of packets from the guest that the policy drops or rejects',
    'generate_tap_rules_direction',
  ),
  option(
    'guest',
    'ips',
    SWITCH,
    '0',
    '1 hands accepted packets to an intrusion prevention system (NFQUEUE)',
    'generate_nfqueue',
  ),
  option(
    'guest',
    'ips_queues',
    { kind: 'queues' },
    '0',
    'queue numbers for ips',
    'generate_nfqueue',
  ),
  option(
    'guest',
    'layer2_protocols',
    { kind: 'word', of: 'ethertypes' },
    null,
    'protocols beside IP that the guest may send, by the names of etc/ethertypes',
    'generate_tap_layer2filter',
  ),

  ignored('vnet', 'enable', NUMBER, 'switches the firewall of the vnet on', NFTABLES_ONLY),
  ignored(
    'vnet',
    'policy_forward',
    { kind: 'policy', words: ['ACCEPT', 'DROP'] },
    'what happens to packets of the vnet that no rule decides',
    NFTABLES_ONLY,
  ),
  ignored(
    'vnet',
    'log_level_forward',
    { kind: 'level', empty: false },
    'log level of the policy',
    NFTABLES_ONLY,
  ),
]

/** The option of that key (lower case) in a file of that kind, or null. */
export function findOption(scope: FwScope, key: string): FwOption | null {
  return BY_KEY.get(`${scope} ${key}`) ?? null
}

const BY_KEY: ReadonlyMap<string, FwOption> = new Map(
  OPTIONS.map((one) => [`${one.scope} ${one.key}`, one]),
)

/** The accepted values of an option in words. */
export function valueHelp(value: OptionValue): string {
  switch (value.kind) {
    case 'switch':
      return '`0` or `1`'
    case 'number':
      return 'decimal digits'
    case 'level':
      return LOG_LEVELS.join(', ')
    case 'policy':
      return value.words.join(', ')
    case 'queues':
      return 'a queue number, or `first:last`'
    case 'word':
      return WORDS[value.of]
    default:
      return unreachable(value)
  }
}

export const LOG_LEVELS: readonly string[] = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warning',
  'notice',
  'info',
  'debug',
  'nolog',
]

/** Helpers of `nf_conntrack_helpers` (`$pve_fw_helpers`). */
export const CONNTRACK_HELPERS: readonly string[] = [
  'amanda',
  'ftp',
  'irc',
  'netbios-ns',
  'pptp',
  'sane',
  'sip',
  'snmp',
  'tftp',
]

const WORDS = {
  helpers: `a comma list of ${CONNTRACK_HELPERS.join(', ')}`,
  ethertypes: 'a comma list without blanks of names from etc/ethertypes whose number has no letter',
  ratelimit: 'such as `1,rate=10/second,burst=5`, without blanks and with the key in lower case',
}
