/**
 * Every code a diagnostic may carry, with the sentence that explains it in general. Codes are part of the
 * contract with users (`--json`, scripts): they are never renamed. Sorted by code; one line each.
 */
export const DIAGNOSTIC_CODES = {
  'backend/switch-spelling':
    'The switch `nftables` is written as only one of the two programs reads it, so the rules stay with iptables.',
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
  'compile/too-large':
    'A node would have more rules than any node has; pvefw refuses to compile them.',
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
    'A file is there but cannot be read; if it has rules or a guest, there is no answer without --anyway.',
  'config/vnet-ignored': 'The iptables backend does not read the firewall files of vnets.',
  'config/zero-prefix': 'A set may not hold a network of prefix length 0; the line is left out.',
  'config/zero-value':
    'The value `0` counts as not given: the rule matches as if the option were not there.',
  'edit/no-change': 'An edit of the command line leaves the configuration as it is.',
  'edit/position-ignored':
    'The API puts a new rule before all others, whatever its parameter `pos` says.',
  'edit/rule-disabled':
    'The API creates a rule disabled unless `enable` is given: it stands in the file and does nothing.',
  'flow/address-unknown':
    'A conversation needs the addresses of both ends, and nothing tells one of them.',
  'flow/bad-connection':
    'A connection of a script is described by its name, who opens it, and its ports.',
  'flow/bad-line': 'A line of a script is a packet (`>`, `<`), a wait or a connection.',
  'flow/bad-moment':
    'The moment of a new configuration is the number of a packet, `handshake` or `data`.',
  'flow/bad-number': 'A number of a script is out of its range.',
  'flow/bad-option': 'A word behind a packet of a script says nothing about such a packet.',
  'flow/bad-packet': 'A packet of a script is TCP flags, data, a datagram, a ping or an ICMP type.',
  'flow/bad-string': 'A string of a script does not end, or holds an escape that there is none of.',
  'flow/bad-time': 'A time is a number with its unit: `200ms`, `31s`, `10m`, `2h`, `5d`.',
  'flow/empty': 'A script sends no packet.',
  'flow/mixed-protocols':
    'Packets of one connection are of two protocols, or not of the one that was asked about.',
  'flow/no-port': 'A conversation needs the port of its server.',
  'flow/nothing-asked-of': 'An ICMP error is about a packet, and none went the other way before.',
  'flow/other-node': 'The new configuration is of another node, which has a conntrack of its own.',
  'flow/too-long': 'A script is longer than any conversation that can be read.',
  'flow/unknown-connection': 'A packet belongs to a connection that no line above describes.',
  'flow/way-back': 'The way back that was asked for does not fit the ends of the conversation.',
  'lint/cluster-off': 'The firewall of the cluster is off, so no rule of any file has an effect.',
  'lint/disabled-rule': 'A rule is switched off in the web interface: a `|` stands before it.',
  'lint/empty-group': 'A security group that rules use has no rules: using it does nothing.',
  'lint/guest-off': 'A guest has rules, but its own firewall is off, so they have no effect.',
  'lint/host-off': 'A host has rules, but its own firewall is off, so they have no effect.',
  'lint/never-matches': 'No packet that can be matches this rule: its terms exclude one another.',
  'lint/never-reached': 'No packet of any way through the nodes comes to the chain of this rule.',
  'lint/nic-off':
    'The firewall of one NIC is off, so the rules of its guest do not see its packets.',
  'lint/redundant':
    'Rules before this one decide about all its packets, and as it would: it can go.',
  'lint/shadowed':
    'Rules before this one decide about all its packets, and otherwise than it would.',
  'lint/unused-alias': 'No rule and no set names this alias.',
  'lint/unused-group': 'No rule uses this security group.',
  'lint/unused-set': 'No rule names this set.',
  'nftables/address-match-lost':
    'An address of the other family than the rest of the rule is left out with nftables: the rule matches more than it says.',
  'nftables/alias-duplicate': 'proxmox-firewall refuses everything when an alias is defined twice.',
  'nftables/alias-invalid':
    'proxmox-firewall refuses everything because of an alias it cannot read.',
  'nftables/blacklist': 'The IPSet blacklist has no meaning of its own with nftables.',
  'nftables/blocked-before-rules':
    'With nftables an option drops packets before the rules instead of merely not allowing them.',
  'nftables/decided-before-rules':
    'With nftables some ports of the host are decided before any rule is asked.',
  'nftables/duplicate-section':
    'proxmox-firewall refuses everything when an IPSet or group has two sections.',
  'nftables/enable-spelling':
    'A switch means on to proxmox-firewall but not to pve-firewall, which then removes the nftables rules.',
  'nftables/excluded-entry':
    'With nftables an entry of an IPSet that lies within an entry with ! never matches.',
  'nftables/group-iface-forward': 'A GROUP line with -i does nothing in forward chains.',
  'nftables/group-options':
    'proxmox-firewall refuses everything because of a GROUP line with options other than -i.',
  'nftables/guest-management-set': 'An IPSet management of a guest is never created with nftables.',
  'nftables/helper-unknown': 'A conntrack helper proxmox-firewall does not know is left out.',
  'nftables/host-address-unknown':
    'The name of the node does not resolve: proxmox-firewall ends where it builds the management set.',
  'nftables/host-disabled':
    'Without the host part of the nftables rules guests do not drop invalid packets either.',
  'nftables/icmp-type-ignored':
    'An ICMP type is ignored because the rule has no ICMP protocol in a spelling proxmox-firewall knows.',
  'nftables/iface-in-group':
    'With nftables -i in a security group is taken for a host interface and never matches for guests.',
  'nftables/iface-without-nic':
    'A rule names a NIC the guest has not, or that is not filtered: it never matches.',
  'nftables/ipfilter-no-ipv4': 'With ipfilter on and no address known a guest can send no IPv4.',
  'nftables/ipfilter-no-link-local':
    'A hand-made ipfilter set lacks the link-local address, so IPv6 does not work.',
  'nftables/ipfilter-not-enforced': 'An ipfilter set is not used without the option ipfilter.',
  'nftables/ipfilter-unused':
    'An ipfilter set belongs to a NIC that is not filtered and is not created.',
  'nftables/ipset-alias-missing':
    'proxmox-firewall refuses everything when an entry of an IPSet names an alias that does not exist.',
  'nftables/ipset-entry':
    'proxmox-firewall refuses everything because of an IPSet entry it cannot read.',
  'nftables/line-outside-section':
    'proxmox-firewall refuses everything because of a line before the first section.',
  'nftables/log-level':
    'proxmox-firewall refuses everything because of a log level it does not know; they are lower case and never empty.',
  'nftables/macro-match-lost':
    'With nftables a macro beside -p loses its ICMP type for the other family: the rule matches more than it says.',
  'nftables/macro-never-matches':
    'Protocol and macro of a rule contradict each other, so some of what it stands for never matches.',
  'nftables/more-host-addresses':
    'The name of the node has further addresses whose networks belong to the management set too.',
  'nftables/nested-group': 'A GROUP line inside a security group works with nftables only.',
  'nftables/nft-group-loop':
    'Security groups lead back to themselves; the kernel refuses such rules, and nft the whole update.',
  'nftables/nft-interface-name':
    'nft refuses the whole update because of an interface name no interface can have.',
  'nftables/nft-log-prefix':
    'nft refuses the whole update because the prefix of a log line becomes too long.',
  'nftables/nft-log-rate':
    'nft refuses the whole update because of a rate limit that is not positive.',
  'nftables/nft-missing-set':
    'nft refuses the whole update because a rule uses a set that is never created.',
  'nftables/nft-name-too-long':
    'nft refuses the whole update because a name is longer than the kernel allows.',
  'nftables/nft-overlap':
    'nft 1.0.6 refuses the whole update because entries of one IPSet overlap.',
  'nftables/nft-protocol': 'nft refuses the whole update because it does not know a protocol.',
  'nftables/nft-protocol-conflict':
    'nft refuses the whole update because the protocol of a rule contradicts its macro.',
  'nftables/nft-synflood':
    'nft 1.1.2 and later refuse the whole update because proxmox-firewall writes the SYN flood limit wrongly.',
  'nftables/nft-undefined-group':
    'nft refuses the whole update because a GROUP line names a group that does not exist yet.',
  'nftables/nft-vnet-reject':
    'nft refuses the whole update because the kernel cannot reject in the bridge forward hook.',
  'nftables/nic-duplicate':
    'proxmox-firewall refuses everything when a guest config has the same NIC twice.',
  'nftables/nic-invalid':
    'proxmox-firewall refuses everything because of a NIC it cannot read; it knows four models only.',
  'nftables/nic-key':
    'proxmox-firewall refuses everything because of a line of a guest config that begins with net and is none of net0 to net30.',
  'nftables/not-declared-here':
    'proxmox-firewall refuses everything because of a section that does not belong into this file.',
  'nftables/not-utf8': 'proxmox-firewall refuses everything because of a line that is not UTF-8.',
  'nftables/option-duplicate':
    'proxmox-firewall refuses everything when an option is set twice, even one it does not know.',
  'nftables/option-syntax':
    'proxmox-firewall refuses everything because of an option line without colon.',
  'nftables/option-unknown':
    'An option proxmox-firewall does not know is ignored; its keys are lower case.',
  'nftables/option-value':
    'proxmox-firewall refuses everything because of a value it cannot read; options have no comments.',
  'nftables/option-without-effect': 'An option has no effect with nftables.',
  'nftables/policy-out':
    'With nftables and policy_out DROP or REJECT nothing is let out of the node on its own.',
  'nftables/port-ignored':
    'A port is ignored because the rule has no protocol with ports in a spelling proxmox-firewall knows.',
  'nftables/reject-in-drops': 'With nftables REJECT of packets to a guest drops them silently.',
  'nftables/rule-address':
    'proxmox-firewall refuses everything because of a source or destination it cannot read.',
  'nftables/rule-direction':
    'proxmox-firewall refuses everything because of a direction that does not exist or cannot stand in this file.',
  'nftables/rule-families':
    'proxmox-firewall refuses everything because source and destination of a rule are of different families.',
  'nftables/rule-icmp-type':
    'proxmox-firewall refuses everything because of an ICMP type it cannot read.',
  'nftables/rule-interface':
    'proxmox-firewall refuses everything because of an interface in a guest file that is not netN.',
  'nftables/rule-option-duplicate':
    'proxmox-firewall refuses everything because an option stands twice in a rule.',
  'nftables/rule-option-unknown':
    'proxmox-firewall refuses everything because of an option of a rule it does not know.',
  'nftables/rule-port': 'proxmox-firewall refuses everything because of ports it cannot read.',
  'nftables/rule-skipped':
    'proxmox-firewall leaves out a rule whose macro, alias, IPSet or interface it cannot find.',
  'nftables/rule-syntax':
    'proxmox-firewall refuses everything because of a rule it cannot take apart.',
  'nftables/rule-verdict':
    'proxmox-firewall refuses everything because of a verdict it does not know.',
  'nftables/sdn-invalid':
    'proxmox-firewall refuses everything because of SDN or IPAM state it cannot read.',
  'nftables/section-header':
    'proxmox-firewall refuses everything because of a header of an IPSet or group it cannot read.',
  'nftables/section-invalid':
    'proxmox-firewall refuses everything because of a section header in a spelling it does not know.',
  'nftables/set-name-clash': 'Two IPSets become one and the same nft set.',
  'nftables/synflood':
    'The SYN flood protection of proxmox-firewall drops every new connection to the host.',
  'nftables/unused-in-vnet': 'Aliases and groups of a vnet file are never looked up.',
  'nftables/vnet-name':
    'proxmox-firewall refuses everything because of a vnet file whose name is too long.',
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
  'read/bad-json': 'A listing of nft is not JSON to its end, or nested deeper than any rule.',
  'read/bad-line':
    'A line of a dump is none that the tools of the kernel print; it is passed over.',
  'read/bad-object': 'An object of a listing of nft does not belong there; it is passed over.',
  'read/empty-dump': 'A dump holds nothing: the kernel has no such tables.',
  'read/family-unknown':
    'Nothing tells whether a table is of iptables or of ip6tables; it is taken for iptables.',
  'read/incomplete': 'A dump says that the kernel holds tables that are in none of the files.',
  'read/not-evaluated':
    'A rule of a live node cannot be evaluated: a packet that gets there has no known verdict.',
  'read/set-missing': 'A rule asks a set that is in no dump: whether it matches is not known.',
  'read/set-not-evaluated':
    'A set of a live node has elements other than addresses: whether it matches is not known.',
  'read/table-twice': 'A table is dumped more than once; the last dump counts.',
  'read/unknown-dump': 'A file is none of the dumps that can be read.',
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
