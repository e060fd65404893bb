import type { Tree } from '../../config/tree.ts'
import { type IpAddr, parseAddr } from '../../ip/address.ts'
import { type Cidr, parseCidr } from '../../ip/prefix.ts'
import type { Span } from '../../source/source-file.ts'
import { holds } from '../../topology/wiring.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { isUsable } from './admin-needs.ts'
import {
  type Blind,
  type Need,
  type Needs,
  onlyAddress,
  SERVICE,
  type Service,
  showService,
} from './need.ts'

/** Base of the ports of corosync: link N has 5405 + N, on both ends (corosync.conf(5), `mcastport`; totemknet.c). */
const COROSYNC = 5405

/** Everything nodes of a cluster need of one another, for both directions of each pair. */
export function clusterNeeds(firewall: NodeFirewall): Needs {
  const { tree } = firewall
  const needs: Need[] = []
  const blind: Blind[] = []
  if (tree.nodes.length < 2) return { needs, blind }
  const migration = migrationNetwork(tree)
  if (tree.corosync === null)
    blind.push({ what: 'corosync', why: 'there is no corosync.conf in the tree', span: null })
  for (const from of tree.nodes)
    for (const to of tree.nodes) {
      if (from === to) continue
      needs.push(...corosyncNeeds(firewall, from, to, blind))
      needs.push(...nodeNeeds(firewall, from, to, migration, blind))
    }
  return { needs, blind: unique(blind) }
}

function corosyncNeeds(
  { tree }: NodeFirewall,
  from: string,
  to: string,
  blind: Blind[],
): readonly Need[] {
  const nodes = tree.corosync?.nodes ?? []
  const own = nodes.find(({ name }) => name === from)
  const peer = nodes.find(({ name }) => name === to)
  if (own === undefined || peer === undefined) return []
  const needs: Need[] = []
  for (const [key, { value, span }] of own.links) {
    const link = Number(/^ring(\d)_addr$/.exec(key)?.[1] ?? Number.NaN)
    const other = peer.links.get(key)
    if (Number.isNaN(link) || other === undefined) continue
    const src = addressOf(tree, value)
    const dst = addressOf(tree, other.value)
    if (src === null || dst === null || src.version !== dst.version) {
      blind.push({
        what: `corosync link ${link}`,
        why: `no address is known of ${src === null ? value : other.value}`,
        span,
      })
      continue
    }
    const port = COROSYNC + link
    const service = { name: `corosync link ${link}`, proto: 'udp', ports: [[port, port]] } as const
    needs.push({
      ...betweenNodes(from, to, src, dst),
      id: `cluster/corosync-${link}`,
      ...{ service: showService(service), why: 'corosync.conf', span },
      ...{ proto: 'udp', ports: service.ports, sports: service.ports, mutual: true },
    })
  }
  return needs
}

function nodeNeeds(
  { topology }: NodeFirewall,
  from: string,
  to: string,
  migration: { readonly cidr: Cidr; readonly span: Span } | null,
  blind: Blind[],
): readonly Need[] {
  const needs: Need[] = []
  const add = (
    service: Service,
    src: IpAddr,
    dst: IpAddr,
    why: string,
    span: Span | null,
  ): void => {
    needs.push({
      ...betweenNodes(from, to, src, dst),
      id: `cluster/${service.id}`,
      ...{ service: showService(service), why, span },
      ...{ proto: service.proto, ports: service.ports, sports: null, mutual: false },
    })
  }
  const pair = samePair(topology.nodeAddresses(from), topology.nodeAddresses(to))
  if (pair === null) {
    blind.push({
      what: `SSH, API and migration from ${from} to ${to}`,
      why: 'no file tells addresses of both (etc/hosts, corosync.conf)',
      span: null,
    })
    return needs
  }
  const [src, dst] = pair
  add(
    { ...SERVICE.ssh, name: 'SSH, migration and replication' },
    src,
    dst,
    'nodes log in to one another',
    null,
  )
  add({ ...SERVICE.web, name: 'cluster API' }, src, dst, 'pveproxy hands requests on', null)
  if (migration === null) {
    add(SERVICE.migration, src, dst, 'migrations go over the network of the nodes', null)
    return needs
  }
  const inNetwork = (address: IpAddr): boolean => holds(migration.cidr, address)
  const own = topology.nodeAddresses(from).find(inNetwork)
  const peer = topology.nodeAddresses(to).find(inNetwork)
  if (own === undefined || peer === undefined) {
    const lacking = own === undefined ? from : to
    blind.push({
      what: `migration from ${from} to ${to}`,
      why: `no file tells the address of ${lacking} in the migration network`,
      span: migration.span,
    })
    return needs
  }
  const secure = { ...SERVICE.ssh, id: 'migration-ssh', name: 'secure migration' }
  add(secure, own, peer, 'the migration network', migration.span)
  add(SERVICE.migration, own, peer, 'the migration network', migration.span)
  return needs
}

function betweenNodes(from: string, to: string, src: IpAddr, dst: IpAddr) {
  return {
    ...{ group: 'cluster' as const, between: `from ${from} to ${to}`, node: to },
    from: { place: from, address: src, addresses: onlyAddress(src) },
    to: { place: to, address: dst, addresses: onlyAddress(dst) },
    ...{ family: src.version, anyPeer: false },
  }
}

/** An address of each, of one family, by which the two nodes know one another. */
function samePair(
  own: readonly IpAddr[],
  peer: readonly IpAddr[],
): readonly [IpAddr, IpAddr] | null {
  for (const family of [4, 6] as const) {
    const src = own.find((address) => isUsable(address, family))
    const dst = peer.find((address) => isUsable(address, family))
    if (src !== undefined && dst !== undefined) return [src, dst]
  }
  return null
}

function addressOf({ hosts }: Tree, text: string): IpAddr | null {
  return parseAddr(text) ?? hosts.find(({ names }) => names.includes(text))?.address ?? null
}

/** `migration: secure,network=10.99.0.0/24` of datacenter.cfg. */
function migrationNetwork({
  datacenter,
}: Tree): { readonly cidr: Cidr; readonly span: Span } | null {
  if (datacenter === null) return null
  const match = /^migration:[^\n]*?\bnetwork=([^\s,]+)/m.exec(datacenter.text)
  const cidr = match === null ? null : parseCidr(match[1] ?? '')
  if (match === null || cidr === null) return null
  const start = match.index
  return { cidr, span: { file: datacenter, start, end: start + match[0].length } }
}

function unique(blind: readonly Blind[]): readonly Blind[] {
  return [...new Map(blind.map((each) => [`${each.what} ${each.why}`, each])).values()]
}
