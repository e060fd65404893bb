/**
 * Every code a diagnostic may carry, with the sentence that explains it in general. Codes are part of the
 * contract with users (`--json`, scripts): they are never renamed. Sorted by code; one line each.
 */
export const DIAGNOSTIC_CODES = {
  'compile/bad-log-ratelimit':
    'pve-firewall dies on a log_ratelimit it cannot read: the node keeps the rules it had.',
  'compile/container-skipped':
    'A NIC line of a container cannot be read: this and later NICs get no rules, the container no sets.',
  'compile/entry-lost': 'An IPSet entry was accepted while reading but cannot be put out.',
  'compile/group-lost': 'A security group is not asked by the host because it cannot be compiled.',
  'compile/group-truncated':
    'A rule of a security group cannot be compiled: the chain ends before it, its users may be unfiltered.',
  'compile/guest-unfiltered':
    'pve-firewall gives up a guest in the middle of its rules: it is not filtered.',
  'compile/nic-skipped': 'A NIC line of a VM cannot be read: the NIC gets no rules.',
  'compile/no-layer2-filter':
    'The ebtables rules of a guest cannot be compiled: ARP is not filtered.',
  'compile/restore-refused':
    'A tool of the kernel refuses what pve-firewall hands to it: nothing after that line is updated.',
  'compile/rule-lost':
    'A rule was accepted while reading but cannot be compiled: it is missing from the ruleset.',
  'compile/unknown-group': 'A rule uses a security group that cluster.fw does not define.',
  'config/alias-redefined': 'An alias is defined twice; the last definition counts.',
  'config/ambiguous-node':
    'The tree holds several nodes and nothing says which one is asked about.',
  'config/bad-address':
    'An address is not one that pve-firewall takes here; the line has no effect.',
  'config/bad-alias': 'A line of [ALIASES] is not `name address`; it defines nothing.',
  'config/bad-group-name': 'The name of a security group has characters it may not have.',
  'config/bad-icmp-type': 'An ICMP type is not known by this name, or stands where none may.',
  'config/bad-interface': 'An interface name is not one a rule may have; the rule has no effect.',
  'config/bad-ipset-entry':
    'A line of an [IPSET] is neither an address nor an alias; it is left out.',
  'config/bad-option-value': 'An option has a value it does not take; the line is ignored.',
  'config/bad-port': 'A port list cannot be read; the rule has no effect.',
  'config/bad-rule': 'A line of rules has no direction and action; it is ignored.',
  'config/bad-rule-option': 'A rule has an option that cannot be read; the whole line is ignored.',
  'config/bad-section-name':
    'A section has a name it may not have; the lines below it are ignored.',
  'config/corosync-invalid':
    'corosync.conf does not parse; pve-firewall then dies while compiling and keeps its old rules.',
  'config/crlf': 'A file has Windows line ends; pve-firewall then recognises no section header.',
  'config/duplicate-ipset-entry': 'An address stands twice in a set; the later line is left out.',
  'config/duplicate-nic': 'A guest config has the same netN twice; one of the lines has no effect.',
  'config/duplicate-vmid': 'Two guests have the same vmid; pmxcfs does not start with such a tree.',
  'config/empty-fw': 'A .fw file is empty; to Proxmox that is the same as no file.',
  'config/enable-timestamp':
    '`enable` above 1 is a time: the firewall is on until a minute after it.',
  'config/forward-ignored': 'The iptables backend ignores FORWARD rules.',
  'config/fw-without-guest':
    'A <vmid>.fw file belongs to no guest of the tree, so Proxmox does not read it.',
  'config/guest-conf-line': 'A line of a guest config is not `key: value`; Proxmox ignores it.',
  'config/guest-without-fw': 'A guest has no <vmid>.fw file, so no rule of its own filters it.',
  'config/host-address-unknown':
    'The address of the node is not known; rules and networks that derive from it are guesses.',
  'config/hosts-line': 'A line of etc/hosts does not start with an address; it is ignored.',
  'config/ignored-option': 'The option is accepted, but the iptables backend does nothing with it.',
  'config/interface-not-allowed':
    '`-i` is not allowed in rules of this place; the rule has no effect.',
  'config/interfaces-address':
    'An address of etc/network/interfaces cannot be read; its network is not known.',
  'config/interfaces-source':
    'A source line of etc/network/interfaces leads nowhere, in a circle or too far.',
  'config/invalid-nic':
    'Proxmox cannot parse a netN line: a VM loses that NIC, a container its whole firewall.',
  'config/invalid-nic-key':
    'A netN key that no guest can use; pve-firewall makes rules for it all the same.',
  'config/invalid-option': 'A command-line value is not of the form the option takes.',
  'config/inverted-option': 'The option does the opposite of what its name says.',
  'config/line-outside-section': 'A line stands in no section; it is ignored.',
  'config/local-network-fallback':
    'No network of the node contains its address, so local_network becomes 127.0.0.0/8.',
  'config/local-network-several':
    'Several networks of the node contain its address; the longest is taken for local_network.',
  'config/local-network-unknown':
    'The network of the node cannot be determined from files; it decides who can log in.',
  'config/macro-conflict':
    'A rule sets something its macro sets differently; the rule has no effect.',
  'config/missing-file':
    'A file that decides or informs an answer is not in the tree; the message says what that costs.',
  'config/mixed-families': 'A rule mixes IPv4 and IPv6; it has no effect.',
  'config/more-like-this': 'A file has more complaints of one code than are listed.',
  'config/name-case': 'Names of groups are stored in lower case, but looked up as written.',
  'config/name-too-long': 'A name is longer than Proxmox allows.',
  'config/nic-without-mac':
    'A NIC has no MAC address; pve-firewall makes up a new one at every reading, for its MAC filter too.',
  'config/no-configuration': 'The root holds neither a node nor a copy of /etc/pve.',
  'config/not-a-section':
    'A line looks like a section header but is none; the section above continues.',
  'config/option-repeated': 'An option is set twice; the last line counts.',
  'config/oversized-file': 'A .fw file is larger than any file pmxcfs can hold.',
  'config/protocol-needed': 'Ports and ICMP types need a protocol; the rule has no effect.',
  'config/protocol-without-ports':
    'A rule gives ports for a protocol without ports; it has no effect.',
  'config/rule-option-repeated': 'A rule has an option twice; the last one counts.',
  'config/rule-type': 'A rule has a direction that is not allowed in this place; it has no effect.',
  'config/sdn-invalid': 'The SDN state is not as Proxmox writes it; it yields no +sdn/ sets.',
  'config/sdn-invalid-json':
    'A file of the SDN is not JSON; pve-firewall warns and goes on without +sdn/ sets.',
  'config/sdn-not-sourced': 'etc/network/interfaces does not source the interfaces the SDN writes.',
  'config/section-repeated': 'A group or set is begun twice; the lines of the first are discarded.',
  'config/stray-file': 'A file in the firewall directory has a name Proxmox does not read.',
  'config/too-many-lines': 'A file has more lines than any real one; the rest is not read.',
  'config/tree-too-large': 'The tree holds more files than pmxcfs can; the rest is not read.',
  'config/unknown-action':
    'A rule has an action other than ACCEPT, DROP and REJECT; it has no effect.',
  'config/unknown-alias': 'A name is used that no alias has so far; the line has no effect.',
  'config/unknown-ipset': 'A set is used that is not defined so far; the rule has no effect.',
  'config/unknown-macro': 'A rule uses a macro pve-firewall does not have; it has no effect.',
  'config/unknown-node': 'The tree has no node of the name that was asked for.',
  'config/unknown-option': 'An option is not one of this file; the line is ignored.',
  'config/unknown-protocol':
    'A rule names a protocol that etc/protocols does not; it has no effect.',
  'config/unreadable-file':
    'A file is there but cannot be read; the answer is given as if it were not there.',
  'config/vnet-ignored': 'The iptables backend does not read the firewall files of vnets.',
  'config/zero-prefix': 'A set may not hold a network of prefix length 0; the line is left out.',
  'config/zero-value':
    'The value `0` counts as not given: the rule matches as if the option were not there.',
  'query/bad-arrow': 'A packet in words is `FROM -> TO protocol/port`; this text is not.',
  'query/bad-endpoint':
    'A start or a destination of a packet cannot be taken apart into name, port and protocol.',
  'query/bad-ethertype': 'An EtherType is a name of /etc/ethertypes or a number from 0x0600.',
  'query/bad-family': 'The address family of a packet is 4 or 6.',
  'query/bad-flags': 'TCP flags are written by their names or first letters.',
  'query/bad-icmp-type':
    'The ICMP type is neither a number of one byte nor a name of iptables or nft.',
  'query/bad-json': 'A line of a batch is one JSON object with the members of a packet.',
  'query/bad-mac': 'A MAC address has six groups of two hexadecimal digits.',
  'query/bad-number': 'A number of the packet is out of its range.',
  'query/bad-port':
    'A packet has one source and one destination port, by number or by service name.',
  'query/bad-protocol': 'The protocol is neither a known name nor a number of one byte.',
  'query/bad-state': 'A connection state is new, established, related, invalid or untracked.',
  'query/flags-without-tcp': 'Only TCP segments have flags.',
  'query/icmp-code-alone': 'An ICMP code means something only together with its type.',
  'query/icmp-type-without-icmp': 'Only ICMP and ICMPv6 have a type.',
  'query/mixed-families': 'Parts of the packet belong to IPv4, others to IPv6.',
  'query/no-destination': 'Nothing says where the packet goes.',
  'query/no-guest': 'A NIC is named, but neither end of the packet is a guest.',
  'query/no-ip-header':
    'ARP and other frames without an IP header have neither protocol nor ports.',
  'query/no-protocol':
    'Nothing says what kind of packet it is: no protocol, port, ICMP type or flag.',
  'query/no-start': 'Nothing says where the packet comes from.',
  'query/port-with-icmp': 'ICMP has types, not ports.',
  'query/port-without-ports': 'The protocol of the packet has no ports.',
  'query/said-twice': 'One thing is said twice, and differently.',
  'query/same-endpoint': 'Start and destination are the same place: no hook sees such a packet.',
  'query/unknown-word': 'A word or member says nothing about a packet.',
  'topology/ambiguous-endpoint': 'A name or address belongs to more than one place.',
  'topology/bad-nic': 'Proxmox refuses the line of this NIC, so the guest has no such NIC.',
  'topology/many-receivers': 'A broadcast or multicast address has no single receiver.',
  'topology/no-bridge':
    'A NIC without bridge is on a network inside QEMU that the host does not see.',
  'topology/no-nic': 'The guest has no such NIC.',
  'topology/no-outside': 'Nothing tells by which device packets leave the node.',
  'topology/no-uplink-for-tag':
    'Proxmox makes a bridge of its own for a VLAN tag, and needs a physical port for it.',
  'topology/not-routed':
    'ARP and other frames without an IP header do not leave their layer-2 network.',
  'topology/unknown-device': 'The host has no such device.',
  'topology/unknown-endpoint': 'No guest, node, alias, set, bridge or address has this name.',
  'topology/unknown-name': 'No alias or set of this name is visible from there.',
  'topology/unreachable': 'Neither the host nor an outside router connects the two networks.',
  'topology/vlan-not-allowed': 'The bridge drops frames of this VLAN at this port.',
  'topology/wrong-guest-type':
    'The number belongs to a container, not to a virtual machine, or the other way round.',
} as const satisfies Record<string, string>

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
