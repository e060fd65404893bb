import { describe, expect, it } from 'vitest'
import { readIpset } from '../../src/read/ipset.ts'
import { splitIpset } from '../support/restore-text.ts'

function read(...lines: readonly string[]) {
  return readIpset(splitIpset(lines.join('\n')))
}

const create = 'create S hash:net family inet hashsize 64 maxelem 64 bucketsize 12'

describe('ipset restore', () => {
  it('keeps networks without their host bits, and what is excluded', () => {
    const set = read(create, 'add S 10.0.0.5/8', 'add S 10.1.0.0/16 nomatch').sets.get('S')
    expect(set?.kind === 'addresses' ? set.elements : null).toMatchObject([
      { lo: 0x0a00_0000n, hi: 0x0aff_ffffn, nomatch: false, text: '10.0.0.5/8' },
      { lo: 0x0a01_0000n, hi: 0x0a01_ffffn, nomatch: true, text: '10.1.0.0/16' },
    ])
  })

  it('takes `10` for 0.0.0.10, unlike iptables', () => {
    const set = read(create, 'add S 10').sets.get('S')
    expect(set?.kind === 'addresses' ? set.elements[0]?.lo : null).toBe(10n)
  })

  const refused: readonly (readonly [name: string, entries: readonly string[], message: string])[] =
    [
      [
        'a prefix longer than the address',
        ['10.0.0.0/33'],
        "Syntax error: '33' is out of range 0-32",
      ],
      [
        'a prefix of zero',
        ['0.0.0.0/0'],
        'The value of the CIDR parameter of the IP address is invalid',
      ],
      [
        'the same network twice, however it is written',
        ['10.0.0.1/24', '10.0.0.0/24 nomatch'],
        "Element cannot be added to the set: it's already added",
      ],
      ['a host name', ['web'], 'Syntax error: cannot parse web: resolving to IPv4 address failed'],
      [
        'another family',
        ['fd00::1'],
        'Syntax error: cannot parse fd00::1: resolving to IPv4 address failed',
      ],
    ]
  it.each(refused)('refuses %s', (_, entries, message) => {
    const { refusals } = read(create, ...entries.map((entry) => `add S ${entry}`))
    expect(refusals.map((refusal) => [refusal.line.text, refusal.message])).toEqual([
      [`add S ${entries.at(-1)}`, message],
    ])
  })

  it('refuses more elements than it was created for', () => {
    const { refusals } = read('create S hash:net maxelem 1', 'add S 10.0.0.1', 'add S 10.0.0.2')
    expect(refusals[0]?.message).toBe('Hash is full, cannot add more elements')
  })
})
