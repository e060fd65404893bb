import { describe, expect, it } from 'vitest'
import { compileIptables, type IptablesCompiled } from '../../../src/compile/iptables/compile.ts'
import { readIptables } from '../../../src/config/dialect/iptables/read.ts'
import { position } from '../../../src/source/source-file.ts'
import { type ProbeInput, probeTree } from '../../support/probe-tree.ts'

const NET0 = 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1'
const NET1 = 'virtio=BC:24:11:00:00:02,bridge=vmbr0,firewall=1'
const VETH = 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,firewall=1'
const ON = '[OPTIONS]\nenable: 1\n'

/** The group's second IN rule cannot be compiled: ICMP types end at 255. */
const BROKEN_IN = `${ON}[group bad]\nIN ACCEPT -p tcp -dport 1\nIN ACCEPT -p icmp -dport 300\nOUT DROP\n`
const BROKEN_OUT = `${ON}[group bad]\nIN ACCEPT -p tcp -dport 1\nOUT DROP -p icmp -dport 300\nOUT DROP\n`
const USES_BAD = `${ON}[RULES]\nGROUP bad\n`

function compileInput(input: ProbeInput): IptablesCompiled {
  const tree = probeTree(input)
  return compileIptables(tree, readIptables(tree))
}

/** `severity code file:line message`. */
function told({ diagnostics }: IptablesCompiled): readonly string[] {
  return diagnostics.map(({ severity, code, span, message }) => {
    const place = span === null ? '-' : `${span.file.path.split('/').at(-1)}:${position(span).line}`
    return `${severity} ${code} ${place} ${message}`
  })
}

/** Chains of IPv4 that were made, and of those the ones something jumps to. */
function guestChains({ handed }: IptablesCompiled): Readonly<Record<string, boolean>> {
  const chains = handed?.v4.chains ?? new Map()
  const jumps = [...chains.values()].flat().map(({ text }) => text.split(' ').at(-1))
  const names = [...chains.keys()].filter((name) => /^(?:tap|veth|GROUP)/.test(name))
  return Object.fromEntries(names.map((name) => [name, jumps.includes(name)]))
}

type Case = {
  readonly name: string
  readonly input: ProbeInput
  readonly told: readonly string[]
  /** Guest and group chains of IPv4, and whether anything enters them. */
  readonly chains?: Readonly<Record<string, boolean>>
}

const CASES: readonly Case[] = [
  {
    name: 'one rule is missing, for both families and all NICs told once',
    input: {
      files: {
        'cluster.fw': ON,
        '100.fw': `${ON}[IPSET own]\n10.0.0.1\n[RULES]\nIN DROP -source +dc/own\n`,
      },
      guests: { qemu: { '100': { net0: NET0, net1: NET1 } } },
    },
    told: [
      'error compile/rule-lost 100.fw:6 this rule is missing on net0 and net1 of guest 100 for IPv4 and IPv6: no such ipset `own`',
    ],
  },
  {
    name: 'a broken IN rule of a group: the first guest that uses it is open both ways, the next one what it sends',
    input: {
      files: { 'cluster.fw': BROKEN_IN, '100.fw': USES_BAD, '101.fw': USES_BAD },
      guests: { qemu: { '100': { net0: NET0, net1: NET1 }, '101': { net0: NET0 } } },
    },
    told: [
      'error compile/group-truncated cluster.fw:5 the IN rules of security group `bad` end before this one for IPv4, and its OUT rules do not exist: invalid icmp-type `300`',
      'error compile/guest-unfiltered cluster.fw:5 guest 100 is left unfiltered in both directions for IPv4 on net0 and net1: invalid icmp-type `300`',
      'error compile/guest-unfiltered cluster.fw:5 guest 101 is left unfiltered for IPv4: net0 in what it sends: invalid icmp-type `300`',
    ],
    chains: {
      'GROUP-bad-IN': true,
      'tap100i0-IN': false,
      'tap101i0-IN': true,
      'tap101i0-OUT': false,
    },
  },
  {
    name: 'a broken OUT rule of a group: later users get it cut short',
    input: {
      files: { 'cluster.fw': BROKEN_OUT, '100.fw': USES_BAD, '101.fw': USES_BAD },
      guests: { qemu: { '100': { net0: NET0 }, '101': { net0: NET0 } } },
    },
    told: [
      'error compile/group-truncated cluster.fw:5 the OUT rules of security group `bad` end before this one for IPv4: invalid icmp-type `300`',
      'error compile/guest-unfiltered cluster.fw:5 guest 100 is left unfiltered in both directions for IPv4 on net0: invalid icmp-type `300`',
    ],
    chains: {
      'GROUP-bad-IN': true,
      'GROUP-bad-OUT': true,
      'tap100i0-IN': false,
      'tap101i0-IN': true,
      'tap101i0-OUT': true,
    },
  },
  {
    name: 'a broken group in the rules of the host is left out there',
    input: { files: { 'cluster.fw': `${BROKEN_IN}[RULES]\nGROUP bad\n` } },
    told: [
      'error compile/group-truncated cluster.fw:5 the IN rules of security group `bad` end before this one for IPv4, and its OUT rules do not exist: invalid icmp-type `300`',
      'error compile/group-lost cluster.fw:8 security group `bad` is not asked by the host for IPv4, in and out: invalid icmp-type `300`',
    ],
    chains: { 'GROUP-bad-IN': false },
  },
  {
    name: 'a group nobody defined is empty',
    input: { files: { 'cluster.fw': `${ON}[RULES]\nGROUP web\n` } },
    told: [
      'warning compile/unknown-group cluster.fw:4 there is no security group `web`: the rule does nothing',
    ],
    chains: { 'GROUP-web-IN': true, 'GROUP-web-OUT': true },
  },
  {
    name: 'a name of 19 characters fits the IN chain of a group only',
    input: {
      files: { 'cluster.fw': ON, '100.fw': `${ON}[RULES]\nGROUP aaaaaaaaaaaaaaaaaaa\n` },
      guests: { qemu: { '100': { net0: NET0 } } },
    },
    told: [
      'warning compile/unknown-group 100.fw:4 there is no security group `aaaaaaaaaaaaaaaaaaa`: the rule does nothing',
      'error compile/guest-unfiltered 100.fw:4 guest 100 is left unfiltered in both directions for IPv4 and IPv6 on net0: Invalid chain name `GROUP-aaaaaaaaaaaaaaaaaaa-OUT` (28 char max)',
    ],
    chains: { 'GROUP-aaaaaaaaaaaaaaaaaaa-IN': false, 'tap100i0-IN': false },
  },
  {
    name: 'a NIC of a VM that cannot be read is skipped',
    input: {
      files: { 'cluster.fw': ON, '100.fw': ON },
      guests: { qemu: { '100': { net0: 'virtio=ZZ,bridge=vmbr0,firewall=1', net1: NET1 } } },
    },
    told: [
      'error compile/nic-skipped 100.conf:1 `net0` of VM 100 gets no rules: macaddr: invalid format - value does not look like a valid unicast MAC address',
    ],
    chains: { 'tap100i1-IN': true, 'tap100i1-OUT': true },
  },
  {
    name: 'a NIC of a container that cannot be read ends the container, its earlier NICs stay',
    input: {
      files: { 'cluster.fw': ON, '200.fw': ON },
      guests: {
        lxc: { '200': { net0: VETH, net1: 'name=eth1,hwaddr=ZZ,firewall=1', net2: VETH } },
      },
    },
    told: [
      'error compile/container-skipped 200.conf:2 `net1` of container 200 gets no rules, nor does net2, and the container no sets: hwaddr: invalid format - value does not look like a valid unicast MAC address',
    ],
    chains: { 'veth200i0-IN': true, 'veth200i0-OUT': true },
  },
  {
    name: 'an alias in an ipfilter set costs the layer-2 filter of this and later NICs',
    input: {
      files: {
        'cluster.fw': ON,
        '100.fw': `${ON}[ALIASES]\nme 10.0.0.9\n[IPSET ipfilter-net0]\nme\n`,
      },
      guests: { qemu: { '100': { net0: NET0, net1: NET1 } } },
    },
    told: [
      'error compile/no-layer2-filter 100.fw:6 guest 100 has no layer-2 filter on net0 and net1: value does not look like a valid IP address or CIDR network',
    ],
  },
  {
    name: 'an entry of a cluster set with the scope of a guest',
    input: {
      files: { 'cluster.fw': `${ON}[ALIASES]\nme 10.0.0.9\n[IPSET aa]\nguest/me\n` },
    },
    told: [
      'error compile/entry-lost cluster.fw:6 this entry is missing in IPSet `aa`: no such alias `me`',
    ],
  },
]

describe('what pve-firewall gives up is told with what it costs', () => {
  it.each(CASES)('$name', ({ input, told: expected, chains }) => {
    const compiled = compileInput(input)
    expect(told(compiled)).toEqual(expected)
    if (chains !== undefined) expect(guestChains(compiled)).toEqual(chains)
  })

  it('thousands of broken rules are counted, not told one by one', () => {
    const broken = 'IN ACCEPT -p icmp -dport 300\n'.repeat(500)
    const { diagnostics } = compileInput({ files: { 'cluster.fw': `${ON}[RULES]\n${broken}` } })
    expect(diagnostics).toHaveLength(101)
    expect(diagnostics.at(-1)?.message).toBe('400 more like this (compile/rule-lost)')
  })

  it('hundreds of NICs with ten thousands of rules are refused before they fill the memory', () => {
    const rules = 'IN DROP\n'.repeat(40_000)
    const nics = Array.from({ length: 256 }, (_, index) => [`net${index}`, NET0])
    const compiled = compileInput({
      files: { 'cluster.fw': ON, '100.fw': `${ON}[RULES]\n${rules}` },
      guests: { qemu: { '100': Object.fromEntries(nics) } },
    })
    expect(compiled.state).toBe('failed')
    expect(compiled.diagnostics).toMatchObject([{ code: 'compile/too-large' }])
  })

  it('what nothing is wrong with says nothing', () => {
    const files = { 'cluster.fw': ON, '100.fw': ON }
    expect(told(compileInput({ files, guests: { qemu: { '100': { net0: NET0 } } } }))).toEqual([])
  })
})
