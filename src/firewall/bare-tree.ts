import type { LoadOptions } from '../config/load.ts'
import { builtInEthertypes, builtInProtocols, builtInServices } from '../config/name-service.ts'
import type { Tree } from '../config/tree.ts'
import { parseAddr } from '../ip/address.ts'
import { parseCidr } from '../ip/prefix.ts'

/**
 * A node of which nothing is known but what was said on the command line: where packets go is then told by the devices
 * of the question. For dumps of a node whose files are not at hand.
 */
export function bareTree({ root, node, hostIp, localNetwork }: LoadOptions): Tree {
  const name = node ?? 'node'
  const address = hostIp === null ? null : parseAddr(hostIp)
  const network = localNetwork === null ? null : parseCidr(localNetwork)
  return {
    root,
    layout: 'node',
    nodes: [name],
    node: name,
    networkOf: name,
    clusterFw: null,
    hostFw: null,
    guests: [],
    guestFw: new Map(),
    vnetFw: new Map(),
    network: { interfaces: [], known: false },
    hosts: [],
    corosync: null,
    sdn: null,
    storage: null,
    datacenter: null,
    services: builtInServices(),
    protocols: builtInProtocols(),
    ethertypes: builtInEthertypes(),
    hostIp: address === null ? null : { value: address, from: '--host-ip', span: null },
    localNetwork: network === null ? null : { value: network, from: '--local-network', span: null },
    diagnostics: [],
  }
}
