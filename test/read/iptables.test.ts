import { describe, expect, it } from 'vitest'
import type { Origin } from '../../src/netfilter/origin.ts'
import type { RestoreLine, RestoreTable } from '../../src/netfilter/restore.ts'
import { emptyTable, readRestoreTable } from '../../src/read/iptables.ts'
import { debianFacts } from '../support/debian-facts.ts'

const origin: Origin = { kind: 'generated', by: 'test', why: 'test', span: null, means: null }

function line(text: string): RestoreLine {
  return { text, origin }
}

function read(
  chains: Readonly<Record<string, readonly string[]>>,
  hooks: Readonly<Record<string, string>> = {},
  family: 'ip' | 'ip6' = 'ip',
) {
  const input: RestoreTable = {
    family,
    table: 'filter',
    hooks: Object.entries(hooks).map(([chain, text]) => ({ chain, line: line(text) })),
    chains: new Map(Object.entries(chains).map(([name, lines]) => [name, lines.map(line)])),
  }
  return readRestoreTable(input, new Map(), debianFacts)
}

describe('iptables-restore', () => {
  it('makes a rule of each pair of addresses, source by source, and remembers their line', () => {
    const { table } = read({
      T: ['-p tcp -j DROP', '-s 10.0.0.1,10.0.0.1 -d 1.1.1.1,2.2.2.2 -p tcp -j DROP'],
    })
    const rules = table.chains.get('T')?.rules ?? []
    expect(
      rules.map(({ body, line: number }) => `${number} ${body.map(({ text }) => text).join(' ')}`),
    ).toEqual([
      '1 -p tcp -j DROP',
      '2 -s 10.0.0.1 -d 1.1.1.1 -p tcp -j DROP',
      '2 -s 10.0.0.1 -d 2.2.2.2 -p tcp -j DROP',
      '2 -s 10.0.0.1 -d 1.1.1.1 -p tcp -j DROP',
      '2 -s 10.0.0.1 -d 2.2.2.2 -p tcp -j DROP',
    ])
  })

  it('gives each term its words', () => {
    const { table } = read({
      T: [
        '-m physdev --physdev-is-bridged --physdev-out tap100i0 -p tcp --match multiport --dports 80,443 -m limit --limit 1/sec --limit-burst 5 -j NFLOG --nflog-prefix ":0:4:T: "',
      ],
    })
    expect(table.chains.get('T')?.rules[0]?.body.map(({ text }) => text)).toEqual([
      '-m physdev --physdev-is-bridged',
      '--physdev-out tap100i0',
      '-p tcp',
      '--match multiport --dports 80,443',
      '-m limit --limit 1/sec --limit-burst 5',
      '-j NFLOG --nflog-prefix ":0:4:T: "',
    ])
  })

  it('shares the statements of equal lines', () => {
    const { table } = read({ A: ['-p tcp -j DROP'], B: ['-p tcp -j DROP', '-p tcp -j ACCEPT'] })
    const bodies = ['A', 'B'].flatMap(
      (name) => table.chains.get(name)?.rules.map(({ body }) => body) ?? [],
    )
    expect(bodies[0]).toBe(bodies[1])
    expect(bodies[0]?.[0]).toBe(bodies[2]?.[0])
  })

  it('never passes over an option it does not know', () => {
    const { table, refusals } = read({
      T: ['-m quota --quota 5 --frobnicate -j DROP', '-j HMARK --hmark-mod 5'],
    })
    expect(refusals).toEqual([])
    expect(table.chains.get('T')?.rules.map(({ body }) => body)).toMatchObject([
      [
        { match: { kind: 'opaque', text: '-m quota --quota 5' } },
        { match: { kind: 'opaque', text: '--frobnicate' } },
        { verdict: { kind: 'drop' } },
      ],
      [{ kind: 'opaque', text: '-j HMARK --hmark-mod 5' }],
    ])
  })

  const refused: readonly (readonly [text: string, message: string])[] = [
    ['-s 10.0.0.0/33 -j DROP', "invalid mask `33' specified"],
    [
      '-i abcdefghijklmnop -j DROP',
      "interface name `abcdefghijklmnop' must be shorter than IFNAMSIZ (15)",
    ],
    ['-p udplite --dport 80 -j DROP', 'unknown option "--dport"'],
    ['-p 136 --dport 80 -j DROP', 'unknown option "--dport"'],
    ['-p sctp --dport https -j DROP', "invalid port/service `https' specified"],
    ['-p udp --match multiport --dports ssh,https -j DROP', "invalid port/service `ssh' specified"],
    [
      `-p tcp --match multiport --dports ${Array.from({ length: 16 }, () => 'ssh').join(',')} -j DROP`,
      'too many ports specified',
    ],
    [
      '-j NFQUEUE --queue-num 70000 --queue-bypass',
      'NFQUEUE: bad value for option "--queue-num", or out of range (0-65535).',
    ],
    ['-j NFQUEUE --queue-balance 5:2 --queue-bypass', '5 should be less than 2'],
    ['-m limit --limit 10001/second -j NFLOG', 'Rate too fast "10001/second"'],
    [
      '-m limit --limit 1/day -j NFLOG',
      'the kernel refuses limit 1/day with a burst of 5: its counter overflows (xt_limit: Overflow, try lower)',
    ],
    ['-m set --match-set PVEFW-0-x-v4 src -j DROP', "Set PVEFW-0-x-v4 doesn't exist."],
    ['-j GROUP-x-IN', "Couldn't load target `GROUP-x-IN':No such file or directory"],
    [`-s ${'10.0.0.1,'.repeat(120)}10.0.0.2 -j DROP`, 'Parameter too long!'],
  ]
  it.each(refused)('refuses %s', (text, message) => {
    const { refusals, table } = read({ T: ['-j ACCEPT', text] })
    expect(refusals).toEqual([{ line: line(text), message }])
    expect(table.chains.get('T')?.rules).toHaveLength(1)
  })

  it('takes `-p udp --dport ssh` although ssh is registered for TCP alone', () => {
    expect(read({ T: ['-p udp --dport ssh -j DROP'] }).refusals).toEqual([])
  })

  it('refuses chains with long names', () => {
    const { refusals } = read({ ['x'.repeat(29)]: [] })
    expect(refusals[0]?.message).toBe(`Invalid chain name \`${'x'.repeat(29)}' (28 chars max)`)
  })

  it('refuses chains that lead back to themselves, if a hook reaches them', () => {
    const loop = { A: ['-j B'], B: ['-p tcp -j A'] }
    expect(read(loop).refusals).toEqual([])
    expect(read(loop, { INPUT: '-j A' }).refusals.map((refusal) => refusal.line.text)).toEqual([
      '-p tcp -j A',
    ])
  })

  it('reads deep nesting without a deep stack', () => {
    const depth = 5_000
    const chains = Object.fromEntries(
      Array.from({ length: depth }, (_, i) => [`c${i}`, i === depth - 1 ? [] : [`-j c${i + 1}`]]),
    )
    expect(read(chains, { INPUT: '-j c0' }).refusals).toEqual([])
  })

  it('leaves a kernel that refused with built-in chains that accept', () => {
    const table = emptyTable('ip6', 'raw', new Map())
    expect([...table.chains.values()].map(({ name, base }) => [name, base?.policy])).toEqual([
      ['PREROUTING', 'accept'],
      ['OUTPUT', 'accept'],
    ])
  })
})
