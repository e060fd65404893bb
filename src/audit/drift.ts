import type { NfSet, Ruleset, Table } from '../netfilter/ruleset.ts'
import { count, type Difference, difference, type Foreign, sizeOf } from './difference.ts'
import { compareChains, type Findings } from './drift-chains.ts'
import { compareMaps, compareSets } from './drift-sets.ts'
import { isOwnSet, isOwnTable, tableName } from './ownership.ts'

/** What dumps there were: of iptables, ip6tables, ebtables, ipset and nft. */
export type Covered = 'ip' | 'ip6' | 'bridge' | 'ipset' | 'nft'

/** How what a node holds differs from what its configuration compiles to. */
export type Drift = {
  readonly differences: readonly Difference[]
  /** Others' tables, chains, rules, policies and sets: no drift, but they have a say too. */
  readonly foreign: readonly Foreign[]
  /** Sets proxmox-firewall does not want any more: it never deletes one, and no rule asks it. */
  readonly leftovers: readonly { readonly table: string; readonly set: NfSet }[]
  /** Tables the configuration wants and no dump can tell about. */
  readonly notCompared: readonly string[]
}

/**
 * Compares a compiled ruleset with the one read from dumps: by what rules mean, so neither their words nor counters,
 * handles, comments and signatures count. Cost: n log n in the rules.
 */
export function drift(compiled: Ruleset, live: Ruleset, covered: ReadonlySet<Covered>): Drift {
  const findings: Findings = { differences: [], foreign: [] }
  const notCompared: string[] = []
  const leftovers: { readonly table: string; readonly set: NfSet }[] = []
  const seen = new Set<Table>()
  const tool = compiled.backend === 'nftables' ? 'nft' : 'iptables'
  for (const wanted of compiled.tables) {
    const name = tableName(wanted, compiled.backend)
    if (!covered.has(coverOf(wanted, tool))) {
      if (hasRules(wanted)) notCompared.push(name)
      continue
    }
    const held = live.tables.find(
      (table) =>
        table.tool === tool && table.family === wanted.family && table.name === wanted.name,
    )
    if (held !== undefined) seen.add(held)
    const isOwn = tool === 'nft'
    if (held === undefined && isOwn) {
      const text = sizeOf(wanted)
      findings.differences.push(
        difference({ what: 'table', change: 'missing', table: name, name: null, text }),
      )
      continue
    }
    const other = held ?? { ...wanted, chains: new Map(), sets: new Map(), maps: new Map() }
    compareChains({ wanted, held: other, name, isOwn }, findings)
    if (!isOwn) continue
    const onExtra = (set: NfSet): void => {
      leftovers.push({ table: name, set })
    }
    compareSets(
      { wanted: wanted.sets, held: other.sets, table: name, merges: true, onExtra },
      findings,
    )
    compareMaps(name, wanted.maps, other.maps, findings)
  }
  for (const table of live.tables) if (!seen.has(table)) reportOther(table, findings)
  compareIpsets(compiled, live, covered, findings, notCompared)
  return { ...findings, leftovers, notCompared }
}

function coverOf({ family }: Table, tool: 'nft' | 'iptables'): Covered {
  if (tool === 'nft') return 'nft'
  return family === 'ip6' || family === 'bridge' ? family : 'ip'
}

function hasRules({ chains }: Table): boolean {
  return [...chains.values()].some(({ rules }) => rules.length > 0)
}

/** A table the configuration has no rules for: foreign, or left behind by the other backend. */
function reportOther(table: Table, findings: Findings): void {
  const name = tableName(table, 'imported')
  if (table.tool === 'nft') {
    const text = sizeOf(table)
    if (isOwnTable(table))
      findings.differences.push(
        difference({ what: 'table', change: 'extra', table: name, name: null, text }),
      )
    else if (table.chains.size > 0 || table.sets.size > 0)
      findings.foreign.push({ what: 'table', table: name, name: null, text, found: null })
    return
  }
  const wanted: Table = { ...table, chains: new Map(), sets: new Map(), maps: new Map() }
  compareChains({ wanted, held: table, name, isOwn: false }, findings)
  for (const chain of table.chains.values())
    if (chain.base?.policy === 'drop')
      findings.foreign.push({
        what: 'policy',
        table: name,
        name: chain.name,
        text: 'policy drop',
        found: null,
      })
}

/** ipset has one name space for all tables. */
function compareIpsets(
  compiled: Ruleset,
  live: Ruleset,
  covered: ReadonlySet<Covered>,
  findings: Findings,
  notCompared: string[],
): void {
  const wanted = compiled.backend === 'iptables' ? setsOf(compiled) : new Map<string, NfSet>()
  if (!covered.has('ipset')) {
    if (wanted.size > 0) notCompared.push('ipset')
    return
  }
  const held = setsOf(live)
  const onExtra = (set: NfSet): void => {
    const text =
      set.kind === 'list'
        ? count(set.members.length, 'member')
        : count(set.elements.length, 'element')
    const { name, origin: found } = set
    if (isOwnSet(name))
      findings.differences.push(
        difference({ what: 'set', change: 'extra', table: 'ipset', name, text, found }),
      )
    else findings.foreign.push({ what: 'set', table: 'ipset', name, text, found })
  }
  compareSets({ wanted, held, table: 'ipset', merges: false, onExtra }, findings)
}

function setsOf({ backend, tables }: Ruleset): ReadonlyMap<string, NfSet> {
  const own = tables.find(
    ({ tool, family }) =>
      (tool === 'iptables' || (tool === undefined && backend === 'iptables')) &&
      family !== 'bridge',
  )
  return own?.sets ?? new Map()
}
