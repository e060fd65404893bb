import type { Difference } from './difference.ts'
import { filteredGuests, filteredHost, hostOption } from './finders.ts'

type Operation = Omit<Difference, 'effect' | 'scenario'>

/** What no packet shows: log lines, kernel settings, how an update is done. */
export const OPERATION_DIFFERENCES: readonly Difference[] = (
  [
    {
      code: 'backends/conntrack-helpers',
      sentence:
        '`nf_conntrack_helpers` is for all traffic with iptables, and for that of the host alone with nftables.',
      source: 'Firewall.pm `compile_raw`; proxmox-firewall firewall.rs `handle_host_options`',
      section: '17.24',
      told: ['nftables/helper-unknown'],
      find: hostOption('nf_conntrack_helpers', 'guests lose these helpers'),
    },
    {
      code: 'backends/sysctl-defaults',
      sentence:
        'Conntrack settings that are not in host.fw are set to defaults by iptables, and left as they are by nftables.',
      source: 'Firewall.pm `update_nf_conntrack_max`; proxmox-firewall firewall.rs',
      section: '17.26',
      told: [],
      find: null,
    },
    {
      code: 'backends/accept-is-logged',
      sentence:
        'The log level of a policy also logs what an ACCEPT policy lets pass with nftables; iptables never logs that.',
      source: 'proxmox-firewall firewall.rs; Firewall.pm `ruleset_add_chain_policy`',
      section: '17.31',
      told: [],
      find: null,
    },
    {
      code: 'backends/noise-is-logged',
      sentence:
        'Broadcasts, SMB and late DNS answers to guests are dropped without a log line by iptables; with nftables they meet the policy and are logged.',
      source: 'Firewall.pm `PVEFW-Drop`; proxmox-firewall.nft',
      section: '17.32',
      told: [],
      find: filteredGuests('the logs of guests get longer'),
    },
    {
      code: 'backends/log-prefix',
      sentence: 'Log lines name other chains and verdicts, so what reads them must be adapted.',
      source: 'proxmox-firewall rule.rs `handle_log`; Firewall.pm `get_log_rule_base`',
      section: '17.34',
      told: [],
      find: filteredHost('what reads the firewall log must be adapted'),
    },
    {
      code: 'backends/options-without-effect',
      sentence:
        '`ips`, `ips_queues` and `layer2_protocols` of guests, `ebtables` of cluster.fw and option keys that are not in lower case do nothing with nftables.',
      source: 'proxmox-ve-rs firewall/guest.rs, firewall/cluster.rs `Options`',
      section: '17.39',
      told: ['nftables/option-without-effect', 'nftables/option-unknown'],
      find: null,
    },
    {
      code: 'backends/late-mark',
      sentence:
        'Connections of guests get their mark before the rules with iptables, and only where no automatic rule decided with nftables.',
      source: 'proxmox-firewall firewall.rs; Firewall.pm `ruleset_create_vm_chain`',
      section: '17.40',
      told: [],
      find: null,
    },
    {
      code: 'backends/fail-open',
      sentence:
        'When an update fails iptables keeps its rules table by table; with nftables all old rules stay, but after a boot nothing or only the fixed part is there.',
      source: 'proxmox-firewall bin/proxmox-firewall.rs `handle_firewall`',
      section: '17.44',
      told: [],
      find: null,
    },
    {
      code: 'backends/stale-sets',
      sentence:
        'Sets that are no longer used are removed by iptables and stay for ever with nftables.',
      source: 'proxmox-firewall firewall.rs',
      section: '17.45',
      told: [],
      find: null,
    },
    {
      code: 'backends/foreign-chains',
      sentence:
        'Every update of nftables deletes chains named guest-, bridge- or group- in any table of the host, also those of others.',
      source: 'proxmox-firewall firewall.rs `remove_chains`',
      section: '17.46',
      told: [],
      find: null,
    },
    {
      code: 'backends/compile-writes',
      sentence:
        '`proxmox-firewall compile` writes kernel settings; `pve-firewall compile` writes nothing.',
      source: 'proxmox-firewall bin/proxmox-firewall.rs',
      section: '17.47',
      told: [],
      find: null,
    },
    {
      code: 'backends/rebuilt-every-time',
      sentence:
        'iptables changes what differs, every 10 seconds; nftables builds the whole ruleset anew every 5, which takes long with many guests.',
      source: 'proxmox-firewall bin/proxmox-firewall.rs; Firewall.pm `apply_ruleset`',
      section: '17.48',
      told: [],
      find: null,
    },
    {
      code: 'backends/firewall-bridges',
      sentence:
        'Filtered NICs have a bridge of their own (fwbr) with iptables, which counts their connections twice; with nftables the tap is filtered where it is. NICs change when the guest is started.',
      source: 'PVE::Network `tap_plug`; pve-docs pve-firewall.adoc, "nftables"',
      section: '1',
      told: [],
      find: filteredGuests('start running guests anew after the switch'),
    },
    {
      code: 'backends/bridge-nf-call',
      sentence:
        'pve-firewall sets bridge-nf-call-iptables and nothing resets it: until the node is booted, FORWARD rules of nftables also judge what is bridged.',
      source: 'Firewall.pm `enable_bridge_firewall`; net/bridge/br_netfilter_hooks.c',
      section: '14',
      told: [],
      find: ({ nftables: { config } }) => {
        const policy = config.cluster?.options.get('policy_forward')
        return policy === undefined || policy.value.toUpperCase() === 'ACCEPT'
          ? []
          : [
              {
                span: policy.span,
                note: 'until the next boot this cuts off all guests that are bridged',
              },
            ]
      },
    },
  ] satisfies readonly Operation[]
).map((one) => ({ ...one, effect: 'operation', scenario: null }))
