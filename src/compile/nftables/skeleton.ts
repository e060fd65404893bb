import type { Json, NftCommand } from '../../netfilter/nft/command.ts'
import type { Origin } from '../../netfilter/origin.ts'
import { addChain, addRule, flushChain } from './commands.ts'
import { generated } from './origins.ts'
import type { SkeletonChain, SkeletonTable } from './skeleton-chain.ts'
import { GUEST_SKELETON } from './skeleton-guests.ts'
import { HOST_SKELETON } from './skeleton-host.ts'
import { chainOf, GUEST_TABLE, HOST_TABLE, type TableRef } from './tables.ts'

const BY = 'proxmox-firewall.nft'
const frame = generated(BY, 'the fixed part of the nftables backend, the same on every node')

/**
 * The first transaction of an update, as commands: both tables, their chains emptied and filled again, sets
 * and maps, and the empty chains that the second transaction fills. The real program hands nft a text that
 * comes to the same; it declares `input` with policy drop first and accept right after, so accept it is.
 */
export const SKELETON: readonly NftCommand[] = [
  ...[HOST_TABLE, GUEST_TABLE].map(addTable),
  ...frameOf(HOST_TABLE, HOST_SKELETON),
  ...frameOf(GUEST_TABLE, GUEST_SKELETON),
  ...rulesOf(HOST_TABLE, HOST_SKELETON),
  ...rulesOf(GUEST_TABLE, GUEST_SKELETON),
]

function addTable({ family, table }: TableRef): NftCommand {
  return { json: { add: { table: { family, name: table } } }, origin: frame }
}

/** Chains in the order nft lists them afterwards, sets and maps. */
function frameOf(table: TableRef, { chains, sets, managed }: SkeletonTable): readonly NftCommand[] {
  return [
    ...chains.map((chain) => addSkeletonChain(table, chain)),
    ...chains.map(({ name }) => flushChain(chainOf(table, name), frame)),
    ...sets.map(({ kind, name, body, why }): NftCommand => {
      const definition: Json = { ...table, name, ...body }
      return { json: { add: { [kind]: definition } }, origin: generated(BY, why) }
    }),
    ...managed.map((name) => addChain(chainOf(table, name), frame)),
  ]
}

function addSkeletonChain(table: TableRef, { name, base }: SkeletonChain): NftCommand {
  const chain = chainOf(table, name)
  if (base === null) return addChain(chain, frame)
  const definition: Json = { ...chain, type: 'filter', ...base, policy: 'accept' }
  return { json: { add: { chain: definition } }, origin: frame }
}

function rulesOf(table: TableRef, { chains }: SkeletonTable): readonly NftCommand[] {
  return chains.flatMap(({ name, rules }) =>
    rules.map(({ expr, why, means }) => {
      const origin: Origin = generated(BY, why, means)
      return addRule(chainOf(table, name), expr, origin)
    }),
  )
}
