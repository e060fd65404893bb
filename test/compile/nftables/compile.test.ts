import { describe, expect, it } from 'vitest'
import { choosesNftables, compileNftables } from '../../../src/compile/nftables/compile.ts'
import { readNftables } from '../../../src/config/dialect/nftables/read.ts'
import {
  clusterFile,
  elementsOf,
  type NftAnswer,
  nftAnswer,
  nftTree,
  oneGuest,
  rulesOf,
} from '../../support/nftables-case.ts'

function clusterRules(...lines: readonly string[]): NftAnswer {
  return nftAnswer({ files: { 'cluster.fw': clusterFile(...lines) } })
}

/** Texts of what one rule line becomes in the chain cluster-in, the policy left out. */
function compiled(rule: string, ...before: readonly string[]): readonly string[] {
  return rulesOf(clusterRules(...before, '[RULES]', rule), 'cluster-in').slice(0, -1)
}

/** How the limit is shown is not the matter here. */
function withoutLimit(text: string): string {
  return text.replace(/limit rate .*(?=log )/, '')
}

function commandTexts({ compiled: { commands } }: NftAnswer): readonly string[] {
  return commands.map(({ json }) => JSON.stringify(json))
}

describe('one rule line', () => {
  it.each([
    ['|IN ACCEPT', []],
    ['OUT ACCEPT', []],
    ['IN ACCEPT', ['accept']],
    ['IN REJECT', ['jump do-reject']],
    ['IN DROP -i vmbr0', ['iifname "vmbr0" drop']],
    ['IN ACCEPT -dport 80', ['accept']],
    ['IN ACCEPT -p tcp -dport 80 -sport 1:9', ['tcp sport 1-9 tcp dport 80 accept']],
    ['IN ACCEPT -p udp -dport 80:80', ['udp dport 80-80 accept']],
    ['IN ACCEPT -p icmp', ['meta l4proto icmp accept']],
    [
      'IN ACCEPT -p icmp -icmp-type host-unreachable',
      ['icmp type destination-unreachable icmp code host-unreachable accept'],
    ],
    ['IN ACCEPT -p 47', ['meta l4proto gre accept']],
    ['IN Ping(DROP)', ['icmp type echo-request drop', 'icmpv6 type echo-request drop']],
    [
      'IN Ping(DROP) -source 10.0.0.0/8',
      ['icmp type echo-request ip saddr 10.0.0.0/8 drop', 'icmpv6 type echo-request drop'],
    ],
    [
      'IN ACCEPT -source 10.0.0.1,10.0.0.5-10.0.0.9',
      ['ip saddr { 10.0.0.1, 10.0.0.5-10.0.0.9 } accept'],
    ],
    [
      'IN HTTP(ACCEPT) -log info',
      ['tcp dport 80 log prefix ":0:6:cluster-in: ACCEPT: " group 0', 'tcp dport 80 accept'],
    ],
    ['IN ACCEPT -log nolog', ['accept']],
  ] as const)('%s', (rule, texts) => {
    expect(compiled(rule).map(withoutLimit)).toEqual(texts)
  })

  it('logs before each part of a macro', () => {
    const texts = compiled('IN DNS(ACCEPT) -log err').map((text) => text.replace(/limit.*/, 'log'))
    expect(texts).toEqual([
      'udp dport 53 log',
      'udp dport 53 accept',
      'tcp dport 53 log',
      'tcp dport 53 accept',
    ])
  })

  it('a set makes a rule for each family, each with its exceptions', () => {
    expect(compiled('IN ACCEPT -source +s', '[IPSET s]')).toEqual([
      'ip saddr @v4-dc/s ip saddr != @v4-dc/s-nomatch accept',
      'ip6 saddr @v6-dc/s ip6 saddr != @v6-dc/s-nomatch accept',
    ])
  })

  it('of two aliases of different families only the first counts', () => {
    const aliases = ['[ALIASES]', 'a 10.0.0.1', 'b fd00::1']
    expect(compiled('IN ACCEPT -source a -dest b', ...aliases)).toEqual([
      'ip saddr 10.0.0.1 accept',
    ])
  })

  it('a GROUP line jumps in all directions, with -i not in forward', () => {
    const answer = clusterRules('[RULES]', 'GROUP a', 'GROUP b -i eno1', '[group a]', '[group b]')
    expect(rulesOf(answer, 'cluster-out').slice(0, -1)).toEqual([
      'jump group-a-out',
      'oifname "eno1" jump group-b-out',
    ])
    expect(rulesOf(answer, 'cluster-forward').slice(0, -1)).toEqual(['jump group-a-forward'])
  })

  it('an alternative interface name becomes the name', () => {
    const files = { 'cluster.fw': clusterFile('[RULES]', 'IN DROP -i lan0') }
    const answer = nftAnswer({ files, facts: { altnames: { lan0: 'eno1' } } })
    expect(rulesOf(answer, 'cluster-in')[0]).toBe('iifname "eno1" drop')
  })
})

describe('what is made at all', () => {
  it('nothing, while the cluster has the firewall off', () => {
    expect(nftAnswer({ files: { 'cluster.fw': '' } }).compiled).toMatchObject({
      state: 'disabled',
      commands: [],
    })
  })

  it('nothing, after a refusal', () => {
    const { compiled: answer } = clusterRules('[RULES]', 'IN HTTP')
    expect([answer.state, answer.commands.length]).toEqual(['refused', 0])
  })

  it('the switch of the node is asked apart', () => {
    const { config, compiled: answer } = clusterRules()
    expect([choosesNftables(config), answer.state]).toEqual([false, 'compiled'])
  })

  it('no guest table without a guest or vnet that is on', () => {
    const last = commandTexts(clusterRules()).at(-1)
    expect(last).toBe('{"delete":{"table":{"family":"bridge","name":"proxmox-firewall-guests"}}}')
  })

  it('no host table with the host off', () => {
    const { files, ...rest } = oneGuest()
    const answer = nftAnswer({ ...rest, files: { ...files, 'host.fw': '[OPTIONS]\nenable: 0\n' } })
    expect(commandTexts(answer)).toContain(
      '{"delete":{"table":{"family":"inet","name":"proxmox-firewall"}}}',
    )
    expect(rulesOf(answer, 'cluster-in')).toEqual([])
    expect(rulesOf(answer, 'invalid-conntrack')).toEqual([])
    expect(rulesOf(answer, 'guest-100-in').length).toBeGreaterThan(0)
  })

  it('an alias that an IPSet needs and nobody defines stops everything', () => {
    const { compiled: answer } = clusterRules('[IPSET s]', 'dc/nosuch')
    expect([answer.state, answer.error]).toEqual([
      'refused',
      'could not find alias dc/nosuch in environment',
    ])
    expect(answer.diagnostics.map(({ code }) => code)).toEqual(['nftables/ipset-alias-missing'])
  })
})

describe('the management set', () => {
  const prefix = (addr: string, len: number) => ({ prefix: { addr, len } })
  const management = (...lines: readonly string[]) =>
    elementsOf(clusterRules(...lines), 'v4-dc/management')

  it('is the network of the node', () => {
    expect(management()).toEqual([prefix('10.0.0.1', 24)])
  })

  it('has the entries of cluster.fw first', () => {
    expect(management('[IPSET management]', '192.0.2.1')).toEqual([
      prefix('192.0.2.1', 32),
      prefix('10.0.0.1', 24),
    ])
  })

  it('has the alias local_network instead of the network, where there is one', () => {
    expect(management('[ALIASES]', 'local_network 192.0.2.0/24')).toEqual([prefix('192.0.2.0', 24)])
  })

  it('is everything local when the name of the node is', () => {
    const tree = nftTree({ files: { 'cluster.fw': clusterFile() } })
    const address = { version: 4, bits: 0x7f000101n } as const
    const local = { ...tree, hostIp: { value: address, from: 'etc/hosts', span: null } }
    const config = readNftables(local)
    const answer: NftAnswer = { tree: local, config, compiled: compileNftables(local, config) }
    expect(elementsOf(answer, 'v4-dc/management')).toEqual([prefix('127.0.0.1', 8)])
  })

  it('cannot be made when the name does not resolve', () => {
    const tree = { ...nftTree({ files: { 'cluster.fw': clusterFile() } }), hostIp: null }
    const answer = compileNftables(tree, readNftables(tree))
    expect(answer.state).toBe('refused')
    expect(answer.diagnostics[0]?.code).toBe('nftables/host-address-unknown')
  })
})

describe('a guest', () => {
  it('has its chain in the order proxmox-firewall fills it', () => {
    const answer = nftAnswer(
      oneGuest('ipfilter: 1', 'radv: 1', 'log_level_out: info', '[RULES]', 'OUT REJECT -i net0'),
    )
    expect(
      rulesOf(answer, 'guest-100-out').map((text) => withoutLimit(text).replace(/\{.*\}/, '{...}')),
    ).toEqual([
      'jump pre-vm-out',
      'iifname "tap100i0" ip saddr != @v4-guest-100/ipfilter-net0 drop',
      'iifname "tap100i0" ip saddr @v4-guest-100/ipfilter-net0-nomatch drop',
      'iifname "tap100i0" ip6 saddr != @v6-guest-100/ipfilter-net0 drop',
      'iifname "tap100i0" ip6 saddr @v6-guest-100/ipfilter-net0-nomatch drop',
      'iifname "tap100i0" arp saddr ip != @v4-guest-100/ipfilter-net0 drop',
      'iifname . ether saddr != {...} drop',
      'iifname . arp saddr ether != {...} drop',
      'jump allow-dhcp-out',
      'jump allow-ndp-out',
      'jump allow-ra-out',
      'meta protocol arp accept',
      'ct mark set 0x00000064',
      'iifname "tap100i0" jump do-reject',
      'log prefix ":100:6:guest-100-out: ACCEPT: " group 0',
      'accept',
    ])
  })

  it('drops what it is told to reject on its way in', () => {
    const answer = nftAnswer(oneGuest('policy_in: REJECT', '[RULES]', 'IN REJECT -p tcp -log err'))
    const texts = rulesOf(answer, 'guest-100-in').slice(-3)
    expect(texts[0]).toMatch(/log prefix ":100:3:guest-100-in: REJECT: "/)
    expect(texts.slice(1)).toEqual(['meta l4proto tcp drop', 'drop'])
  })

  it('gets a filter of its own addresses', () => {
    const guests = {
      lxc: {
        100: {
          net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:49:8D:75,type=veth,firewall=1,ip=10.0.0.5/24,ip6=fd00::5/64',
        },
      },
    }
    const answer = nftAnswer({ ...oneGuest('ipfilter: 1'), guests })
    expect(elementsOf(answer, 'v4-guest-100/ipfilter-net0')).toEqual([
      { prefix: { addr: '10.0.0.5', len: 32 } },
    ])
    expect(elementsOf(answer, 'v6-guest-100/ipfilter-net0')).toEqual([
      { prefix: { addr: 'fe80::be24:11ff:fe49:8d75', len: 128 } },
      { prefix: { addr: 'fd00::5', len: 128 } },
    ])
    expect(elementsOf(answer, 'vm-map-in')).toEqual([
      ['veth100i0', { goto: { target: 'guest-100-in' } }],
    ])
  })

  it('sees its own aliases before those of the cluster', () => {
    const input = oneGuest(
      '[ALIASES]',
      'web 10.0.0.5',
      '[RULES]',
      'IN ACCEPT -source web -dest dc/web',
    )
    const files = { ...input.files, 'cluster.fw': clusterFile('[ALIASES]', 'web 10.0.0.9') }
    expect(rulesOf(nftAnswer({ ...input, files }), 'guest-100-in').at(-2)).toBe(
      'ip saddr 10.0.0.5 ip daddr 10.0.0.9 accept',
    )
  })
})

describe('vnets and the SDN', () => {
  const sdn = {
    zones: { ids: { z: { type: 'simple' } } },
    vnets: { ids: { v: { zone: 'z' } } },
    subnets: {
      ids: {
        'z-10.1.0.0-24': {
          vnet: 'v',
          gateway: '10.1.0.1',
          'dhcp-range': ['start-address=10.1.0.50,end-address=10.1.0.99'],
        },
      },
    },
  }
  const cluster = {
    'cluster.fw': clusterFile(
      '[RULES]',
      'IN ACCEPT -source +sdn/v-no-gateway -dest +sdn/guest-ipam-100',
    ),
  }

  it('a vnet that is on has a chain between its ports and one towards the host', () => {
    const answer = nftAnswer({
      files: { 'cluster.fw': clusterFile() },
      vnets: { v: '[OPTIONS]\nenable: 1\npolicy_forward: DROP\n' },
    })
    expect(rulesOf(answer, 'bridge-v')).toEqual([
      'jump before-bridge',
      'drop',
      'jump before-bridge',
      'drop',
    ])
    expect(elementsOf(answer, 'bridge-map')).toEqual([
      [{ concat: ['v', 'v'] }, { jump: { target: 'bridge-v' } }],
      ['v', { jump: { target: 'bridge-v' } }],
    ])
  })

  it('REJECT of a vnet is a statement of its own', () => {
    const answer = nftAnswer({
      files: { 'cluster.fw': clusterFile() },
      vnets: { v: '[OPTIONS]\nenable: 1\npolicy_forward: REJECT\n' },
    })
    const { commands } = answer.compiled
    expect(
      commands.filter(({ json }) => JSON.stringify(json).includes('{"reject":{}}')).length,
    ).toBe(2)
  })

  it('each vnet has four sets, empty ones too', () => {
    const answer = nftAnswer({ files: cluster, sdn })
    const sets = commandTexts(answer).flatMap(
      (text) => /"name":"v4-sdn\/([^"]*)","type"/.exec(text)?.[1] ?? [],
    )
    expect([...new Set(sets)]).toEqual([
      'v-all',
      'v-all-nomatch',
      'v-dhcp',
      'v-dhcp-nomatch',
      'v-gateway',
      'v-gateway-nomatch',
      'v-no-gateway',
      'v-no-gateway-nomatch',
    ])
    expect(elementsOf(answer, 'v4-sdn/v-no-gateway-nomatch')[0]).toEqual({
      prefix: { addr: '10.1.0.1', len: 32 },
    })
    expect(elementsOf(answer, 'v4-sdn/v-dhcp')[0]).toEqual({ range: ['10.1.0.50', '10.1.0.99'] })
  })

  const ipam = {
    zones: {
      z: {
        subnets: {
          '10.1.0.0/24': {
            ips: {
              '10.1.0.9': { vmid: '100', mac: 'BC:24:11:00:00:01' },
              '10.1.0.8': { vmid: '100', mac: 'BC:24:11:00:00:01', hostname: 'web' },
              '10.1.0.7': { vmid: 100, mac: 'BC:24:11:00:00:01' },
              '10.1.0.1': { gateway: 1 },
            },
          },
        },
      },
    },
  }

  it('the IPAM has a set for each guest, by address', () => {
    const answer = nftAnswer({ files: cluster, sdn, ipam })
    expect(elementsOf(answer, 'v4-sdn/guest-ipam-100').slice(0, 2)).toEqual([
      { prefix: { addr: '10.1.0.8', len: 32 } },
      { prefix: { addr: '10.1.0.9', len: 32 } },
    ])
    expect(rulesOf(answer, 'cluster-in').length).toBe(3)
  })

  it('sets of the IPAM are not found without an SDN configuration', () => {
    const answer = nftAnswer({ files: cluster, ipam })
    expect(rulesOf(answer, 'cluster-in').length).toBe(1)
    expect(elementsOf(answer, 'v4-sdn/guest-ipam-100').length).toBe(4)
  })

  it.each([
    [{ zones: { ids: { z: { type: 'faucet' } } } }, 'invalid zone type'],
    [{ zones: { ids: { 'zone-1': { type: 'simple' } } } }, 'invalid symbols in name'],
    [{ zones: { ids: { z: { type: 'simple', dhcp: 'kea' } } } }, 'invalid dhcp type'],
    [{ vnets: { ids: { v: { zone: 'z' } } } }, 'zone not found'],
    [{ vnets: { ids: { v: { zone: 'z', tag: '5' } } } }, 'invalid type: string "5", expected u32'],
    [{ ...sdn, subnets: { ids: { 'z-10.1.0.0-24': { vnet: 'w' } } } }, 'vnet not found'],
    [
      { ...sdn, subnets: { ids: { 'z-10.1.0.0-24': { vnet: 'v', gateway: 'fd00::1' } } } },
      'mismatched ip address family for gateway and CIDR',
    ],
    [
      { ...sdn, subnets: { ids: { 'z_10.1.0.0': { vnet: 'v' } } } },
      'invalid format for subnet name',
    ],
    [
      {
        ...sdn,
        subnets: {
          ids: {
            'z-10.1.0.0-24': {
              vnet: 'v',
              'dhcp-range': ['start-address=10.1.0.9,end-address=10.1.0.8'],
            },
          },
        },
      },
      'invalid dhcp range: start is greater than last',
    ],
    [{}, null],
  ])('%j', (running, error) => {
    expect(nftAnswer({ files: cluster, sdn: running }).config.refusal?.error ?? null).toBe(error)
  })

  it.each([
    [{}, 'missing field `zones`'],
    [{ zones: { z: { subnets: { '10.1.0.0/24': { ips: { '10.2.0.1': { gateway: 1 } } } } } } }, ''],
    [
      { zones: { z: { subnets: { '10.1.0.0/24': { ips: { '10.1.0.1': {} } } } } } },
      'data did not match any variant of untagged enum IpamJsonData',
    ],
  ])('IPAM %j', (state, error) => {
    expect(nftAnswer({ files: cluster, sdn, ipam: state }).config.refusal?.error ?? null).toBe(
      error,
    )
  })
})

describe('options of the host', () => {
  const host = (...lines: readonly string[]): NftAnswer =>
    nftAnswer({
      files: { 'cluster.fw': clusterFile(), 'host.fw': ['[OPTIONS]', ...lines, ''].join('\n') },
    })

  it('come in the order proxmox-firewall goes through them', () => {
    const answer = host('protection_synflood: 1', 'tcpflags: 1', 'ndp: 0')
    expect(rulesOf(answer, 'option-in')).toEqual([
      'jump block-ndp-in',
      'jump block-synflood',
      'jump block-invalid-tcp',
      'jump block-smurfs',
    ])
    expect(rulesOf(answer, 'option-out')).toEqual(['jump block-ndp-out'])
  })

  it('invalid packets are dropped in both tables unless they are allowed', () => {
    expect(rulesOf(host(), 'invalid-conntrack')).toEqual(['drop', 'drop'])
    expect(rulesOf(host('nf_conntrack_allow_invalid: 1'), 'invalid-conntrack')).toEqual([])
  })

  it('a conntrack helper has an object and three rules, of which none opens its port', () => {
    const answer = host('nf_conntrack_helpers: ftp,nosuch')
    const added = commandTexts(answer).filter((text) => /ct helper|"ct-in"/.test(text))
    expect(added.map((text) => text.replace(/"(?:family|table|chain)":"[^"]*",?/g, ''))).toEqual([
      '{"flush":{"chain":{"name":"ct-in"}}}',
      '{"add":{"ct helper":{"name":"helper-ftp-tcp","type":"ftp","protocol":"tcp","l3proto":null}}}',
      expect.stringContaining(
        '"left":{"ct":{"key":"state"}},"right":["new","established"]}},{"accept":null}',
      ),
      expect.stringContaining('{"ct helper":"helper-ftp-tcp"}'),
      expect.stringContaining('"left":{"ct":{"key":"helper"}},"right":"ftp"}},{"accept":null}'),
    ])
  })

  it('the log limit is the same everywhere, or nowhere', () => {
    const files = {
      'cluster.fw': clusterFile('log_ratelimit: 0', '[RULES]', 'IN ACCEPT -log info'),
    }
    expect(rulesOf(nftAnswer({ files }), 'cluster-in')[0]).toBe(
      'log prefix ":0:6:cluster-in: ACCEPT: " group 0',
    )
  })
})
