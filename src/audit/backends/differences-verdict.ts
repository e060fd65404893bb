import { flag as nftFlag } from '../../config/dialect/nftables/options.ts'
import type { Difference } from './difference.ts'
import { filteredGuests, filteredHost, forwarding, guestPolicy, hostSwitch } from './finders.ts'

/** What becomes of packets under the same, readable configuration. */
export const VERDICT_DIFFERENCES: readonly Difference[] = [
  {
    code: 'backends/management-first',
    effect: 'verdict',
    sentence:
      'Hosts of the management set reach ports 22, 3128, 5900-5999 and 8006 before any rule is asked with nftables; ' +
      'with iptables the rules of host.fw and cluster.fw come first.',
    source: 'proxmox-firewall.nft `default-in`; Firewall.pm `enable_host_firewall`',
    section: '17.16',
    scenario: 'order',
    told: ['nftables/decided-before-rules'],
    find: null,
  },
  {
    code: 'backends/decided-before-rules',
    effect: 'verdict',
    sentence:
      'What comes to udp port 1900 or from udp port 53 of the host is dropped before the rules with nftables; iptables asks the rules first.',
    source: 'proxmox-firewall.nft `default-in`; Firewall.pm `PVEFW-Drop`',
    section: '17.16',
    scenario: 'ssdp-on-host',
    told: ['nftables/decided-before-rules'],
    find: null,
  },
  {
    code: 'backends/smb-rejected',
    effect: 'verdict',
    sentence:
      'SMB packets to the host are rejected by nftables whatever the rules and the policy say; iptables asks the rules, then drops.',
    source: 'proxmox-firewall.nft `default-in`; Firewall.pm `PVEFW-Drop`',
    section: '17.17',
    scenario: 'samba-on-host',
    told: [],
    find: filteredHost('ports 135, 137-139 and 445 of the host are rejected before the rules'),
  },
  {
    code: 'backends/corosync-from-anyone',
    effect: 'verdict',
    sentence:
      'nftables opens udp ports 5405 to 5412 of the host to everyone; iptables opens 5404 and 5405 to the other nodes, link by link.',
    source: 'proxmox-firewall.nft `default-in`; Firewall.pm `enable_host_firewall`',
    section: '17.18',
    scenario: 'corosync-from-anyone',
    told: [],
    find: filteredHost('udp ports 5405 to 5412 of the host are open to everyone'),
  },
  {
    code: 'backends/migration-ports',
    effect: 'verdict',
    sentence:
      'Ports 60000 to 60050, by which guests migrate, are open to the management set with iptables and closed with nftables.',
    source: 'Firewall.pm `enable_host_firewall`; proxmox-firewall.nft `default-in`',
    section: '17.19',
    scenario: 'migration-network',
    told: [],
    find: (pair) =>
      pair.tree.nodes.length > 1
        ? filteredHost('migration between the nodes needs a rule for tcp ports 60000:60050')(pair)
        : [],
  },
  {
    code: 'backends/policy-out',
    effect: 'verdict',
    sentence:
      'With `policy_out: DROP` iptables still lets the host reach the other nodes (8006, 22, 5900-5999, 3128, corosync); nftables lets out nothing of its own.',
    source: 'Firewall.pm `enable_host_firewall`; proxmox-firewall.nft `default-out`',
    section: '17.20',
    scenario: 'policy-out-drop-host',
    told: ['nftables/policy-out'],
    find: null,
  },
  {
    code: 'backends/blacklist',
    effect: 'verdict',
    sentence:
      'The set `blacklist` is dropped before all rules with iptables; with nftables it is a set like any other.',
    source: 'Firewall.pm `ruleset_chain_add_input_filters`',
    section: '17.21',
    scenario: 'blacklist-and-established',
    told: ['nftables/blacklist'],
    find: null,
  },
  {
    code: 'backends/allow-invalid-host',
    effect: 'verdict',
    sentence:
      '`nf_conntrack_allow_invalid` is for guests with iptables, which always drops INVALID packets to the host; with nftables it is for both.',
    source:
      'Firewall.pm `enable_host_firewall`; proxmox-firewall firewall.rs `handle_host_options`',
    section: '17.25',
    scenario: 'allow-invalid-not-for-host',
    told: [],
    find: hostSwitch('nf_conntrack_allow_invalid', false, 'the host takes INVALID packets too'),
  },
  {
    code: 'backends/unfiltered-guests',
    effect: 'verdict',
    sentence:
      'INVALID packets, smurfs and the blacklist are stopped on their way to guests without a firewall as well by iptables; nftables never looks at those guests.',
    source: 'Firewall.pm `compile` (PVEFW-FORWARD); proxmox-firewall.nft `vm-map-in`',
    section: '14',
    scenario: 'asymmetric-invalid',
    told: [],
    find: ({ tree, nftables: { config } }) => {
      const on = new Set(
        config.guests
          .filter(({ fw }) => nftFlag(fw, 'enable', false).value)
          .map(({ vmid }) => vmid),
      )
      const off = tree.guests.filter(({ vmid, node }) => node === tree.node && !on.has(vmid))
      return off.length === 0 || !nftFlag(config.cluster, 'enable', false).value
        ? []
        : [{ span: null, note: `${off.length} of the guests here have no firewall` }]
    },
  },
  {
    code: 'backends/invalid-with-host-off',
    effect: 'verdict',
    sentence:
      'With `enable: 0` in host.fw guests still drop INVALID packets with iptables, and no longer with nftables.',
    source: 'proxmox-firewall firewall.rs `full_host_fw`; Firewall.pm `compile`',
    section: '8.2',
    scenario: 'invalid-with-host-off',
    told: ['nftables/host-disabled'],
    find: null,
  },
  {
    code: 'backends/mark-leak',
    effect: 'verdict',
    sentence:
      'The accept mark of a guest survives to the host with iptables, where a GROUP line with `-i` lets it pass everything; with nftables verdicts need no marks.',
    source: 'Firewall.pm `ruleset_generate_rule`; proxmox-firewall rule.rs',
    section: '17.27',
    scenario: 'mark-leak',
    told: [],
    find: ({ iptables: { config } }) =>
      [...(config.cluster?.rules ?? []), ...(config.host?.rules ?? [])].flatMap(
        ({ enabled, span }) =>
          enabled &&
          /^\s*GROUP[ \t]+\S+[ \t]+(?:-i|--iface|-iface)\b/i.test(
            span.file.text.slice(span.start, span.end),
          )
            ? [
                {
                  span,
                  note: 'what a filtered guest accepted on its way out passes here with iptables',
                },
              ]
            : [],
      ),
  },
  {
    code: 'backends/icmp-errors',
    effect: 'verdict',
    sentence:
      'ICMP errors pass host and guests before connection tracking and rules with nftables and cannot be stopped; iptables drops those that belong to no connection.',
    source: 'proxmox-firewall.nft `allow-icmp`; Firewall.pm `ruleset_chain_add_conn_filters`',
    section: '17.28',
    scenario: 'icmp-errors',
    told: [],
    find: filteredGuests('ICMP errors reach all guests, and leave them'),
  },
  {
    code: 'backends/nd-redirect',
    effect: 'verdict',
    sentence:
      'ICMPv6 redirects are let in with neighbour discovery, and out with `radv`, by nftables; iptables leaves them to the rules.',
    source:
      'proxmox-firewall.nft `allow-ndp-in`, `block-ra-out`; Firewall.pm `ruleset_chain_add_ndp`',
    section: '17.29',
    scenario: 'nd-redirect',
    told: [],
    find: null,
  },
  {
    code: 'backends/off-means-blocked',
    effect: 'verdict',
    sentence:
      '`dhcp: 0` and `ndp: 0` only take the automatic rule away with iptables; nftables drops these packets before any rule can allow them.',
    source:
      'proxmox-firewall firewall.rs `handle_guest_options`; Firewall.pm `ruleset_create_vm_chain`',
    section: '17.30',
    scenario: 'dhcp-off-with-allow-rule',
    told: ['nftables/blocked-before-rules'],
    find: null,
  },
  {
    code: 'backends/reject-in',
    effect: 'verdict',
    sentence:
      'REJECT of what comes to a guest answers the sender with iptables; nftables drops without an answer.',
    source: 'proxmox-firewall rule.rs `handle_verdict`; Firewall.pm `PVEFW-reject`',
    section: '17.35',
    scenario: 'reject-answers',
    told: ['nftables/reject-in-drops'],
    find: null,
  },
  {
    code: 'backends/ipfilter-needs-option',
    effect: 'verdict',
    sentence:
      'A set `ipfilter-netN` filters by its mere existence with iptables; nftables uses it only with `ipfilter: 1`.',
    source: 'Firewall.pm `generate_ipfilter`; proxmox-firewall rule.rs `Ipfilter`',
    section: '17.36',
    scenario: 'set-without-option',
    told: ['nftables/ipfilter-not-enforced', 'nftables/ipfilter-unused'],
    find: null,
  },
  {
    code: 'backends/ipfilter-first',
    effect: 'verdict',
    sentence:
      'With `ipfilter: 1` nftables asks the address filter before DHCP and duplicate address detection, which then fail; iptables lets those pass first.',
    source: 'proxmox-firewall firewall.rs; Firewall.pm `ruleset_create_vm_chain`',
    section: '17.36',
    scenario: 'ipfilter-without-set',
    told: ['nftables/ipfilter-no-ipv4', 'nftables/ipfilter-no-link-local'],
    find: null,
  },
  {
    code: 'backends/macfilter-first',
    effect: 'verdict',
    sentence:
      'A foreign MAC address behind a NIC is stopped before DHCP, and in ARP, by nftables; iptables lets its DHCP pass and leaves ARP to ebtables.',
    source:
      'proxmox-firewall firewall.rs; Firewall.pm `ruleset_create_vm_chain`, `compile_ebtables_filter`',
    section: '17.38',
    scenario: 'macvlan-in-lxc',
    told: [],
    find: filteredGuests('foreign MAC addresses behind filtered NICs lose DHCP as well'),
  },
  {
    code: 'backends/other-ethertypes',
    effect: 'verdict',
    sentence:
      'A DROP or REJECT policy of a guest is for every kind of frame but ARP with nftables (PPPoE, LLDP, EAPOL); iptables filters IP only.',
    source: 'proxmox-firewall.nft `vm-in`, `vm-out`; Firewall.pm `generate_tap_layer2filter`',
    section: '17.37',
    scenario: 'other-ethertypes',
    told: [],
    find: guestPolicy(['policy_in', 'policy_out'], ['DROP', 'REJECT']),
  },
  {
    code: 'backends/routed-forward',
    effect: 'verdict',
    sentence:
      'FORWARD rules and `policy_forward` do nothing with iptables; with nftables they judge what the host routes.',
    source: 'proxmox-firewall.nft `forward`; pve-docs pve-firewall.adoc',
    section: '17.42',
    scenario: 'routed-forward',
    told: [],
    find: forwarding,
  },
  {
    code: 'backends/vnet-firewall',
    effect: 'verdict',
    sentence:
      'Firewall files of vnets are not read by iptables; with nftables they judge what is bridged within the vnet and what the host exchanges with it, but not what is routed.',
    source: 'proxmox-firewall firewall.rs `create_vnet_chains`; Firewall.pm',
    section: '17.43',
    scenario: 'vnet-one-direction',
    told: [],
    find: forwarding,
  },
]
