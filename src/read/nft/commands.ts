import { FIELDS, type FieldName } from '../../netfilter/field.ts'
import type { Family, Hook } from '../../netfilter/hook.ts'
import type { Json, NftCommand } from '../../netfilter/nft-command.ts'
import type { Origin } from '../../netfilter/origin.ts'
import type {
  AddressElement,
  Chain,
  NfMap,
  NfSet,
  Rule,
  Ruleset,
  Table,
} from '../../netfilter/ruleset.ts'
import type { FieldRef } from './field.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from './json.ts'
import { type Place, readStatement, tupleOf, verdictOf } from './statement.ts'
import { expressionText, ruleText } from './text.ts'
import { intervalOf } from './value.ts'

export type NftReadOptions = {
  /** nft 1.0.6 drops the malformed limit of a set statement and loads the rule without it. */
  readonly ignoresMalformedLimit: boolean
}

/** A command that could not be carried out, by its place in the batch. */
export type NftComplaint = { readonly index: number; readonly message: string }

type MutableChain = { readonly name: string; base: Chain['base']; rules: Rule[] }
type MutableSet = {
  readonly name: string
  readonly field: FieldName | null
  readonly origin: Origin
  elements: AddressElement[]
}
type MutableMap = {
  readonly name: string
  readonly fields: readonly FieldRef[] | null
  elements: NfMap['elements'][number][]
}
type MutableTable = {
  readonly family: Family
  readonly name: string
  readonly chains: Map<string, MutableChain>
  readonly sets: Map<string, MutableSet>
  readonly tuples: Map<string, NfSet>
  readonly maps: Map<string, MutableMap>
  anonymous: number
}

const FAMILIES: ReadonlySet<string> = new Set<Family>([
  'ip',
  'ip6',
  'inet',
  'arp',
  'bridge',
  'netdev',
])
const HOOKS: ReadonlySet<string> = new Set<Hook>([
  'prerouting',
  'input',
  'forward',
  'output',
  'postrouting',
  'ingress',
  'egress',
])

/**
 * Carries out batches of libnftables JSON commands (add, flush, delete) on an empty kernel, in order, and returns what
 * the kernel then holds. Commands about unknown tables or chains are complaints; reading goes on.
 */
export function readNftCommands(
  commands: Iterable<NftCommand>,
  options: NftReadOptions,
): { readonly ruleset: Ruleset; readonly complaints: readonly NftComplaint[] } {
  const tables = new Map<string, MutableTable>()
  const complaints: NftComplaint[] = []
  let index = 0
  for (const command of commands) {
    const message = carryOut(tables, command, options)
    if (message !== null) complaints.push({ index, message })
    index += 1
  }
  return {
    ruleset: { backend: 'nftables', tables: [...tables.values()].map(finished) },
    complaints,
  }
}

/** Null when done, else what is wrong. */
function carryOut(
  tables: Map<string, MutableTable>,
  command: NftCommand,
  options: NftReadOptions,
): string | null {
  const verb = onlyEntry(command.json)
  const object = verb === null ? null : onlyEntry(verb[1])
  if (verb === null || object === null || !isObject(object[1])) return 'not a command'
  const [kind, body] = object
  const family = stringAt(body, 'family') ?? 'ip'
  const tableName = kind === 'table' ? stringAt(body, 'name') : stringAt(body, 'table')
  if (tableName === null || !FAMILIES.has(family)) return 'names no table'
  const key = `${family} ${tableName}`
  if (kind === 'table') return tableCommand(tables, key, verb[0], family as Family, tableName)
  const table = tables.get(key)
  if (table === undefined) return `no such table: ${key}`
  switch (verb[0]) {
    case 'add':
    case 'create':
      return add(table, kind, body, command.origin, options)
    case 'flush':
      return flush(table, kind, stringAt(body, 'name') ?? '')
    case 'delete':
    case 'destroy':
      return table.chains.delete(stringAt(body, 'name') ?? '') ? null : `no such ${kind}`
    default:
      return `unknown verb ${verb[0]}`
  }
}

function tableCommand(
  tables: Map<string, MutableTable>,
  key: string,
  verb: string,
  family: Family,
  name: string,
): string | null {
  if (verb === 'delete' || verb === 'destroy')
    return tables.delete(key) || verb === 'destroy' ? null : `no such table: ${key}`
  if (!tables.has(key))
    tables.set(key, {
      family,
      name,
      chains: new Map(),
      sets: new Map(),
      tuples: new Map(),
      maps: new Map(),
      anonymous: 0,
    })
  return null
}

function add(
  table: MutableTable,
  kind: string,
  body: JsonObject,
  origin: Origin,
  options: NftReadOptions,
): string | null {
  const name = stringAt(body, 'name') ?? ''
  switch (kind) {
    case 'chain':
      return addChain(table, name, body)
    case 'set':
      return addSet(table, name, body, origin)
    case 'map':
      if (!table.maps.has(name))
        table.maps.set(name, { name, fields: typesOf(body['type'] ?? null), elements: [] })
      return null
    case 'element':
      return addElements(table, name, body['elem'] ?? null, origin)
    case 'rule':
      return addRule(table, body, origin, options)
    case 'ct helper':
      return null
    default:
      return `cannot add a ${kind}`
  }
}

function addChain(table: MutableTable, name: string, body: JsonObject): string | null {
  const chain = table.chains.get(name) ?? { name, base: null, rules: [] }
  const hook = stringAt(body, 'hook')
  const priority = body['prio']
  if (hook !== null && HOOKS.has(hook)) {
    const policy = stringAt(body, 'policy') === 'drop' ? 'drop' : 'accept'
    chain.base = {
      hook: hook as Hook,
      priority: typeof priority === 'number' ? priority : 0,
      policy,
    }
  }
  table.chains.set(name, chain)
  return null
}

/** Address sets only; of the others (dynamic, marks) nft's own rules never ask. */
function addSet(
  table: MutableTable,
  name: string,
  body: JsonObject,
  origin: Origin,
): string | null {
  if (table.sets.has(name)) return null
  const type = body['type']
  const field = type === 'ipv4_addr' ? 'ip saddr' : type === 'ipv6_addr' ? 'ip6 saddr' : null
  const set: MutableSet = { name, field, origin, elements: [] }
  table.sets.set(name, set)
  const elements = body['elem']
  return elements === undefined ? null : addElements(table, name, elements, origin)
}

const TYPE_FIELDS: Readonly<Record<string, FieldName>> = {
  ifname: 'meta iifname',
  ipv4_addr: 'ip saddr',
  ipv6_addr: 'ip6 saddr',
  ether_addr: 'ether saddr',
  inet_service: 'th dport',
  inet_proto: 'meta l4proto',
  mark: 'meta mark',
  ct_state: 'ct state',
}

function typesOf(type: Json): readonly FieldRef[] | null {
  const names = isList(type) ? type : [type]
  const fields = names.map((name) => (typeof name === 'string' ? TYPE_FIELDS[name] : undefined))
  return fields.every((field) => field !== undefined)
    ? fields.map((field) => ({ field, protocol: null }))
    : null
}

function addElements(table: MutableTable, name: string, list: Json, origin: Origin): string | null {
  const items = isList(list) ? list : [list]
  const map = table.maps.get(name)
  if (map !== undefined) return addMapElements(map, items, origin)
  const set = table.sets.get(name)
  if (set === undefined) return `no such set: ${name}`
  for (const item of items) {
    const interval = set.field === null ? null : intervalOf(set.field, item)
    if (interval?.kind !== 'address')
      return `cannot read an element of ${name}: ${expressionText(item)}`
    set.elements.push({ ...interval.range, nomatch: false, text: expressionText(item), origin })
  }
  return null
}

function addMapElements(map: MutableMap, items: readonly Json[], origin: Origin): string | null {
  for (const item of items) {
    const element = mapElement(map.fields, item, origin)
    if (element === null) return `cannot read an element of ${map.name}: ${expressionText(item)}`
    map.elements.push(element)
  }
  return null
}

function mapElement(
  fields: readonly FieldRef[] | null,
  item: Json,
  origin: Origin,
): NfMap['elements'][number] | null {
  if (fields === null || !isList(item)) return null
  const key = tupleOf(fields, item[0] ?? null)
  const entry = onlyEntry(item[1] ?? null)
  const verdict = entry === null ? null : verdictOf(entry[0], entry[1])
  return key === null || verdict === null ? null : { key, verdict, origin }
}

function addRule(
  table: MutableTable,
  body: JsonObject,
  origin: Origin,
  options: NftReadOptions,
): string | null {
  const chain = table.chains.get(stringAt(body, 'chain') ?? '')
  const statements = body['expr']
  if (chain === undefined) return `no such chain: ${stringAt(body, 'chain') ?? ''}`
  if (!isList(statements)) return 'a rule without statements'
  const place = placeIn(table, origin, options)
  const line = chain.rules.length + 1
  chain.rules.push({
    body: statements.flatMap((statement) => readStatement(statement, place)),
    origin,
    line,
    text: ruleText(statements),
  })
  return null
}

function placeIn(table: MutableTable, origin: Origin, options: NftReadOptions): Place {
  return {
    family: table.family,
    ignoresMalformedLimit: options.ignoresMalformedLimit,
    addTuples: (elements) => {
      const name = `__set${table.anonymous++}`
      table.tuples.set(name, { kind: 'tuples', name, elements, origin })
      return name
    },
    addMap: (fields, items) => {
      const elements = items.map((item) => mapElement(fields, item, origin))
      if (!elements.every((element) => element !== null)) return null
      const name = `__map${table.anonymous++}`
      table.maps.set(name, { name, fields, elements })
      return name
    },
  }
}

function flush(table: MutableTable, kind: string, name: string): string | null {
  const chain = table.chains.get(name)
  const holder =
    kind === 'chain' ? undefined : kind === 'map' ? table.maps.get(name) : table.sets.get(name)
  if (kind === 'chain' && chain !== undefined) chain.rules = []
  else if (holder !== undefined) holder.elements = []
  else return `no such ${kind}: ${name}`
  return null
}

function finished(table: MutableTable): Table {
  const sets = new Map<string, NfSet>(table.tuples)
  for (const { name, field, origin, elements } of table.sets.values()) {
    const version = field !== null && FIELDS[field].bits === 128 ? 6 : 4
    sets.set(name, { kind: 'addresses', name, version, elements, origin })
  }
  const chains = [...table.chains.values()].map(({ name, base, rules }): [string, Chain] => [
    name,
    { name, base, rules, userPolicy: 'return' },
  ])
  const maps = [...table.maps.values()].map(({ name, elements }): [string, NfMap] => [
    name,
    { name, elements },
  ])
  return {
    family: table.family,
    name: table.name,
    chains: new Map(chains),
    sets,
    maps: new Map(maps),
  }
}
