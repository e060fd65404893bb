import type { Json } from './command.ts'
import { bitsOf, type Datatype, datatypeOf, datatypesOf, flagBits, partsOf } from './datatype.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from './json.ts'
import { listedAnonymous, listedElements, listedValue } from './listed-set.ts'
import { PORT_PROTOCOLS, symbolOf } from './names.ts'
import type { NftRuleObject, NftSet, NftTable } from './objects.ts'

/**
 * Tables as a kernel lists them that was handed these: what nft makes of expressions on their way into the kernel and
 * back. A listing is listed as it is.
 */
export function listedTable(table: NftTable): NftTable {
  const updated = updatedSets(table)
  return {
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(listedObject) })),
    sets: table.sets.map((set) => listedSet(updated.has(set.name) ? withSize(set) : set)),
    maps: table.maps.map(listedSet),
  }
}

/** Sets that rules add to. */
export function updatedSets({ chains }: NftTable): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { rules } of chains)
    for (const { expr } of rules)
      for (const statement of expr) {
        const entry = onlyEntry(statement)
        const body = entry !== null && entry[0] === 'set' ? entry[1] : null
        const name = isObject(body) ? stringAt(body, 'set') : null
        if (name !== null) names.add(name.replace(/^@/, ''))
      }
  return names
}

/** The kernel bounds a set that packets fill: `nft_dynset_init`, net/netfilter/nft_dynset.c. */
function withSize(set: NftSet): NftSet {
  return set.body['size'] === undefined ? { ...set, body: { ...set.body, size: 0xffff } } : set
}

function listedObject(rule: NftRuleObject): NftRuleObject {
  return { ...rule, expr: listedRule(rule.expr) }
}

function listedSet(set: NftSet): NftSet {
  const datatypes = setDatatypes(set.body)
  if (datatypes.includes('other')) return set
  const elements = listedElements(
    datatypes,
    set.elements.map(({ json }) => json),
    set.body['auto-merge'] === true,
  )
  const origins = new Map(set.elements.map(({ json, origin }) => [json, origin]))
  return {
    ...set,
    elements: elements.map((json) => ({ json, origin: origins.get(json) ?? set.origin })),
  }
}

const DATATYPES: ReadonlySet<string> = new Set<Datatype>([
  'ipv4_addr',
  'ipv6_addr',
  'ether_addr',
  'inet_proto',
  'inet_service',
  'icmp_type',
  'icmpv6_type',
  'mark',
  'ifname',
  'ct_state',
])

/** The datatypes of the keys of a set or map: its `type`, or that of the expression under `typeof`. */
export function setDatatypes(body: JsonObject): readonly Datatype[] {
  const type = body['type'] ?? null
  const entry = onlyEntry(type)
  if (entry !== null && entry[0] === 'typeof') return datatypesOf(entry[1])
  return (isList(type) ? type : [type]).map((name) =>
    typeof name === 'string' && DATATYPES.has(name) ? (name as Datatype) : 'other',
  )
}

/**
 * A rule as nft lists it. A protocol that is asked for by a later field of it goes into that field, `meta l4proto tcp
 * th dport 22` becomes `tcp dport 22`: `payload_dependency_kill`, src/payload.c of nftables. Other matches may stand
 * between the two, nothing else.
 */
export function listedRule(statements: readonly Json[]): readonly Json[] {
  const listed: Json[] = []
  const gone = new Set<number>()
  let protocol: string | null = null
  /** Place of the match that asks for it, -1 once that has to stay. */
  let asked = -1
  let network: string | null = null
  for (const statement of statements) {
    const match = matchOf(statement)
    if (match === null) {
      listed.push(listedStatement(statement, network))
      asked = -1
      continue
    }
    const wanted = transportOf(match)
    if (wanted !== null) {
      protocol = wanted
      asked = listed.length
      listed.push(listedMatch(match))
      continue
    }
    const named = protocol === null ? match : withPorts(match, protocol)
    const protocols = protocolsIn(named['left'] ?? null)
    if (asked !== -1 && protocol !== null && protocols.includes(protocol)) {
      gone.add(asked)
      asked = -1
    }
    network = networkOf(named, protocols) ?? network
    listed.push(listedMatch(named))
  }
  return gone.size === 0 ? listed : listed.filter((_, at) => !gone.has(at))
}

function matchOf(statement: Json): JsonObject | null {
  const entry = onlyEntry(statement)
  return entry !== null && entry[0] === 'match' && isObject(entry[1]) ? entry[1] : null
}

/** The protocol of `meta l4proto == tcp`, by the name its fields have. */
function transportOf({ op, left, right }: JsonObject): string | null {
  const entry = onlyEntry(left ?? null)
  if (op !== '==' || entry === null || entry[0] !== 'meta' || !isObject(entry[1])) return null
  if (entry[1]['key'] !== 'l4proto') return null
  const number = bitsOf('inet_proto', right ?? null)
  if (number === null) return null
  const symbol = symbolOf('meta l4proto', Number(number))
  return symbol === 'ipv6-icmp' ? 'icmpv6' : symbol
}

/** `th dport` as the field of a protocol that has ports. */
function withPorts(match: JsonObject, protocol: string): JsonObject {
  if (!Object.hasOwn(PORT_PROTOCOLS, protocol)) return match
  const left = named(match['left'] ?? null, protocol)
  return left === match['left'] ? match : { ...match, left }
}

function named(expression: Json, protocol: string): Json {
  const entry = onlyEntry(expression)
  if (entry === null) return expression
  const [kind, body] = entry
  if (kind === 'concat' && isList(body))
    return { concat: body.map((part) => named(part, protocol)) }
  if (kind !== 'payload' || !isObject(body) || body['protocol'] !== 'th') return expression
  return { payload: { protocol, field: body['field'] ?? null } }
}

/** The protocols an expression reads fields of. */
function protocolsIn(expression: Json): readonly string[] {
  const entry = onlyEntry(expression)
  if (entry === null) return []
  const [kind, body] = entry
  if ((kind === 'concat' || kind === '&') && isList(body)) return body.flatMap(protocolsIn)
  const protocol = kind === 'payload' && isObject(body) ? stringAt(body, 'protocol') : null
  return protocol === null ? [] : [protocol]
}

/** What a match tells about the network layer: REJECT answers in its words. */
function networkOf({ op, left, right }: JsonObject, protocols: readonly string[]): string | null {
  const own = protocols.find((protocol) => protocol === 'ip' || protocol === 'ip6')
  if (own !== undefined) return own
  const isEther = datatypeOf(left ?? null) === 'ether_type' && op === '=='
  return isEther && (right === 'ip' || right === 'ip6') ? right : null
}

function listedMatch(match: JsonObject): Json {
  const left = listedLeft(match['left'] ?? null)
  const right = match['right'] ?? null
  const op = match['op'] ?? '=='
  const shown = listedRight(left, right, op === 'in' || op === '!')
  const isSame = shown === right && op === match['op'] && left === match['left']
  return isSame ? { match } : { match: { op, left, right: shown } }
}

/** `ct helper` is of no family when it is listed. */
function listedLeft(left: Json): Json {
  const entry = onlyEntry(left)
  if (entry === null || entry[0] !== 'ct' || !isObject(entry[1])) return left
  const { family, ...body } = entry[1]
  return family === undefined || body['dir'] !== undefined ? left : { ct: body }
}

/** `isAny`: each of the flags of a list is meant; else all of them together are. */
function listedRight(left: Json, right: Json, isAny: boolean): Json {
  if (typeof right === 'string' && right.startsWith('@')) return right
  const entry = onlyEntry(right)
  if (entry !== null && entry[0] === 'set') return listedAnonymous(left, right)
  const datatype = datatypeOf(left)
  const parts = partsOf(right)
  if (parts === null) return datatype === 'other' ? right : listedValue(datatype, right)
  const [only, ...more] = parts
  if (only !== undefined && more.length === 0) return only
  const flags = [...parts].sort((a, b) => Number(rankOf(datatype, a) - rankOf(datatype, b)))
  return isAny || onlyEntry(left)?.[0] === '&' ? flags : { '|': flags }
}

function rankOf(datatype: Datatype, flag: Json): bigint {
  if (datatype === 'tcp_flag') return BigInt(flagBits(flag) ?? 0)
  return bitsOf(datatype, flag) ?? 0n
}

/** Any other statement; `network` is what the rule has asked of the packet's family. */
function listedStatement(statement: Json, network: string | null): Json {
  const entry = onlyEntry(statement)
  if (entry === null) return statement
  const [kind, body] = entry
  switch (kind) {
    case 'vmap':
      return isObject(body) ? { vmap: { ...body, data: listedMap(body) } } : statement
    case 'limit':
      return isObject(body) ? listedLimit(body) : statement
    case 'reject':
      return listedReject(isObject(body) ? body : {}, network)
    default:
      return statement
  }
}

function listedMap(body: JsonObject): Json {
  const data = body['data'] ?? null
  const entry = onlyEntry(data)
  if (entry === null || entry[0] !== 'set' || !isList(entry[1])) return data
  return { set: listedElements(datatypesOf(body['key'] ?? null), entry[1], false) }
}

function listedLimit(body: JsonObject): Json {
  const { rate = null, burst, per = 'second', ...more } = body
  const isPackets = more['rate_unit'] === undefined
  return { limit: { rate, burst: burst ?? (isPackets ? 5 : 0), per, ...more } }
}

/** Without a type: port unreachable, in the words of the family where the rule has asked for one. */
function listedReject(body: JsonObject, network: string | null): Json {
  const type = stringAt(body, 'type')
  if (type === 'tcp reset') return { reject: { type } }
  const shown = network === 'ip' ? 'icmp' : network === 'ip6' ? 'icmpv6' : 'icmpx'
  return { reject: { type: type ?? shown, expr: stringAt(body, 'expr') ?? 'port-unreachable' } }
}
