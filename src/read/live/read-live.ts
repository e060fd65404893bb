import type { NftTable } from '../../netfilter/nft/objects.ts'
import type { NfSet, Ruleset, Table } from '../../netfilter/ruleset.ts'
import type { Diagnostic } from '../../source/diagnostic.ts'
import type { SourceFile } from '../../source/source-file.ts'
import type { ReadFacts } from '../facts.ts'
import { readNftTables } from '../nft/ruleset.ts'
import { type DumpKind, kindOf } from './kind.ts'
import { readNftListing } from './nft-listing.ts'
import { newReport, type Report } from './report.ts'
import { SAVED_FACTS } from './saved-facts.ts'
import { readSavedSets } from './saved-sets.ts'
import { readSavedTable } from './saved-table.ts'
import { reportTwice, type SavedTable, type SavedText, splitSaved } from './saved-text.ts'

/** What a node holds, as far as the dumps tell. */
export type LiveRead = {
  readonly ruleset: Ruleset
  /** The tables of nft as they are listed, for those who want to show or compare them. */
  readonly nftTables: readonly NftTable[]
  /** Whose rules are in it; null: neither pve-firewall's nor proxmox-firewall's. */
  readonly backend: 'iptables' | 'nftables' | null
  /** What there were dumps of; a kernel without tables of iptables says nothing of itself. */
  readonly covered: ReadonlySet<'ip' | 'ip6' | 'bridge' | 'ipset' | 'nft'>
  /** An `error` means that a file is not, or not to its end, in the ruleset. */
  readonly diagnostics: readonly Diagnostic[]
}

/** A file that was told by its content. */
type Dump = {
  readonly kind: DumpKind
  readonly report: Report
  readonly saved: SavedText
  readonly nft: readonly NftTable[]
}

const NOTHING: SavedText = { tables: [], sets: [], legacy: null }

/**
 * Reads dumps of one node into one ruleset: `nft -j list ruleset`, `iptables-save`, `ip6tables-save`, `ipset save`,
 * `ebtables-save`, in any number and order, told apart by their content. Never throws: what is not understood is told,
 * and in the ruleset it leaves the verdict open. Dumps have numbers for
 * ports; `facts` are for texts that were never in a kernel. Cost: linear.
 */
export function readLive(files: readonly SourceFile[], facts: ReadFacts = SAVED_FACTS): LiveRead {
  const dumps = files.map(readDump)
  const sets = setsOf(dumps)
  const saved = latest(dumps)
  const dumped = new Set(dumps.flatMap(({ saved: text }) => text.sets.map(({ name }) => name)))
  const own = saved.flatMap(({ table, report }) => {
    const read = readSavedTable(table, sets, dumped, facts, report)
    return read === null ? [] : [{ read, isNft: table.isNft }]
  })
  reportLegacy(dumps)
  const nftTables = dumps.flatMap(({ nft }) => nft)
  const read = readNftTables('imported', nftTables, { ignoresMalformedLimit: false }).tables
  // iptables-nft's own listing says of its tables what nft's does not
  const covered = new Set(own.flatMap(({ read: table, isNft }) => (isNft ? [keyOf(table)] : [])))
  const uncovered = read.filter((table) => !covered.has(keyOf(table)))
  for (const table of uncovered) reportExtensions(table, dumps)
  const tables = [...own.map(({ read: table }) => table), ...uncovered]
  return {
    ruleset: { backend: 'imported', tables },
    nftTables,
    backend: backendOf(tables),
    covered: coveredBy(dumps),
    diagnostics: dumps.flatMap(({ report }) => report.finished()),
  }
}

function keyOf({ family, name }: { readonly family: string; readonly name: string }): string {
  return `${family} ${name}`
}

function readDump(file: SourceFile): Dump {
  const report = newReport(file)
  const kind = kindOf(file.text)
  switch (kind) {
    case 'nft-json':
      return { kind, report, saved: NOTHING, nft: readNftListing(file, report) }
    case 'saved':
      return { kind, report, saved: splitSaved(file, report), nft: [] }
    default:
      reportKind(file, kind, report)
      return { kind, report, saved: NOTHING, nft: [] }
  }
}

function coveredBy(dumps: readonly Dump[]): LiveRead['covered'] {
  const covered = new Set<'ip' | 'ip6' | 'bridge' | 'ipset' | 'nft'>()
  for (const { kind, saved } of dumps) {
    if (kind === 'nft-json') covered.add('nft')
    if (saved.sets.length > 0) covered.add('ipset')
    for (const { family } of saved.tables) covered.add(family ?? 'ip')
  }
  return covered
}

function reportKind(file: SourceFile, kind: DumpKind, report: Report): void {
  const whole = { file, start: 0, end: 0 }
  switch (kind) {
    case 'nft-text':
      report.add(
        'error',
        'read/unknown-dump',
        whole,
        `${file.path} is what nft lists for people to read`,
        'give the output of `nft -j list ruleset`',
      )
      return
    case 'iptables-list':
      report.add(
        'error',
        'read/unknown-dump',
        whole,
        `${file.path} is what \`iptables -L\` lists for people to read`,
        'give the output of `iptables-save`',
      )
      return
    case 'empty':
      report.add('note', 'read/empty-dump', whole, `${file.path} holds no table and no set`)
      return
    default:
      report.add(
        'error',
        'read/unknown-dump',
        whole,
        `${file.path} is no dump of a ruleset`,
        'give the output of `nft -j list ruleset`, `iptables-save`, `ip6tables-save`, `ipset save` or `ebtables-save`',
      )
  }
}

/** The sets of all dumps; INVARIANT: one name space, as in the kernel. A list of sets one of which is unknown is unknown. */
function setsOf(dumps: readonly Dump[]): ReadonlyMap<string, NfSet> {
  const sets = new Map<string, NfSet>()
  for (const { saved, report } of dumps)
    for (const [name, set] of readSavedSets(saved.sets, report)) sets.set(name, set)
  for (const [name, set] of sets)
    if (
      set.kind === 'list' &&
      !set.members.every((member) => sets.get(member)?.kind === 'addresses')
    )
      sets.delete(name)
  return sets
}

type Found = { readonly table: SavedTable; readonly report: Report }

/** Of a table that is dumped more than once the last; those of iptables-legacy and iptables-nft are two. */
function latest(dumps: readonly Dump[]): readonly Found[] {
  const found = new Map<string, Found>()
  for (const { saved, report } of dumps)
    for (const table of saved.tables) {
      const key = `${table.family} ${table.table} ${table.isNft}`
      if (found.has(key)) reportTwice(report, table.table, table.span)
      found.set(key, { table, report })
    }
  return [...found.values()]
}

/** What iptables-nft-save says of tables it cannot list: without them the ruleset is only half of it. */
function reportLegacy(dumps: readonly Dump[]): void {
  if (dumps.some(({ saved }) => saved.tables.some(({ isNft }) => !isNft))) return
  for (const { saved, report } of dumps)
    if (saved.legacy !== null)
      report.add(
        'warning',
        'read/incomplete',
        saved.legacy,
        'the kernel holds tables of iptables-legacy too, and no file has them',
        'give the output of `iptables-legacy-save` and `ip6tables-legacy-save` as well',
      )
}

/** Rules of iptables-nft, of which nft lists little more than that they are there. */
function reportExtensions(table: Table, dumps: readonly Dump[]): void {
  for (const { rules } of table.chains.values())
    for (const { origin, text } of rules) {
      const { span } = origin
      if (span === null || !/(?:^| )xt (?:match|target) "/.test(text)) continue
      const report = dumps.find((dump) => dump.report.file === span.file)?.report
      report?.add(
        'warning',
        'read/incomplete',
        span,
        `table \`${table.family} ${table.name}\` was made by iptables-nft, and nft does not list all of its rules`,
        table.family === 'bridge'
          ? 'give the output of `ebtables-save` as well'
          : 'give the output of `iptables-save` and `ip6tables-save` as well',
      )
      return
    }
}

function backendOf(tables: readonly Table[]): LiveRead['backend'] {
  const isOurs = ({ name, tool }: Table): boolean =>
    tool === 'nft' && (name === 'proxmox-firewall' || name === 'proxmox-firewall-guests')
  if (tables.some(isOurs)) return 'nftables'
  const hasPveChains = tables.some(
    ({ tool, chains }) =>
      tool === 'iptables' && (chains.has('PVEFW-INPUT') || chains.has('PVEFW-FORWARD')),
  )
  return hasPveChains ? 'iptables' : null
}
