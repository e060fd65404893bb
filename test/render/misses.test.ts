import { describe, expect, it } from 'vitest'
import type { Tested } from '../../src/eval/trace.ts'
import type { FieldName } from '../../src/netfilter/field.ts'
import type { Miss } from '../../src/render/answer.ts'
import { foldMisses, showMiss } from '../../src/render/misses.ts'
import { made, rule } from './build.ts'

/** A rule that failed at one term: what the packet has there. */
function miss(
  index: number,
  field: FieldName,
  text: string,
  actual: Tested['actual'][number],
): Miss {
  const values = { kind: 'numbers', ranges: [] } as const
  const match = { kind: 'field', field, values, negate: false } as const
  const statement = { kind: 'match', match, text } as const
  return {
    rule: rule(`${text} -j X`, made('a rule'), [statement]),
    index,
    failed: { statement, result: 'no', actual: [actual] },
  }
}

describe('why a rule was passed over', () => {
  const facts: readonly (readonly [FieldName, string, bigint | number | string | null, string])[] =
    [
      ['th dport', '--dport 22', 80, '--dport 22, but destination port is 80'],
      ['ip saddr', '-s 10.0.0.0/8', 0xc0a80135n, '-s 10.0.0.0/8, but source is 192.168.1.53'],
      ['ip6 saddr', '-s fd00::/8', 1n, '-s fd00::/8, but source is ::1'],
      ['meta l4proto', '-p udp', 6, '-p udp, but protocol is tcp'],
      ['ct state', '-m conntrack --ctstate INVALID', 'new', '--ctstate INVALID, but state is new'],
      [
        'tcp flags',
        '--tcp-flags SYN,RST SYN,RST',
        18,
        '--tcp-flags SYN,RST SYN,RST, but TCP flags are SYN,ACK',
      ],
      ['meta mark', '-m mark --mark 0x1', 0x80000000, '--mark 0x1, but mark is 0x80000000'],
      [
        'ether saddr',
        '-m mac --mac-source x',
        0xbc2411000001,
        '--mac-source x, but source MAC is bc:24:11:00:00:01',
      ],
      [
        'physdev in',
        '--physdev-in fwln+',
        null,
        '--physdev-in fwln+, but the packet has no input bridge port',
      ],
      ['ip saddr', '-s 10.0.0.1', 'unknown', '-s 10.0.0.1, but source is unknown'],
    ]
  it.each(facts)('%s: `%s` met %s', (field, text, actual, shown) => {
    expect(showMiss(miss(0, field, text, actual))).toBe(shown)
  })
})

describe('long runs', () => {
  const interfaces = Array.from({ length: 2000 }, (_, i) =>
    miss(i + 3, 'physdev out', `--physdev-out tap${i}i0`, 'tap5000i0'),
  )
  const before = miss(0, 'ct state', '--ctstate INVALID', 'new')

  it('of rules that fail alike are one line', () => {
    expect(foldMisses([before, ...interfaces], false)).toMatchObject([
      { kind: 'one', from: 0 },
      { kind: 'run', from: 3, to: 2002, count: 2000, why: 'output bridge port is tap5000i0' },
    ])
  })

  it('are shown rule by rule when all is asked for', () => {
    expect(foldMisses([before, ...interfaces], true)).toHaveLength(2001)
  })

  it('are not summed up over a rule that matched in between', () => {
    const gap = [...interfaces.slice(0, 10), ...interfaces.slice(11, 20)]
    expect(foldMisses(gap, false).filter(({ kind }) => kind === 'run')).toEqual([])
  })
})
