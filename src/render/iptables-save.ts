import type {
  Handed,
  RestoreEbtables,
  RestoreLine,
  RestoreSet,
  RestoreTable,
} from '../netfilter/restore.ts'

/** Names of the files an update is written to, in the order of the steps. */
export const HANDED_FILES = [
  'ipset.txt',
  'v4.rules',
  'v4raw.rules',
  'v6.rules',
  'v6raw.rules',
  'ebtables.txt',
] as const
export type HandedFile = (typeof HANDED_FILES)[number]

/**
 * The six texts pve-firewall hands to ipset, iptables-restore, ip6tables-restore and ebtables-restore on a
 * kernel that holds nothing yet, as byte strings. Chains are sorted; every chain of a table ends with the
 * signature that tells pve-firewall later whether it changed.
 */
export function renderHanded(handed: Handed): Readonly<Record<HandedFile, string>> {
  return {
    'ipset.txt': renderSets(handed.ipset),
    'v4.rules': renderTable(handed.v4),
    'v4raw.rules': renderTable(handed.v4raw),
    'v6.rules': renderTable(handed.v6),
    'v6raw.rules': renderTable(handed.v6raw),
    'ebtables.txt': renderEbtables(handed.ebtables),
  }
}

/** Input of `iptables-restore -n` (`get_ruleset_cmdlist`). */
export function renderTable({ table, hooks, chains }: RestoreTable): string {
  const names = sortedNames(chains)
  const parts = [`*${table}\n`]
  for (const name of names) parts.push(`:${name} - [0:0]\n`)
  for (const { chain, line } of hooks) parts.push(`-A ${chain} ${line.text}\n`)
  for (const name of names) {
    const rules = ruleTexts(name, chains.get(name) ?? [])
    parts.push(`-F ${name}\n`)
    for (const rule of rules) parts.push(rule, '\n')
    parts.push(`-A ${name} -m comment --comment "PVESIG:${signature(rules)}"\n`)
  }
  parts.push('COMMIT\n')
  return parts.join('')
}

/** Input of `ipset restore` (`get_ipset_cmdlist`). */
export function renderSets(sets: readonly RestoreSet[]): string {
  const lines = sets.flatMap(({ create, adds }) => [create.text, ...adds.map(({ text }) => text)])
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * Input of `ebtables-restore` (`get_ebtables_cmdlist`): the built-in chains are there whatever is configured,
 * and there is no COMMIT.
 */
export function renderEbtables({ hooks, chains }: RestoreEbtables): string {
  const names = [...BUILT_IN, ...chains.keys()].sort(byText)
  const parts = ['*filter\n']
  for (const name of names) parts.push(`:${name} ACCEPT\n`)
  for (const name of names)
    for (const rule of ruleTexts(name, chains.get(name) ?? [])) parts.push(rule, '\n')
  for (const { chain, line } of hooks) parts.push(`-A ${chain} ${line.text}\n`)
  return parts.join('')
}

/**
 * Checksum of a chain as pve-firewall compares it with the one in the kernel (`iptables_chain_digest`):
 * SHA-1 of all rule texts without newlines, in base64 without padding.
 */
export function signature(rules: readonly string[]): string {
  // not imported: loading it takes 3 ms, which every command would pay
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha1').update(rules.join(''), 'latin1').digest('base64').slice(0, 27)
}

const BUILT_IN = ['FORWARD', 'INPUT', 'OUTPUT'] as const

function ruleTexts(chain: string, lines: readonly RestoreLine[]): readonly string[] {
  const start = `-A ${chain} `
  return lines.map(({ text }) => start + text)
}

function sortedNames(chains: ReadonlyMap<string, unknown>): readonly string[] {
  return [...chains.keys()].sort(byText)
}

function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
