import { expect, it } from 'vitest'
import { regionWords } from '../../src/render/region-words.ts'
import type { FreeField } from '../../src/symbolic/fields.ts'
import type { ValueSet } from '../../src/symbolic/value-set.ts'

const LAN: ValueSet = [0xc0a8_0100, 0xc0a8_0200]
const names = {
  addresses: [{ name: '+lan', values: LAN }],
  ports: [{ name: 'SSH', values: [22, 23] }],
}

type Fields = readonly (readonly [FreeField, ValueSet])[]

const tcp = ['meta l4proto', [6, 7]] as const

it.each<readonly [string, Fields, string]>([
  ['all packets', [], 'IPv4 any → any'],
  ['a name that fits', [tcp, ['ip saddr', LAN], ['th dport', [80, 81]]], 'tcp +lan → any:80'],
  [
    'its opposite',
    [tcp, ['ip saddr', [0, 0xc0a8_0100, 0xc0a8_0200, 2 ** 32]]],
    'tcp not +lan → any',
  ],
  ['a service by name', [tcp, ['th dport', [22, 23]]], 'tcp any → any port SSH'],
  [
    'networks and ports',
    [tcp, ['ip daddr', [0x0a00_0000, 0x0b00_0000]], ['th dport', [80, 82, 443, 444]]],
    'tcp any → 10.0.0.0/8 port 80-81, 443',
  ],
  ['what is shorter by its opposite', [['meta l4proto', [0, 6, 7, 256]]], 'not tcp any → any'],
  ['states', [tcp, ['ct state', [0, 1, 3, 4]]], 'tcp any → any  NEW OR INVALID'],
  [
    'a range that is no network',
    [['ip saddr', [0x0a00_0001, 0x0a00_0064]]],
    'IPv4 10.0.0.1-10.0.0.99 → any',
  ],
  ['other fields', [tcp, ['tcp flags', [2, 3]]], 'tcp any → any  tcp flags SYN'],
])('%s', (_, fields, words) => {
  expect(regionWords('ip', { fields: new Map(fields), doubts: [] }, names)).toBe(words)
})

it('says what was taken of what nobody can tell', () => {
  const doubts = [{ text: 'limit', holds: false }]
  expect(regionWords('ip', { fields: new Map(), doubts })).toBe('IPv4 any → any  beyond the rate')
})

it('IPv6 addresses have brackets before a port', () => {
  const one: ValueSet = [0xfdn << 120n, (0xfdn << 120n) + 1n]
  const fields = new Map<FreeField, ValueSet>([
    ['meta l4proto', [6, 7]],
    ['ip6 daddr', one],
    ['th dport', [443, 444]],
  ])
  expect(regionWords('ip6', { fields, doubts: [] })).toBe('tcp any → [fd00::]:443')
})
