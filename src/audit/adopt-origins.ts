import type { Chain, NfMap, NfSet, Rule, Ruleset, Table } from '../netfilter/ruleset.ts'
import { align } from './align.ts'
import { mapKeys, ruleKey } from './rule-key.ts'

/**
 * A live ruleset whose rules, where they equal those the configuration compiles to, are those of the configuration: a
 * trace then quotes `105.fw:7` instead of a line of a dump. What only the node has keeps its place in the dump.
 */
export function adoptOrigins(live: Ruleset, compiled: Ruleset): Ruleset {
  const sets = new Map<ReadonlyMap<string, NfSet>, ReadonlyMap<string, NfSet>>()
  const tool = compiled.backend === 'nftables' ? 'nft' : 'iptables'
  const tables = live.tables.map((table) => {
    if (table.tool !== tool) return table
    const known = compiled.tables.find(
      ({ family, name }) => family === table.family && name === table.name,
    )
    return known === undefined ? table : adoptTable(table, known, sets)
  })
  return { ...live, tables }
}

/** `shared`: sets that were done with; all tables of iptables have the same ones. */
function adoptTable(
  live: Table,
  known: Table,
  shared: Map<ReadonlyMap<string, NfSet>, ReadonlyMap<string, NfSet>>,
): Table {
  const chains = new Map<string, Chain>()
  for (const [name, chain] of live.chains) {
    const other = known.chains.get(name)
    chains.set(name, other === undefined ? chain : adoptChain(live, chain, known, other))
  }
  const sets = shared.get(live.sets) ?? adoptSets(live.sets, known.sets)
  shared.set(live.sets, sets)
  const maps = new Map<string, NfMap>()
  for (const [name, map] of live.maps) maps.set(name, adoptMap(map, known.maps.get(name)))
  return { ...live, chains, sets, maps }
}

function adoptChain(live: Table, chain: Chain, known: Table, other: Chain): Chain {
  const { kept, moved } = align(
    other.rules.map((rule) => ruleKey(rule, known)),
    chain.rules.map((rule) => ruleKey(rule, live)),
  )
  const rules: Rule[] = [...chain.rules]
  for (const [from, to] of [...kept, ...moved]) {
    const rule = rules[to]
    const source = other.rules[from]
    if (rule !== undefined && source !== undefined) rules[to] = { ...rule, origin: source.origin }
  }
  return { ...chain, rules }
}

function adoptSets(
  live: ReadonlyMap<string, NfSet>,
  known: ReadonlyMap<string, NfSet>,
): ReadonlyMap<string, NfSet> {
  return new Map([...live].map(([name, set]) => [name, adoptSet(set, known.get(name))]))
}

function adoptSet(live: NfSet, known: NfSet | undefined): NfSet {
  if (known === undefined || known.kind !== live.kind) return live
  if (live.kind !== 'addresses' || known.kind !== 'addresses')
    return { ...live, origin: known.origin }
  const byRange = new Map(known.elements.map((one) => [`${one.lo}-${one.hi}`, one.origin]))
  const elements = live.elements.map((one) => ({
    ...one,
    origin: byRange.get(`${one.lo}-${one.hi}`) ?? one.origin,
  }))
  return { ...live, elements, origin: known.origin }
}

function adoptMap(live: NfMap, known: NfMap | undefined): NfMap {
  if (known === undefined) return live
  const keys = mapKeys(known)
  const byKey = new Map(known.elements.map(({ origin }, at) => [keys[at] ?? '', origin]))
  const own = mapKeys(live)
  return {
    ...live,
    elements: live.elements.map((element, at) => ({
      ...element,
      origin: byKey.get(own[at] ?? '') ?? element.origin,
    })),
  }
}
