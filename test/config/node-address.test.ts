import { describe, expect, it } from 'vitest'
import { type AddressClues, findNodeAddress } from '../../src/config/host-address.ts'
import { parseHosts } from '../../src/config/hosts.ts'
import { parseInterfaces } from '../../src/config/interfaces.ts'
import { chooseNode, type NodeClues } from '../../src/config/node-choice.ts'
import { showAddr } from '../../src/ip/address.ts'
import { showCidr } from '../../src/ip/prefix.ts'
import { sourceFile } from '../../src/source/source-file.ts'

const INTERFACES = `iface vmbr0 inet static
 address 10.10.0.1/24
 address fd10:10::1/64
iface vmbr1 inet static
 address 192.168.1.1/24
`

type Given = {
  readonly hosts?: string
  readonly interfaces?: string | null
  readonly hostIp?: string
  readonly localNetwork?: string
}

function clues({ hosts = '', interfaces = INTERFACES, hostIp, localNetwork }: Given): AddressClues {
  const nothing = { network: { interfaces: [], known: false }, dynamic: new Set<4 | 6>() }
  const file = sourceFile('etc/network/interfaces', interfaces ?? '')
  return {
    node: 'pve1',
    hosts: parseHosts(sourceFile('etc/hosts', hosts)).value,
    interfaces:
      interfaces === null
        ? nothing
        : parseInterfaces(file, { read: () => null, list: () => [] }).value,
    hostIp: hostIp ?? null,
    localNetwork: localNetwork ?? null,
  }
}

function find(given: Given): readonly (string | null)[] {
  const { value, diagnostics } = findNodeAddress(clues(given))
  return [
    value.hostIp && `${showAddr(value.hostIp.value)} (${value.hostIp.from})`,
    value.localNetwork && `${showCidr(value.localNetwork.value)} (${value.localNetwork.from})`,
    ...diagnostics.map(({ code, severity }) => `${severity} ${code.slice('config/'.length)}`),
  ]
}

describe('the address of the node and its network', () => {
  it('come from etc/hosts and etc/network/interfaces', () => {
    expect(find({ hosts: '127.0.0.1 localhost\n10.10.0.1 pve1.lab PVE1\n' })).toEqual([
      '10.10.0.1 (etc/hosts:2)',
      '10.10.0.0/24 (etc/network/interfaces:2)',
    ])
  })

  it('are of IPv4 before IPv6, never loopback', () => {
    expect(find({ hosts: '127.0.1.1 pve1\n::1 pve1\nfd10:10::1 pve1\n10.10.0.1 pve1\n' })[0]).toBe(
      '10.10.0.1 (etc/hosts:4)',
    )
    expect(find({ hosts: '127.0.1.1 pve1\nfd10:10::1 pve1\n' })).toEqual([
      'fd10:10::1 (etc/hosts:2)',
      'fd10:10::/64 (etc/network/interfaces:3)',
    ])
  })

  it('are the longest network that contains the address, without host bits', () => {
    const interfaces = 'iface a\n address 10.9.9.9/8\niface b\n address 10.10.0.1/16\n'
    expect(find({ hosts: '10.10.0.1 pve1', interfaces })).toEqual([
      '10.10.0.1 (etc/hosts:1)',
      '10.10.0.0/16 (etc/network/interfaces:4)',
      'note local-network-several',
    ])
  })

  it('fall back to 127.0.0.0/8 where no network contains the address', () => {
    expect(find({ hosts: '10.99.0.1 pve1' }).slice(1)).toEqual([
      '127.0.0.0/8 (pve-firewall, as no network of etc/network/interfaces contains the address)',
      'warning local-network-fallback',
    ])
    expect(
      find({ hosts: '10.99.0.1 pve1', interfaces: 'iface a\n address 10.99.0.1/32\n' })[2],
    ).toBe('warning local-network-fallback')
  })

  it('are undetermined where the files cannot tell', () => {
    expect(find({ hosts: '127.0.1.1 pve1\n10.10.0.2 pve2\n' })).toEqual([
      null,
      null,
      'warning host-address-unknown',
    ])
    expect(find({ hosts: '10.10.0.1 pve1', interfaces: null }).slice(1)).toEqual([
      null,
      'warning local-network-unknown',
    ])
    expect(find({ hosts: '10.99.0.1 pve1', interfaces: 'iface a inet dhcp\n' }).slice(1)).toEqual([
      null,
      'warning local-network-unknown',
    ])
  })

  it('are what --host-ip and --local-network say', () => {
    expect(find({ hosts: '10.10.0.1 pve1', hostIp: '192.168.1.1' })).toEqual([
      '192.168.1.1 (--host-ip)',
      '192.168.1.0/24 (etc/network/interfaces:5)',
    ])
    expect(find({ hosts: '10.10.0.1 pve1', localNetwork: '10.10.0.1/20' })).toEqual([
      '10.10.0.1 (etc/hosts:1)',
      '10.10.0.0/20 (--local-network)',
    ])
    expect(find({ localNetwork: 'fd00::/64' })).toEqual([
      null,
      'fd00::/64 (--local-network)',
      'warning host-address-unknown',
    ])
  })

  it('are refused where an option has no such value', () => {
    expect(
      find({ hosts: '10.10.0.1 pve1', hostIp: 'x', localNetwork: '10.0.0.0/33' }).slice(2),
    ).toEqual(['error invalid-option', 'error invalid-option'])
  })
})

describe('the node asked about', () => {
  const nothing: NodeClues = {
    asked: null,
    hostname: null,
    local: null,
    directories: [],
    corosync: [],
    guestNodes: [],
  }
  const two = { directories: ['pve1', 'pve2'] }

  it.each<[string, Partial<NodeClues>, string]>([
    ['--node', { ...two, asked: 'pve2', hostname: 'pve1' }, 'pve2'],
    ['--node without any directory', { asked: 'x' }, 'x'],
    ['--node that corosync.conf names', { ...two, asked: 'pve3', corosync: ['pve3'] }, 'pve3'],
    ['etc/hostname', { ...two, hostname: 'pve1', guestNodes: ['pve2'] }, 'pve1'],
    ['etc/hostname without a directory', { ...two, hostname: 'pve9' }, 'pve9'],
    ['the link etc/pve/local', { ...two, local: 'pve2' }, 'pve2'],
    ['the only directory', { directories: ['pve1'], guestNodes: [] }, 'pve1'],
    ['where the guest is', { ...two, guestNodes: ['pve2'] }, 'pve2'],
    ['the only one of corosync.conf', { corosync: ['pve1'] }, 'pve1'],
  ])('is known by %s', (_, given, node) => {
    expect(chooseNode({ ...nothing, ...given })).toEqual({ kind: 'node', node })
  })

  it.each<[string, Partial<NodeClues>, string]>([
    ['of several', two, 'config/ambiguous-node'],
    ['of none', {}, 'config/ambiguous-node'],
    ['of a guest on two', { ...two, guestNodes: ['pve1', 'pve2'] }, 'config/ambiguous-node'],
    ['behind a link that leads nowhere', { ...two, local: 'pve9' }, 'config/ambiguous-node'],
    ['that is not there', { ...two, asked: 'pve9' }, 'config/unknown-node'],
  ])('is not known %s', (_, given, code) => {
    expect(chooseNode({ ...nothing, ...given })).toMatchObject({
      kind: 'none',
      diagnostic: { code, severity: 'error', help: expect.stringContaining('--node') },
    })
  })
})
