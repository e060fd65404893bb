import { CLOSINGS, FTP_MODES } from '../packet/flow/kinds.ts'

/**
 * The one table of commands and options. `--help`, the parser, the man page and shell completion are all made from
 * it, so they cannot disagree.
 */

/** What the shell offers as a value. */
export type Completes =
  | 'endpoint'
  | 'guest'
  | 'node'
  | 'protocol'
  | 'state'
  | 'code'
  | 'conversation'
  | 'file'
  | 'directory'
  | 'nothing'

export type Option = {
  readonly name: string
  readonly alias: readonly string[]
  /** `list`: takes all words up to the next option, and may be said again. `edit`: takes one, may be said again, in order. */
  readonly kind: 'text' | 'flag' | 'count' | 'list' | 'edit'
  /** Name of the value in help texts; empty for flags. */
  readonly value: string
  readonly choices: readonly string[]
  readonly completes: Completes
  readonly group: string
  /** One line for `--help`. */
  readonly help: string
  /** What the man page adds. */
  readonly more: string
}

export type Command = {
  readonly name:
    | 'trace'
    | 'flow'
    | 'step'
    | 'verify'
    | 'drift'
    | 'audit'
    | 'plan'
    | 'diff'
    | 'lint'
    | 'find'
    | 'matrix'
    | 'compile'
    | 'backends'
    | 'explain'
    | 'man'
    | 'completion'
  /** Positional arguments as yargs writes them, empty for none. */
  readonly positional: string
  readonly positionalHelp: string
  readonly positionalChoices: readonly string[]
  readonly positionalCompletes: Completes
  readonly summary: string
  /** Paragraphs for the man page. */
  readonly description: readonly string[]
  readonly options: readonly Option[]
  readonly examples: readonly { readonly line: string; readonly what: string }[]
}

type More = Partial<Pick<Option, 'alias' | 'choices' | 'completes' | 'more'>>

function option(group: string, name: string, value: string, help: string, more: More = {}): Option {
  const kind = value === '' ? 'flag' : 'text'
  return { ...base, ...more, kind, group, name, value, help }
}

const base = { alias: [], choices: [], completes: 'nothing' as const, more: '' }

const PACKET = 'Packet:'
const TALK = 'Conversation:'
const CONFIGURATION = 'Configuration:'
const OUTPUT = 'Output:'
const STEPPING = 'Stepping:'
const WHAT_IF = 'What if (nothing is written; may be repeated, in order):'

const root = option(
  CONFIGURATION,
  'root',
  'DIR',
  'root of the file system of a node, or a copy of /etc/pve (default /)',
  { completes: 'directory' },
)
const node = option(
  CONFIGURATION,
  'node',
  'NAME',
  'node whose firewall is asked about (default: etc/hostname, or the only node, or the one that holds the guest)',
  { completes: 'node' },
)
const hostIp = option(
  CONFIGURATION,
  'host-ip',
  'IP',
  'address of the node, if etc/hosts does not say',
)
const localNetwork = option(
  CONFIGURATION,
  'local-network',
  'CIDR',
  'network of the node: who may log in; if etc/network/interfaces does not say',
)
const backendText =
  'auto follows the switch of the node: nftables (proxmox-firewall) where host.fw says nftables: 1 and cluster.fw ' +
  'enable: 1, else iptables (pve-firewall). The other values answer as if the switch said so.'
const backend = option(
  CONFIGURATION,
  'backend',
  'NAME',
  'backend that filters (default auto: as the node is switched)',
  { choices: ['auto', 'iptables', 'nftables'], more: backendText },
)
const backendOrBoth = option(
  CONFIGURATION,
  'backend',
  'NAME',
  'backend that filters (default auto: as the node is switched)',
  {
    choices: ['auto', 'iptables', 'nftables', 'both'],
    more: `${backendText} both gives the two answers, one after the other, and says whether they differ.`,
  },
)
const nftVersion = option(
  CONFIGURATION,
  'nft-version',
  'VERSION',
  'version of nft that judges the rules of the nftables backend (default 1.1.3)',
  {
    more:
      'What nft refuses differs: before 1.1.0 sets that overlap, from 1.1.2 the SYN flood limit, which older ones load ' +
      'without the limit. 1.1.3 is that of Proxmox VE 9.',
  },
)
const bridgeNfCall = option(
  CONFIGURATION,
  'bridge-nf-call',
  '0|1',
  'sysctl bridge-nf-call-iptables of a node with the nftables backend (default 0)',
  {
    choices: ['0', '1'],
    more:
      'pve-firewall sets it to 1, and nothing resets it when a node is switched to nftables without a reboot: then ' +
      'what is bridged between guests passes the FORWARD rules of the cluster and the host too.',
  },
)

const ruleset: Option = {
  ...option(
    CONFIGURATION,
    'ruleset',
    'FILE..',
    'what the node really holds: dumps by nft -j, iptables-save, ipset save ...; - for standard input',
    {
      completes: 'file',
      more:
        'Files with the output of nft -j list ruleset, iptables-save, ip6tables-save, ipset save and ebtables-save of ' +
        'one node, in any number and order; what each is, is told by its content. Their rules decide, those of other ' +
        'programs (fail2ban, CrowdSec, Docker, Tailscale) among them. With the files of the node in --root its guests ' +
        'and wires are known, and rules that equal those of the configuration are quoted from there; without, ' +
        'a packet is described by its devices (outside:eth0 1.2.3.4 -> host:22/tcp).',
    },
  ),
  kind: 'list',
}

const anyway = option(
  CONFIGURATION,
  'anyway',
  '',
  'answer without what cannot be read or is refused',
  {
    more:
      'What cannot be read counts as missing then, which may well change the answer. When the kernel tools ' +
      'refuse a part of the rules, the real service stops there and keeps what it had. With ' +
      '--anyway the packet is traced through what the steps before the failure leave in an empty kernel.',
  },
)

function editOption(name: string, value: string, help: string, more: string): Option {
  return { ...option(WHAT_IF, name, value, help, { more }), kind: 'edit' }
}

/** Edits of the configuration in memory, `src/edit`. */
const EDITS: readonly Option[] = [
  editOption(
    'set',
    'FILE.OPTION=VALUE',
    'as if an option had this value: cluster.policy_in=DROP, 105.net0.firewall=0',
    'FILE is cluster, host (of the node asked about), host/NODE, the VMID of a guest or vnet/NAME. With a NIC behind the ' +
      'guest it is a property of that line of its config. Without a VALUE the option is taken out. All other bytes of the ' +
      'files stay; places say of a line that is not on disk, or is elsewhere there, where it comes from.',
  ),
  editOption(
    'enable',
    'WHAT',
    'as if the firewall of cluster, host, a guest (105), one NIC of it (105/net0) were on',
    'The same as --set WHAT.enable=1; of a NIC, firewall=1.',
  ),
  editOption('disable', 'WHAT', 'as if it were off', ''),
  editOption(
    'add',
    'FILE[:POSITION]:RULE',
    "as if there were one more rule: 'cluster:IN DROP -p tcp -dport 22'",
    'It goes before all other rules of the file, as the web UI puts it, or to a position, from 0. group/NAME stands for ' +
      'the rules of a security group. What pve-firewall would not take is refused, with what is wrong.',
  ),
  editOption(
    'apply',
    'CALLS',
    "as if pvesh had been run: 'pvesh set /cluster/firewall/options --policy_in DROP'",
    'Calls of the firewall API, as they are pasted into a shell: pvesh create, set and delete of options, rules, groups, ' +
      'ipset and aliases, of the cluster, nodes, guests and vnets. They do what the API does: a new rule goes before all ' +
      'others and is disabled without --enable 1; moveto N puts a rule before the one that is at N now.',
  ),
]

const plainOption = option(STEPPING, 'plain', '', 'sentences in place of panes, for screen readers')

const breakOption: Option = {
  ...option(STEPPING, 'break', 'WHERE..', 'stop there: FILE:LINE, rule CHAIN:N, chain NAME ...', {
    more: "Also 'verdict drop', mark (one is changed) and 'state invalid'; each one word, quoted.",
  }),
  kind: 'list',
}

const atOption = option(STEPPING, 'at', 'N', 'open at step N')

const stepOption = option(STEPPING, 'step', '', 'step through it in the terminal: see pvefw step')

const auditStepOption = option(
  STEPPING,
  'step',
  '',
  'step through the first packet that is lost, in the terminal: see pvefw step',
)

const PACKET_OPTIONS: readonly Option[] = [
  option(PACKET, 'from', 'ENDPOINT', 'where the packet comes from (default outside)', {
    completes: 'endpoint',
  }),
  option(PACKET, 'to', 'ENDPOINT', 'where the packet goes', { completes: 'endpoint' }),
  option(PACKET, 'vm', 'VMID', 'short for --to with a virtual machine', { completes: 'guest' }),
  option(PACKET, 'ct', 'VMID', 'short for --to with a container', { completes: 'guest' }),
  option(PACKET, 'src', 'IP', 'source address', { alias: ['source'] }),
  option(PACKET, 'dst', 'IP', 'destination address', { alias: ['dest'] }),
  option(PACKET, 'proto', 'NAME', 'protocol: tcp, udp, icmp ... or a number', {
    alias: ['p', 'protocol'],
    completes: 'protocol',
  }),
  option(PACKET, 'sport', 'PORT', 'source port or service name'),
  option(PACKET, 'dport', 'PORT', 'destination port or service name'),
  option(PACKET, 'icmp-type', 'TYPE', 'ICMP or ICMPv6 type: echo-request or 8'),
  option(PACKET, 'flags', 'FLAGS', 'TCP flags: S, SA, A, R, or SYN,ACK (default S for new)'),
  option(
    PACKET,
    'state',
    'STATE',
    'what conntrack makes of it: new, established, related, invalid (default new)',
    {
      completes: 'state',
      more: 'new, established, related or invalid; est, rel and inv are understood too.',
    },
  ),
  option(PACKET, 'mac', 'MAC', 'source MAC address (default: the one of the sending guest)'),
  option(PACKET, 'vlan', 'TAG', 'VLAN tag of the frame where it starts'),
  option(PACKET, 'family', '4|6', 'address family, if nothing else tells', {
    choices: ['4', '6'],
  }),
  option(PACKET, 'iface', 'NIC', 'NIC of the guest (net1), or the device it comes in by', {
    alias: ['net', 'nic'],
  }),
]

export const TRACE: Command = {
  name: 'trace',
  positional: '[packet..]',
  positionalHelp: "the packet in one string: '192.168.1.53 -> 105:80/tcp'",
  positionalChoices: [],
  positionalCompletes: 'endpoint',
  summary: 'say what the firewall does with a packet, and which line decides',
  description: [
    'Reads the configuration of a node, compiles it as its firewall program does and walks one packet through the hooks the ' +
      'kernel would run. The first line is the verdict and the packet, the second the line of the configuration ' +
      'that decided, then come the reason, what was filled in or taken for granted, and the path.',
    'An endpoint is host, outside, outside:BRIDGE, a guest (105, vm105, ct105, 105/net1 or its name), a bridge port ' +
      '(vmbr0/tap999i0), the name of another node, an address, ADDRESS:PORT, an alias or +IPSET. What the question ' +
      'leaves open is filled in, and the answer says with what.',
  ],
  options: [
    ...PACKET_OPTIONS,
    option(PACKET, 'batch', 'FILE', 'one packet a line as JSON, - for standard input', {
      completes: 'file',
      more:
        'Each line is an object with any of id, from, to, src, dst, proto, sport, dport, icmpType, flags, state, mac ' +
        'and iface; each is answered by one line, in order: {"id","verdict","decidedBy","assumptions"}. A line that ' +
        'cannot be understood is answered by {"id","error"}.',
    }),
    stepOption,
    breakOption,
    atOption,
    plainOption,
    ...EDITS,
    ruleset,
    root,
    node,
    hostIp,
    localNetwork,
    backendOrBoth,
    nftVersion,
    bridgeNfCall,
    anyway,
    {
      ...option(OUTPUT, 'verbose', '', 'more: -v every chain entered, -vv every rule passed over', {
        alias: ['v'],
        more: '-vv sums up long runs of rules that fail for the same reason; -vvv does not.',
      }),
      kind: 'count',
    },
    option(OUTPUT, 'json', '', 'the whole answer as JSON, version 1'),
    option(OUTPUT, 'minimal', '', 'one stable line: VERDICT PLACE KERNEL-RULE', {
      more:
        'The line has three fields between single blanks: the verdict (ACCEPT, DROP, REJECT, UNKNOWN), where it ' +
        'was decided (FILE:LINE relative to the root; policy, generated or none where no line did) and the rule as ' +
        'the kernel numbers it (TABLE:CHAIN:rule:N, or -). Blanks in names appear as \\x20.',
    }),
    option(OUTPUT, 'expect', 'VERDICT', 'exit with 1 unless this is the verdict', {
      choices: ['accept', 'drop', 'reject'],
      more: 'With --batch: unless it is the verdict of every line.',
    }),
  ],
  examples: [
    {
      line: "pvefw trace '192.168.1.53 -> 105:80/tcp'",
      what: 'may this client reach the web server?',
    },
    { line: 'pvefw trace --vm 105 --src 192.168.1.53 --dport 80', what: 'the same' },
    { line: 'pvefw trace --from 105 --to host --dport 8006 -v', what: 'every chain on the way' },
    {
      line: 'pvefw trace --root ./node1 --vm 105 --dport 22 --expect drop',
      what: 'for scripts: exit code 0 if dropped',
    },
    {
      line: "nft -j list ruleset | pvefw trace --ruleset - '192.168.1.53 -> 105:80/tcp'",
      what: 'through what this node really holds',
    },
  ],
}

export const FLOW: Command = {
  name: 'flow',
  positional: '[conversation..]',
  positionalHelp:
    "what is said (tcp, udp, ping, ftp, tftp) and between whom: tcp '192.168.1.53 -> 105:22'",
  positionalChoices: [],
  positionalCompletes: 'conversation',
  summary: 'run a whole conversation through the rules and connection tracking',
  description: [
    'Sends the packets of a conversation one after the other, both ways, each through the rules of every node on its way ' +
      'and through connection tracking as the packet before left it. Each line is a packet: its verdict, what conntrack ' +
      'said of it and the deciding line, then what changed in the table of conntrack. The first lines say whether it ' +
      'comes to its end, and if not, which packet is lost and why.',
    'An end sends its next packet when it got the last one of the other end before it; what is lost is not sent again, ' +
      'and the answer of a REJECT ends the connection for the sender that gets it. Nothing takes time but a wait.',
    'A script has a step a line: > syn, < syn+ack, > data 100, < data "220 ready\\r\\n", > udp, > ping, < pong, ' +
      '< icmp port-unreachable, > packet (any other protocol), wait 31s. > goes the way of the question, < comes back; ' +
      '>! and <! are sent whatever happened before. TCP takes seq=, ack= (+N and -N: off by that much), window=, wscale=, ' +
      'sack= and again; every packet takes unseen: it gets there by a way that passes no node. ' +
      'connection data > 49153 -> 40000/tcp describes another connection, > @data syn is a packet of it. ' +
      'A # begins a comment.',
  ],
  options: [
    ...PACKET_OPTIONS.filter(({ name }) => name !== 'flags' && name !== 'state'),
    option(TALK, 'script', 'FILE', 'what is said, one step a line; - for standard input', {
      completes: 'file',
    }),
    option(TALK, 'print-script', '', 'print what would be said as a script, and do not run it'),
    option(TALK, 'close', 'HOW', 'how a TCP connection ends: fin, rst or none (default fin)', {
      choices: CLOSINGS,
    }),
    option(
      TALK,
      'mode',
      'MODE',
      'how FTP opens its data connection (default pasv, for IPv6 epsv)',
      {
        choices: FTP_MODES,
      },
    ),
    option(TALK, 'answer-after', 'TIME', 'the answer comes that much later: 31s, 10m, 5d', {
      more: 'A datagram is forgotten after 30 seconds without an answer.',
    }),
    option(TALK, 'reply-from', 'ENDPOINT', 'where answers start, if not where the packets go', {
      completes: 'endpoint',
    }),
    option(TALK, 'reply-to', 'ENDPOINT', 'where answers go, if not where the packets come from', {
      completes: 'endpoint',
    }),
    option(
      TALK,
      'return-via',
      'DEVICE',
      'bridge or NIC by which answers go; elsewhere: past all nodes',
      {
        more:
          'A bridge or device of the node: the outside is behind it on the way back. net1: the guest answers by that NIC. ' +
          'elsewhere: answers get there, but no node of the tree sees them.',
      },
    ),
    option(
      TALK,
      'conntrack',
      'FILE',
      'start with the connections of a conntrack -L; - for standard input',
      {
        completes: 'file',
        more:
          'The output of conntrack -L (-o extended and -o id too) or /proc/net/nf_conntrack of the node. Windows of TCP ' +
          'stand in no such list: segments of these connections are taken to be in them.',
      },
    ),
    option(
      TALK,
      'then',
      'DIR',
      'root of another configuration that takes over in mid-conversation',
      {
        completes: 'directory',
        more:
          'Both firewall programs load new rules without touching conntrack: the conversation goes on with the new rules, and ' +
          'is then begun anew with other ports.',
      },
    ),
    option(
      TALK,
      'then-after',
      'MOMENT',
      'when it does: packet N, handshake or data (default handshake)',
      {
        more: 'handshake is the end of that of TCP, and the first answer where there is none.',
      },
    ),
    stepOption,
    breakOption,
    atOption,
    plainOption,
    ...EDITS,
    ruleset,
    root,
    node,
    hostIp,
    localNetwork,
    backendOrBoth,
    nftVersion,
    bridgeNfCall,
    anyway,
    {
      ...option(
        OUTPUT,
        'verbose',
        '',
        'more: -v every chain entered by each packet, and the tables',
        {
          alias: ['v'],
          more: '-vv shows every rule passed over.',
        },
      ),
      kind: 'count',
    },
    option(OUTPUT, 'json', '', 'the whole answer as JSON, version 1'),
    option(OUTPUT, 'minimal', '', 'one stable line a packet', {
      more:
        'The line has seven fields between single blanks: number (new:N where it is begun anew), direction (> or <), what ' +
        'it is, verdict (UNSEEN: it passes no node; UNSENT: it is not sent), place and rule as in the line of a trace, ' +
        'what conntrack said.',
    }),
    option(
      OUTPUT,
      'expect',
      'VERDICT',
      'exit with 1 unless all packets get there, or the first loss is this',
      {
        choices: ['accept', 'drop', 'reject'],
      },
    ),
    option(OUTPUT, 'expect-anew', 'VERDICT', 'the same of the conversation that is begun anew', {
      choices: ['accept', 'drop', 'reject'],
    }),
  ],
  examples: [
    { line: "pvefw flow tcp '192.168.1.53 -> 105:22'", what: 'a login, from SYN to FIN' },
    {
      line: "pvefw flow udp --answer-after 31s '105 -> 1.1.1.1:53'",
      what: 'an answer that comes too late',
    },
    {
      line: "pvefw flow tcp --then ./new-config '192.168.1.53 -> host:22'",
      what: 'does this session survive the new rules, and does the next one?',
    },
    {
      line: "conntrack -L | pvefw flow --conntrack - --script steps.flow --sport 50022 '192.168.1.53 -> host:22'",
      what: 'from what this node has in its table now',
    },
  ],
}

export const STEP: Command = {
  name: 'step',
  positional: '[packet..]',
  positionalHelp: "the packet in one string: '192.168.1.53 -> 105:80/tcp'",
  positionalChoices: [],
  positionalCompletes: 'endpoint',
  summary: 'step a packet through the rules, like a program in a debugger',
  description: [
    'Opens a terminal application in which a packet is stepped through hooks, chains and rules, ahead and back, with ' +
      'breakpoints. Panes show the rules of the chain with the term that failed, the line of the file, the packet, ' +
      'marks and connection, and what was done so far. Fields of the packet, the backend, rules and options can be ' +
      'changed on the spot: the verdict follows. Without a packet it is chosen from guests and services. The key ? ' +
      'lists all keys, y shows the command line that comes back to the same place.',
    'Nothing is sent, and nothing is written but edited files, to a directory that is typed. With --plain, or ' +
      'INK_SCREEN_READER=true in the environment, it speaks in sentences in place of panes.',
  ],
  options: [
    ...PACKET_OPTIONS,
    breakOption,
    atOption,
    plainOption,
    ...EDITS,
    ruleset,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    anyway,
  ],
  examples: [
    { line: "pvefw step '192.168.1.53 -> 105:80/tcp'", what: 'from the first hook to the verdict' },
    { line: 'pvefw step --break 105.fw:7 --vm 105 --dport 80', what: 'c runs to that line' },
  ],
}

const admin: Option = {
  ...option(
    CONFIGURATION,
    'admin',
    'CIDR|+SET|IP..',
    'machines that must keep their access (default: the management set, and the client of this SSH session)',
  ),
  kind: 'list',
}

export const VERIFY: Command = {
  name: 'verify',
  positional: '[packet..]',
  positionalHelp: "the packet in one string: '192.168.1.53 -> 105:80/tcp'",
  positionalChoices: [],
  positionalCompletes: 'endpoint',
  summary: 'ask a real kernel, and say whether pvefw says the same',
  description: [
    'Builds the network of a node in name spaces of its own, loads what its firewall program would hand to the ' +
      'kernel, sends the packet and compares: verdict, deciding rule, every rule that matched, and whether the answer of ' +
      'a REJECT comes back. Rules, devices and settings of the machine are not touched, nothing is sent anywhere, and ' +
      'everything is gone when the command ends, however it ends. It needs root (or user name spaces), the tools of the ' +
      'backend and Perl: a Proxmox VE node has them, a Debian machine gets them by apt.',
    'The exit code is 0 if they agree, 1 if they differ, 4 if a packet could not be asked about, 5 if this kernel cannot ' +
      'be asked.',
  ],
  options: [
    ...TRACE.options.filter(({ group, name }) => group === PACKET && name !== 'state'),
    option(PACKET, 'lockout', '', 'the packets that pvefw audit lockout says are lost'),
    admin,
    ...EDITS,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    anyway,
    option(OUTPUT, 'json', '', 'one JSON object a packet'),
  ],
  examples: [
    {
      line: "pvefw verify '192.168.1.53 -> 105:80/tcp'",
      what: 'on the node, or anywhere with its files',
    },
    { line: 'pvefw verify --root ./node1 --batch packets.jsonl', what: 'many packets' },
  ],
}

export const DRIFT: Command = {
  name: 'drift',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'say how what a node holds differs from its configuration',
  description: [
    'Compares dumps of a node with what its configuration compiles to, and names every table, chain, rule and set ' +
      'element that is missing, too many or in another order. Rules are compared by what they mean: counters, handles, ' +
      'comments, signatures and the spelling of a tool are no drift. Rules of other programs are listed apart. The ' +
      'exit code is 0 without drift, 1 with, 3 if a dump or the configuration cannot be read.',
  ],
  options: [
    ruleset,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    option(OUTPUT, 'json', '', 'everything as JSON, version 1'),
  ],
  examples: [
    {
      line: 'nft -j list ruleset | pvefw drift --ruleset -',
      what: 'on a node with the nftables backend',
    },
    {
      line: 'pvefw drift --root ./node1 --ruleset v4.txt v6.txt sets.txt eb.txt',
      what: 'with the output of iptables-save, ip6tables-save, ipset save and ebtables-save',
    },
  ],
}

const proposed: Option = {
  ...option(
    CONFIGURATION,
    'proposed',
    'DIR|FILE..',
    'the configuration after the change: a whole tree, or files that replace those of --root',
    {
      completes: 'file',
      more:
        'A directory is read as --root is. A file replaces the one of its name: cluster.fw, 105.fw, VNET.fw, and ' +
        'host.fw of the node in its path (nodes/NAME/host.fw), else of the node asked about.',
    },
  ),
  kind: 'list',
}
export const AUDIT: Command = {
  name: 'audit',
  positional: '<what>',
  positionalHelp: 'lockout: what a cluster cannot do without',
  positionalChoices: ['lockout'],
  positionalCompletes: 'nothing',
  summary: 'prove that SSH, web UI, cluster and storage stay reachable',
  description: [
    'What must get through is read off the files: SSH, web UI, VNC and SPICE from administrators to every node, each ' +
      'link of corosync between every two nodes, migration, cluster API and SSH between nodes, servers of storage.cfg, ' +
      'DNS, NTP and updates; for IPv4 and IPv6, for the first packet of a connection, for later ones and for answers. Each ' +
      'is PROVED for every packet, or LOST with a packet that would be lost and the line that decides about it; with ' +
      '--proposed, what is lost now as well is told apart. For what is lost a rule is said that is proved to be enough.',
    'The exit code is 0 if nothing is lost, 1 if something is, 4 if something cannot be proved either way or was not ' +
      'looked at.',
  ],
  options: [
    ...EDITS,
    auditStepOption,
    plainOption,
    root,
    proposed,
    admin,
    node,
    hostIp,
    localNetwork,
    backendOrBoth,
    nftVersion,
    bridgeNfCall,
    option(OUTPUT, 'format', 'NAME', 'text, json (version 1), sarif or junit', {
      choices: ['text', 'json', 'sarif', 'junit'],
    }),
    option(OUTPUT, 'json', '', 'the same as --format json'),
  ],
  examples: [
    {
      line: 'pvefw audit lockout --proposed ./cluster.fw --admin 10.8.0.0/24',
      what: 'whether 10.8.0.0/24 keeps its access with another cluster.fw',
    },
    { line: 'pvefw audit lockout --root ./node1 --backend both', what: 'for both backends' },
  ],
}

export const PLAN: Command = {
  name: 'plan',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'print the safe way to a change, step by step',
  description: [
    'Takes what is to change and prints the commands for it in an order in which no step loses what pvefw audit lockout ' +
      'looks at: rules that keep what would be lost come first, then rules and names, then options and policies, the ' +
      'firewall of the cluster last. Of the state after every step it is proved that nothing is lost, or shown what is.',
    'Every plan undoes itself unless it is confirmed. Where the firewall goes on and all nodes filter with iptables, that is ' +
      'the time in enable, which is off again after 60 s; proxmox-firewall does not read times, so elsewhere a timer puts ' +
      'the files back, or stops the firewall of the node where they cannot be written. Nothing is run: it prints.',
    'The exit code is 0 if no step loses anything, 1 if one does, 4 if something cannot be proved either way.',
  ],
  options: [
    ...EDITS,
    root,
    admin,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    option(OUTPUT, 'json', '', 'everything as JSON, version 1'),
  ],
  examples: [
    { line: 'pvefw plan --enable cluster --admin 10.8.0.0/24', what: 'the firewall goes on' },
    { line: "pvefw plan --add 'cluster:IN DROP -p tcp -dport 22'", what: 'one more rule' },
  ],
}

export const DIFF: Command = {
  name: 'diff',
  positional: '[trees..]',
  positionalHelp: 'two trees: before and after',
  positionalChoices: [],
  positionalCompletes: 'directory',
  summary: 'show all packets that get another verdict',
  description: [
    'Compares two configurations, or with --backends what the two backends make of one, and shows every packet whose ' +
      'verdict differs: as few regions as tell them all, each with one packet and the line that decides on either side. ' +
      'That nothing else changes is proved for every packet between the outside, the host and each guest of every node.',
    'The exit code is 0 if no packet gets another verdict, 1 if one does.',
  ],
  options: [
    ...EDITS,
    root,
    proposed,
    option(CONFIGURATION, 'backends', '', 'compare iptables with nftables'),
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    option(OUTPUT, 'json', '', 'everything as JSON, version 1'),
  ],
  examples: [
    { line: 'pvefw diff ./today ./tomorrow', what: 'between two copies of /etc/pve' },
    {
      line: 'pvefw diff --proposed ./cluster.fw',
      what: 'what another cluster.fw would change here',
    },
    { line: 'pvefw diff --backends', what: 'what would change with the other backend' },
  ],
}

export const LINT: Command = {
  name: 'lint',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'name every line that does nothing, or something else than it says',
  description: [
    'Everything that reading and compiling complain about, and what only all packets at once can tell: rules that never ' +
      'decide because others come first, and which, and whether the verdict differs; rules that no packet can match; ' +
      'firewalls and NICs that are off though there are rules; groups, sets and aliases nobody uses. Every node of the ' +
      'tree is looked at. pvefw explain CODE says more of a finding.',
    'The exit code is 0 without errors and warnings, 1 with; notes do not count.',
  ],
  options: [
    ...EDITS,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    option(OUTPUT, 'format', 'NAME', 'text, json (version 1), sarif or junit', {
      choices: ['text', 'json', 'sarif', 'junit'],
    }),
    option(OUTPUT, 'json', '', 'the same as --format json'),
  ],
  examples: [
    { line: 'pvefw lint --root ./node1', what: 'a copy of a node' },
    { line: 'pvefw lint --format sarif > findings.sarif', what: 'for a CI server' },
  ],
}

const WANTED = 'Packets:'

export const FIND: Command = {
  name: 'find',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'find a packet with a verdict, or decided by a line',
  description: [
    'Looks among all packets on all ways between outside, host and guests for one with what is asked for, or with --all ' +
      'for every region of them. That there is none is a proof. A packet that is told was traced.',
    'The exit code is 0 if there is one, 1 if there is none.',
  ],
  options: [
    option(WANTED, 'verdict', 'VERDICT', 'what becomes of it', {
      choices: ['accept', 'drop', 'reject', 'unknown'],
    }),
    option(WANTED, 'by', 'FILE:LINE', 'the line that has its say about it, as 105.fw:7'),
    option(WANTED, 'from', 'END', 'outside, host, a guest, or guests for all', {
      completes: 'guest',
    }),
    option(WANTED, 'to', 'END', 'the same for where it goes', { completes: 'guest' }),
    option(WANTED, 'src', 'ADDRESS,..', 'source: addresses, networks, aliases, +sets'),
    option(WANTED, 'not-src', 'ADDRESS,..', 'none of these sources'),
    option(WANTED, 'dst', 'ADDRESS,..', 'destination'),
    option(WANTED, 'not-dst', 'ADDRESS,..', 'none of these destinations'),
    option(WANTED, 'proto', 'PROTO,..', 'protocols', { completes: 'protocol' }),
    option(WANTED, 'sport', 'PORT,..', 'source ports: numbers, ranges, services'),
    option(WANTED, 'dport', 'PORT,..', 'destination ports'),
    option(WANTED, 'state', 'STATE', 'connection state', { completes: 'state' }),
    stepOption,
    plainOption,
    ...EDITS,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    option(OUTPUT, 'all', '', 'all regions on every way, not one packet'),
    option(OUTPUT, 'json', '', 'everything as JSON, version 1'),
  ],
  examples: [
    {
      line: 'pvefw find --to vm105 --verdict accept --not-src 10.0.0.0/8',
      what: 'who gets to 105 from elsewhere',
    },
    { line: 'pvefw find --by 105.fw:9 --all', what: 'all packets that line 9 of 105.fw decides' },
  ],
}

export const MATRIX: Command = {
  name: 'matrix',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'show who reaches whom by which services',
  description: [
    'A table for each service: senders down, receivers across. yes is for every first packet of a connection that some ' +
      'program sends, no for none, part for some senders, which are named. Ends have the addresses that are known of ' +
      'them. All of it is proved, not tried.',
  ],
  options: [
    {
      ...option(
        WANTED,
        'services',
        'NAME..',
        'macros (SSH) or protocol and ports (tcp/8006); default Ping SSH DNS HTTP HTTPS tcp/8006',
      ),
      kind: 'list',
    },
    option(WANTED, 'from', 'END,..', 'senders: outside, host, guests; default all', {
      completes: 'guest',
    }),
    option(WANTED, 'to', 'END,..', 'receivers', { completes: 'guest' }),
    option(WANTED, 'ipv6', '', 'IPv6 instead of IPv4', { alias: ['6'] }),
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
    bridgeNfCall,
    option(OUTPUT, 'format', 'NAME', 'text, json (version 1), csv or html (one page)', {
      choices: ['text', 'json', 'csv', 'html'],
    }),
    option(OUTPUT, 'json', '', 'the same as --format json'),
  ],
  examples: [
    { line: 'pvefw matrix --services SSH tcp/8006 --to host', what: 'who gets to the host' },
    { line: 'pvefw matrix --format html > matrix.html', what: 'a page to look at' },
  ],
}

export const COMPILE: Command = {
  name: 'compile',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'write what the firewall of a node would hand to the kernel',
  description: [
    'Compiles the configuration of a node and writes, byte for byte, what pve-firewall hands to iptables-restore, ' +
      'ip6tables-restore, ipset restore and ebtables-restore on an empty kernel (sets sorted by name); or, with the ' +
      'nftables backend, what proxmox-firewall hands to nft: skeleton.nft (nft -f), the fixed part, and ruleset.json ' +
      '(nft -j -f), the commands made of the configuration. It never writes below /etc/pve and never talks to a ' +
      'kernel. Rules that the kernel tools would refuse are written all the same, with the diagnostic; where nft ' +
      'refuses, which is all or nothing, the exit code is 3.',
  ],
  options: [
    option(
      OUTPUT,
      'out',
      'DIR',
      'directory for v4.rules, v6.rules, v4raw.rules, v6raw.rules, ipset.txt, ebtables.txt; nftables: skeleton.nft, ruleset.json',
      {
        completes: 'directory',
      },
    ),
    option(OUTPUT, 'format', 'NAME', 'print one of them instead', {
      choices: ['iptables-save', 'ip6tables-save', 'ipset', 'ebtables', 'nft', 'nft-json'],
      more:
        'nft is the whole ruleset as nft list ruleset shows it, nft-json as nft -j does. ' +
        'iptables-save is v4.rules followed by v4raw.rules, ip6tables-save v6.rules followed by v6raw.rules: ' +
        'each table ends in COMMIT, so the restore tools read them in one go.',
    }),
    ...EDITS,
    root,
    node,
    hostIp,
    localNetwork,
    backend,
    nftVersion,
  ],
  examples: [
    { line: 'pvefw compile --root ./node1 --out ./rules', what: 'all six files' },
    { line: 'pvefw compile --format iptables-save | less', what: 'the IPv4 rules of this node' },
    {
      line: 'pvefw compile --backend nftables --format nft | less',
      what: 'what the other backend would hold',
    },
  ],
}

export const BACKENDS: Command = {
  name: 'backends',
  positional: '[packet..]',
  positionalHelp: "a packet to compare: '192.168.1.53 -> 105:80/tcp'",
  positionalChoices: [],
  positionalCompletes: 'endpoint',
  summary: 'say what changes when a node is switched to the other backend',
  description: [
    'Reads the configuration as both programs do, pve-firewall (iptables) and proxmox-firewall (nftables), and names ' +
      'what one of them would not load, options without effect and every known difference that concerns this node, ' +
      'with its lines. With a packet it shows both verdicts and the two deciding lines; with --batch those of all ' +
      'packets that end differently, and how many those are.',
  ],
  options: [
    option(PACKET, 'batch', 'FILE', 'one packet a line as JSON, - for standard input', {
      completes: 'file',
      more: 'The lines are those of pvefw trace --batch.',
    }),
    ...EDITS,
    root,
    node,
    hostIp,
    localNetwork,
    nftVersion,
    bridgeNfCall,
    option(CONFIGURATION, 'anyway', '', 'compare also what is left when a backend refuses', {
      more: 'Then the packets go through what an empty kernel would hold of the rules.',
    }),
    {
      ...option(OUTPUT, 'verbose', '', 'more: -v every place of a difference', { alias: ['v'] }),
      kind: 'count',
    },
    option(OUTPUT, 'json', '', 'JSON; with --batch one object a line, and the count'),
  ],
  examples: [
    { line: 'pvefw backends', what: 'what would change on this node' },
    { line: "pvefw backends '192.168.1.53 -> host:22/tcp'", what: 'both verdicts on one packet' },
  ],
}

export const EXPLAIN: Command = {
  name: 'explain',
  positional: '[code..]',
  positionalHelp: 'code of a complaint or a difference: nftables/blacklist',
  positionalChoices: [],
  positionalCompletes: 'code',
  summary: 'explain a code that another command printed',
  description: [
    'Prints the sentence behind the code of a complaint, or behind a difference between the backends with its source ' +
      'and the scenario that shows it. Without a code it lists them all.',
  ],
  options: [option(OUTPUT, 'json', '', 'JSON')],
  examples: [
    { line: 'pvefw explain backends/management-first', what: 'what is behind a difference' },
  ],
}

export const MAN: Command = {
  name: 'man',
  positional: '',
  positionalHelp: '',
  positionalChoices: [],
  positionalCompletes: 'nothing',
  summary: 'print the man page (pvefw man | man -l -)',
  description: ['Prints this page as roff.'],
  options: [],
  examples: [{ line: 'pvefw man | man -l -', what: 'read it' }],
}

export const COMPLETION: Command = {
  name: 'completion',
  positional: '<shell>',
  positionalHelp: 'the shell to complete for',
  positionalChoices: ['bash', 'zsh', 'fish'],
  positionalCompletes: 'nothing',
  summary: 'print a completion script for a shell',
  description: [
    'Prints a script that completes commands, options and their values; guests and nodes come from the ' +
      'configuration that --root names.',
  ],
  options: [],
  examples: [
    { line: 'source <(pvefw completion bash)', what: 'in ~/.bashrc' },
    { line: 'pvefw completion fish | source', what: 'in config.fish' },
  ],
}

export const COMMANDS: readonly Command[] = [
  TRACE,
  FLOW,
  STEP,
  VERIFY,
  DRIFT,
  AUDIT,
  PLAN,
  DIFF,
  LINT,
  FIND,
  MATRIX,
  COMPILE,
  BACKENDS,
  EXPLAIN,
  MAN,
  COMPLETION,
]
