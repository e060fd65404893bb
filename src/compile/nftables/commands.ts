import type { Json, NftCommand } from '../../netfilter/nft/command.ts'
import type { Origin } from '../../netfilter/origin.ts'
import type { Statement } from './expression.ts'
import type { ChainRef, TableRef } from './tables.ts'

export function addChain(chain: ChainRef, origin: Origin): NftCommand {
  return { json: { add: { chain } }, origin }
}

export function flushChain(chain: ChainRef, origin: Origin): NftCommand {
  return { json: { flush: { chain } }, origin }
}

export function flushMap({ family, table }: TableRef, name: string, origin: Origin): NftCommand {
  return { json: { flush: { map: { family, table, name } } }, origin }
}

export function deleteTable({ family, table }: TableRef, origin: Origin): NftCommand {
  return { json: { delete: { table: { family, name: table } } }, origin }
}

export function addRule(chain: ChainRef, expr: readonly Statement[], origin: Origin): NftCommand {
  const { family, table, name } = chain
  return { json: { add: { rule: { family, table, chain: name, expr } } }, origin }
}

/** Adds elements to a set or map; `elementOrigins` says for each of them why it is there. */
export function addElements(
  { family, table }: TableRef,
  name: string,
  elem: readonly Json[],
  origin: Origin,
  elementOrigins: readonly Origin[],
): NftCommand {
  return { json: { add: { element: { family, table, name, elem } } }, origin, elementOrigins }
}
