import type { NftFile, NftGroup } from '../../config/dialect/nftables/model.ts'
import { logLevel, verdict } from '../../config/dialect/nftables/options.ts'
import { addChain, flushChain } from './commands.ts'
import type { Compilation, Place } from './compilation.ts'
import { generated } from './origins.ts'
import { writePolicy } from './policy.ts'
import { compileRules } from './rule.ts'
import { chainOf, DIRECTIONS, type Direction, HOST_TABLE, type TableRef } from './tables.ts'

/** Chains of all security groups in one table, sorted by name (firewall.rs `create_group_chain`). */
export function writeGroups(compilation: Compilation, table: TableRef): void {
  for (const group of groupsOf(compilation.cluster)) {
    const why = `chain of the security group ${group.name}`
    const origin = generated('create_group_chain', why, null, group.span)
    const via = [{ what: 'group', name: group.name, span: group.span }] as const
    for (const direction of DIRECTIONS) {
      const chain = chainOf(table, `group-${group.name}-${direction}`)
      compilation.commands.push(addChain(chain, origin), flushChain(chain, origin))
      compileRules(group.rules, { compilation, chain, direction, guest: null }, via)
    }
  }
}

/** INVARIANT: names are ASCII, so their order by UTF-16 is their order by bytes. */
function groupsOf(cluster: NftFile | null): readonly NftGroup[] {
  return [...(cluster?.groups.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Rules of cluster.fw, each chain with its policy at the end; what is logged there host.fw says. */
export function writeClusterRules(compilation: Compilation): void {
  const { cluster, host } = compilation
  for (const direction of DIRECTIONS) {
    const place = hostPlace(compilation, `cluster-${direction}`, direction)
    compileRules(cluster?.rules ?? [], place)
    const option = `policy_${direction}`
    const otherwise = direction === 'in' ? 'DROP' : 'ACCEPT'
    writePolicy(place, {
      option,
      verdict: verdict(cluster, option, otherwise),
      level: logLevel(host, `log_level_${direction}`),
    })
  }
}

/** Rules of host.fw; policies are the cluster's alone. */
export function writeHostRules(compilation: Compilation): void {
  for (const direction of DIRECTIONS)
    compileRules(
      compilation.host?.rules ?? [],
      hostPlace(compilation, `host-${direction}`, direction),
    )
}

/** A chain of the host's table. */
export function hostPlace(compilation: Compilation, name: string, direction: Direction): Place {
  return { compilation, chain: chainOf(HOST_TABLE, name), direction, guest: null }
}
