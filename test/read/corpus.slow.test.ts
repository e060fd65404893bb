import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Statement } from '../../src/netfilter/ruleset.ts'
import { corpusCases, realworldCases } from '../support/corpus.ts'
import { jsonLines, type RecordedRuleset, readRecorded } from '../support/recorded-case.ts'

const generated = [...corpusCases('clean'), ...corpusCases('messy')]
const cases = [...generated, ...realworldCases()]

/** `v4.rules:155` of the first line that is refused; null if the kernel takes everything. */
function firstRefusal(recorded: RecordedRuleset): string | null {
  for (const { file, split, read } of recorded.tables) {
    const [first] = read.refusals
    if (first === undefined) continue
    return `${file}:${split.lineNumbers.get(first.line)} ${first.message}`
  }
  return null
}

/** The same of the kernel's record. */
function recordedRefusal(directory: string): string | null {
  const [row] = jsonLines<{ error?: string }>(directory, 'expect', 'iptables', 'kernel.jsonl')
  const found = /^(\S+): [^:]*: (.*)\nError occurred at line: (\d+)/.exec(row?.error ?? '')
  return found === null ? null : `${found[1]}:${found[3]} ${found[2]}`
}

describe.skipIf(cases.length === 0)('texts pve-firewall emits', () => {
  it('are understood to the last word', () => {
    const opaque = new Set<string>()
    for (const directory of cases) {
      const { tables, ebtables } = readRecorded(directory)
      for (const { table } of [...tables.map(({ read }) => read), ebtables])
        for (const chain of table.chains.values())
          for (const rule of chain.rules)
            for (const statement of rule.body) if (isOpaque(statement)) opaque.add(statement.text)
    }
    expect([...opaque]).toEqual([])
  })

  it('are refused where the real tools refused them, in the same words', () => {
    const ours = generated.map((directory) => firstRefusal(readRecorded(directory)))
    expect(ours).toEqual(generated.map(recordedRefusal))
    expect(ours.filter((refusal) => refusal !== null)).toHaveLength(13)
  })

  it('have sets and layer-2 rules that are taken', () => {
    for (const directory of cases) {
      const { setRefusals, ebtables } = readRecorded(directory)
      expect([...setRefusals, ...ebtables.refusals], basename(directory)).toEqual([])
    }
  })

  it('are the statements of a rule joined with blanks, a comma list apart', () => {
    for (const directory of cases) {
      for (const { read } of readRecorded(directory).tables)
        for (const { rules } of read.table.chains.values())
          for (const { body, text } of rules) {
            const words = body.map((statement) => statement.text).join(' ')
            if (!/-[sd] \S*,/.test(text))
              expect(words.replaceAll('"', '').split(' ').sort()).toEqual(
                text.trim().replaceAll('"', '').split(' ').sort(),
              )
          }
    }
  })
})

function isOpaque(statement: Statement): boolean {
  return (
    statement.kind === 'opaque' || (statement.kind === 'match' && statement.match.kind === 'opaque')
  )
}
