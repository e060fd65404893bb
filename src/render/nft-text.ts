import type { Json } from '../netfilter/nft/command.ts'
import { isList, type JsonObject, stringAt } from '../netfilter/nft/json.ts'
import type { NftChain, NftSet, NftTable } from '../netfilter/nft/objects.ts'
import { expressionText, ruleText } from '../netfilter/nft/text.ts'
import { listedElements } from './nft-elements.ts'

/** Priorities that have names, by family: `std_prios`, nftables src/rule.c. */
const PRIORITY_NAMES: readonly (readonly [string, number])[] = [
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
]
const BRIDGE_PRIORITY_NAMES: readonly (readonly [string, number])[] = [
  ['dstnat', -300],
  ['filter', -200],
  ['out', 100],
  ['srcnat', 300],
]

/** Tables as `nft list ruleset` prints them. */
export function renderNftText(tables: readonly NftTable[]): string {
  return tables.map(tableText).join('')
}

function tableText(table: NftTable): string {
  const blocks = [
    ...table.objects.map(({ kind, body }) =>
      block(`${kind} ${stringAt(body, 'name') ?? ''}`, objectLines(kind, body)),
    ),
    ...table.sets.map((set) => block(`set ${set.name}`, setLines(set))),
    ...table.maps.map((map) => block(`map ${map.name}`, setLines(map))),
    ...table.chains.map((chain) => block(`chain ${chain.name}`, chainLines(table.family, chain))),
  ]
  return `table ${table.family} ${table.name} {\n${blocks.join('\n')}}\n`
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
}

function chainLines(family: string, chain: NftChain): readonly string[] {
  const base = baseLine(family, chain.body)
  const rules = chain.rules.map(
    ({ expr, comment }) => `${ruleText(expr)}${comment === null ? '' : ` comment "${comment}"`}`,
  )
  return base === null ? rules : [base, ...rules]
}

function baseLine(family: string, body: JsonObject): string | null {
  const hook = stringAt(body, 'hook')
  if (hook === null) return null
  const priority = typeof body['prio'] === 'number' ? body['prio'] : 0
  const type = stringAt(body, 'type') ?? 'filter'
  const policy = stringAt(body, 'policy') ?? 'accept'
  return `type ${type} hook ${hook} priority ${priorityText(family, priority)}; policy ${policy};`
}

/** `filter - 1`: a named priority within ten of the number, else the number (`prio2str`, nftables src/rule.c). */
function priorityText(family: string, priority: number): string {
  const names = family === 'bridge' ? BRIDGE_PRIORITY_NAMES : PRIORITY_NAMES
  for (const [name, base] of names) {
    const offset = priority - base
    if (Math.abs(offset) > 10) continue
    if (offset === 0) return name
    return `${name} ${offset > 0 ? '+' : '-'} ${Math.abs(offset)}`
  }
  return String(priority)
}

function setLines(set: NftSet): readonly string[] {
  const lines = [typeLine(set.body)]
  const flags = words(set.body['flags'] ?? null)
  if (flags !== null) lines.push(`flags ${flags}`)
  const timeout = set.body['timeout']
  if (typeof timeout === 'number') lines.push(`timeout ${durationText(timeout)}`)
  if (set.body['auto-merge'] === true) lines.push('auto-merge')
  if (set.elements.length > 0)
    lines.push(`elements = { ${listedElements(set).join(',\n\t\t\t     ')} }`)
  return lines
}

/** `type ifname . ifname : verdict`. */
function typeLine(body: JsonObject): string {
  const value = stringAt(body, 'map')
  const key = body['type'] ?? null
  const shown = isList(key) ? key.map(expressionText).join(' . ') : expressionText(key)
  return value === null ? `type ${shown}` : `type ${shown} : ${value}`
}

function words(flags: Json): string | null {
  if (flags === null) return null
  return isList(flags) ? flags.map(expressionText).join(',') : expressionText(flags)
}

/** Seconds as nft shows them: `1m`, `1h30m`. */
function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`)
  return shown.length === 0 ? '0s' : shown.join('')
}

function objectLines(kind: string, body: JsonObject): readonly string[] {
  if (kind !== 'ct helper') return [JSON.stringify(body)]
  const lines = [
    `type "${stringAt(body, 'type') ?? ''}" protocol ${stringAt(body, 'protocol') ?? ''}`,
  ]
  const family = stringAt(body, 'l3proto')
  lines.push(`l3proto ${family ?? 'inet'}`)
  return lines
}
