import { parseCorosync } from '../../src/config/corosync.ts'
import { parseGuestConf } from '../../src/config/guest-conf.ts'
import { parseHosts } from '../../src/config/hosts.ts'
import { parseInterfaces } from '../../src/config/interfaces.ts'
import { parseEthertypes, parseProtocols, parseServices } from '../../src/config/name-service.ts'
import { parseSdnJson } from '../../src/config/sdn.ts'
import { type SourceFile, sourceFile } from '../../src/source/source-file.ts'

/** A reader of one kind of file, with a good file for it. */
export type Reader = {
  readonly name: string
  readonly read: (file: SourceFile) => unknown
  readonly sample: string
}

const VM = `#notes
agent: 1
name: web1
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=5,trunks=1;2-4
net1: e1000=BC:24:11:00:00:02,bridge=vmbr1,rate=1.5,link_down=1
ipconfig0: ip=10.0.0.5/24,gw=10.0.0.1,ip6=fd00::5/64

[snap1]
net0: virtio=BC:24:11:00:00:09
`
const CT = `hostname: db
lxc.apparmor.profile: unconfined
net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,ip=10.0.0.6/24,ip6=auto,firewall=1
[pve:pending]
net0: name=eth1
`
const INTERFACES = `auto lo
iface lo inet loopback

iface vmbr0 inet static
	address 10.0.0.1
	netmask 255.255.255.0
	address fd00::1/64
	gateway 10.0.0.254
	bridge-ports eno1 \\
	  eno2
	bridge-vlan-aware yes
iface bond0
	bond_slaves eno3 eno4
	altname lan0
source interfaces.d/*
source-directory ./interfaces.d
`
const IDENTITY = { vmid: 100, node: 'pve1' }

/** All readers of files that are not .fw files. */
export const READERS: readonly Reader[] = [
  {
    name: 'qemu config',
    read: (file) => parseGuestConf(file, { ...IDENTITY, type: 'qemu' }),
    sample: VM,
  },
  {
    name: 'lxc config',
    read: (file) => parseGuestConf(file, { ...IDENTITY, type: 'lxc' }),
    sample: CT,
  },
  {
    name: 'interfaces',
    // Names lead back to the same text for a while, so that what sources anything sources itself.
    read: (file) =>
      parseInterfaces(file, {
        read: (path) =>
          file.text.length < 1_000 && path.length < 40 ? sourceFile(path, file.text) : null,
        list: () => [{ name: 'a' }, { name: 'sdn' }],
      }),
    sample: INTERFACES,
  },
  { name: 'hosts', read: parseHosts, sample: '127.0.0.1 localhost # x\n10.0.0.1 pve1.lab pve1\n' },
  {
    name: 'corosync',
    read: parseCorosync,
    sample:
      'totem {\n version: 2\n transport: knet\n interface {\n linknumber: 0\n }\n}\nnodelist {\n node {\n name: a\n ring0_addr: 10.0.0.1\n }\n}\n',
  },
  {
    name: 'SDN',
    read: parseSdnJson,
    sample: '{"vnets":{"ids":{"v0":{"zone":"z","tag":[1,2,{"a":null}]}}},"\u00c3\u00a4":"\\"["}',
  },
  { name: 'services', read: parseServices, sample: 'http 80/tcp www # x\nntp\t123/udp\n' },
  { name: 'protocols', read: parseProtocols, sample: 'tcp 6 TCP # x\nipv6-icmp 58 IPv6-ICMP\n' },
  { name: 'ethertypes', read: parseEthertypes, sample: 'IPv4 0800 ip\nIPv6 86DD ip6 # x\n' },
]
