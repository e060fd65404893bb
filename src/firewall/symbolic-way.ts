import type { Path } from '../netfilter/hook.ts'
import type { Family } from '../symbolic/fields.ts'
import type { SymbolicQuestion } from '../symbolic/place.ts'
import { rulesOf, waysOf } from './ask.ts'
import type { NodeFirewall } from './node-firewall.ts'

/** What is asked of all packets of a family on one way: a question to each node's rules, in the order they are passed. */
export function symbolicWay(
  firewall: NodeFirewall,
  path: Path,
  family: Family,
  vlan: number | null = null,
): readonly SymbolicQuestion[] {
  return waysOf(firewall, path).map(({ firewall: own, node, path: part }) => ({
    family,
    ruleset: rulesOf(own),
    path: part,
    fib: firewall.topology.fibOf(node),
    mark: 0,
    ctMark: 0,
    vlan,
  }))
}
