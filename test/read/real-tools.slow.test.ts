import { describe, expect, it } from 'vitest'
import type { Origin } from '../../src/netfilter/origin.ts'
import type { RestoreTable } from '../../src/netfilter/restore.ts'
import type { NfSet, Statement } from '../../src/netfilter/ruleset.ts'
import { readIpset } from '../../src/read/ipset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { debianFacts } from '../support/debian-facts.ts'
import { askIpset, askRestore, haveRealTools } from '../support/real-tools.ts'
import { splitIpset } from '../support/restore-text.ts'
import { IPSET_TEXTS } from './ipset-texts.ts'
import { RULES_BOTH, RULES_RAW, RULES_V4, RULES_V6 } from './restore-rules.ts'

/**
 * Every line is handed to the real iptables-legacy-restore and to the reader: both take it or both refuse it in the
 * same words, and what iptables-legacy-save makes of it means the same to the reader as the line itself.
 */
const origin: Origin = { kind: 'generated', by: 'test', why: 'test', span: null, means: null }

const sets: ReadonlyMap<string, NfSet> = new Map(
  ([4, 6] as const).map((version): [string, NfSet] => [
    `S${version}`,
    { kind: 'addresses', name: `S${version}`, version, elements: [], origin },
  ]),
)

const makeSets = 'ipset create S4 hash:net family inet; ipset create S6 hash:net family inet6'

function read(version: 4 | 6, table: 'filter' | 'raw', texts: readonly string[]) {
  const input: RestoreTable = {
    family: version === 4 ? 'ip' : 'ip6',
    table,
    hooks: [],
    chains: new Map([['T', texts.map((text) => ({ text, origin }))]]),
  }
  const { table: result, refusals } = readRestoreTable(input, sets, debianFacts)
  return {
    refusal: refusals[0]?.message ?? null,
    rules: (result.chains.get('T')?.rules ?? []).map((rule) => meaning(rule.body)),
  }
}

/** A rule without its words and without what it does not look at. */
function meaning(body: readonly Statement[]): readonly string[] {
  return body
    .filter((statement) => !isEverything(statement))
    .map((statement) =>
      JSON.stringify({ ...statement, text: '' }, (_, value: unknown) => {
        if (typeof value === 'bigint') return value.toString()
        return value instanceof Set ? [...value].sort() : value
      }),
    )
    .sort()
}

function isEverything(statement: Statement): boolean {
  if (statement.kind === 'comment') return statement.comment === ''
  if (statement.kind !== 'match' || statement.match.kind !== 'field') return false
  const { values, negate, field } = statement.match
  if (negate) return false
  if (values.kind === 'names') return field.startsWith('meta') && values.prefixes.includes('')
  if (values.kind === 'addresses')
    return values.ranges.some(({ lo, hi }) => lo === 0n && hi >= 0xffff_ffffn)
  // `--dport :` is every port, and iptables-save leaves it out; so is `-p 0`
  return values.ranges.some(
    ({ lo, hi }) => lo === 0 && (hi === 0xffff || (hi === 255 && field === 'meta l4proto')),
  )
}

const runs = [
  { name: 'IPv4 filter rules', version: 4, table: 'filter', rules: [...RULES_BOTH, ...RULES_V4] },
  { name: 'IPv6 filter rules', version: 6, table: 'filter', rules: [...RULES_BOTH, ...RULES_V6] },
  { name: 'IPv4 raw rules', version: 4, table: 'raw', rules: RULES_RAW },
] as const

describe.skipIf(!haveRealTools())('the reader and iptables-legacy-restore', () => {
  for (const { name, version, table, rules } of runs) {
    it(`agree on ${rules.length} ${name}`, () => {
      const real = askRestore(version, table, rules, makeSets)
      const differences = rules.flatMap((rule, i) => {
        const ours = read(version, table, [rule])
        const theirs = real[i] ?? { refusal: 'no answer', saved: [] }
        if (!sameRefusal(ours.refusal, theirs.refusal))
          return [`${rule}\n  ours ${ours.refusal}\n  real ${theirs.refusal}`]
        if (theirs.refusal !== null) return []
        const saved = read(version, table, theirs.saved)
        return JSON.stringify(saved.rules) === JSON.stringify(ours.rules)
          ? []
          : [
              `${rule}\n  saved ${theirs.saved.join(' ; ')}\n  ours ${ours.rules}\n  theirs ${saved.rules}`,
            ]
      })
      expect(differences.join('\n')).toBe('')
    })
  }
})

describe.skipIf(!haveRealTools())('the reader and ipset', () => {
  it(`agree on ${IPSET_TEXTS.length} texts`, () => {
    const ours = IPSET_TEXTS.map((text) => {
      const sets = splitIpset(text)
      return `${text}: ${readIpset(sets).refusals[0]?.message ?? null}`
    })
    const real = askIpset(IPSET_TEXTS)
    expect(ours).toEqual(IPSET_TEXTS.map((text, i) => `${text}: ${real[i]}`))
  })
})

/** What only the kernel finds out, the tool reports as `line N failed`. */
function sameRefusal(ours: string | null, real: string | null): boolean {
  if (ours === null || real === null) return ours === real
  return /^line \d+ failed$/.test(real) ? ours.startsWith('the kernel refuses') : ours === real
}
