import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask } from '../../src/firewall/ask.ts'
import { openFirewall } from '../../src/firewall/node-firewall.ts'
import { parsePacketJson } from '../../src/packet/packet-json.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'
import type { KernelRecord } from '../support/recorded-query.ts'

/** Whether the sender of a rejected packet hears of it, told from the files alone. */
function repliesOf(directory: string): {
  readonly ours: readonly string[]
  readonly kernel: readonly string[]
} {
  const records = jsonLines<KernelRecord>(directory, 'expect', 'iptables', 'kernel.jsonl')
  const { firewall } = openFirewall({
    root: directory,
    node: null,
    guest: null,
    hostIp: null,
    localNetwork: null,
  })
  if (firewall === null) throw new Error(`${directory} does not load`)
  const lines = readFileSync(join(directory, 'queries.jsonl'), 'utf8').split('\n')
  const ours: string[] = []
  const kernel: string[] = []
  for (const record of records) {
    if (record.verdict !== 'reject' || record.skip !== undefined) continue
    const { query } = parsePacketJson(lines[record.id] ?? '', firewall.tables)
    if (isProblem(query)) throw new Error(query.message)
    // the recorder did not see a reset that came to the host through one of its bridges
    if (query.from === 'host' && query.proto === 6 && query.to !== 'outside') continue
    const asked = ask(firewall, query)
    const name = `${basename(directory)} query ${record.id}`
    ours.push(`${name}: ${asked.kind === 'traced' ? asked.trace.reply?.reachesSender : asked.kind}`)
    kernel.push(`${name}: ${record.response != null}`)
  }
  return { ours, kernel }
}

describe.each(['clean', 'messy'] as const)('the answer of a REJECT: %s', (kind) => {
  const cases = corpusCases(kind)
  it.skipIf(cases.length === 0)('arrives where the kernel saw it arrive, and only there', () => {
    const all = cases.map(repliesOf)
    expect(all.flatMap(({ ours }) => ours)).toEqual(all.flatMap(({ kernel }) => kernel))
    expect(all.flatMap(({ ours }) => ours).length).toBeGreaterThan(200)
  })
})
