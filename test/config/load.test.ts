import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LoadOptions, type LoadResult, loadTree } from '../../src/config/load.ts'
import type { Tree } from '../../src/config/tree.ts'
import { makeTree, SMALL_NODE } from '../support/tree.ts'

const VM = 'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1\n'

function load(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadOptions> = {},
): LoadResult {
  return loadTree({
    root: makeTree(files),
    node: null,
    guest: null,
    hostIp: null,
    localNetwork: null,
    ...options,
  })
}

/** The tree of a node that must load. */
function treeOf(files: Readonly<Record<string, string>>, options: Partial<LoadOptions> = {}): Tree {
  const { tree } = load(files, options)
  if (tree === null) throw new Error('the tree did not load')
  return tree
}

/** `code: message` of diagnostics, the usual notes of a small tree left out. */
function said({ diagnostics }: Pick<LoadResult, 'diagnostics'>): readonly string[] {
  return diagnostics
    .filter(({ code }) => code !== 'config/missing-file')
    .map(({ code, message }) => `${code}: ${message}`)
}

describe('a node', () => {
  it('is read whole', () => {
    const tree = treeOf({
      ...SMALL_NODE,
      'etc/pve/corosync.conf': 'nodelist { node { name: pve1 } node { name: pve3 } }',
      'etc/pve/nodes/pve2/lxc/200.conf': 'hostname: db\nnet0: name=eth0,bridge=vmbr0\n',
      'etc/pve/firewall/200.fw': '[RULES]\n',
      'etc/pve/sdn/firewall/vnet0.fw': '[RULES]\n',
      'etc/pve/sdn/.running-config': '{"version":1}',
      'etc/pve/priv/ipam.db': '{"zones":{}}',
      'etc/pve/storage.cfg': 'dir: local\n',
      'etc/pve/datacenter.cfg': 'keyboard: de\n',
      'etc/services': 'x 1/tcp\n',
      'etc/protocols': 'tcp 6 TCP\n',
      'etc/ethertypes': 'IPv4 0800\n',
    })
    expect(tree).toMatchObject({
      layout: 'node',
      node: 'pve1',
      nodes: ['pve1', 'pve2', 'pve3'],
      clusterFw: { path: 'etc/pve/firewall/cluster.fw' },
      hostFw: { path: 'etc/pve/nodes/pve1/host.fw' },
      network: { known: true },
      sdn: {
        running: { version: 1 },
        ipam: { zones: {} },
        ipamFile: { path: 'etc/pve/priv/ipam.db' },
      },
      services: { from: 'etc/services' },
      protocols: { from: 'etc/protocols' },
      ethertypes: { from: 'etc/ethertypes' },
      hostIp: { from: 'etc/hosts:2' },
      localNetwork: { from: 'etc/network/interfaces:5' },
      diagnostics: [],
    })
    expect(tree.guests.map(({ vmid, type, node, name }) => [vmid, type, node, name])).toEqual([
      [100, 'qemu', 'pve1', 'web'],
      [200, 'lxc', 'pve2', 'db'],
    ])
    expect([...tree.guestFw.keys()]).toEqual([100, 200])
    expect([...tree.vnetFw.keys()]).toEqual(['vnet0'])
  })

  it('may be a bare copy of /etc/pve', () => {
    const { tree, diagnostics } = load({
      'firewall/cluster.fw': '[OPTIONS]\n',
      'nodes/pve1/host.fw': '[OPTIONS]\n',
      'nodes/pve1/qemu-server/100.conf': VM,
      'firewall/100.fw': '[RULES]\n',
    })
    expect(tree).toMatchObject({
      layout: 'pve',
      node: 'pve1',
      clusterFw: { path: 'firewall/cluster.fw' },
      hostIp: null,
      localNetwork: null,
    })
    expect(tree?.guestFw.get(100)?.path).toBe('firewall/100.fw')
    expect(diagnostics.filter(({ severity }) => severity !== 'note')).toMatchObject([
      { code: 'config/host-address-unknown', severity: 'warning' },
    ])
    const messages = diagnostics.map(({ message }) => message)
    expect(messages.filter((message) => message.includes('etc/hosts'))).toHaveLength(1)
    expect(messages.some((message) => message.includes('copy of /etc/pve alone'))).toBe(true)
  })

  it('is named by a domain name, the link etc/pve/local or the guest asked about', () => {
    expect(treeOf({ ...SMALL_NODE, 'etc/hostname': '# x\npve1.example.org\n' }).node).toBe('pve1')
    const two = {
      'nodes/pve1/qemu-server/100.conf': VM,
      'nodes/pve2/lxc/200.conf': 'hostname: db\n',
    }
    expect(treeOf(two, { guest: '200' }).node).toBe('pve2')
    expect(treeOf(two, { guest: 'db' }).node).toBe('pve2')
    expect(load(two).diagnostics).toMatchObject([{ code: 'config/ambiguous-node' }])
    const root = makeTree(two)
    symlinkSync('nodes/pve2', join(root, 'local'))
    expect(treeOf({}, { root }).node).toBe('pve2')
  })

  it('that is asked for must be there', () => {
    expect(treeOf(SMALL_NODE, { node: 'pve1' }).node).toBe('pve1')
    const { tree, diagnostics } = load(SMALL_NODE, { node: 'pve9' })
    expect(tree).toBeNull()
    expect(diagnostics).toMatchObject([
      { code: 'config/unknown-node', help: 'choose one with --node NAME: pve1' },
    ])
  })
})

describe('a root without a node', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['an empty directory', {}, 'has neither etc/pve nor the content of it'],
    ['an unmounted /etc/pve', { 'etc/pve/': '' }, 'has an etc/pve without firewall and nodes'],
    ['/etc', { 'pve/nodes/': '' }, 'is the etc directory of a node'],
    ['the firewall directory', { 'cluster.fw': '' }, 'is only a part of /etc/pve'],
  ])('%s is refused', (_, files, message) => {
    const { tree, diagnostics } = load(files)
    expect(tree).toBeNull()
    expect(diagnostics).toMatchObject([{ code: 'config/no-configuration', severity: 'error' }])
    expect(diagnostics[0]?.message).toContain(message)
    expect(diagnostics[0]?.help).not.toBeNull()
  })

  it('that is missing or a file is refused', () => {
    const root = makeTree({ 'a.tar': 'x' })
    const refused = (path: string) => load({}, { root: join(root, path) }).diagnostics[0]?.message
    expect(refused('nowhere')).toContain('there is no')
    expect(refused('a.tar')).toContain('is no directory')
  })
})

describe('what is missing', () => {
  it('is named once, with what it costs', () => {
    const { diagnostics } = load({ 'etc/pve/nodes/pve1/': '', 'etc/pve/firewall/': '' })
    const missing = diagnostics.filter(({ code }) => code === 'config/missing-file')
    expect(missing.map(({ message }) => message)).toEqual([
      'no `etc/pve/firewall/cluster.fw`: the firewall is off on every node',
      'no `etc/pve/nodes/pve1/host.fw`: the options of the node have their defaults',
      'no `etc/pve/corosync.conf`: no rules for cluster traffic, as on a node of its own',
      'no `etc/pve/sdn/.running-config`: there are no vnets and no `+sdn/` sets',
      'no `etc/pve/storage.cfg`, `etc/pve/datacenter.cfg`: no packet depends on it',
      'no `etc/hostname`: the node asked about is `pve1` for other reasons',
      'no `etc/hosts`: names of nodes have no addresses',
      'no `etc/network/interfaces`: bridges, their ports and the networks of the node are not known',
      'no `etc/services`, `etc/protocols`, `etc/ethertypes`: its names are those of the built-in copy of Debian 12 (netbase 6.4)',
      'node `pve1` has no guests here: only its own traffic can be asked about',
    ])
    expect(missing.every(({ severity, help }) => severity === 'note' && help !== null)).toBe(true)
  })

  it('of many guests is one note', () => {
    const confs = Array.from({ length: 8 }, (_, i) => [
      `etc/pve/nodes/pve1/lxc/${200 + i}.conf`,
      'memory: 5\n',
    ])
    const fws = ['900.fw', '901.fw', 'Cluster.fw', '0100.fw', '100.fw.bak'].map((name) => [
      `etc/pve/firewall/${name}`,
      '[RULES]\n',
    ])
    expect(said(load({ ...SMALL_NODE, ...Object.fromEntries([...confs, ...fws]) }))).toEqual([
      'config/guest-without-fw: no .fw file of 200, 201, 202, 203, 204 and 3 more: no rule of theirs filters them',
      'config/fw-without-guest: no guest for the .fw file of 900, 901: Proxmox does not read it',
      'config/stray-file: `etc/pve/firewall` holds what Proxmox does not read: 0100.fw, 100.fw.bak, Cluster.fw',
    ])
  })
})

describe('guests', () => {
  it('with one vmid twice: the asked node keeps its own', () => {
    const files = {
      ...SMALL_NODE,
      'etc/pve/nodes/pve0/qemu-server/100.conf': 'name: other\n',
      'etc/pve/nodes/pve1/lxc/100.conf': 'hostname: ct\n',
    }
    const { tree, diagnostics } = load(files)
    expect(tree?.guests.map(({ name }) => name)).toEqual(['web'])
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'config/duplicate-vmid' },
      { code: 'config/duplicate-vmid' },
    ])
  })

  it('have vmids as pmxcfs takes them', () => {
    const names = ['099', '0', '4294967296', '4294967295', '1', 'abc', '100x']
    const confs = names.map((name) => [`etc/pve/nodes/pve1/lxc/${name}.conf`, 'memory: 1\n'])
    const tree = treeOf({ ...SMALL_NODE, ...Object.fromEntries(confs) })
    expect(tree.guests.map(({ vmid }) => vmid)).toEqual([1, 100, 4294967295])
  })
})

describe('the SDN', () => {
  it('state of the IPAM is read before the older file', () => {
    const tree = treeOf({
      ...SMALL_NODE,
      'etc/pve/sdn/pve-ipam-state.json': '{"a":1}',
      'etc/pve/priv/ipam.db': '{"b":1}',
    })
    expect(tree.sdn).toMatchObject({ running: null, ipam: { a: 1 } })
  })

  it('that is not JSON leaves no sets and a warning', () => {
    const { tree, diagnostics } = load({ ...SMALL_NODE, 'etc/pve/sdn/.running-config': '{' })
    expect(tree?.sdn).toMatchObject({ running: null, runningFile: { text: '{' } })
    expect(said({ diagnostics })).toEqual([
      'config/sdn-invalid-json: `etc/pve/sdn/.running-config`: it is not JSON',
    ])
  })
})
