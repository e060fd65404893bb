import { describe, expect, it } from 'vitest'
import { corosyncLinks, corosyncPeers } from '../../../src/compile/iptables/corosync.ts'
import { parseCorosync } from '../../../src/config/corosync.ts'
import type { HostsEntry, Tree } from '../../../src/config/tree.ts'
import { parseAddr } from '../../../src/ip/address.ts'
import { sourceFile } from '../../../src/source/source-file.ts'
import { probeTree } from '../../support/probe-tree.ts'

function treeWith(totem: string, links: Readonly<Record<string, string>>): Tree {
  const nodes = Object.entries(links).map(([name, lines]) => `node { name: ${name} ${lines} }`)
  const text = `totem { ${totem} }\nnodelist {\n${nodes.join('\n')}\n}\n`
  return {
    ...probeTree({ files: {}, facts: { node: 'pve1' } }),
    corosync: parseCorosync(sourceFile('etc/pve/corosync.conf', text)).value,
    hosts: [entry('10.0.0.2', 'PVE2'), entry('fd00::2', 'pve2'), entry('10.0.0.3', 'pve3')],
  }
}

function entry(text: string, name: string): HostsEntry {
  const address = parseAddr(text)
  if (address === null) throw new Error(text)
  const file = sourceFile('etc/hosts', '')
  return { address, names: [name], span: { file, start: 0, end: 0 } }
}

function peers(tree: Tree, family: 4 | 6): readonly string[] {
  return corosyncPeers(corosyncLinks(tree), tree.node, family).map(
    ({ own, peer }) => `${own} ${peer.node} ${peer.address}`,
  )
}

describe('corosync links', () => {
  const three = {
    pve3: 'ring0_addr: 10.1.0.3 ring1_addr: fd01::3',
    pve1: 'ring0_addr: 10.1.0.1 ring1_addr: fd01::1',
    pve2: 'ring0_addr: 10.1.0.2 link2_addr: 10.2.0.2',
  }
  it('pair addresses of one link and family, by name of the node', () => {
    expect(peers(treeWith('', three), 4)).toEqual([
      '10.1.0.1 pve2 10.1.0.2',
      '10.1.0.1 pve3 10.1.0.3',
    ])
    expect(peers(treeWith('', three), 6)).toEqual(['fd01::1 pve3 fd01::3'])
  })

  const named = { pve1: 'ring0_addr: 10.1.0.1', pve2: 'ring0_addr: pve2' }
  it.each([
    ['IPv6 wins by default', '', []],
    ['IPv4 wins', 'ip_version: ipv4-6', ['10.1.0.1 pve2 10.0.0.2']],
    ['IPv4 only', 'ip_version: ipv4', ['10.1.0.1 pve2 10.0.0.2']],
    ['a strategy nobody knows resolves nothing', 'ip_version: ipv5', []],
  ])('names with both families: %s', (_, totem, expected) => {
    expect(peers(treeWith(totem, named), 4)).toEqual(expected)
  })

  it('leave out names that etc/hosts does not have', () => {
    expect(peers(treeWith('', { ...named, pve2: 'ring0_addr: nowhere' }), 4)).toEqual([])
  })
})
