import type { NftCommand } from '../../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject, onlyEntry, stringAt } from '../../netfilter/nft/json.ts'
import type { NftChain, NftRuleObject, NftSet, NftTable } from '../../netfilter/nft/objects.ts'

/** A command that could not be carried out, by its place in the batch. */
export type NftComplaint = { readonly index: number; readonly message: string }

type Draft = {
  readonly family: string
  readonly name: string
  readonly chains: Map<string, { readonly name: string; body: JsonObject; rules: NftRuleObject[] }>
  readonly sets: Map<string, DraftSet>
  readonly maps: Map<string, DraftSet>
  readonly objects: Map<string, NftTable['objects'][number]>
}
type DraftSet = Omit<NftSet, 'elements'> & { elements: NftSet['elements'][number][] }

/**
 * Carries out batches of libnftables JSON commands (add, flush, delete) on an empty kernel, in order. Commands about
 * unknown tables, chains or sets are complaints; the rest is carried out all the same.
 */
export function applyNftCommands(commands: Iterable<NftCommand>): {
  readonly tables: readonly NftTable[]
  readonly complaints: readonly NftComplaint[]
} {
  const tables = new Map<string, Draft>()
  const complaints: NftComplaint[] = []
  let index = 0
  for (const command of commands) {
    const message = carryOut(tables, command)
    if (message !== null) complaints.push({ index, message })
    index += 1
  }
  return { tables: [...tables.values()].map(finished), complaints }
}

function finished({ family, name, chains, sets, maps, objects }: Draft): NftTable {
  return {
    family,
    name,
    chains: [...chains.values()] satisfies NftChain[],
    sets: [...sets.values()],
    maps: [...maps.values()],
    objects: [...objects.values()],
  }
}

/** Null when done, else what is wrong. */
function carryOut(tables: Map<string, Draft>, command: NftCommand): string | null {
  const verb = onlyEntry(command.json)
  const object = verb === null ? null : onlyEntry(verb[1])
  if (verb === null || object === null || !isObject(object[1])) return 'not a command'
  const [kind, body] = object
  const family = stringAt(body, 'family') ?? 'ip'
  const tableName = stringAt(body, kind === 'table' ? 'name' : 'table')
  if (tableName === null) return 'names no table'
  const key = `${family} ${tableName}`
  if (kind === 'table') return tableCommand(tables, key, verb[0], family, tableName)
  const table = tables.get(key)
  if (table === undefined) return `no such table: ${key}`
  const name = stringAt(body, 'name') ?? ''
  switch (verb[0]) {
    case 'add':
    case 'create':
      return add(table, kind, name, body, command)
    case 'flush':
      return flush(table, kind, name)
    case 'delete':
    case 'destroy':
      return kind === 'chain' && table.chains.delete(name) ? null : `no such ${kind}: ${name}`
    default:
      return `unknown verb ${verb[0]}`
  }
}

function tableCommand(
  tables: Map<string, Draft>,
  key: string,
  verb: string,
  family: string,
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
      maps: new Map(),
      objects: new Map(),
    })
  return null
}

function add(
  table: Draft,
  kind: string,
  name: string,
  body: JsonObject,
  { origin, elementOrigins }: Pick<NftCommand, 'origin' | 'elementOrigins'>,
): string | null {
  switch (kind) {
    case 'chain': {
      const chain = table.chains.get(name)
      if (chain === undefined) table.chains.set(name, { name, body, rules: [] })
      // a base chain declared again takes over hook and policy
      else if (body['hook'] !== undefined) chain.body = body
      return null
    }
    case 'set':
    case 'map': {
      const holders = kind === 'set' ? table.sets : table.maps
      const { elem, ...rest } = body
      if (!holders.has(name)) holders.set(name, { name, body: rest, elements: [], origin })
      return elem === undefined ? null : add(table, 'element', name, { elem }, { origin })
    }
    case 'element': {
      const holder = table.maps.get(name) ?? table.sets.get(name)
      if (holder === undefined) return `no such set: ${name}`
      const elem = body['elem'] ?? null
      const elements = isList(elem) ? elem : [elem]
      elements.forEach((json, at) => {
        holder.elements.push({ json, origin: elementOrigins?.[at] ?? origin })
      })
      return null
    }
    case 'rule':
      return addRule(table, body, origin)
    default:
      table.objects.set(`${kind} ${name}`, { kind, body })
      return null
  }
}

function addRule(table: Draft, body: JsonObject, origin: NftCommand['origin']): string | null {
  const chainName = stringAt(body, 'chain') ?? ''
  const chain = table.chains.get(chainName)
  const expr = body['expr']
  if (chain === undefined) return `no such chain: ${chainName}`
  if (!isList(expr)) return 'a rule without statements'
  const handle = body['handle']
  chain.rules.push({
    expr,
    handle: typeof handle === 'number' ? handle : null,
    comment: stringAt(body, 'comment'),
    origin,
  })
  return null
}

function flush(table: Draft, kind: string, name: string): string | null {
  const chain = table.chains.get(name)
  const holder = kind === 'map' ? table.maps.get(name) : table.sets.get(name)
  if (kind === 'chain' && chain !== undefined) chain.rules = []
  else if (kind !== 'chain' && holder !== undefined) holder.elements = []
  else return `no such ${kind}: ${name}`
  return null
}
