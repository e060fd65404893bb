import fc from 'fast-check'

/**
 * The firewall of a node as values, not as text, so that what fails shrinks to what a person can read: without a guest,
 * a section, a rule, a term. Guests and their wires are always the same: one network serves all of them.
 */
export type NodeDescription = {
  readonly cluster: FileDescription
  readonly host: FileDescription
  /** By VMID of {@link GUESTS}; null: the guest has no file. */
  readonly guests: Readonly<Record<number, FileDescription | null>>
  /** Of the vnet both guests have a NIC on; null: it has no file. */
  readonly vnet: FileDescription | null
  readonly mess: readonly Mess[]
}

/** A line that is none, put into a file: mistakes of people, which the two programs make different things of. */
export type Mess = {
  /** Number among the files that are there, and among the lines of that file. */
  readonly file: number
  readonly line: number
  readonly text: string
}

export type FileDescription = {
  readonly options: Readonly<Record<string, string>>
  readonly aliases: readonly (readonly [name: string, address: string])[]
  readonly sets: readonly { readonly name: string; readonly entries: readonly string[] }[]
  readonly groups: readonly { readonly name: string; readonly rules: readonly RuleDescription[] }[]
  readonly rules: readonly RuleDescription[]
}

/** Terms of a rule, in the words of a .fw file; empty: left out. */
export type RuleDescription = {
  readonly enabled: boolean
  /** `IN ACCEPT`, `OUT SSH(DROP)`, `GROUP web`. */
  readonly head: string
  readonly terms: readonly (readonly [option: string, value: string])[]
}

/**
 * The guests of every description: VMID, kind, and NICs with bridge, firewall flag and VLAN; `lab` is a vnet of a simple
 * zone.
 */
export const GUESTS = [
  { vmid: 100, kind: 'qemu-server', nics: [{ bridge: 'vmbr0', firewall: 1 }] },
  {
    vmid: 101,
    kind: 'qemu-server',
    nics: [
      { bridge: 'vmbr0', firewall: 1 },
      { bridge: 'vmbr1', firewall: 0 },
    ],
  },
  {
    vmid: 102,
    kind: 'lxc',
    nics: [
      { bridge: 'vmbr0', firewall: 1 },
      { bridge: 'lab', firewall: 1 },
    ],
  },
  {
    vmid: 103,
    kind: 'qemu-server',
    nics: [
      { bridge: 'vmbr0', firewall: 1, tag: 20 },
      { bridge: 'lab', firewall: 1 },
    ],
  },
] as const

/** Few values, so that packets and rules meet. */
export const ADDRESSES = {
  4: ['10.10.0.5', '10.10.0.11', '10.10.0.12', '10.10.0.77', '192.168.1.50', '198.51.100.9'],
  6: ['fd10:10::5', 'fd10:10::12', 'fd10:10::77', '2001:db8::9'],
} as const

const NETWORKS = {
  4: ['10.10.0.0/24', '10.10.0.0/28', '192.168.1.0/24', '10.0.0.0/8', '198.51.100.8/31'],
  6: ['fd10:10::/64', 'fd10:10::/124', '2001:db8::/32'],
} as const

export const PORTS = [22, 53, 80, 443, 3128, 5900, 8006] as const

const ports = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PORTS.map(String)) },
  fc.constantFrom('80:90', '22,80', '5900:5999', '53,80:90,443', '1:1023', '8006,22'),
)

const address = fc.oneof(
  fc.constantFrom(...ADDRESSES[4]),
  fc.constantFrom(...ADDRESSES[6]),
  fc.constantFrom(...NETWORKS[4]),
  fc.constantFrom(...NETWORKS[6]),
  fc.constantFrom('10.10.0.5-10.10.0.12', '10.10.0.5,192.168.1.50'),
)

const ALIASES = ['web', 'lan', 'six'] as const
const SETS = ['admins', 'blacklist', 'management', 'mixed'] as const
const GROUPS = ['apps', 'base'] as const

const place = fc.oneof(
  { weight: 3, arbitrary: address },
  fc.constantFrom('dc/web', 'lan', 'six', '+admins', '+mixed', '+dc/mixed'),
)

/** A term that one rule of so many has; shrinks to none. */
function sometimes(value: fc.Arbitrary<string>, oneOf: number): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: oneOf - 1, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: value },
  )
}

/** Any number of rules is as likely as another: fast-check would prefer few. */
function rulesOf(
  one: fc.Arbitrary<RuleDescription>,
  most: number,
): fc.Arbitrary<readonly RuleDescription[]> {
  return fc.noBias(fc.array(one, { maxLength: most, size: 'max' }))
}

/** Terms that belong together: a protocol with what only it has. */
const ofPorts: fc.Arbitrary<RuleDescription['terms']> = fc
  .tuple(fc.constantFrom('tcp', 'tcp', 'udp'), fc.option(ports, { nil: '' }), sometimes(ports, 8))
  .map(([proto, dport, sport]) => [
    ['p', proto],
    ['dport', dport],
    ['sport', sport],
  ])

function ofTypes(
  proto: string,
  ...types: readonly string[]
): fc.Arbitrary<RuleDescription['terms']> {
  return fc.constantFrom(...types).map((type) => [
    ['p', proto],
    ['icmp-type', type],
  ])
}

const transport: fc.Arbitrary<RuleDescription['terms']> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<RuleDescription['terms']>([]) },
  { weight: 6, arbitrary: ofPorts },
  {
    weight: 2,
    arbitrary: ofTypes('icmp', '', 'echo-request', '3', 'destination-unreachable', 'any'),
  },
  { weight: 1, arbitrary: ofTypes('ipv6-icmp', '', 'echo-request', 'neighbor-solicitation', '1') },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('esp', 'gre', '89')
      .map((proto): RuleDescription['terms'] => [['p', proto]]),
  },
)

const MACROS = [
  'SSH',
  'HTTP',
  'HTTPS',
  'DNS',
  'Ping',
  'Web',
  'SMB',
  'NeighborDiscovery',
  'DHCPfwd',
  'FTP',
] as const

function rule(
  directions: readonly string[],
  interfaces: readonly string[],
  groups: boolean,
  verdicts: readonly string[] = ['ACCEPT', 'DROP', 'REJECT'],
): fc.Arbitrary<RuleDescription> {
  const verdict = fc.constantFrom(...verdicts)
  const iface = sometimes(fc.constantFrom(...interfaces), 5)
  const common = fc.record({
    source: sometimes(place, 3),
    dest: sometimes(place, 5),
    iface,
    log: sometimes(fc.constantFrom('info', 'nolog', 'err'), 6),
    enabled: fc.constantFrom(true, true, true, true, true, true, true, false),
  })
  const plain = fc
    .tuple(fc.constantFrom(...directions), verdict, transport, common)
    .map(([direction, action, terms, { source, dest, log, enabled, iface: device }]) => ({
      enabled,
      head: `${direction} ${action}`,
      terms: kept([
        ['i', device],
        ['source', source],
        // ends of two families: proxmox-firewall would read nothing at all
        ['dest', isOtherFamily(source, dest) ? '' : dest],
        ...terms,
        ['log', log],
      ]),
    }))
  const macro = fc
    .tuple(fc.constantFrom(...directions), verdict, fc.constantFrom(...MACROS), common)
    .map(([direction, action, name, { source, dest, log, enabled, iface: device }]) => ({
      enabled,
      head: `${direction} ${name}(${action})`,
      terms: kept([
        ['i', device],
        ['source', source],
        ['dest', isOtherFamily(source, dest) ? '' : dest],
        ['log', log],
      ]),
    }))
  const group = fc.tuple(fc.constantFrom(...GROUPS), iface).map(([name, device]) => ({
    enabled: true,
    head: `GROUP ${name}`,
    terms: kept([['i', device]]),
  }))
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 2, arbitrary: macro },
    ...(groups ? [{ weight: 1, arbitrary: group }] : []),
  )
}

/** Of literals; names are resolved one by one. */
function isOtherFamily(source: string, dest: string): boolean {
  const family = (text: string): 4 | 6 | null =>
    text.includes(':') ? 6 : /^\d/.test(text) ? 4 : null
  const [a, b] = [family(source), family(dest)]
  return a !== null && b !== null && a !== b
}

function kept(terms: RuleDescription['terms']): RuleDescription['terms'] {
  return terms.filter(([, value]) => value !== '')
}

/** Each option with the values it may have; most are left out. */
function options(
  table: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<Readonly<Record<string, string>>> {
  const entries = Object.entries(table).map(([name, values]) =>
    fc
      .oneof(
        { weight: 2, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom(...values) },
      )
      .map((value) => [name, value] as const),
  )
  return fc
    .tuple(...entries)
    .map((all) =>
      Object.fromEntries(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    )
}

const aliases = fc.tuple(
  ...ALIASES.map((name) =>
    fc
      .constantFrom(
        ...(name === 'six' ? [...ADDRESSES[6], ...NETWORKS[6]] : [...ADDRESSES[4], ...NETWORKS[4]]),
      )
      .map((value) => [name, value] as const),
  ),
)

/** Most sets hold what cannot overlap: nftables may refuse what does, and one refusal is all. */
const DISJOINT = [
  '10.10.0.5',
  '10.10.0.12',
  '10.10.0.64/28',
  '192.168.1.0/24',
  '198.51.100.8/31',
  'fd10:10::5',
  '2001:db8::/32',
]
const ANY = [...ADDRESSES[4], ...ADDRESSES[6], ...NETWORKS[4], ...NETWORKS[6], 'dc/web', 'lan']

/** The node's own network is in it already. */
const IN_MANAGEMENT = DISJOINT.filter((entry) => !entry.startsWith('10.10.0.'))

function entries(name: (typeof SETS)[number]): fc.Arbitrary<readonly string[]> {
  return fc.oneof(
    { weight: 24, arbitrary: entriesFrom(name === 'management' ? IN_MANAGEMENT : DISJOINT) },
    { weight: 1, arbitrary: entriesFrom(ANY) },
  )
}

function entriesFrom(values: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc
    .uniqueArray(fc.constantFrom(...values), { maxLength: 4 })
    .chain((own) => fc.tuple(...own.map((value) => fc.constantFrom(value, value, `!${value}`))))
}

const sets = fc
  .tuple(
    ...SETS.map((name) =>
      fc.tuple(entries(name), fc.boolean()).map(([own, there]) => ({ name, entries: own, there })),
    ),
  )
  .map((all) =>
    all
      .filter(({ name, there }) => there || name === 'admins' || name === 'mixed')
      .map(({ name, entries: own }) => ({ name, entries: own })),
  )

const policies = ['ACCEPT', 'DROP', 'REJECT'] as const
const levels = ['nolog', 'info'] as const
const flags = ['0', '1'] as const

const cluster: fc.Arbitrary<FileDescription> = fc.record({
  options: options({
    policy_in: policies,
    policy_out: policies,
    policy_forward: ['ACCEPT', 'DROP'],
    ebtables: flags,
  }).map((own) => ({ enable: '1', ...own })),
  aliases,
  sets,
  groups: fc.tuple(
    ...GROUPS.map((name) =>
      rulesOf(rule(['IN', 'OUT', 'FORWARD'], ['net0'], false).map(withoutInterface), 5).map(
        (rules) => ({ name, rules }),
      ),
    ),
  ),
  rules: rulesOf(rule(['IN', 'IN', 'OUT', 'FORWARD'], ['vmbr0', 'vmbr1', 'eno1'], true), 8),
})

function withoutInterface(one: RuleDescription): RuleDescription {
  return { ...one, terms: one.terms.filter(([option]) => option !== 'i') }
}

const host: fc.Arbitrary<FileDescription> = fc.record({
  options: options({
    enable: ['1', '1', '1', '0'],
    ndp: flags,
    nosmurfs: flags,
    tcpflags: flags,
    smurf_log_level: levels,
    log_level_in: levels,
    log_level_out: levels,
    nf_conntrack_allow_invalid: flags,
    nf_conntrack_helpers: ['ftp', 'ftp,tftp'],
  }),
  aliases: fc.constant([]),
  sets: fc.constant([]),
  groups: fc.constant([]),
  rules: rulesOf(rule(['IN', 'IN', 'OUT', 'FORWARD'], ['vmbr0', 'vmbr1'], true), 6),
})

const guest: fc.Arbitrary<FileDescription | null> = fc.option(
  fc.record({
    options: options({
      policy_in: policies,
      policy_out: policies,
      dhcp: flags,
      ndp: flags,
      radv: flags,
      macfilter: flags,
      ipfilter: flags,
      log_level_in: levels,
      log_level_out: levels,
    }).chain((own) =>
      fc.constantFrom('1', '1', '1', '1', '0').map((enable) => ({ enable, ...own })),
    ),
    aliases: fc.constant([]),
    sets: fc
      .oneof(
        { weight: 6, arbitrary: fc.constant(null) },
        {
          weight: 1,
          // few overlap, as above
          arbitrary: fc
            .constantFrom('10.10.0.64/28', '10.10.0.64/28', '10.10.0.64/28', '10.10.0.0/28')
            .chain((network) =>
              fc.uniqueArray(fc.constantFrom('10.10.0.11', '10.10.0.12', 'fd10:10::12', network), {
                maxLength: 3,
              }),
            ),
        },
      )
      .map((entries) => (entries === null ? [] : [{ name: 'ipfilter-net0', entries }])),
    groups: fc.constant([]),
    rules: rulesOf(rule(['IN', 'IN', 'OUT'], ['net0', 'net1'], true), 8),
  }),
  { nil: null, freq: 8 },
)

/** A REJECT on a bridge keeps nft from loading anything. */
const FORWARDED = [...Array(12).fill('ACCEPT'), ...Array(12).fill('DROP'), 'REJECT'] as const

const vnet: fc.Arbitrary<FileDescription | null> = fc.option(
  fc.record({
    options: options({ policy_forward: ['ACCEPT', 'DROP'], log_level_forward: levels }).chain(
      (own) => fc.constantFrom('1', '1', '1', '0').map((enable) => ({ enable, ...own })),
    ),
    aliases: fc.constant([]),
    sets: fc.constant([]),
    groups: fc.constant([]),
    rules: rulesOf(rule(['FORWARD'], ['net0'], false, FORWARDED).map(withoutInterface), 6),
  }),
  { nil: null, freq: 2 },
)

/** What is read as something else, left out, or the end of everything. */
const MESS = [
  'IN ACCEPTT -p tcp -dport 22',
  'IN ACCEPT -p tcp -dport 22 -dport 80',
  'IN ACCEPT -dport 22',
  'IN SSHH(ACCEPT)',
  'IN ACCEPT -p tcp -dport 99999',
  'IN ACCEPT -source 10.10.0.300',
  'IN ACCEPT -source +nowhere',
  'IN ACCEPT -source 10.10.0.5 -dest fd10:10::5',
  'IN ACCEPT -p icmp -icmp-type nonsense',
  'IN ACCEPT extra words',
  'in accept -p tcp -dport 8006',
  'GROUP nowhere',
  'enable 1',
  'policy_in: MAYBE',
  'policy_in: DROP # and a word',
  '[RULES',
  '[NONSENSE]',
  '[IPSET admins] again',
  '10.10.0.0/33',
  'dc/nowhere',
  '# a comment',
  '   ',
  '-p tcp',
]

/** Most descriptions have none: where proxmox-firewall reads nothing at all, nothing is learnt of its rules. */
const mess: fc.Arbitrary<readonly Mess[]> = fc.oneof(
  { weight: 14, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({
        file: fc.nat({ max: 99 }),
        line: fc.nat({ max: 99 }),
        text: fc.constantFrom(...MESS),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
)

export const nodeDescription: fc.Arbitrary<NodeDescription> = fc.record({
  cluster,
  host,
  guests: fc.record({ 100: guest, 101: guest, 102: guest, 103: guest }),
  vnet,
  mess,
})
