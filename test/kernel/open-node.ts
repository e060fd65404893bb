import type { Files } from '../support/arbitraries/node-text.ts'

/** A node that lets everything through, INVALID packets too: what conntrack says of them is seen by the rules. */
export const OPEN_NODE: Files = {
  'etc/hostname': 'pve1\n',
  'etc/hosts': '10.10.0.1 pve1.lab pve1\n',
  'etc/network/interfaces':
    'iface vmbr0 inet static\n\taddress 10.10.0.1/24\n\tgateway 10.10.0.254\n\tbridge-ports eno1\n\niface vmbr0 inet6 static\n\taddress fd10:10::1/64\n',
  'etc/pve/firewall/cluster.fw': '[OPTIONS]\nenable: 1\npolicy_in: ACCEPT\npolicy_out: ACCEPT\n',
  'etc/pve/firewall/100.fw': '[OPTIONS]\nenable: 1\npolicy_in: ACCEPT\n',
  'etc/pve/nodes/pve1/host.fw':
    '[OPTIONS]\nnf_conntrack_allow_invalid: 1\nnf_conntrack_helpers: ftp,tftp\n',
  'etc/pve/nodes/pve1/qemu-server/100.conf':
    'net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1\n',
}

/** The same, with proxmox-firewall. */
export const OPEN_NFT_NODE: Files = {
  ...OPEN_NODE,
  'etc/pve/nodes/pve1/host.fw': `${OPEN_NODE['etc/pve/nodes/pve1/host.fw']}nftables: 1\n`,
}
