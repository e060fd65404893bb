import type { Origin } from '../../src/netfilter/origin.ts'
import type { NfSet, Ruleset, Table } from '../../src/netfilter/ruleset.ts'

/** An origin that says nothing. */
export const nowhere: Origin = {
  kind: 'generated',
  by: 'test',
  why: 'test',
  span: null,
  means: null,
}

/**
 * A ruleset as plain data that two of equal meaning and spelling share: without origins, line numbers of chains and what
 * tool it was read from; sets by name.
 */
export function plain({ tables }: Ruleset): unknown {
  return tables
    .map(plainTable)
    .toSorted((a, b) => (`${a.family} ${a.name}` < `${b.family} ${b.name}` ? -1 : 1))
}

function plainTable({ family, name, chains, sets, maps }: Table) {
  return {
    family,
    name,
    chains: sortedEntries(chains).map(({ name: chain, base, userPolicy, rules }) => ({
      chain,
      base,
      userPolicy,
      rules: rules.map(({ body, text }) => ({ body, text: text.trim() })),
    })),
    sets: sortedEntries(sets).map(plainSet),
    maps: sortedEntries(maps).map((map) => ({
      name: map.name,
      elements: map.elements.map(({ key, verdict }) => ({ key, verdict })),
    })),
  }
}

function plainSet(set: NfSet): unknown {
  const { origin: _, ...rest } = set
  if (set.kind !== 'addresses') return rest
  const elements = set.elements.map(({ lo, hi, nomatch }) => ({ lo, hi, nomatch }))
  return { ...rest, elements: elements.toSorted((a, b) => (a.lo < b.lo ? -1 : 1)) }
}

function sortedEntries<T>(map: ReadonlyMap<string, T>): readonly T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}
