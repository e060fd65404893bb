import { EMPTY_QUERY, type Query } from '../../src/packet/query.ts'
import type { Files } from '../support/arbitraries/node-text.ts'

/** A packet about which model and kernel once differed, in the smallest configuration that shows it. */
export type Regression = {
  /** A fact, as the kernel has it. */
  readonly name: string
  readonly backend: 'iptables' | 'nftables'
  readonly files: Files
  readonly query: Query
  /** What the kernel did: verdict, deciding rule, and whether the sender of a rejected packet heard of it. */
  readonly kernel: {
    readonly outcome: string
    readonly decidedBy: string
    readonly answered: boolean
  }
}

const NODE: Files = {
  'etc/hostname': 'pve1\n',
  'etc/hosts': '10.10.0.1 pve1.lab pve1\n',
  'etc/network/interfaces':
    'iface vmbr0 inet static\n\taddress 10.10.0.1/24\n\tgateway 10.10.0.254\n\tbridge-ports eno1\n\niface vmbr1 inet static\n\taddress 192.168.1.1/24\n\tbridge-ports eno2\n',
  'etc/pve/nodes/pve1/qemu-server/100.conf':
    'net0: virtio=BC:24:11:00:00:00,bridge=vmbr0,firewall=1\n',
}

export const REGRESSIONS: readonly Regression[] = [
  {
    name: 'the answer of a REJECT comes from an address of the host, which a blacklist may hold',
    backend: 'iptables',
    files: {
      ...NODE,
      'etc/pve/firewall/cluster.fw': '[OPTIONS]\nenable: 1\n\n[IPSET blacklist]\n10.10.0.0/24\n',
      'etc/pve/nodes/pve1/host.fw': '[OPTIONS]\nnf_conntrack_allow_invalid: 1\n',
      'etc/pve/firewall/100.fw':
        '[OPTIONS]\nenable: 1\npolicy_in: ACCEPT\npolicy_out: REJECT\nmacfilter: 0\n',
    },
    query: {
      ...EMPTY_QUERY,
      from: 'vm100',
      to: 'outside:vmbr1',
      src: '10.10.0.5',
      dst: '10.10.0.11',
      proto: 17,
      sport: 40_000,
      dport: 3128,
    },
    kernel: { outcome: 'reject', decidedBy: 'filter:PVEFW-reject:rule:5', answered: false },
  },
  {
    name: 'an ICMP error is rejected without an answer',
    backend: 'nftables',
    files: {
      ...NODE,
      'etc/pve/firewall/cluster.fw':
        '[OPTIONS]\nenable: 1\npolicy_in: ACCEPT\n\n[RULES]\nIN REJECT\n',
      'etc/pve/nodes/pve1/host.fw':
        '[OPTIONS]\nndp: 0\nnosmurfs: 0\nnf_conntrack_allow_invalid: 1\nnftables: 1\n',
    },
    query: {
      ...EMPTY_QUERY,
      from: 'outside:vmbr0',
      to: 'host',
      src: '10.10.0.77',
      dst: '10.10.0.1',
      proto: 1,
      icmpType: '5',
      icmpCode: 0,
    },
    kernel: {
      outcome: 'reject',
      decidedBy: 'inet:proxmox-firewall:do-reject:rule:4',
      answered: false,
    },
  },
]
