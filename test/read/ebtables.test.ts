import { describe, expect, it } from 'vitest'
import { readEbtables } from '../../src/read/ebtables.ts'
import { debianFacts } from '../support/debian-facts.ts'
import { splitEbtables } from '../support/restore-text.ts'

function read(...lines: readonly string[]) {
  return readEbtables(splitEbtables(lines.join('\n')), debianFacts)
}

describe('ebtables-restore', () => {
  it('gives every chain the policy ACCEPT', () => {
    const { table, refusals } = read(':FORWARD ACCEPT', ':A ACCEPT', '-A FORWARD -j A')
    expect(refusals).toEqual([])
    expect(
      [...table.chains.values()].map(({ name, base, userPolicy }) => [
        name,
        base?.policy ?? userPolicy,
      ]),
    ).toEqual([
      ['INPUT', 'accept'],
      ['FORWARD', 'accept'],
      ['OUTPUT', 'accept'],
      ['A', 'accept'],
    ])
  })

  it('reads MAC addresses with short groups and `!` before the value', () => {
    const { table } = read(':A ACCEPT', '-A A -s ! bc:24:11:64:0:1c -j DROP')
    expect(table.chains.get('A')?.rules[0]?.body).toMatchObject([
      {
        text: '-s ! bc:24:11:64:0:1c',
        match: {
          field: 'ether saddr',
          negate: true,
          values: { ranges: [{ lo: 0xbc24_1164_001c, hi: 0xbc24_1164_001c }] },
        },
      },
      { verdict: { kind: 'drop' } },
    ])
  })

  it('knows protocols by name, in any case, and by number', () => {
    const bodies = ['ARP', 'arp', '0x806', '0806'].map(
      (name) =>
        read(':A ACCEPT', `-A A -p ${name} -j DROP`).table.chains.get('A')?.rules[0]?.body[0],
    )
    for (const statement of bodies)
      expect(statement).toMatchObject({ match: { values: { ranges: [{ lo: 0x806, hi: 0x806 }] } } })
  })

  const refused: readonly (readonly [text: string, message: string])[] = [
    ['-p ARP --arp-ip-src manual -j RETURN', "Problem with specified IP address 'manual'."],
    ['-p ARP --arp-ip-src 10.0.0.0/33 -j RETURN', "Problem with specified IP mask '33'."],
    [
      '--arp-ip-src 10.0.0.1 -j RETURN',
      'For ARP filtering the protocol must be specified as ARP or RARP.',
    ],
    ['-i abcdefghijklmnop -j DROP', 'Interface name length cannot exceed 15 characters.'],
    ['-j NOWHERE', "Illegal target name 'NOWHERE'."],
    ['-s zz -j DROP', "Problem with specified source mac 'zz'."],
    [
      '-p FOO -j DROP',
      "Problem with the specified Ethernet protocol 'FOO', perhaps /etc/ethertypes is missing.",
    ],
  ]
  it.each(refused)('refuses %s', (text, message) => {
    const { refusals } = read(':A ACCEPT', `-A A ${text}`)
    expect(refusals.map((refusal) => [refusal.line.text, refusal.message])).toEqual([
      [text, message],
    ])
  })
})
