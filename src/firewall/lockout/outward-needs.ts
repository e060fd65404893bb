import { parseStorages, type Storage } from '../../config/storage.ts'
import { type IpAddr, parseAddr, showAddr } from '../../ip/address.ts'
import { normalise } from '../../ip/range-set.ts'
import type { Located } from '../../source/source-file.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { isUsable } from './admin-needs.ts'
import {
  type Blind,
  type Need,
  type Needs,
  onlyAddress,
  type Service,
  showService,
} from './need.ts'

type Ports = Service['ports']

/** What a node reaches its storage by (pve-storage, `PVE::Storage::*Plugin`): where the server stands, and its ports. */
const STORAGES: Readonly<
  Record<string, { readonly server: string; readonly port: string | null; readonly ports: Ports }>
> = {
  nfs: {
    server: 'server',
    port: null,
    ports: [
      [111, 111],
      [2049, 2049],
    ],
  },
  cifs: { server: 'server', port: null, ports: [[445, 445]] },
  pbs: { server: 'server', port: 'port', ports: [[8007, 8007]] },
  iscsi: { server: 'portal', port: null, ports: [[3260, 3260]] },
  iscsidirect: { server: 'portal', port: null, ports: [[3260, 3260]] },
  zfs: {
    server: 'portal',
    port: null,
    ports: [
      [22, 22],
      [3260, 3260],
    ],
  },
  glusterfs: {
    server: 'server',
    port: null,
    ports: [
      [24_007, 24_008],
      [49_152, 49_251],
    ],
  },
  cephfs: {
    server: 'monhost',
    port: null,
    ports: [
      [3300, 3300],
      [6789, 6789],
      [6800, 7568],
    ],
  },
  rbd: {
    server: 'monhost',
    port: null,
    ports: [
      [3300, 3300],
      [6789, 6789],
      [6800, 7568],
    ],
  },
  esxi: { server: 'server', port: null, ports: [[443, 443]] },
}

/** The servers of storage.cfg, for one node. */
export function storageNeeds(firewall: NodeFirewall): Needs {
  const { tree } = firewall
  const needs: Need[] = []
  const blind: Blind[] = []
  if (tree.storage === null) return { needs, blind }
  for (const storage of parseStorages(tree.storage)) {
    const { id, type, properties, nodes, disabled } = storage
    const kind = STORAGES[type]
    if (kind === undefined || disabled || nodes?.includes(tree.node) === false) continue
    const server = properties.get(kind.server)
    if (server === undefined) {
      if (type === 'rbd' || type === 'cephfs')
        blind.push({
          what: `storage ${id.value}`,
          why: "the monitors of a cluster of one's own stand in ceph.conf, which is not read",
          span: id.span,
        })
      continue
    }
    const own = kind.port === null ? undefined : Number(properties.get(kind.port)?.value)
    const ports: Ports = own === undefined || Number.isNaN(own) ? kind.ports : [[own, own]]
    for (const address of serversIn(tree, storage, server, blind))
      needs.push({
        ...outward(firewall, address),
        id: `storage/${type}`,
        group: 'storage',
        service: showService({ name: `${type} storage ${id.value}`, proto: 'tcp', ports }),
        ...{ why: 'storage.cfg', span: server.span, proto: 'tcp', ports, sports: null },
        mutual: false,
        anyPeer: false,
      })
  }
  return { needs, blind }
}

function serversIn(
  { hosts }: NodeFirewall['tree'],
  { id }: Storage,
  { value, span }: Located<string>,
  blind: Blind[],
): readonly IpAddr[] {
  const found: IpAddr[] = []
  for (const text of value.split(/[,;\s]+/).filter((each) => each !== '')) {
    const bare = text.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([^:]+):\d+$/, '$1')
    const address =
      parseAddr(bare) ?? hosts.find(({ names }) => names.includes(bare))?.address ?? null
    if (address === null)
      blind.push({
        what: `storage ${id.value}`,
        why: `which address ${bare} has stands in no file`,
        span,
      })
    else found.push(address)
  }
  return found
}

/** Names, time and updates: to whom stands in no file that is read, so to anybody. */
export function outboundNeeds(firewall: NodeFirewall): Needs {
  const services: readonly Service[] = [
    { id: 'dns-udp', name: 'DNS', proto: 'udp', ports: [[53, 53]] },
    { id: 'dns-tcp', name: 'DNS', proto: 'tcp', ports: [[53, 53]] },
    { id: 'ntp', name: 'NTP', proto: 'udp', ports: [[123, 123]] },
    {
      id: 'updates',
      name: 'updates',
      proto: 'tcp',
      ports: [
        [80, 80],
        [443, 443],
      ],
    },
  ]
  const peer = { version: 4, bits: 0x0101_0101n } as const
  const needs = services.map((service): Need => {
    const base = outward(firewall, peer)
    return {
      ...base,
      to: { ...base.to, addresses: null },
      between: `from ${firewall.tree.node} to anybody`,
      id: `outbound/${service.id}`,
      group: 'outbound',
      ...{ service: showService(service), why: 'every node needs it', span: null },
      ...{ proto: service.proto, ports: service.ports, sports: null, mutual: false, anyPeer: true },
    }
  })
  return { needs, blind: [] }
}

function outward({ topology, tree }: NodeFirewall, address: IpAddr) {
  const own = topology.nodeAddresses(tree.node).filter((each) => isUsable(each, address.version))
  return {
    between: `from ${tree.node}`,
    node: tree.node,
    from: {
      place: 'host',
      address: own[0] ?? null,
      addresses:
        own.length === 0 ? null : normalise(own.map(({ bits }) => ({ lo: bits, hi: bits }))),
    },
    to: {
      // a server may be a guest or a node of the tree
      place: showAddr(address),
      address,
      addresses: onlyAddress(address),
    },
    family: address.version,
  }
}
