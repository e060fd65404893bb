import type { Json } from '../netfilter/nft/command.ts'
import { isList, isObject, type JsonObject } from '../netfilter/nft/json.ts'
import { listedTable } from '../netfilter/nft/listed.ts'
import type { NftChain, NftRuleObject, NftSet, NftTable } from '../netfilter/nft/objects.ts'

/**
 * Tables as `nft -j list ruleset` prints them: one line, table by table its objects, sets, maps, chains and rules.
 * Handles are shown where they are known, that is in what was read from a kernel.
 */
export function renderNftJson(tables: readonly NftTable[], version: string): string {
  const head = { metainfo: { version, json_schema_version: 1 } }
  const objects = tables.flatMap((table) => tableObjects(listedTable(table)))
  return `${JSON.stringify({ nftables: [head, ...objects] })}\n`
}

function tableObjects(table: NftTable): readonly Json[] {
  const { family, name } = table
  return [
    { table: { family, name } },
    ...table.objects.map(({ kind, body }) => ({ [kind]: inTable(table, objectBody(kind, body)) })),
    ...table.sets.map((set) => ({ set: setBody(table, set) })),
    ...table.maps.map((map) => ({ map: setBody(table, map) })),
    ...table.chains.map((chain) => ({ chain: chainBody(table, chain) })),
    ...table.chains.flatMap((chain) =>
      chain.rules.map((rule) => ({ rule: ruleBody(table, chain, rule) })),
    ),
  ]
}

/** The family a helper is for is always listed: that of the table if it was left open. */
function objectBody(kind: string, body: JsonObject): JsonObject {
  return kind === 'ct helper' ? { ...body, l3proto: body['l3proto'] ?? 'inet' } : body
}

function inTable({ family, name }: NftTable, body: JsonObject): JsonObject {
  const { family: _, table: __, ...rest } = body
  return { family, table: name, ...rest }
}

function chainBody({ family, name }: NftTable, chain: NftChain): JsonObject {
  const { family: _, table: __, name: ___, ...rest } = chain.body
  return { family, table: name, name: chain.name, ...rest }
}

function setBody({ family, name }: NftTable, set: NftSet): JsonObject {
  const { family: _, table: __, name: ___, flags, timeout, ...rest } = set.body
  const listed: JsonObject = {
    family,
    name: set.name,
    table: name,
    ...rest,
    ...(flags === undefined ? {} : { flags: isList(flags) ? flags : [flags] }),
    ...(timeout === undefined ? {} : { timeout }),
  }
  if (set.elements.length === 0) return listed
  return { ...listed, elem: set.elements.map(({ json }) => ordered(json)) }
}

function ruleBody(
  { family, name }: NftTable,
  chain: NftChain,
  { expr, handle, comment }: NftRuleObject,
): JsonObject {
  return {
    family,
    table: name,
    chain: chain.name,
    ...(handle === null ? {} : { handle }),
    ...(comment === null ? {} : { comment }),
    expr: expr.map(ordered),
  }
}

/** Members of statements and expressions in the order nft writes them. */
const ORDER: readonly string[] = [
  'op',
  'key',
  'left',
  'right',
  'protocol',
  'field',
  'base',
  'offset',
  'result',
  'elem',
  'set',
  'val',
  'rate',
  'burst',
  'per',
  'family',
  'addr',
  'len',
  'port',
  'prefix',
  'group',
  'type',
  'expr',
  'data',
  'value',
  'stmt',
  'flags',
]
const RANK: ReadonlyMap<string, number> = new Map(ORDER.map((key, at) => [key, at]))

function ordered(json: Json): Json {
  if (isList(json)) return json.map(ordered)
  if (!isObject(json)) return json
  const keys = Object.keys(json)
  if (keys.length > 1) keys.sort((a, b) => (RANK.get(a) ?? 99) - (RANK.get(b) ?? 99))
  return Object.fromEntries(keys.map((key) => [key, ordered(json[key] ?? null)]))
}
