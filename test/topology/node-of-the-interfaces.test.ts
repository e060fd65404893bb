import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseAddr } from '../../src/ip/address.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { resolveQuery } from '../../src/topology/resolve.ts'
import { topologyOf } from '../../src/topology/topology.ts'
import { repository } from '../support/run-cli.ts'
import { loadRoot } from './support.ts'

/** etc/network/interfaces of this tree is that of alpha, 10.10.0.11; etc/hosts says 10.10.0.13 of gamma. */
const root = join(repository, 'examples/three-nodes')

it.each([
  ['alpha', '10.10.0.11'],
  ['gamma', '10.10.0.13'],
])(
  'asked about %s, the host is %s: interfaces of another node are not its own',
  (node, address) => {
    const tree = loadRoot(root, node)
    const tables = nameTablesOf(tree)
    const query = parseArrow('outside -> host/icmp', tables)
    if (isProblem(query)) throw new Error(query.message)
    const resolved = resolveQuery(topologyOf(tree, 'iptables'), query, tables)
    if (resolved.kind === 'refused') throw new Error(resolved.problems[0]?.message)
    const { l3 } = resolved.packet
    expect(l3.kind === 'ip' ? l3.dst : null).toBe(parseAddr(address)?.bits)
  },
)
