import { clusterFile, type NftCase, oneGuest } from './nftables-case.ts'

/** A configuration that compiles, and what nft makes of it: nothing predicted means that it loads. */
export type NftRefusalCase = {
  readonly name: string
  readonly input: NftCase
  /** Of nft; the default one when absent. */
  readonly version?: string
  readonly predicted: readonly string[]
  /** The bridge table decides, which not every kernel has. */
  readonly bridge?: true
}

function cluster(...lines: readonly string[]): NftCase {
  return { files: { 'cluster.fw': clusterFile(...lines) } }
}

function rule(text: string): NftCase {
  return cluster('[RULES]', text)
}

function guest(clusterLines: readonly string[], ...lines: readonly string[]): NftCase {
  const { files, ...rest } = oneGuest(...lines)
  return { ...rest, files: { ...files, 'cluster.fw': clusterFile(...clusterLines) } }
}

function host(...lines: readonly string[]): NftCase {
  return { files: { 'cluster.fw': clusterFile(), 'host.fw': ['[OPTIONS]', ...lines].join('\n') } }
}

function vnet(...lines: readonly string[]): NftCase {
  const group = ['[group g]', 'FORWARD REJECT']
  return { ...cluster(...group), vnets: { v: ['[OPTIONS]', 'enable: 1', ...lines].join('\n') } }
}

const NO_SUCH = 'Could not process rule: No such file or directory'
const LINKS = 'Could not process rule: Too many links'
const OUT_OF_RANGE = 'Could not process rule: Numerical result out of range'
const LONG = `g${'x'.repeat(99)}`

/** Groups `g00` to `gNN`, each leading to the one before. */
function ladder(steps: number): readonly string[] {
  return Array.from({ length: steps }, (_, at) => at).flatMap((at) => {
    const name = (step: number) => `g${String(step).padStart(2, '0')}`
    return at === 0 ? [`[group ${name(0)}]`] : [`[group ${name(at)}]`, `GROUP ${name(at - 1)}`]
  })
}

export const REFUSED_BY_NFT: readonly NftRefusalCase[] = [
  {
    name: 'a group that is not defined',
    input: rule('GROUP nosuch'),
    predicted: [`undefined-group: GROUP nosuch: ${NO_SUCH}`],
  },
  {
    name: 'a group that comes later',
    input: cluster('[group a]', 'GROUP b', '[group b]'),
    predicted: [`undefined-group: GROUP b: ${NO_SUCH}`],
  },
  {
    name: 'a group that came before',
    input: cluster('[group a]', '[group b]', 'GROUP a'),
    predicted: [],
  },
  {
    name: 'a group that leads to itself, nowhere used',
    input: cluster('[group a]', 'GROUP a'),
    predicted: [],
  },
  {
    name: 'a group that leads to itself',
    input: cluster('[RULES]', 'GROUP a', '[group a]', 'GROUP a'),
    predicted: [`group-loop: GROUP a: ${LINKS}`],
  },
  {
    name: 'fourteen groups deep',
    input: cluster('[RULES]', 'GROUP g13', ...ladder(14)),
    predicted: [],
  },
  {
    name: 'fifteen groups deep',
    input: cluster('[RULES]', 'GROUP g14', ...ladder(15)),
    predicted: [`group-loop: GROUP g14: ${LINKS}`],
  },
  {
    name: 'an unknown protocol',
    input: rule('IN ACCEPT -p nosuch'),
    predicted: ['protocol: IN ACCEPT -p nosuch: Could not resolve protocol name'],
  },
  {
    name: 'a protocol number out of range',
    input: rule('IN ACCEPT -p 300'),
    predicted: ['protocol: IN ACCEPT -p 300: Protocol out of range'],
  },
  { name: 'a protocol number in hexadecimal', input: rule('IN ACCEPT -p 0x11'), predicted: [] },
  { name: 'a protocol by another name', input: rule('IN ACCEPT -p OSPFIGP'), predicted: [] },
  {
    name: 'a protocol that looks like a set',
    input: rule('IN ACCEPT -p @x'),
    predicted: ['protocol: IN ACCEPT -p @x: No such file or directory'],
  },
  {
    name: 'Ping over TCP',
    input: rule('IN Ping(ACCEPT) -p tcp'),
    predicted: [
      'protocol-conflict: IN Ping(ACCEPT) -p tcp: conflicting protocols specified: tcp vs. icmp',
    ],
  },
  {
    name: 'Ping over GRE',
    input: rule('IN Ping(ACCEPT) -p 47'),
    predicted: [
      'protocol-conflict: IN Ping(ACCEPT) -p 47: conflicting protocols specified: unknown vs. icmp',
    ],
  },
  { name: 'SSH over UDP', input: rule('IN SSH(ACCEPT) -p udp'), predicted: [] },
  {
    name: 'an interface name of 15 bytes',
    input: rule(`IN ACCEPT -i ${'x'.repeat(15)}`),
    predicted: [],
  },
  {
    name: 'an interface name of 16 bytes',
    input: rule('IN ACCEPT -i abcdefghijklmnop'),
    predicted: [
      'interface-name: IN ACCEPT -i abcdefghijklmnop: String exceeds maximum length of 16',
    ],
  },
  {
    name: 'any interface',
    input: rule('IN ACCEPT -i *'),
    predicted: [
      'interface-name: IN ACCEPT -i *: datatype mismatch, expected network interface name, expression has type invalid',
    ],
  },
  { name: 'many interfaces', input: rule('IN ACCEPT -i eth*'), predicted: [] },
  {
    name: 'an interface that looks like a set',
    input: rule('IN ACCEPT -i @lan'),
    predicted: ['interface-name: IN ACCEPT -i @lan: No such file or directory'],
  },
  {
    name: 'the set management of a guest',
    input: guest([], '[IPSET management]', '[RULES]', 'IN ACCEPT -source +management'),
    predicted: [`missing-set: IN ACCEPT -source +management: ${NO_SUCH}`],
    bridge: true,
  },
  {
    name: 'the address filter of a NIC that is not filtered',
    input: guest([], '[IPSET ipfilter-net1]', '[RULES]', 'IN ACCEPT -source +ipfilter-net1'),
    predicted: [`missing-set: IN ACCEPT -source +ipfilter-net1: ${NO_SUCH}`],
    bridge: true,
  },
  {
    name: 'entries that overlap',
    input: cluster('[IPSET s]', '10.0.0.0/8', '10.1.0.0/16'),
    predicted: [],
  },
  {
    name: 'entries that overlap, with nft 1.0.6',
    input: cluster('[IPSET s]', '10.0.0.0/8', '10.1.0.0/16'),
    version: '1.0.6',
    predicted: ['overlap: 10.1.0.0/16: conflicting intervals specified'],
  },
  {
    name: 'the same network twice, with nft 1.0.6',
    input: cluster('[IPSET s]', '10.0.0.0/8', '10.1.0.0/8'),
    version: '1.0.6',
    predicted: [],
  },
  {
    name: 'a management set that overlaps with the own network, with nft 1.0.6',
    input: cluster('[IPSET management]', '10.0.0.9'),
    version: '1.0.6',
    predicted: [],
  },
  {
    name: 'a log rate of 0',
    input: cluster('log_ratelimit: rate=0', '[RULES]', 'IN DROP -log info'),
    predicted: ['log-rate: IN DROP -log info: Could not process rule: Invalid argument'],
  },
  {
    name: 'a log rate of -1',
    input: cluster('log_ratelimit: rate=-1', '[RULES]', 'IN DROP -log info'),
    predicted: [
      'log-rate: IN DROP -log info: Could not process rule: Value too large for defined data type',
    ],
  },
  {
    name: 'a log rate of -1000, which the kernel takes for an enormous one',
    input: cluster('log_ratelimit: rate=-1000', '[RULES]', 'IN DROP -log info'),
    predicted: [],
  },
  {
    name: 'a log rate of 0 that nothing uses',
    input: cluster('log_ratelimit: rate=0'),
    predicted: [],
  },
  {
    name: 'a prefix of 127 bytes',
    input: cluster(`[group ${LONG}]`, 'FORWARD DROP -log info'),
    predicted: [],
  },
  {
    name: 'a prefix of 128 bytes',
    input: cluster(`[group ${LONG}x]`, 'FORWARD DROP -log info'),
    predicted: [`log-prefix: FORWARD DROP -log info: ${OUT_OF_RANGE}`],
  },
  {
    name: 'a chain name of 256 bytes',
    input: cluster(`[group ${'g'.repeat(242)}]`),
    predicted: [`name-too-long: [group ${'g'.repeat(242)}]: ${OUT_OF_RANGE}`],
  },
  {
    name: 'a set name of 256 bytes',
    input: cluster(`[IPSET ${'s'.repeat(242)}]`),
    predicted: [`name-too-long: [IPSET ${'s'.repeat(242)}]: ${OUT_OF_RANGE}`],
  },
  {
    name: 'SYN flood protection',
    input: host('protection_synflood: 1'),
    predicted: ['synflood: protection_synflood: 1: Unexpected object type in stmt'],
  },
  {
    name: 'SYN flood protection, with nft 1.0.6',
    input: host('protection_synflood: 1'),
    version: '1.0.6',
    predicted: [],
  },
  {
    name: 'a vnet that rejects by policy',
    input: vnet('policy_forward: REJECT'),
    predicted: [
      'vnet-reject: policy_forward: REJECT: Could not process rule: Operation not supported',
    ],
    bridge: true,
  },
  {
    name: 'a vnet that rejects by rule',
    input: vnet('[RULES]', 'FORWARD REJECT -p tcp'),
    predicted: [
      'vnet-reject: FORWARD REJECT -p tcp: Could not process rule: Operation not supported',
    ],
    bridge: true,
  },
  {
    name: 'a vnet that rejects by group',
    input: vnet('[RULES]', 'GROUP g'),
    predicted: ['vnet-reject: GROUP g: Could not process rule: Operation not supported'],
    bridge: true,
  },
  {
    name: 'a guest that rejects what it sends',
    input: guest([], 'policy_out: REJECT'),
    predicted: [],
  },
]
