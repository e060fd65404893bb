import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddr, showAddr } from '../../src/ip/address.ts'
import { EMPTY_QUERY } from '../../src/packet/query.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { type Resolved, resolveQuery } from '../../src/topology/resolve.ts'
import '../support/fixed-seed.ts'
import { anyQuery } from '../packet/arbitraries.ts'
import { answer, ask, LAB, LAB_FILES, LAB_TREE, labTopology } from './lab.ts'
import { showHop, treeOf, vm } from './support.ts'

/** `192.168.1.53 -> 192.168.1.105`. */
function addresses({ packet: { l3 } }: Resolved): string {
  if (l3.kind === 'other') return 'none'
  const version = l3.kind === 'ip6' ? 6 : 4
  const [src, dst] = l3.kind === 'arp' ? [l3.senderIp, l3.targetIp] : [l3.src, l3.dst]
  const show = (bits: bigint | 'unknown'): string =>
    bits === 'unknown' ? '?' : showAddr({ version, bits })
  return `${show(src)} -> ${show(dst)}`
}

/** The filter hooks in short: `node: forward tap105i0>fwln105i0 ...`. */
function hooks({ path }: Resolved): readonly string[] {
  return path.legs.map(({ node, hops }) => {
    const seen = hops
      .flatMap(showHop)
      .filter((hook) => /^ip (?:input|forward|output)/.test(hook))
      .map((hook) => hook.replace(/^ip /, ''))
    return `${node}: ${seen.join(', ')}`
  })
}

const why = (resolved: Resolved, field: string): string | undefined =>
  resolved.filled.find((each) => each.field === field)?.why

describe('addresses', () => {
  it.each([
    ['outside -> vm105 tcp/80', '? -> 192.168.1.105'],
    ['outside -> vm105/net1 tcp/80', '? -> 10.1.0.5'],
    ['192.168.1.53 -> 105:80/tcp', '192.168.1.53 -> 192.168.1.105'],
    ['outside 10.8.0.5 -> vm105 tcp/80', '10.8.0.5 -> 192.168.1.105'],
    ['vm105 192.168.1.99 -> outside 1.2.3.4 tcp/80', '192.168.1.99 -> 1.2.3.4'],
    ['vm105 -> host tcp/22', '192.168.1.105 -> 192.168.1.10'],
    ['vm105/net1 -> host tcp/22', '10.1.0.5 -> 10.1.0.1'],
    ['host -> vm105/net1 tcp/22', '10.1.0.1 -> 10.1.0.5'],
    ['host -> outside tcp/22', '192.168.1.10 -> ?'],
    ['10.99.0.11 -> host tcp/22', '10.99.0.11 -> 10.99.0.10'],
    ['2001:db8::1 -> host tcp/22', '2001:db8::1 -> fd00::10'],
    ['ct106 -> host tcp/22 ipv6', 'fd00::6 -> fd00::10'],
    ['ct106 -> host tcp/22', '192.168.1.106 -> 192.168.1.10'],
    ['outside -> vm107 tcp/22', '? -> ?'],
    ['outside -> vm108 tcp/22', '? -> 192.168.1.108'],
    ['outside -> vm118 tcp/22', '? -> fd00::118'],
    ['host -> host tcp/22', '127.0.0.1 -> 127.0.0.1'],
    ['host -> 192.168.1.10 tcp/22', '192.168.1.10 -> 192.168.1.10'],
    ['host -> host tcp/22 ipv6', '::1 -> ::1'],
    ['+admins -> dc/web tcp/22', '192.168.1.53 -> 192.168.1.105'],
    ['outside guest/friend -> vm105 tcp/80', '192.168.1.77 -> 192.168.1.105'],
    ['vm105 -> outside dst=224.0.0.251 udp/5353', '192.168.1.105 -> 224.0.0.251'],
    ['pve2 -> host tcp/22', '192.168.1.11 -> 192.168.1.10'],
    ['vm105 arp -> host', 'refused'],
    ['vm105 -> host arp', '192.168.1.105 -> 192.168.1.10'],
    ['vm105 -> host ether=0x88cc', 'none'],
  ])('%s: %s', (text, expected) => {
    const resolved = ask(text)
    expect(resolved.kind === 'refused' ? 'refused' : addresses(resolved)).toBe(expected)
  })

  it('an address nobody tells is said to be unknown, not invented', () => {
    const resolved = answer('outside -> vm107 tcp/80')
    expect(why(resolved, 'dst')).toBe('no file tells the IPv4 address of guest 107 on net0')
    expect(why(resolved, 'src')).toBe('no address was given')
    expect(resolved.packet.l3).toMatchObject({ dstType: 'unicast', srcType: 'unicast' })
  })

  it('says where an address comes from', () => {
    expect(why(answer('outside -> vm105 tcp/80'), 'dst')).toBe(
      'etc/pve/nodes/pve1/qemu-server/105.conf:4',
    )
    expect(why(answer('outside -> vm108 tcp/80'), 'dst')).toBe(
      'the only address in ipfilter-net0 of 108.fw',
    )
    expect(why(answer('vm105 -> host tcp/80'), 'dst')).toBe('the address of pve1 on vmbr0')
  })

  it('the IPAM of the SDN tells addresses by MAC', () => {
    const tree = treeOf({
      ...LAB_FILES,
      'etc/pve/sdn/.running-config': JSON.stringify({
        zones: { ids: { lab: { type: 'simple' } } },
        vnets: { ids: { vnet1: { zone: 'lab' } } },
        subnets: { ids: { 'lab-10.7.0.0-24': { vnet: 'vnet1', gateway: '10.7.0.1' } } },
      }),
      'etc/pve/sdn/pve-ipam-state.json': JSON.stringify({
        zones: {
          lab: {
            subnets: {
              '10.7.0.0/24': {
                ips: {
                  '10.7.0.1': { gateway: 1 },
                  '10.7.0.5': { vmid: 120, mac: 'BC:24:11:00:00:20' },
                },
              },
            },
          },
        },
      }),
      ...vm(120, ['virtio=BC:24:11:00:00:20,bridge=vnet1,firewall=1']),
    })
    const topology = labTopology(tree)
    const resolved = answer('host -> vm120 tcp/22', topology)
    expect(addresses(resolved)).toBe('10.7.0.1 -> 10.7.0.5')
    expect(hooks(resolved)).toEqual([
      'pve1: output ->vnet1, forward fwbr120i0>fwbr120i0 phys fwln120i0>tap120i0',
    ])
    expect(addresses(answer('10.7.0.5 -> outside tcp/80', topology))).toBe('10.7.0.5 -> ?')
  })
})

describe('ways', () => {
  it.each([
    [
      'outside -> vm105 tcp/80',
      [
        'pve1: forward vmbr0>vmbr0 phys eno1>fwpr105p0, forward fwbr105i0>fwbr105i0 phys fwln105i0>tap105i0',
      ],
    ],
    [
      'outside:vmbr1 -> vm105/net1 tcp/80',
      [
        'pve1: forward vmbr1>vmbr1 phys eno2>fwpr105p1, forward fwbr105i1>fwbr105i1 phys fwln105i1>tap105i1',
      ],
    ],
    [
      'outside -> vm105/net1 tcp/80',
      [
        'pve1: forward vmbr0>vmbr1 phys eno1>-, forward fwbr105i1>fwbr105i1 phys fwln105i1>tap105i1',
      ],
    ],
    ['10.1.0.77 -> host tcp/80', ['pve1: input vmbr1>- phys eno2>-']],
    ['10.99.0.99 -> host tcp/80', ['pve1: input eno4>-']],
    ['outside:tailscale0 -> host tcp/22', ['pve1: input tailscale0>-']],
    ['10.3.0.7 -> host tcp/80', ['pve1: input vmbr3>- phys ?>-']],
    ['host -> ct106 tcp/80', ['pve1: output ->vmbr0']],
    [
      'vm105/net0 -> vm105/net1 tcp/80',
      [
        'pve1: forward fwbr105i0>fwbr105i0 phys tap105i0>fwln105i0, forward vmbr0>vmbr1 phys fwpr105p0>-, forward fwbr105i1>fwbr105i1 phys fwln105i1>tap105i1',
      ],
    ],
    ['outside -> vm110 tcp/80', ['pve1: forward fwbr110i0>fwbr110i0 phys fwln110i0>tap110i0']],
    [
      'outside -> vm112 tcp/80',
      [
        'pve1: forward vmbr1v30>vmbr1v30 phys eno2.30>fwpr112p0, forward fwbr112i0>fwbr112i0 phys fwln112i0>tap112i0',
      ],
    ],
    // Different tags: out to a router, and in again.
    [
      'vm110 -> vm111 tcp/80',
      ['pve1: forward fwbr110i0>fwbr110i0 phys tap110i0>fwln110i0', 'pve1: '],
    ],
    // The host has no address on vmbr2.
    [
      'host -> vm110 tcp/80',
      ['pve1: output ->vmbr0', 'pve1: forward fwbr110i0>fwbr110i0 phys fwln110i0>tap110i0'],
    ],
    [
      'vm105 -> vm110 tcp/80',
      [
        'pve1: forward fwbr105i0>fwbr105i0 phys tap105i0>fwln105i0, forward vmbr0>vmbr0 phys fwpr105p0>eno1',
        'pve1: forward fwbr110i0>fwbr110i0 phys fwln110i0>tap110i0',
      ],
    ],
    // Another node.
    [
      'vm105 -> vm205 tcp/80',
      [
        'pve1: forward fwbr105i0>fwbr105i0 phys tap105i0>fwln105i0, forward vmbr0>vmbr0 phys fwpr105p0>eno1',
        'pve2: forward vmbr0>vmbr0 phys eno1>fwpr205p0, forward fwbr205i0>fwbr205i0 phys fwln205i0>tap205i0',
      ],
    ],
    [
      'vm110 -> vm206 tcp/80',
      ['pve1: forward fwbr110i0>fwbr110i0 phys tap110i0>fwln110i0', 'pve2: '],
    ],
    [
      'host -> vm205 tcp/80',
      [
        'pve1: output ->vmbr0',
        'pve2: forward vmbr0>vmbr0 phys eno1>fwpr205p0, forward fwbr205i0>fwbr205i0 phys fwln205i0>tap205i0',
      ],
    ],
    ['pve2 -> host tcp/22', ['pve2: output ->vmbr0', 'pve1: input vmbr0>- phys eno1>-']],
    [
      'outside -> vm205 tcp/80',
      [
        'pve2: forward vmbr0>vmbr0 phys eno1>fwpr205p0, forward fwbr205i0>fwbr205i0 phys fwln205i0>tap205i0',
      ],
    ],
    [
      'vmbr0/tap999i0 -> vm205 tcp/80',
      [
        'pve1: forward vmbr0>vmbr0 phys tap999i0>eno1',
        'pve2: forward vmbr0>vmbr0 phys eno1>fwpr205p0, forward fwbr205i0>fwbr205i0 phys fwln205i0>tap205i0',
      ],
    ],
  ])('%s', (text, expected) => {
    expect(hooks(answer(text))).toEqual(expected)
  })

  it('says what had to be assumed', () => {
    expect(answer('vm110 -> vm111 tcp/80').path.assumptions).toEqual([
      'an outside router hands packets from VLAN 10 of vmbr2 to VLAN 20 of vmbr2: pve1 does not connect the two',
    ])
    expect(answer('vm105 -> vm105/net1 tcp/80').path.assumptions).toEqual([
      'pve1 routes between vmbr0 and vmbr1 (ip_forward), without address translation',
    ])
    expect(answer('outside -> vm115 tcp/80').path.assumptions).toEqual([
      'the link of vm115/net0 is up, though its line says link_down=1',
    ])
    expect(answer('outside:vmbr7 -> vm117 tcp/80').path.assumptions).toContain(
      'vmbr7 of vm117/net0 is in neither etc/network/interfaces nor the SDN: taken to be an ordinary bridge',
    )
    expect(answer('vm105 -> vm205 tcp/80').path.assumptions).toEqual([
      'the network between pve1 and pve2 hands the packet on unchanged',
      'the network of pve2 is not in this tree: taken to be wired like pve1',
    ])
  })

  it.each([
    ['vm105 -> vm113 tcp/80', 'topology/unreachable'],
    ['outside -> vm113 tcp/80', 'topology/unreachable'],
    ['outside -> vm114 tcp/80', 'topology/no-bridge'],
    ['outside -> vm116 tcp/80', 'topology/no-uplink-for-tag'],
    ['vm110 -> outside tcp/80 vlan=20', 'topology/vlan-not-allowed'],
    ['vm105 -> vm105/net1 arp', 'topology/not-routed'],
    ['vm105 -> 105/net0 tcp/80', 'query/same-endpoint'],
    ['outside -> 8.8.8.8 tcp/80', 'query/same-endpoint'],
    ['8.8.8.8 -> 192.168.1.222 tcp/80', 'query/same-endpoint'],
    ['vm105 -> 105 tcp/80', 'query/same-endpoint'],
    ['vmbr0/tap9i0 -> vmbr0/tap9i0 tcp/80', 'query/same-endpoint'],
    ['outside:vmbr2 -> outside:vmbr1 tcp/80', 'query/same-endpoint'],
    ['vm105 ->', 'query/no-destination'],
    ['-> outside tcp/80', 'query/no-start'],
    ['outside -> vm105', 'query/no-protocol'],
    ['outside -> host tcp/22 net1', 'query/no-guest'],
    ['vm105 -> vm106 tcp/22', 'topology/wrong-guest-type'],
    ['outside -> 105/net1 tcp/22 net0', 'query/said-twice'],
    ['10.0.0.1 src=10.0.0.2 -> host tcp/22', 'query/bad-arrow'],
    ['10.0.0.1 10.0.0.2 -> host tcp/22', 'query/said-twice'],
    ['outside 2001:db8::1 -> 192.168.1.105 tcp/22', 'query/mixed-families'],
    ['+admins -> fd00::6 tcp/22', 'query/mixed-families'],
  ])('%s is refused: %s', (text, code) => {
    expect(ask(text)).toMatchObject({ kind: 'refused', problems: [{ code }] })
  })

  it('the nftables backend has no firewall bridges and no IP tables in bridged frames', () => {
    const topology = labTopology(LAB_TREE, 'nftables')
    const { path } = answer('outside -> vm105 tcp/80', topology)
    expect(path.legs.flatMap(({ hops }) => hops).flatMap(showHop)).toEqual([
      'bridge prerouting eno1>-',
      'bridge forward eno1>tap105i0',
      'bridge postrouting ->tap105i0',
    ])
  })
})

describe('what is filled in', () => {
  it('is listed with its reason', () => {
    const { filled } = answer('-> vm105 dport=http')
    expect(filled.map(({ field, why: reason }) => `${field}: ${reason}`)).toEqual([
      'from: no start was given; behind vmbr0, which has the gateway',
      'to: one of its 2 NICs',
      'family: the only family an end has an address of',
      'proto: a port was given',
      'sport: a port of the dynamic range',
      'flags: a new connection starts with it',
      'src: no address was given',
      'dst: etc/pve/nodes/pve1/qemu-server/105.conf:4',
    ])
  })

  it('an interface name chooses the NIC or the device', () => {
    expect(answer('outside -> vm105 tcp/80 net1').to.text).toContain('net1, tap105i1 on vmbr1')
    expect(answer('outside -> vm105/net1 tcp/80 iface=vmbr1').from.text).toBe(
      'outside, behind eno2 of vmbr1',
    )
    expect(answer('vm105 -> host tcp/80 net1').from.text).toContain('net1')
  })

  it('ports and protocol may stand in the endpoints', () => {
    const tables = nameTablesOf(LAB_TREE)
    const query = { ...EMPTY_QUERY, from: '192.168.1.53:4431', to: '105:https/tcp' }
    expect(resolveQuery(LAB, query, tables)).toMatchObject({
      packet: { l4: { kind: 'tcp', sport: 4431, dport: 443 } },
    })
    expect(resolveQuery(LAB, { ...query, dport: 80 }, tables)).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'query/said-twice' }],
    })
  })

  it('`--src` and `--dst` alone are places too', () => {
    const query = { ...EMPTY_QUERY, src: '192.168.1.53', dst: '192.168.1.105', dport: 80 }
    const resolved = resolveQuery(LAB, query, nameTablesOf(LAB_TREE))
    if (resolved.kind === 'refused') throw new Error(resolved.problems[0]?.message)
    expect(resolved.from.text).toBe('outside, behind eno1 of vmbr0')
    expect(resolved.to.text).toBe('vm105 (web01) net0, tap105i0 on vmbr0')
  })

  it('MAC addresses: of a guest its own or the one asked for, never made up', () => {
    expect(answer('vm105 -> outside tcp/80').packet.ether.src).toBe(0xbc2411000005)
    expect(answer('vm105 -> outside tcp/80 mac=bc:24:11:00:00:99').packet.ether.src).toBe(
      0xbc2411000099,
    )
    expect(answer('outside -> vm105 tcp/80').packet.ether).toMatchObject({
      src: 'unknown',
      dst: 0xbc2411000005,
    })
    expect(answer('vm105 -> host tcp/80').packet.ether.dst).toBe('unknown')
    expect(answer('vm105 -> outside dst=224.0.0.251 udp/5353').packet.ether.dst).toBe(
      0x01005e0000fb,
    )
    expect(answer('vm118 -> outside dst=ff02::1 icmpv6').packet.ether.dst).toBe(0x333300000001)
    expect(answer('vm105 -> outside arp').packet.ether).toMatchObject({
      dst: 0xffffffffffff,
      type: 0x0806,
    })
    const { packet, filled } = answer('vm118 -> outside tcp/80')
    expect(packet.ether.src).toBe('unknown')
    expect(filled.find(({ field }) => field === 'mac')?.why).toContain('none in its line')
  })

  it('the state is only what was asked for', () => {
    expect(answer('outside -> vm105 tcp/80').state).toBeNull()
    expect(answer('outside -> vm105 tcp/80 est').state).toBe('established')
  })

  it('knows the host by its routing tables', () => {
    const { fib } = answer('outside -> vm105 tcp/80')
    const bits = (text: string): bigint => parseAddr(text)?.bits ?? -1n
    const has = (
      set: readonly { readonly lo: bigint; readonly hi: bigint }[],
      text: string,
    ): boolean => set.some(({ lo, hi }) => lo <= bits(text) && bits(text) <= hi)
    expect(['192.168.1.10', '10.1.0.1', '10.99.0.10'].map((text) => has(fib.local4, text))).toEqual(
      [true, true, true],
    )
    expect(['192.168.1.11', '192.168.1.1'].map((text) => has(fib.local4, text))).toEqual([
      false,
      false,
    ])
    expect(['192.168.1.255', '10.3.0.255'].map((text) => has(fib.broadcast4, text))).toEqual([
      true,
      true,
    ])
    expect(['192.168.1.0', '192.168.1.254'].map((text) => has(fib.broadcast4, text))).toEqual([
      false,
      false,
    ])
    expect(has(fib.local6, 'fd00::10')).toBe(true)
    expect(has(fib.anycast6, 'fd00::')).toBe(true)
  })
})

describe('without /etc/network/interfaces', () => {
  const { 'etc/network/interfaces': _, ...files } = LAB_FILES
  const topology = labTopology(treeOf(files, 'pve1'))

  it('bridges are what guests name, and outside is behind the bridge of the guest', () => {
    const resolved = answer('outside -> vm105/net1 tcp/80', topology)
    expect(hooks(resolved)).toEqual([
      'pve1: forward vmbr1>vmbr1 phys ?>fwpr105p1, forward fwbr105i1>fwbr105i1 phys fwln105i1>tap105i1',
    ])
    expect(resolved.path.assumptions).toContain(
      'the network of pve1 is not in this tree: its bridges are those its guests name',
    )
  })

  it('the host is still reached by every bridge', () => {
    expect(hooks(answer('vm107 -> host tcp/22', topology))).toEqual([
      'pve1: forward fwbr107i0>fwbr107i0 phys tap107i0>fwln107i0, input vmbr1>- phys fwpr107p0>-',
    ])
    expect(hooks(answer('vmbr0/tap999i0 -> host tcp/22', topology))).toEqual([
      'pve1: input vmbr0>- phys tap999i0>-',
    ])
  })
})

describe('laws', () => {
  const tables = nameTablesOf(LAB_TREE)
  const endpoints = [
    'host',
    'outside',
    'outside:vmbr1',
    'outside:eno4',
    'pve2',
    'vm105',
    '105/net1',
    'ct106',
    '107',
    '110',
    '111',
    '112',
    '205',
    '206',
    'vmbr1/tap999i0',
    '10.1.0.77',
    'dc/web',
  ]
  const pair = fc.tuple(fc.constantFrom(...endpoints), fc.constantFrom(...endpoints))

  it('hops join up: each begins where the last ended, and bridge ports are the devices of their bridge', () => {
    fc.assert(
      fc.property(pair, fc.constantFrom('tcp/80', 'udp/53 ipv6', 'arp'), ([from, to], packet) => {
        const resolved = ask(`${from} -> ${to} ${packet}`)
        if (resolved.kind === 'refused') return
        for (const { hops } of resolved.path.legs)
          for (const [index, hop] of hops.entries()) {
            const before = hops[index - 1]
            if (hop.hook === 'forward' && hop.bridgeIn !== null) {
              expect(before).toMatchObject({ hook: 'prerouting', bridgeIn: hop.bridgeIn })
              expect(hops[index + 1]).toMatchObject({
                hook: 'postrouting',
                bridgeOut: hop.bridgeOut,
              })
            }
            if (hop.hook === 'input') expect(before?.hook).toMatch(/^(?:prerouting|input)$/)
            expect(hop.physout !== null && hop.physout !== hop.bridgeOut).toBe(false)
            expect(hop.families.length).toBeGreaterThan(0)
          }
      }),
    )
  })

  it('the same filter hooks with the nodes exchanged: both ends are seen by their own chains', () => {
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const there = ask(`${from} -> ${to} tcp/80`)
        const back = ask(`${to} -> ${from} tcp/80`)
        expect(there.kind).toBe(back.kind)
        if (there.kind === 'refused' || back.kind === 'refused') return
        const taps = (resolved: Resolved): readonly string[] =>
          resolved.path.legs
            .flatMap(({ hops }) => hops)
            .flatMap(({ bridgeIn, bridgeOut }) => [bridgeIn, bridgeOut])
            .filter((device) => device?.startsWith('fwln') === true)
            .filter((device) => device !== null)
        expect([...new Set(taps(there))].sort()).toEqual([...new Set(taps(back))].sort())
      }),
    )
  })

  it('any query is answered or refused with a known code, never thrown', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const resolved = resolveQuery(LAB, query, tables)
        if (resolved.kind === 'refused') {
          expect(resolved.problems.length).toBeGreaterThan(0)
          for (const { code } of resolved.problems) expect(code).toMatch(/^(?:query|topology)\//)
        } else expect(resolved.path.legs.length).toBeGreaterThan(0)
      }),
    )
  })
})
