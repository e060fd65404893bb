import { FIELDS, type FieldName } from '../../netfilter/field.ts'
import type { Family, Hook } from '../../netfilter/hook.ts'
import type { NumberRanges } from '../../netfilter/match.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import type { Datatype } from '../../netfilter/nft/datatype.ts'
import { expressionText } from '../../netfilter/nft/expression-text.ts'
import { isList, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import { listedRule, setDatatypes, updatedSets } from '../../netfilter/nft/listed.ts'
import type { NftChain, NftSet, NftTable } from '../../netfilter/nft/objects.ts'
import { statementText } from '../../netfilter/nft/text.ts'
import type { Origin } from '../../netfilter/origin.ts'
import { PROTO } from '../../netfilter/packet.ts'
import {
  type AddressElement,
  ANONYMOUS,
  type Chain,
  type HelperChoice,
  type NfMap,
  type NfSet,
  type Rule,
  type Ruleset,
  type Statement,
  type Table,
} from '../../netfilter/ruleset.ts'
import { meansOf } from '../tables.ts'
import { type FieldRef, plain } from './field.ts'
import { tupleOf } from './match.ts'
import type { Place } from './place.ts'
import { readStatement, verdictOf } from './statement.ts'
import { intervalOf, valuesOf } from './value.ts'

export type NftReadOptions = {
  /** nft 1.0.6 drops the malformed limit of a set statement and loads the rule without it. */
  readonly ignoresMalformedLimit: boolean
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

/** Objects of a kernel as IR. What pvefw cannot evaluate becomes `opaque`; tables of unknown families do not exist. */
export function readNftTables(
  backend: Ruleset['backend'],
  tables: readonly NftTable[],
  options: NftReadOptions,
): Ruleset {
  return {
    backend,
    tables: tables.flatMap((table) =>
      FAMILIES.has(table.family) ? [readTable(backend, table, options)] : [],
    ),
  }
}

function readTable(backend: Ruleset['backend'], table: NftTable, options: NftReadOptions): Table {
  const sets = new Map<string, NfSet>()
  const maps = new Map<string, NfMap>()
  const updated = updatedSets(table)
  for (const held of table.sets) {
    const set = readSet(held, updated.has(held.name))
    if (set !== null) sets.set(set.name, set)
  }
  for (const held of table.maps) {
    const map = readMap(held)
    if (map !== null) maps.set(map.name, map)
  }
  const numbers = new Map(
    table.sets.flatMap((held): [string, NumberRanges][] => {
      const ranges = sets.has(held.name) ? null : readNumbers(held)
      return ranges === null ? [] : [[held.name, ranges]]
    }),
  )
  const helpers = new Map(
    table.objects.flatMap(({ kind, body }) => (kind === 'ct helper' ? readHelper(body) : [])),
  )
  const place = (origin: Origin): Place => ({
    family: table.family,
    holdsSet: (name) => sets.has(name),
    holdsMap: (name) => maps.has(name),
    helperNamed: (name) => helpers.get(name) ?? null,
    numbersOf: (name) => numbers.get(name) ?? null,
    ignoresMalformedLimit: options.ignoresMalformedLimit,
    addTuples: (elements) => {
      const name = unused(sets, ANONYMOUS.set)
      sets.set(name, { kind: 'tuples', name, elements, origin })
      return name
    },
    addMap: (fields, items) => {
      const elements = items.map((item) => mapElement(fields, item, origin))
      if (!elements.every((element) => element !== null)) return null
      const name = unused(maps, ANONYMOUS.map)
      maps.set(name, { name, elements })
      return name
    },
  })
  const shared: Shared = new Map()
  const chains = new Map(
    table.chains.map((chain) => [
      chain.name,
      backend === 'imported'
        ? { ...chainOnDemand(chain, place, shared, asListed) }
        : chainOnDemand(chain, place, shared, listedRule),
    ]),
  )
  const read = { family: table.family as Family, name: table.name, chains, sets, maps }
  return backend === 'imported' ? { ...read, tool: 'nft' } : read
}

/** `nft_ct_helper_obj_init`: the helper is its type, of one protocol, and of one family where the object says so. */
function readHelper(body: JsonObject): readonly (readonly [string, HelperChoice])[] {
  const name = stringAt(body, 'name')
  const type = stringAt(body, 'type')
  const protocol = stringAt(body, 'protocol')
  const proto = protocol === 'tcp' ? PROTO.tcp : protocol === 'udp' ? PROTO.udp : null
  if (name === null || type === null || proto === null) return []
  const family = stringAt(body, 'l3proto')
  const version = family === 'ip' ? 4 : family === 'ip6' ? 6 : null
  return [[name, { name: type, proto, version }]]
}

/** A name for what has none, as the kernel makes them; names people give begin with a letter. */
function unused(held: ReadonlyMap<string, unknown>, start: string): string {
  let number = held.size
  while (held.has(`${start}${number}`)) number += 1
  return `${start}${number}`
}

/** Statements of a table by their text, which says all of their meaning there: most rules say what others said. */
type Shared = Map<string, readonly Statement[]>

/** Longer texts may be cut, and are of one rule mostly. */
const longestShared = 200

function sharedStatement(
  statement: Json,
  place: Place,
  text: string,
  shared: Shared,
): readonly Statement[] {
  if (text.length > longestShared) return readStatement(statement, place, text)
  const known = shared.get(text)
  if (known !== undefined) return known
  const read = readStatement(statement, place, text)
  shared.set(text, read)
  return read
}

/**
 * A chain whose rules are read when they are first asked for: of a thousand guests a packet meets two. Those of a dump
 * are read at once, as a part of what is plain data.
 */
function chainOnDemand(
  chain: NftChain,
  place: (origin: Origin) => Place,
  shared: Shared,
  listed: typeof listedRule,
): Chain {
  let read: readonly Rule[] | null = null
  return {
    name: chain.name,
    get rules() {
      read ??= readRules(chain, place, shared, listed)
      return read
    },
    base: baseOf(chain.body),
    userPolicy: 'return',
  }
}

/** The rules of a dump are as nft lists them. */
function asListed(expr: readonly Json[]): readonly Json[] {
  return expr
}

function readRules(
  chain: NftChain,
  place: (origin: Origin) => Place,
  shared: Shared,
  listed: typeof listedRule,
): readonly Rule[] {
  return chain.rules.map(({ expr, comment, origin }, index): Rule => {
    const here = place(origin)
    const body: Statement[] = []
    let text = ''
    for (const statement of listed(expr)) {
      const own = statementText(statement)
      text = text === '' ? own : `${text} ${own}`
      body.push(...sharedStatement(statement, here, own, shared))
    }
    const own = origin.kind === 'imported' ? { ...origin, means: meansOf(body) } : origin
    const shown = comment === null ? text : `${text} comment "${comment}"`
    return { body, origin: own, line: index + 1, text: shown }
  })
}

function baseOf(body: JsonObject): Chain['base'] {
  const hook = stringAt(body, 'hook')
  const priority = body['prio']
  if (hook === null || !HOOKS.has(hook)) return null
  return {
    hook: hook as Hook,
    priority: typeof priority === 'number' ? priority : 0,
    policy: stringAt(body, 'policy') === 'drop' ? 'drop' : 'accept',
    ...(stringAt(body, 'type') === 'nat' ? { type: 'nat' } : {}),
  }
}

const TYPE_FIELDS: Partial<Readonly<Record<Datatype, FieldName>>> = {
  ifname: 'meta iifname',
  ipv4_addr: 'ip saddr',
  ipv6_addr: 'ip6 saddr',
  ether_addr: 'ether saddr',
  inet_service: 'th dport',
  inet_proto: 'meta l4proto',
  icmp_type: 'icmp type',
  icmpv6_type: 'icmpv6 type',
  mark: 'meta mark',
  ct_state: 'ct state',
}

/** The fields that stand for the types of a set: what its elements are read as. */
function typesOf(body: JsonObject): readonly FieldRef[] | null {
  const fields = setDatatypes(body).map((datatype) => TYPE_FIELDS[datatype])
  return fields.every((field) => field !== undefined) ? fields.map(plain) : null
}

/** Elements of a set of single numbers, ranges among them; null for other sets. */
function readNumbers({ body, elements }: NftSet): NumberRanges | null {
  const [only, ...more] = typesOf(body) ?? []
  if (only === undefined || more.length > 0 || FIELDS[only.field].kind !== 'number') return null
  const intervals = elements.map(({ json }) => intervalOf(only.field, json))
  if (!intervals.every((interval) => interval !== null)) return null
  const values = valuesOf(only.field, intervals)
  return values.kind === 'numbers' ? values.ranges : null
}

/**
 * A set of addresses with its ranges; any other set as exact values. Null when an element is not understood: a set
 * pvefw does not hold makes every look-up in it unknown, which is what it is.
 */
function readSet({ name, body, elements, origin }: NftSet, isDynamic: boolean): NfSet | null {
  const fields = typesOf(body)
  if (fields === null)
    return elements.length === 0 ? { kind: 'tuples', name, elements: [], origin } : null
  const [first] = fields
  if (first !== undefined && fields.length === 1 && FIELDS[first.field].kind === 'address') {
    const version = FIELDS[first.field].bits === 128 ? 6 : 4
    const ranges = elements.map((element) => addressElement(first.field, element))
    if (!ranges.every((range) => range !== null)) return null
    const set: NfSet = { kind: 'addresses', name, version, elements: ranges, origin }
    return isDynamic ? { ...set, dynamic: true } : set
  }
  const tuples = elements.map(({ json }) => tupleOf(fields, json))
  return tuples.every((tuple) => tuple !== null)
    ? { kind: 'tuples', name, elements: tuples, origin }
    : null
}

function addressElement(
  field: FieldName,
  { json, origin }: NftSet['elements'][number],
): AddressElement | null {
  const interval = intervalOf(field, json)
  if (interval?.kind !== 'address') return null
  return { ...interval.range, nomatch: false, text: expressionText(json), origin }
}

/** Null when an element is not understood, as for sets. */
function readMap({ name, body, elements }: NftSet): NfMap | null {
  const fields = typesOf(body)
  if (fields === null) return elements.length === 0 ? { name, elements: [] } : null
  const read = elements.map(({ json, origin }) => mapElement(fields, json, origin))
  return read.every((element) => element !== null) ? { name, elements: read } : null
}

function mapElement(
  fields: readonly FieldRef[],
  item: Json,
  origin: Origin,
): NfMap['elements'][number] | null {
  if (!isList(item)) return null
  const key = tupleOf(fields, item[0] ?? null)
  const entry = onlyEntry(item[1] ?? null)
  const verdict = entry === null ? null : verdictOf(entry[0], entry[1])
  return key === null || verdict === null ? null : { key, verdict, origin }
}
