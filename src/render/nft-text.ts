import type { Json } from '../netfilter/nft/command.ts'
import { expressionText } from '../netfilter/nft/expression-text.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../netfilter/nft/json.ts'
import { listedTable } from '../netfilter/nft/listed.ts'
import type { NftChain, NftSet, NftTable } from '../netfilter/nft/objects.ts'
import { durationText, statementText, type Wording } from '../netfilter/nft/text.ts'
import { elementsText } from './nft-elements.ts'

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

/** Tables as `nft list ruleset` prints them; `wording` is that of the version of nft. */
export function renderNftText(tables: readonly NftTable[], wording: Wording = 'operators'): string {
  return tables.map((table) => tableText(listedTable(table), wording)).join('')
}

function tableText(table: NftTable, wording: Wording): string {
  const blocks = [
    ...table.objects.map(({ kind, body }) =>
      block(`${kind} ${stringAt(body, 'name') ?? ''}`, objectLines(kind, body)),
    ),
    ...table.sets.map((set) => block(`set ${set.name}`, setLines(set))),
    ...table.maps.map((map) => block(`map ${map.name}`, setLines(map))),
    ...table.chains.map((chain) =>
      block(`chain ${chain.name}`, chainLines(table.family, chain, wording)),
    ),
  ]
  return `table ${table.family} ${table.name} {\n${blocks.join('\n')}}\n`
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
}

function chainLines(family: string, chain: NftChain, wording: Wording): readonly string[] {
  const base = baseLine(family, chain.body)
  const rules = chain.rules.map(({ expr, comment }) => {
    const text = expr.map((statement) => listedStatement(statement, wording)).join(' ')
    return comment === null ? text : `${text} comment "${comment}"`
  })
  return base === null ? rules : [base, ...rules]
}

/** A statement with the figures of its counter. */
function listedStatement(statement: Json, wording: Wording): string {
  const entry = onlyEntry(statement)
  if (entry !== null && entry[0] === 'counter' && isObject(entry[1])) {
    const { packets, bytes } = entry[1]
    return `counter packets ${String(packets ?? 0)} bytes ${String(bytes ?? 0)}`
  }
  return statementText(statement, wording)
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

/** The lines of a set, in the order of `set_print_declaration`, src/rule.c of nftables. */
function setLines(set: NftSet): readonly string[] {
  const { body } = set
  const lines = [typeLine(body)]
  const policy = stringAt(body, 'policy')
  if (policy === 'memory') lines.push('policy memory')
  if (typeof body['size'] === 'number') lines.push(`size ${body['size']}`)
  const timeout = body['timeout']
  const flags = wordsOf(body['flags'] ?? null)
  // a default timeout says that elements have one
  const isShown = flags.some((flag) => flag !== 'timeout' || typeof timeout !== 'number')
  if (isShown) lines.push(`flags ${flags.join(',')}`)
  if (typeof timeout === 'number') lines.push(`timeout ${durationText(timeout)}`)
  const collected = body['gc-interval']
  if (typeof collected === 'number') lines.push(`gc-interval ${durationText(collected)}`)
  if (body['auto-merge'] === true) lines.push('auto-merge')
  const statements = body['stmt']
  for (const statement of isList(statements) ? statements : []) lines.push(statementText(statement))
  const comment = stringAt(body, 'comment')
  if (comment !== null) lines.push(`comment "${comment}"`)
  if (set.elements.length > 0) lines.push(elementsText(set))
  return lines
}

/** `type ifname . ifname : verdict`. */
function typeLine(body: JsonObject): string {
  const value = stringAt(body, 'map')
  const key = body['type'] ?? null
  const shown = isList(key)
    ? key.map((part) => expressionText(part)).join(' . ')
    : expressionText(key)
  return value === null ? `type ${shown}` : `type ${shown} : ${value}`
}

function wordsOf(flags: Json): readonly string[] {
  if (flags === null) return []
  return isList(flags) ? flags.map((flag) => expressionText(flag)) : [expressionText(flags)]
}

function objectLines(kind: string, body: JsonObject): readonly string[] {
  switch (kind) {
    case 'ct helper':
      return [
        `type "${stringAt(body, 'type') ?? ''}" protocol ${stringAt(body, 'protocol') ?? ''}`,
        `l3proto ${stringAt(body, 'l3proto') ?? 'inet'}`,
      ]
    case 'limit':
      return [statementText({ limit: body }).replace(/^limit /, '')]
    case 'counter':
      return [`packets ${String(body['packets'] ?? 0)} bytes ${String(body['bytes'] ?? 0)}`]
    default:
      return [JSON.stringify(body)]
  }
}
