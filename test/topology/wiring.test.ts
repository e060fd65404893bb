import { describe, expect, it } from 'vitest'
import { uplinkOf } from '../../src/topology/segment.ts'
import { topologyOf } from '../../src/topology/topology.ts'
import { bridgeNamed, vlanSegment, wiringOf } from '../../src/topology/wiring.ts'
import { answer, LAB, LAB_TREE } from './lab.ts'
import { showHop, treeOf, vm } from './support.ts'

const MAC = 'BC:24:11:00:00'

describe('wiringOf', () => {
  it('outside is behind the device with the gateway', () => {
    expect(LAB.wiring.defaultDevice?.name).toBe('vmbr0')
  })

  it.each([
    [
      'by its gateway, not by its place',
      'iface vmbr0 inet static\n address 10.0.0.1/24\n bridge-ports eno1\niface vmbr1 inet static\n address 10.1.0.1/24\n gateway 10.1.0.254\n bridge-ports eno2\n',
      'vmbr1',
    ],
    [
      'by DHCP',
      'iface vmbr0 inet manual\n bridge-ports eno1\niface vmbr1 inet dhcp\n bridge-ports eno2\n',
      'vmbr1',
    ],
    [
      'where the own address is',
      'iface vmbr0 inet static\n address 10.1.0.1/24\n bridge-ports eno1\niface vmbr1 inet static\n address 10.0.0.1/24\n bridge-ports eno2\n',
      'vmbr1',
    ],
    [
      'by a port without bridge',
      'iface eno9 inet static\n address 10.0.0.1/24\n gateway 10.0.0.254\niface vmbr0 inet static\n address 10.9.0.1/24\n bridge-ports none\n',
      'eno9',
    ],
    [
      'by a VLAN device of a bridge',
      'iface vmbr0 inet manual\n bridge-ports eno1\n bridge-vlan-aware yes\niface vmbr0.5 inet static\n address 10.0.0.1/24\n gateway 10.0.0.254\n',
      'vmbr0.5',
    ],
  ])('outside: %s', (_, interfaces, expected) => {
    const tree = treeOf({
      'etc/hosts': '10.0.0.1 pve1\n',
      'etc/network/interfaces': interfaces,
      ...vm(100, [`virtio=${MAC}:01,bridge=vmbr0`]),
    })
    expect(wiringOf(tree, 'iptables', 'pve1').defaultDevice?.name).toBe(expected)
  })

  it('a tag on a bridge that is not VLAN-aware has a bridge of its own', () => {
    const segment = vlanSegment(LAB.wiring, bridgeNamed(LAB.wiring, 'vmbr1'), 30)
    expect(segment).toMatchObject({ vlan: null, bridge: { name: 'vmbr1v30', ports: ['eno2.30'] } })
    expect(vlanSegment(LAB.wiring, bridgeNamed(LAB.wiring, 'vmbr3'), 30)).toBeNull()
    expect(vlanSegment(LAB.wiring, bridgeNamed(LAB.wiring, 'vmbr2'), 30)).toMatchObject({
      vlan: 30,
      bridge: { name: 'vmbr2' },
    })
  })

  it('other nodes have the same bridges, without addresses', () => {
    const wiring = wiringOf(LAB_TREE, 'iptables', 'pve2')
    expect(wiring.known).toBe(false)
    expect([...wiring.bridges.keys()]).toEqual([...LAB.wiring.bridges.keys()])
    expect([...wiring.devices.values()].flatMap(({ addresses }) => addresses)).toEqual([])
  })
})

describe('vnets of the SDN are bridges', () => {
  const running = (zone: object, vnet: object): string =>
    JSON.stringify({
      zones: { ids: { z: zone } },
      vnets: { ids: { net7: { zone: 'z', ...vnet } } },
    })
  const interfaces =
    'iface vmbr0 inet static\n address 10.0.0.1/24\n bridge-ports eno1\niface vmbr2 inet manual\n bridge-ports eno3\n bridge-vlan-aware yes\niface vmbr4 inet manual\n ovs_type OVSBridge\n ovs_ports eno4\n'
  it.each([
    ['simple', { type: 'simple' }, {}, null],
    ['vxlan', { type: 'vxlan' }, { tag: 100 }, 'vxlan_net7'],
    ['evpn', { type: 'evpn' }, { tag: 100 }, 'vxlan_net7'],
    ['qinq', { type: 'qinq', bridge: 'vmbr2' }, { tag: 100 }, 'z_z.100'],
    ['vlan on a VLAN-aware bridge', { type: 'vlan', bridge: 'vmbr2' }, { tag: 100 }, 'vmbr2.100'],
    ['vlan on a plain bridge', { type: 'vlan', bridge: 'vmbr0' }, { tag: '100' }, 'ln_net7'],
    ['vlan on an OVS bridge', { type: 'vlan', bridge: 'vmbr4' }, { tag: 100 }, 'ln_net7'],
    ['vlan on a bridge that is not there', { type: 'vlan', bridge: 'vmbr8' }, { tag: 100 }, '?'],
    ['a zone of an unknown type', { type: 'faucet' }, {}, '?'],
  ])('%s', (_, zone, vnet, uplink) => {
    const tree = treeOf({
      'etc/network/interfaces': interfaces,
      'etc/hosts': '10.0.0.1 pve1\n',
      'etc/pve/sdn/.running-config': running(zone, vnet),
      ...vm(100, [`virtio=${MAC}:01,bridge=net7`]),
    })
    const bridge = wiringOf(tree, 'iptables', 'pve1').bridges.get('net7')
    expect(bridge?.describedBy).toBe('SDN zone z')
    expect(bridge === undefined ? undefined : uplinkOf(bridge)).toBe(uplink)
  })

  it('any JSON is survived', () => {
    for (const text of [
      '[]',
      '1',
      '{"vnets":[]}',
      '{"vnets":{"ids":{"a":1}}}',
      '{"zones":{"ids":null}}',
      '{"vnets":{"ids":{"__proto__":{"zone":"z"}}}}',
    ]) {
      const tree = treeOf({
        'etc/hosts': '10.0.0.1 pve1\n',
        'etc/pve/sdn/.running-config': text,
        'etc/pve/sdn/pve-ipam-state.json': text,
        ...vm(100, [`virtio=${MAC}:01,bridge=vmbr0`]),
      })
      expect(topologyOf(tree, 'iptables').wiring.node).toBe('pve1')
    }
  })
})

describe('Open vSwitch', () => {
  const topology = topologyOf(
    treeOf({
      'etc/hosts': '10.0.0.1 pve1\n',
      'etc/network/interfaces':
        'iface eno1 inet manual\n ovs_type OVSPort\n ovs_bridge vmbr0\niface vmbr0 inet static\n address 10.0.0.1/24\n gateway 10.0.0.254\n ovs_type OVSBridge\n ovs_ports eno1\n',
      ...vm(100, [`virtio=${MAC}:01,bridge=vmbr0,firewall=1`]),
      ...vm(101, [`virtio=${MAC}:02,bridge=vmbr0`]),
      ...vm(102, [`virtio=${MAC}:03,bridge=vmbr0,firewall=1,tag=10`]),
    }),
    'iptables',
  )
  const hooks = (text: string): readonly string[] =>
    answer(text, topology)
      .path.legs.flatMap(({ hops }) => hops)
      .flatMap(showHop)
      .filter((hook) => !/postrouting|prerouting/.test(hook))

  it('the switch itself runs no hooks; a filtered NIC has its firewall bridge with the port fwln100o0', () => {
    expect(hooks('outside -> vm100 tcp/80')).toEqual([
      'bridge forward fwln100o0>tap100i0',
      'ip forward fwbr100i0>fwbr100i0 phys fwln100o0>tap100i0',
    ])
    expect(hooks('vm100 -> host tcp/80')).toEqual([
      'bridge forward tap100i0>fwln100o0',
      'ip forward fwbr100i0>fwbr100i0 phys tap100i0>fwln100o0',
      'ip input vmbr0>-',
    ])
    expect(hooks('host -> vm101 tcp/80')).toEqual(['ip output ->vmbr0'])
    expect(hooks('outside -> vm101 tcp/80')).toEqual([])
  })

  it('with the nftables backend the firewall bridge stays', () => {
    const nft = topologyOf(topology.tree, 'nftables')
    const { path } = answer('outside -> vm100 tcp/80', nft)
    expect(path.legs.flatMap(({ hops }) => hops).flatMap(showHop)).toEqual([
      'bridge prerouting fwln100o0>-',
      'bridge forward fwln100o0>tap100i0',
      'bridge postrouting ->tap100i0',
    ])
  })

  it('tags separate guests as on any bridge', () => {
    expect(answer('vm100 -> vm102 tcp/80', topology).path.assumptions).toEqual([
      'an outside router hands packets from vmbr0 to VLAN 10 of vmbr0: pve1 does not connect the two',
    ])
  })
})
