import { describe, expect, it } from 'vitest'
import { readIptables } from '../../../../src/config/dialect/iptables/read.ts'
import type { Tree } from '../../../../src/config/tree.ts'
import { sourceFile } from '../../../../src/source/source-file.ts'
import { NOW, pointed } from '../../../support/fw-text.ts'
import { probeTree } from '../../../support/probe-tree.ts'

function tree(files: Readonly<Record<string, string>>, more: Partial<Tree> = {}): Tree {
  return { ...probeTree({ files, guests: { qemu: { '100': {} } } }), ...more }
}

const RUNNING = {
  zones: { ids: { zone: { type: 'simple' } } },
  vnets: { ids: { lab: { zone: 'zone' }, empty: { zone: 'zone' } } },
  subnets: {
    ids: {
      'zone-10.1.0.0-24': {
        vnet: 'lab',
        gateway: '10.1.0.1',
        'dhcp-range': ['start-address=10.1.0.10,end-address=10.1.0.12'],
      },
      'zone-fd00:1::-64': { vnet: 'lab' },
    },
  },
}
const IPAM = {
  zones: {
    zone: {
      subnets: {
        '10.1.0.0/24': {
          ips: {
            '10.1.0.1': { gateway: 1 },
            '10.1.0.20': { vmid: '100', mac: 'BC:24:11:00:00:01', hostname: 'web' },
          },
        },
      },
    },
  },
}

function withSdn(running: unknown, ipam: unknown, rules = ''): Tree {
  const runningFile = sourceFile('etc/pve/sdn/.running-config', JSON.stringify(running))
  const ipamFile = sourceFile('etc/pve/sdn/pve-ipam-state.json', JSON.stringify(ipam))
  return tree({ 'cluster.fw': rules }, { sdn: { running, runningFile, ipam, ipamFile } })
}

describe('sets of the SDN', () => {
  it('are four per vnet and one per guest with addresses', () => {
    const { sdnSets } = readIptables(withSdn(RUNNING, IPAM))
    const shown = [...sdnSets].map(([name, { entries }]) => {
      const list = entries.map(({ cidr, nomatch }) => (nomatch ? `!${cidr}` : cidr))
      return [name, ...list].join(' ')
    })
    expect(shown.toSorted()).toEqual([
      'empty-all',
      'empty-dhcp',
      'empty-gateway',
      'empty-no-gateway',
      'guest-ipam-100 10.1.0.20',
      'lab-all 10.1.0.0/24 fd00:1::/64',
      'lab-dhcp 10.1.0.10/31 10.1.0.12',
      'lab-gateway 10.1.0.1',
      'lab-no-gateway 10.1.0.0/24 !10.1.0.1 fd00:1::/64',
    ])
  })

  it('can be used in rules with any scope', () => {
    const rules =
      '[RULES]\nIN DROP -source +sdn/lab-all\nIN DROP -source +lab-dhcp\nIN DROP -source +dc/guest-ipam-100\n'
    expect(readIptables(withSdn(RUNNING, IPAM, rules)).diagnostics).toEqual([])
  })

  it.each([
    ['a zone of unknown type', { ...RUNNING, zones: { ids: { zone: { type: 'x' } } } }, IPAM],
    ['a vnet in no zone', { ...RUNNING, zones: { ids: {} } }, IPAM],
    [
      'a name that is too long',
      { ...RUNNING, vnets: { ids: { toolongname: { zone: 'zone' } } } },
      IPAM,
    ],
    [
      'an address outside its subnet',
      RUNNING,
      { zones: { zone: { subnets: { '10.1.0.0/24': { ips: { '10.2.0.1': { gateway: 1 } } } } } } },
    ],
    ['IPAM without zones', RUNNING, {}],
  ])('are none with %s', (_, running, ipam) => {
    const { sdnSets, diagnostics } = readIptables(withSdn(running, ipam))
    expect(sdnSets.size).toBe(0)
    expect(diagnostics.map(({ code }) => code)).toEqual(['config/sdn-invalid', 'config/empty-fw'])
  })

  it('are none, and nothing more is said, when the loader found no JSON', () => {
    const { sdnSets, diagnostics } = readIptables(withSdn(null, IPAM))
    expect(sdnSets.size).toBe(0)
    expect(diagnostics.map(({ code }) => code)).toEqual(['config/empty-fw'])
  })
})

describe('files of a node', () => {
  it('are told about in the order in which pve-firewall reads them', () => {
    const files = { '100.fw': 'x', 'host.fw': 'x', 'cluster.fw': 'x' }
    const { diagnostics } = readIptables(tree(files), { now: NOW })
    expect(diagnostics.map(({ span }) => span?.file.path)).toEqual([
      'etc/pve/firewall/cluster.fw',
      'etc/pve/nodes/pve1/host.fw',
      'etc/pve/firewall/100.fw',
    ])
  })

  it('of vnets are read for their complaints only: the real program never opens them', () => {
    const vnetFw = new Map([
      [
        'lab',
        sourceFile(
          'etc/pve/sdn/firewall/lab.fw',
          '[OPTIONS]\nenable: 1\n[RULES]\nFORWARD DROP\nIN DROP\nFORWARD DROP -source nosuch\n',
        ),
      ],
    ])
    const { diagnostics } = readIptables(tree({}, { vnetFw }))
    expect(diagnostics.map(pointed)).toEqual([
      '1:1 config/vnet-ignored',
      '5:1 config/rule-type IN',
      '6:22 config/unknown-alias nosuch',
    ])
    expect(diagnostics.flatMap(({ upstream }) => upstream)).toEqual([])
  })

  it('may be missing altogether', () => {
    const config = readIptables(tree({}))
    expect(config.cluster).toBeNull()
    expect(config.host).toBeNull()
    expect(config.guests.size).toBe(0)
    expect(config.diagnostics).toEqual([])
  })

  it('without cluster.fw leave a guest its own names', () => {
    const files = { '100.fw': '[ALIASES]\nlan 10.0.0.1\n[RULES]\nIN DROP -source lan\n' }
    expect(readIptables(tree(files)).diagnostics).toEqual([])
  })
})
