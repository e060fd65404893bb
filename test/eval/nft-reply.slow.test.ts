import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask } from '../../src/firewall/ask.ts'
import { type NodeFirewall, openFirewall } from '../../src/firewall/node-firewall.ts'
import { parsePacketJson } from '../../src/packet/packet-json.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'

/** What the sender of a rejected packet got back from a kernel, or did not. */

type Row = {
  readonly id: number
  readonly verdict?: string
  readonly response?: string | null
  readonly skip?: string
}

function open(root: string): NodeFirewall {
  const { firewall } = openFirewall({
    ...{ root, node: null, guest: null, hostIp: null, localNetwork: null },
    ...{ backend: 'nftables', nftVersion: '1.1.1' },
  })
  if (firewall === null) throw new Error(root)
  return firewall
}

function differencesOf(directory: string): {
  readonly compared: number
  readonly differing: readonly string[]
} {
  const rows = jsonLines<Row>(directory, 'expect', 'nftables-kernel.jsonl').filter(
    ({ verdict, skip }) => verdict === 'reject' && skip === undefined,
  )
  if (rows.length === 0) return { compared: 0, differing: [] }
  const firewall = open(directory)
  const queries = new Map(
    jsonLines<{ readonly id: number }>(directory, 'queries.jsonl').map((one) => [one.id, one]),
  )
  const differing = rows.flatMap(({ id, response = null }) => {
    const { query } = parsePacketJson(JSON.stringify(queries.get(id)), firewall.tables)
    if (isProblem(query)) throw new Error(query.message)
    const asked = ask(firewall, query)
    const reply = asked.kind === 'traced' ? asked.trace.reply : null
    const arrives = reply?.reachesSender ?? false
    return arrives === (response !== null)
      ? []
      : [`${basename(directory)} query ${id}: ${reply?.with} ${arrives}, kernel ${response}`]
  })
  return { compared: rows.length, differing }
}

describe('the answer of a reject on nftables', () => {
  const cases = [...corpusCases('clean'), ...corpusCases('messy')]
  it.skipIf(cases.length === 0)('reaches the sender where the kernel lets it', () => {
    const found = cases.map(differencesOf)
    expect(found.flatMap(({ differing }) => differing).slice(0, 5)).toEqual([])
    expect(found.reduce((sum, { compared }) => sum + compared, 0)).toBe(343)
  })
})
