import { stringAt } from '../netfilter/nft/json.ts'
import type { NftTable } from '../netfilter/nft/objects.ts'
import { renderNftText } from './nft-text.ts'

/**
 * Tables as a script for `nft -f` that can be run again: it makes them and their chains, empties the chains that have
 * rules, and fills them. Empty chains are only made: what another transaction put in there stays.
 */
export function renderNftScript(tables: readonly NftTable[]): string {
  if (tables.length === 0) return ''
  const empty = tables.map((table) => ({
    ...table,
    sets: [],
    maps: [],
    objects: [],
    chains: table.chains.map((chain) => ({ ...chain, rules: [] })),
  }))
  const flushes = tables.flatMap(({ family, name, chains }) =>
    chains
      .filter(({ body, rules }) => rules.length > 0 || stringAt(body, 'hook') !== null)
      .map((chain) => `flush chain ${family} ${name} ${chain.name}\n`),
  )
  return `${renderNftText(empty)}\n${flushes.join('')}\n${renderNftText(tables)}`
}

/** A script for `nft -f` that removes tables, whether they are there or not. */
export function renderNftRemoval(tables: readonly Pick<NftTable, 'family' | 'name'>[]): string {
  return tables
    .map(({ family, name }) => `add table ${family} ${name}\ndelete table ${family} ${name}\n`)
    .join('')
}
