import type { NfSet, Statement, Table } from '../../netfilter/ruleset.ts'
import { EBTABLES_BUILT_IN, type EbtablesTableName, readEbtablesTable } from '../ebtables.ts'
import type { ReadFacts, ReadTable } from '../facts.ts'
import { readTable } from '../iptables.ts'
import { BUILT_IN, type BuiltIn, type ChainText, type TableName, unread } from '../tables.ts'
import type { Report } from './report.ts'
import type { SavedTable } from './saved-text.ts'

/**
 * A table of a dump with what the kernel holds in it; null: there is no such table. `dumped` are the names of all sets
 * in the dumps, `sets` those whose elements can be evaluated.
 */
export function readSavedTable(
  saved: SavedTable,
  sets: ReadonlyMap<string, NfSet>,
  dumped: ReadonlySet<string>,
  facts: ReadFacts,
  report: Report,
): Table | null {
  const read =
    saved.family === 'bridge' ? readBridge(saved, facts) : readIp(saved, sets, facts, report)
  if (read === null) {
    report.add('error', 'read/bad-line', saved.span, `there is no table \`${saved.table}\``)
    return null
  }
  for (const { line, message } of read.refusals)
    if (line.origin.span !== null)
      report.add(
        'note',
        'read/not-evaluated',
        line.origin.span,
        `this rule cannot be evaluated: ${message}`,
      )
  reportMissingSets(read.table, dumped, report)
  return { ...read.table, tool: 'iptables' }
}

function readIp(
  saved: SavedTable,
  sets: ReadonlyMap<string, NfSet>,
  facts: ReadFacts,
  report: Report,
): ReadTable | null {
  const { family, table, span } = saved
  if (!Object.hasOwn(BUILT_IN, table)) return null
  const chains = allChains(BUILT_IN[table as TableName], saved.chains)
  if (family === null)
    report.add(
      'warning',
      'read/family-unknown',
      span,
      `nothing tells whether table \`${table}\` is of iptables or ip6tables; it is taken for iptables`,
      'keep the comments of iptables-save and ip6tables-save in the dump',
    )
  const text = {
    family: family === 'ip6' ? 'ip6' : 'ip',
    table: table as TableName,
    chains,
  } as const
  return readTable(text, sets, facts, 'listed')
}

/** The chains of a table, those the kernel always has first; what is handed to a restore tool does not name them. */
function allChains(
  builtIn: readonly BuiltIn[],
  saved: ReadonlyMap<string, ChainText>,
): ReadonlyMap<string, ChainText> {
  const chains = new Map<string, ChainText>()
  for (const { name } of builtIn)
    chains.set(name, { policy: 'accept', lines: saved.get(name)?.lines ?? [] })
  for (const [name, chain] of saved) {
    const isBuiltIn = chains.has(name)
    // a chain that only has rules was not declared
    const policy = isBuiltIn && chain.policy === 'return' ? 'accept' : chain.policy
    chains.set(name, { ...unsigned(chain), policy })
  }
  return chains
}

/** A chain without the signature pve-firewall puts behind its rules, a comment that is a rule of its own. */
function unsigned(chain: ChainText): ChainText {
  const { lines } = chain
  return SIGNATURE.test(lines.at(-1)?.text ?? '') ? { ...chain, lines: lines.slice(0, -1) } : chain
}

const SIGNATURE = /^-m comment --comment "?PVESIG:[^ "]+"?$/

/**
 * ebtables-nft puts all chains of table filter at one priority (`xtables_bridge`, iptables/nft.c). In table broute DROP
 * means that the frame is routed, which nobody here follows.
 */
function readBridge(
  { table: name, chains: saved, isNft }: SavedTable,
  facts: ReadFacts,
): ReadTable | null {
  if (!Object.hasOwn(EBTABLES_BUILT_IN, name)) return null
  const table = name as EbtablesTableName
  const chains = allChains(EBTABLES_BUILT_IN[table], saved)
  const read = readEbtablesTable({ table, chains }, facts, 'listed')
  if (name === 'broute') return { ...read, table: withoutVerdicts(read.table) }
  const output = read.table.chains.get('OUTPUT')
  if (!isNft || name !== 'filter' || output?.base == null) return read
  const moved = new Map(read.table.chains)
  moved.set('OUTPUT', { ...output, base: { ...output.base, priority: -200 } })
  return { ...read, table: { ...read.table, chains: moved } }
}

function withoutVerdicts(table: Table): Table {
  const chains = [...table.chains].map(([name, chain]) => {
    const rules = chain.rules.map((rule) => ({ ...rule, body: unread(rule.text) }))
    return [name, { ...chain, rules }] as const
  })
  return { ...table, chains: new Map(chains) }
}

function reportMissingSets(table: Table, dumped: ReadonlySet<string>, report: Report): void {
  const told = new Set(dumped)
  for (const { rules } of table.chains.values())
    for (const { body, origin } of rules)
      for (const statement of body) {
        const name = missingSet(statement)
        if (name === null || origin.span === null || told.has(name)) continue
        told.add(name)
        report.add(
          'warning',
          'read/set-missing',
          origin.span,
          `what set \`${name}\` matches is not known: no dump has it`,
          'give the output of `ipset save` as well',
        )
      }
}

function missingSet(statement: Statement): string | null {
  if (statement.kind !== 'match' || statement.match.kind !== 'opaque') return null
  return /--match-set ([^ ]+)/.exec(statement.match.text)?.[1] ?? null
}
