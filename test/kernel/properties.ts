import fc from 'fast-check'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import type { KernelLab } from '../../src/kernel/kernel-lab.ts'
import { aim, aimedQuery } from '../support/arbitraries/aimed-query.ts'
import { nodeDescription } from '../support/arbitraries/node-description.ts'
import { filesOf } from '../support/arbitraries/node-text.ts'
import { arpQuery, packetQuery } from '../support/arbitraries/packet-query.ts'
import { type Differs, differs, type Tally } from './case.ts'

export type Amount = {
  readonly seed: number
  readonly configurations: number
  /** Of each configuration. */
  readonly packets: number
}

/**
 * Random configurations and packets: verdict, deciding rule and path of rules of the model are the kernel's. Null where
 * they are; else the smallest case the shrinker comes to.
 */
export async function kernelAgrees(
  lab: KernelLab,
  backend: NodeFirewall['backend'],
  { seed, configurations, packets }: Amount,
  tally: Tally,
): Promise<Differs | null> {
  let last: Differs | null = null
  // a smaller case is worth minutes, not hours
  let shrinks = Number(process.env['PVEFW_SHRINKS'] ?? 60)
  const queries = fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.record({ aim, otherwise: packetQuery }) },
      { weight: 4, arbitrary: packetQuery },
      { weight: 1, arbitrary: arpQuery },
    ),
    { minLength: packets, maxLength: packets, size: 'max' },
  )
  const found = await fc.check(
    fc.asyncProperty(nodeDescription, queries, async (description, all) => {
      if (last !== null) shrinks -= 1
      if (shrinks < 0) return true
      // a rule may be about no packet
      const asked = all.map((one) =>
        'aim' in one ? (aimedQuery(description, one.aim) ?? one.otherwise) : one,
      )
      const difference = await differs(lab, filesOf(description, backend), backend, asked, tally)
      if (difference !== null) last = difference
      return difference === null
    }),
    { seed, numRuns: configurations },
  )
  if (found.failed && last === null) throw found.errorInstance
  return last
}
