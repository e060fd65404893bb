import { hold } from '../../src/compile/iptables/hold.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import type { RestoreTable } from '../../src/netfilter/restore.ts'

/** A firewall with more rules in its raw tables, `PREROUTING -j CT --zone 5`: what other programs put there. */
export function withRaw(firewall: NodeFirewall, rules: readonly string[]): NodeFirewall {
  if (firewall.backend !== 'iptables' || firewall.compiled.handed === null)
    throw new Error('there is no raw table')
  const { handed } = firewall.compiled
  const more = { ...handed, v4raw: added(handed.v4raw, rules), v6raw: added(handed.v6raw, rules) }
  const { ruleset, refused } = hold(more, firewall.tree)
  if (refused[0] !== undefined) throw new Error(refused[0].message)
  const compiled = { ...firewall.compiled, handed: more, held: ruleset }
  const own: NodeFirewall = { ...firewall, compiled, onNode: () => own }
  return own
}

function added(table: RestoreTable, rules: readonly string[]): RestoreTable {
  const hooks = rules.map((rule) => {
    const [chain = '', ...words] = rule.split(' ')
    const origin = {
      kind: 'generated',
      by: 'tests',
      why: 'another program',
      span: null,
      means: null,
    } as const
    return { chain, line: { text: words.join(' '), origin } }
  })
  // before those of the node: the first word about a packet counts
  return { ...table, hooks: [...hooks, ...table.hooks] }
}
