import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import type { Tree } from '../../src/config/tree.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import type { Backend } from '../../src/topology/devices.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { iptablesNames } from '../../src/topology/names.ts'
import { type Refused, type Resolved, resolveQuery } from '../../src/topology/resolve.ts'
import { type Topology, topologyOf } from '../../src/topology/topology.ts'
import { ct, treeOf, vm } from './support.ts'

const MAC = 'BC:24:11:00:00'

/**
 * Two nodes. pve1: vmbr0 (eno1, gateway, 192.168.1.0/24), vmbr1 (eno2, 10.1.0.0/24), vmbr2 (VLAN-aware, eno3, no
 * address), vmbr3 (no port, 10.3.0.0/24), vmbr9 (nothing: an inner network), storage network on eno4.
 */
export const LAB_FILES: Readonly<Record<string, string>> = {
  'etc/hosts': '127.0.0.1 localhost\n192.168.1.10 pve1.lab pve1\n192.168.1.11 pve2.lab pve2\n',
  'etc/services': 'ssh 22/tcp\nhttp 80/tcp www\nhttps 443/tcp\nbootps 67/udp\n',
  'etc/network/interfaces': `
auto lo
iface lo inet loopback
iface eno1 inet manual
iface vmbr0 inet static
	address 192.168.1.10/24
	address fd00::10/64
	gateway 192.168.1.1
	bridge-ports eno1
iface vmbr1 inet static
	address 10.1.0.1/24
	bridge-ports eno2
iface vmbr2 inet manual
	bridge-ports eno3
	bridge-vlan-aware yes
iface vmbr3 inet static
	address 10.3.0.1/24
	bridge-ports none
iface vmbr9 inet manual
	bridge-ports none
iface eno4 inet static
	address 10.99.0.10/24
`,
  'etc/pve/corosync.conf': `nodelist {
  node {
    name: pve1
    ring0_addr: 192.168.1.10
    ring1_addr: 10.99.0.10
  }
  node {
    name: pve2
    ring0_addr: 192.168.1.11
    ring1_addr: 10.99.0.11
  }
}
totem {
  version: 2
}
`,
  'etc/pve/firewall/cluster.fw': `[OPTIONS]
enable: 1

[ALIASES]
web 192.168.1.105
lan 192.168.1.0/24
faraway 203.0.113.7
old 10.1.0.20

[IPSET admins]
192.168.1.53
10.8.0.0/24
!10.8.0.0/25

[IPSET nobody]
`,
  'etc/pve/firewall/105.fw': `[OPTIONS]
enable: 1

[ALIASES]
friend 192.168.1.77

[IPSET mine]
192.168.1.78
`,
  'etc/pve/firewall/108.fw': `[IPSET ipfilter-net0]
192.168.1.108
`,
  ...vm(
    105,
    [`virtio=${MAC}:05,bridge=vmbr0,firewall=1`, `virtio=${MAC}:15,bridge=vmbr1,firewall=1`],
    {
      name: 'web01',
      lines: 'ipconfig0: ip=192.168.1.105/24,gw=192.168.1.1\nipconfig1: ip=10.1.0.5/24',
    },
  ),
  ...ct(
    106,
    [`name=eth0,bridge=vmbr0,hwaddr=${MAC}:06,ip=192.168.1.106/24,ip6=fd00::6/64,type=veth`],
    { name: 'db' },
  ),
  ...vm(107, [`virtio=${MAC}:07,bridge=vmbr1,firewall=1`], {
    name: 'twin',
    lines: 'ipconfig0: ip=dhcp',
  }),
  ...vm(108, [`virtio=${MAC}:08,bridge=vmbr0,firewall=1`], { name: 'twin' }),
  ...vm(110, [`virtio=${MAC}:10,bridge=vmbr2,tag=10,firewall=1`]),
  ...vm(111, [`virtio=${MAC}:11,bridge=vmbr2,tag=20`]),
  ...vm(112, [`virtio=${MAC}:12,bridge=vmbr1,tag=30,firewall=1`]),
  ...vm(113, [`virtio=${MAC}:13,bridge=vmbr9,firewall=1`]),
  ...vm(114, [`virtio=${MAC}:14`]),
  ...vm(115, [`virtio=${MAC}:16,bridge=vmbr0,firewall=1,link_down=1`]),
  ...vm(116, [`virtio=${MAC}:17,bridge=vmbr3,tag=5`]),
  ...vm(117, [`virtio=${MAC}:18,bridge=vmbr7`]),
  ...vm(118, ['virtio,bridge=vmbr0,firewall=1'], { lines: 'ipconfig0: ip6=fd00::118/64' }),
  ...vm(205, [`virtio=${MAC}:25,bridge=vmbr0,firewall=1`], {
    node: 'pve2',
    name: 'remote',
    lines: 'ipconfig0: ip=192.168.1.205/24',
  }),
  ...vm(206, [`virtio=${MAC}:26,bridge=vmbr2,tag=10`], { node: 'pve2' }),
}

export const LAB_TREE: Tree = treeOf(LAB_FILES, 'pve1')

export function labTopology(tree: Tree = LAB_TREE, backend: Backend = 'iptables'): Topology {
  return topologyOf(
    tree,
    backend,
    iptablesNames(readIptables(tree), tree.localNetwork?.value ?? null),
  )
}

export const LAB: Topology = labTopology()

/** Resolves an arrow; refusals come back as such. */
export function ask(text: string, topology: Topology = LAB): Resolved | Refused {
  const tables = nameTablesOf(topology.tree)
  const query = parseArrow(text, tables)
  return isProblem(query)
    ? { kind: 'refused', problems: [query] }
    : resolveQuery(topology, query, tables)
}

/** Resolves an arrow that must have an answer. */
export function answer(text: string, topology: Topology = LAB): Resolved {
  const resolved = ask(text, topology)
  if (resolved.kind === 'refused')
    throw new Error(`${text}: ${resolved.problems.map(({ message }) => message).join('; ')}`)
  return resolved
}
