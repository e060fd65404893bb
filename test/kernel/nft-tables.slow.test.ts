import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drift } from '../../src/audit/drift.ts'
import { SKELETON } from '../../src/compile/nftables/skeleton.ts'
import type { Json } from '../../src/netfilter/nft/command.ts'
import { isObject, type JsonObject } from '../../src/netfilter/nft/json.ts'
import type { NftTable } from '../../src/netfilter/nft/objects.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { applyNftCommands } from '../../src/read/nft/apply.ts'
import { readNftTables } from '../../src/read/nft/ruleset.ts'
import { renderNftJson } from '../../src/render/nft-json.ts'
import { renderNftText } from '../../src/render/nft-text.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'
import { nowhere, plain } from '../support/rulesets.ts'
import { inNameSpace, titled, toolsMissing } from './name-space.ts'

const missing = toolsMissing('nft --version | grep -q "v1\\.0\\.6"')
const cases = [...corpusCases('clean'), ...corpusCases('messy')].filter((directory) =>
  existsSync(join(directory, 'expect', 'nftables.jsonl')),
)

type Command = { readonly [verb: string]: Json }

/** The recorded commands about the inet table, after the skeleton's; the bridge table needs modules this kernel lacks. */
function commandsOf(directory: string): readonly Command[] {
  const recorded = jsonLines<Command>(directory, 'expect', 'nftables.jsonl').map(withList)
  if (recorded.length === 0) return []
  return [...SKELETON.map(({ json }) => json), ...recorded].filter(
    (command) => bodyOf(command)['family'] === 'inet',
  )
}

/** The limit of a set statement as a list: as an object nft 1.0.6 loads the statement without it. */
function withList(command: Command): Command {
  return JSON.parse(JSON.stringify(command).replace(/"stmt":(\{.*?\}\})/, '"stmt":[$1]')) as Command
}

function bodyOf(command: Command): JsonObject {
  const object = Object.values(command)[0] ?? null
  const body = isObject(object) ? (Object.values(object)[0] ?? null) : null
  return isObject(body) ? body : {}
}

/** Sets as text: the JSON of nft 1.0.6 knows neither auto-merge nor dynamic. */
function setsText(commands: readonly Command[]): string {
  const sets = commands.flatMap((command) => {
    const add = command['add']
    const set = isObject(add) ? add['set'] : undefined
    if (!isObject(set)) return []
    const merge = set['auto-merge'] === true ? 'auto-merge;' : ''
    const timeout = set['timeout'] === undefined ? '' : `timeout ${String(set['timeout'])}s;`
    return [
      `\tset ${String(set['name'])} { type ${String(set['type'])}; flags ${String(set['flags'])}; ${merge} ${timeout} }`,
    ]
  })
  return ['table inet proxmox-firewall {', ...sets, '}', ''].join('\n')
}

type Loaded = {
  readonly name: string
  readonly ours: NftTable
  readonly text: string
  readonly json: string
}

function load(directory: string): readonly Loaded[] {
  const commands = commandsOf(directory)
  const { tables } = applyNftCommands(commands.map((json) => ({ json, origin: nowhere })))
  const [ours] = tables
  if (ours === undefined) return []
  const rest = commands.filter((command) => !JSON.stringify(command).startsWith('{"add":{"set":'))
  const { out, said } = inNameSpace(
    [
      `nft -f - <<'END'\n${setsText(commands)}END`,
      `nft -j -f - <<'END'\n${JSON.stringify({ nftables: rest })}\nEND`,
      'nft list ruleset; echo ==json; nft -j list ruleset',
      '',
    ].join('\n'),
  )
  expect(said, directory).toBe('')
  const [text = '', json = ''] = out.split('==json\n')
  return [{ name: basename(directory), ours, text, json }]
}

/**
 * What nft makes of its own listing: a set that merging left with one element becomes a value, and two states compared
 * with both at once become either.
 */
function reloaded(text: string): string {
  return text.replace(/\{ ([^,{}]+) \}/g, '$1').replaceAll('established | new', 'established,new')
}

/** Listings without what nft 1.0.6 leaves out of its JSON, and without handles. */
function comparable(json: string): readonly unknown[] {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly JsonObject[] }
  return nftables
    .filter((object) => object['metainfo'] === undefined)
    .map((object) => {
      const [kind = '', body] = Object.entries(object)[0] ?? []
      const { handle: _, 'auto-merge': __, ...rest } = isObject(body) ? body : {}
      const { flags } = rest
      const known = Array.isArray(flags) ? flags.filter((flag) => flag !== 'dynamic') : flags
      return { [kind]: known === undefined ? rest : { ...rest, flags: known } }
    })
}

/** `tcp flags & (fin | syn) == 0` as nft 1.0.6 lists it. */
function olderFlags(json: string): string {
  return json.replace(
    /\{"op":"==","left":\{"&":\[(\{"payload":\{"protocol":"tcp","field":"flags"\}\}),(\[[^\]]*\])\]\},"right":0\}/g,
    '{"op":"!","left":$1,"right":$2}',
  )
}

describe.skipIf(missing !== null || cases.length === 0)(
  titled('inet tables of the corpus in this kernel', missing),
  () => {
    const loaded = missing === null ? cases.flatMap(load) : []

    it('are listed by nft word by word as pvefw shows them', () => {
      expect(loaded.map(({ ours }) => renderNftText([ours], 'slashes'))).toEqual(
        loaded.map(({ text }) => text),
      )
      expect(loaded).toHaveLength(62)
    })

    it('load whole with nft -f as pvefw shows them, and are listed the same then', () => {
      for (const { name, ours, text } of loaded) {
        const { out, said } = inNameSpace(
          `nft -f - <<'END'\n${renderNftText([ours])}END\nnft list ruleset\n`,
        )
        expect(said, name).toBe('')
        expect(reloaded(out), name).toBe(reloaded(text))
      }
    })

    it('are listed in JSON as pvefw writes it', () => {
      for (const { name, ours, json } of loaded)
        expect(comparable(olderFlags(renderNftJson([ours], '1.0.6'))), name).toEqual(
          comparable(json),
        )
    })

    it('are read back as what was compiled', () => {
      for (const { name, ours, json } of loaded) {
        const compiled = readNftTables('nftables', [ours], { ignoresMalformedLimit: false })
        const { ruleset, covered, diagnostics } = readLive([sourceFile('nft.json', json)])
        expect(diagnostics, name).toEqual([])
        const { differences, foreign, leftovers } = drift(compiled, ruleset, covered)
        expect({ differences, foreign, leftovers }, name).toEqual({
          differences: [],
          foreign: [],
          leftovers: [],
        })
        const chains = (one: unknown): unknown => (one as readonly { chains: unknown }[])[0]?.chains
        expect(JSON.stringify(chains(plain(ruleset)), bigints), name).toBe(
          JSON.stringify(chains(plain(compiled)), bigints).replaceAll(
            /tcp flags & \(([a-z |]+)\) == 0x0/g,
            (_, flags: string) => `tcp flags ! ${flags.replaceAll(' | ', ',')}`,
          ),
        )
      }
    })
  },
)

function bigints(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Set ? [...value].sort() : value
}
