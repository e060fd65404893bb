import type { Tree } from '../config/tree.ts'
import { showProtocol } from '../packet/protocol.ts'
import type { NameTables } from '../packet/query.ts'

/** The names of services, protocols and EtherTypes as the tree has them. Made once, each look-up is constant. */
export function nameTablesOf(
  tree: Pick<Tree, 'services' | 'protocols' | 'ethertypes'>,
): NameTables {
  const ports = new Map<string, number>()
  for (const { name, aliases, port, protocol } of tree.services.entries)
    for (const each of [name, ...aliases]) {
      for (const key of [each, `${each}/${protocol}`]) if (!ports.has(key)) ports.set(key, port)
    }
  return {
    service: (name, protocol) =>
      ports.get(protocol === null ? `${name}/tcp` : `${name}/${showProtocol(protocol)}`) ??
      ports.get(name) ??
      null,
    protocol: (name) => tree.protocols.byName.get(name) ?? tree.protocols.aliases.get(name) ?? null,
    ethertype: (name) => {
      const hex = tree.ethertypes.byName.get(name)
      return hex === undefined ? null : Number.parseInt(hex, 16)
    },
  }
}
