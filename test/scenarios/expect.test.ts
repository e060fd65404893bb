import { describe, expect, it } from 'vitest'
import { type Expectation, type PacketExpectation, parseExpect } from '../support/expect.ts'
import { flowMismatch, mismatch, type Outcome, samePlace } from '../support/expect-compare.ts'

/** The only expectation of a text that must have no errors. */
function only(text: string): Expectation {
  const { expectations, errors } = parseExpect(text)
  expect(errors).toEqual([])
  expect(expectations).toHaveLength(1)
  return expectations[0] as Expectation
}

function packet(text: string): PacketExpectation {
  const expectation = only(text)
  if (expectation.kind !== 'packet') throw new Error('not a packet')
  return expectation
}

describe('a line about a packet', () => {
  it('names both ends, an address, a protocol, a verdict and the line that decides', () => {
    expect(packet('outside 192.168.1.53 -> vm105 tcp/80   ACCEPT  by 105.fw:7')).toEqual({
      kind: 'packet',
      line: 1,
      title: 'outside 192.168.1.53 -> vm105 tcp/80 ACCEPT by 105.fw:7',
      backends: [],
      node: null,
      fields: { from: 'outside', src: '192.168.1.53', to: 'vm105', proto: 'tcp', dport: '80' },
      verdict: 'accept',
      by: { kind: 'rule', place: { file: '105.fw', line: 7 } },
      chain: null,
    })
  })

  const fields: readonly [string, object][] = [
    ['a source port', { from: 'outside', src: '1.1.1.1', sport: '53', to: 'host' }],
    ['a source port of an IPv6 address', { from: 'outside', src: 'fd00::1', sport: '53' }],
    ['a bare IPv6 address', { from: 'outside', src: 'fd00::1', to: 'host', dst: 'fd00::2' }],
    ['a bridge and a NIC', { from: 'outside:vmbr1', to: 'vm105/net1' }],
    ['an ICMP type', { proto: 'icmpv6', icmpType: 'neighbor-solicitation' }],
    ['a protocol without ports', { proto: 'vrrp', dst: '224.0.0.18' }],
    [
      'a state, a MAC address and flags',
      { state: 'invalid', mac: '02:00:00:00:00:01', flags: 'A' },
    ],
  ]
  const lines: readonly string[] = [
    'outside 1.1.1.1:53 -> host udp/40000 DROP',
    'outside [fd00::1]:53 -> host udp/40000 DROP',
    'outside fd00::1 -> host fd00::2 tcp/22 DROP',
    'outside:vmbr1 -> vm105/net1 tcp/22 DROP',
    'outside -> host icmpv6/neighbor-solicitation DROP',
    'outside -> vm105 224.0.0.18 vrrp DROP',
    'vm105 -> outside tcp/22 state invalid mac 02:00:00:00:00:01 flags A DROP',
  ]
  it.each(fields.map(([name, expected], index) => [name, lines[index] ?? '', expected] as const))(
    'may have %s',
    (_name, line, expected) => {
      expect(packet(line).fields).toMatchObject(expected)
    },
  )

  it('stands for one packet a port of its list', () => {
    const { expectations } = parseExpect('outside -> host tcp/22,8006 ACCEPT by generated')
    expect(expectations.map((expectation) => expectation.title)).toEqual([
      'outside -> host tcp/22 ACCEPT by generated',
      'outside -> host tcp/8006 ACCEPT by generated',
    ])
  })

  const tails: readonly [string, PacketExpectation['by'], string | null][] = [
    ['', null, null],
    ['by policy', { kind: 'policy', place: null }, null],
    ['by policy cluster.fw:3', { kind: 'policy', place: { file: 'cluster.fw', line: 3 } }, null],
    ['by policy in PVEFW-Drop', { kind: 'policy', place: null }, 'PVEFW-Drop'],
    [
      'by policy cluster.fw:3 in PVEFW-Drop',
      { kind: 'policy', place: { file: 'cluster.fw', line: 3 } },
      'PVEFW-Drop',
    ],
    ['by generated', { kind: 'generated', place: null }, null],
    ['by none', { kind: 'none' }, null],
    ['by pve2/host.fw:9', { kind: 'rule', place: { file: 'pve2/host.fw', line: 9 } }, null],
  ]
  it.each(tails)('may end in %j', (tail, by, chain) => {
    expect(packet(`outside -> host tcp/22 DROP ${tail}`)).toMatchObject({ by, chain })
  })
})

it('comments, blank lines and Windows line ends mean nothing', () => {
  expect(only('# first\r\n\r\n  outside -> host tcp/22  DROP # why\r\n').line).toBe(3)
})

it('a diagnostic that must be reported has a code and perhaps a place', () => {
  expect(only('warn: config/unknown-option host.fw:2')).toMatchObject({
    kind: 'diagnostic',
    code: 'config/unknown-option',
    place: { file: 'host.fw', line: 2 },
  })
  expect(only('warn: tree/no-hosts')).toMatchObject({ place: null })
})

describe('a line about a conversation', () => {
  it('has the arguments of the command and how it ends', () => {
    expect(
      only("flow: udp --answer-after 31s '105 -> 1.1.1.1:53' => DROP at 2 by policy in PVEFW-Drop"),
    ).toMatchObject({
      kind: 'flow',
      argv: ['udp', '--answer-after', '31s', '105 -> 1.1.1.1:53'],
      end: { verdict: 'drop', at: 2, by: { kind: 'policy', place: null }, chain: 'PVEFW-Drop' },
      anew: null,
    })
  })

  it('and perhaps how it ends when it is begun anew', () => {
    expect(
      only("flow: tcp --then then '192.168.1.53 -> host:22' => ACCEPT anew DROP by cluster.fw:5"),
    ).toMatchObject({
      end: { verdict: 'accept', at: null, by: null },
      anew: { verdict: 'drop', by: { kind: 'rule', place: { file: 'cluster.fw', line: 5 } } },
    })
  })

  it('is as expected or not', () => {
    const end = { verdict: 'drop', at: 2, by: null, chain: null } as const
    const outcome = { verdict: 'drop', at: 2, by: 'policy', place: null, chain: 'A' } as const
    expect(flowMismatch(end, outcome, 1)).toBeNull()
    expect(flowMismatch({ ...end, at: 1 }, outcome, 1)).toBe(
      'line 1: expected DROP at 1, but it is DROP by policy in A at 2',
    )
    expect(flowMismatch({ ...end, verdict: 'accept' }, outcome, 1)).toContain('expected ACCEPT')
    expect(flowMismatch({ ...end, chain: 'B' }, outcome, 1)).toContain('expected DROP in B')
  })
})

it('a section holds until the next of its kind, and a line may say another state', () => {
  const { expectations } = parseExpect(
    [
      '[backend iptables nftables]',
      '[state established]',
      'outside -> host tcp/22 ACCEPT',
      '[node pve2]',
      '[backend iptables]',
      'outside -> host tcp/22 state new DROP',
    ].join('\n'),
  )
  expect(expectations).toMatchObject([
    { backends: ['iptables', 'nftables'], node: null, fields: { state: 'established' } },
    { backends: ['iptables'], node: 'pve2', fields: { state: 'new' } },
  ])
})

describe('a wrong line is named by line and column', () => {
  const facts: readonly [string, number, string][] = [
    ['outside host tcp/22 DROP', 25, 'expected `->`'],
    ['-> host tcp/22 DROP', 1, 'expected an end before `->`'],
    ['outside -> host tcp/22 DENY', 28, 'expected a verdict'],
    ['outside -> DROP', 12, 'expected an end and a protocol'],
    ['outside -> host DROP', 17, 'expected an end and a protocol'],
    ['outside 1.1.1.1 2.2.2.2 -> host tcp/22 DROP', 17, 'at most one address'],
    ['outside -> host 10.0.0.1:22 tcp DROP', 29, 'the destination port follows'],
    ['outside -> host tcp/22, DROP', 17, 'expected a port'],
    ['outside -> host tcp/22 state DROP', 30, 'expected a value after state'],
    ['outside -> host tcp/22 state new state new DROP', 34, 'said twice'],
    ['outside -> host tcp/22 state new vlan 3 DROP', 34, 'expected state, mac, flags'],
    ['outside -> host tcp/22 DROP 105.fw:7', 29, 'expected `by`'],
    ['outside -> host tcp/22 DROP by', 31, 'expected FILE:LINE'],
    ['outside -> host tcp/22 DROP by 105.fw', 32, 'expected FILE:LINE'],
    ['outside -> host tcp/22 DROP by 105.fw:0', 32, 'expected FILE:LINE'],
    ['outside -> host tcp/22 DROP by none cluster.fw:3', 37, 'expected `in CHAIN`'],
    ['outside -> host tcp/22 DROP by policy in', 41, 'expected the name of a chain'],
    ['[backend ebtables]', 1, 'no such backend: ebtables'],
    ['[guest 105]', 1, 'no such section: guest'],
    ['[node]', 1, 'a section is'],
    ["flow: tcp '1.1.1.1 -> host:22'", 31, 'expected `=>`'],
    ["flow: tcp '1.1.1.1 -> host => DROP", 7, 'a quotation mark is not closed'],
    ['flow: tcp => DENY', 14, 'expected a verdict'],
    ['flow: tcp => DROP at x', 22, 'expected the number of a packet'],
    ['warn:', 6, 'expected the code'],
    ['warn: config/x host.fw', 16, 'expected FILE:LINE'],
    ['constructor -> __proto__ toString', 34, 'expected a verdict'],
  ]
  it.each(facts)('%s', (line, column, message) => {
    const { expectations, errors } = parseExpect(`# first\n${line}\noutside -> host tcp/22 DROP`)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ line: 2, column })
    expect(errors[0]?.message).toContain(message)
    expect(expectations).toHaveLength(1)
  })
})

describe('an outcome that is not as expected', () => {
  const outcome: Outcome = {
    verdict: 'drop',
    by: 'rule',
    place: { file: 'etc/pve/firewall/105.fw', line: 7 },
    chain: 'tap105i0-IN',
  }
  const said = 'DROP by etc/pve/firewall/105.fw:7'
  const facts: readonly [string, string | null][] = [
    ['DROP by 105.fw:7', null],
    ['DROP by firewall/105.fw:7 in tap105i0-IN', null],
    ['DROP', null],
    ['ACCEPT by 105.fw:7', `expected ACCEPT by 105.fw:7, but it is ${said}`],
    ['DROP by 105.fw:8', `expected DROP by 105.fw:8, but it is ${said}`],
    ['DROP by 05.fw:7', `expected DROP by 05.fw:7, but it is ${said}`],
    ['DROP by policy', `expected DROP by policy, but it is ${said}`],
    ['DROP by policy 105.fw:7', `expected DROP by policy 105.fw:7, but it is ${said}`],
    ['DROP by none', `expected DROP by none, but it is ${said}`],
    [
      'DROP by 105.fw:7 in PVEFW-Drop',
      `expected DROP by 105.fw:7 in PVEFW-Drop, but it is ${said} in tap105i0-IN`,
    ],
    ['REFUSED', `expected REFUSED, but it is ${said}`],
  ]
  it.each(facts)('%s', (tail, complaint) => {
    const found = mismatch(packet(`outside -> vm105 tcp/80 ${tail}`), outcome)
    expect(found).toBe(complaint === null ? null : `line 1: ${complaint}`)
  })

  it('a policy without a place is the default, one with a place is set there', () => {
    const set: Outcome = { ...outcome, by: 'policy' }
    const byDefault: Outcome = { ...set, place: null }
    const unset = packet('outside -> vm105 tcp/80 DROP by policy')
    const at7 = packet('outside -> vm105 tcp/80 DROP by policy 105.fw:7')
    expect([mismatch(unset, byDefault), mismatch(at7, set)]).toEqual([null, null])
    expect(mismatch(unset, set)).toContain('expected DROP by policy, but')
    expect(mismatch(at7, byDefault)).toContain('but it is DROP by policy')
  })

  it('a place ends at a path component', () => {
    expect(samePlace({ file: 'b.fw', line: 1 }, { file: 'a/b.fw', line: 1 })).toBe(true)
    expect(samePlace({ file: 'b.fw', line: 1 }, { file: 'a/ab.fw', line: 1 })).toBe(false)
    expect(samePlace({ file: 'b.fw', line: 1 }, null)).toBe(false)
  })
})
