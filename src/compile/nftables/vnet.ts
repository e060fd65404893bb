import type { NftFile } from '../../config/dialect/nftables/model.ts'
import { logLevel, verdict } from '../../config/dialect/nftables/options.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { addChain, addElements, addRule, flushChain } from './commands.ts'
import type { Compilation, Place } from './compilation.ts'
import { ACCEPT, DROP, jump, REJECT } from './expression.ts'
import { generated } from './origins.ts'
import { writePolicy } from './policy.ts'
import { compileRules } from './rule.ts'
import { chainOf, type TableRef } from './tables.ts'

const BY = 'create_bridge_chain'
const before = generated(
  BY,
  'connections that were accepted once go on, and ARP is let through, whatever the rules say',
)

/**
 * Chain and map entry of a vnet in one table: in the bridge table for frames between its ports, in the
 * host's for packets between it and the host. The policy is a statement of its own here, REJECT included.
 */
export function writeVnet(
  compilation: Compilation,
  table: TableRef,
  name: string,
  file: NftFile,
): void {
  const { commands } = compilation
  const chain = chainOf(table, `bridge-${name}`)
  const enable = file.options.get('enable')?.span ?? null
  const made = generated(BY, `chain of the vnet ${name}`, null, enable)
  commands.push(addChain(chain, made), flushChain(chain, made))
  commands.push(addRule(chain, [jump('before-bridge')], before))
  const place: Place = { compilation, chain, direction: 'forward', guest: null }
  compileRules(file.rules, place)
  const policy = verdict(file, 'policy_forward', 'ACCEPT')
  const statement = { ACCEPT, DROP, REJECT }[policy.value]
  const level = logLevel(file, 'log_level_forward')
  writePolicy(place, { option: 'policy_forward', verdict: policy, level }, statement)
  const key: Json = table.family === 'bridge' ? { concat: [name, name] } : name
  const elem: Json = [key, { jump: { target: chain.name } }]
  const why = `leads packets of the vnet ${name} into its chain`
  const origin = generated(BY, why, null, enable)
  commands.push(addElements(table, 'bridge-map', [elem], origin, [origin]))
}
