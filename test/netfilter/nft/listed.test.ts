import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/netfilter/nft/command.ts'
import { listedRule } from '../../../src/netfilter/nft/listed.ts'
import { ruleText, statementText } from '../../../src/netfilter/nft/text.ts'

const payload = (protocol: string, field: string): Json => ({ payload: { protocol, field } })
const meta = (key: string): Json => ({ meta: { key } })
const match = (left: Json, right: Json, op = '=='): Json => ({ match: { op, left, right } })
const proto = (name: Json): Json => match(meta('l4proto'), name)
const prefix = (addr: string, len: number): Json => ({ prefix: { addr, len } })
const dport = (right: Json): Json => match(payload('th', 'dport'), right)
const saddr = (right: Json): Json => match(payload('ip', 'saddr'), right)
const drop: Json = { drop: null }

/** What was loaded, and what nft 1.0.6 listed of it. */
const RULES: readonly (readonly [name: string, rule: readonly Json[], text: string])[] = [
  ['a protocol goes into its ports', [proto('tcp'), dport(22), drop], 'tcp dport 22 drop'],
  ['by its number too', [proto(17), dport(53), drop], 'udp dport 53 drop'],
  [
    'over other matches',
    [proto('tcp'), saddr('1.2.3.4'), dport(22)],
    'ip saddr 1.2.3.4 tcp dport 22',
  ],
  [
    'not over a counter',
    [proto('tcp'), { counter: null }, dport(22)],
    'meta l4proto tcp counter tcp dport 22',
  ],
  [
    'not over a limit',
    [proto('tcp'), { limit: { rate: 1, per: 'second' } }, dport(22)],
    'meta l4proto tcp limit rate 1/second tcp dport 22',
  ],
  [
    'into both ports',
    [proto('tcp'), match(payload('th', 'sport'), 5), dport(22)],
    'tcp sport 5 tcp dport 22',
  ],
  [
    'into a type of ICMP',
    [proto('icmp'), match(payload('icmp', 'type'), 8)],
    'icmp type echo-request',
  ],
  [
    'into one of ICMPv6',
    [proto('ipv6-icmp'), match(payload('icmpv6', 'type'), 'echo-request')],
    'icmpv6 type echo-request',
  ],
  [
    'not where there are several',
    [proto({ set: ['tcp', 'udp'] }), dport(22)],
    'meta l4proto { tcp, udp } th dport 22',
  ],
  [
    'and stays where nothing asks for it',
    [proto('tcp'), saddr('1.2.3.4'), drop],
    'meta l4proto tcp ip saddr 1.2.3.4 drop',
  ],
  [
    'before a reset',
    [proto('tcp'), { reject: { type: 'tcp reset' } }],
    'meta l4proto tcp reject with tcp reset',
  ],
  ['numbers have their symbols', [proto(89), drop], 'meta l4proto ospf drop'],
  [
    'ports are sorted and merged where there is a range',
    [proto('tcp'), dport({ set: [24, { range: [30, 40] }, 22, 23, 41] })],
    'tcp dport { 22-24, 30-41 }',
  ],
  [
    'only sorted where there is none',
    [proto('tcp'), dport({ set: [443, 22, 23] })],
    'tcp dport { 22, 23, 443 }',
  ],
  [
    'networks are merged',
    [saddr({ set: [prefix('10.0.1.0', 24), prefix('10.0.0.0', 24)] })],
    'ip saddr { 10.0.0.0/23 }',
  ],
  [
    'and shown as what they are',
    [saddr({ set: [{ range: ['10.0.0.0', '10.0.0.255'] }, '1.2.3.4'] })],
    'ip saddr { 1.2.3.4, 10.0.0.0/24 }',
  ],
  ['host bits go', [saddr(prefix('10.10.0.1', 24))], 'ip saddr 10.10.0.0/24'],
  ['a whole address has no length', [saddr(prefix('10.10.0.1', 32))], 'ip saddr 10.10.0.1'],
  [
    'devices sort by their last letters',
    [match(meta('iifname'), { set: ['tap100i1', 'tap101i0', 'eth0', 'b'] })],
    'iifname { "b", "eth0", "tap101i0", "tap100i1" }',
  ],
  [
    'types sort by number',
    [match(payload('icmpv6', 'type'), { set: ['nd-neighbor-solicit', 'nd-router-advert'] })],
    'icmpv6 type { nd-router-advert, nd-neighbor-solicit }',
  ],
  [
    'states of a map too',
    [
      {
        vmap: {
          key: { ct: { key: 'state' } },
          data: {
            set: [
              ['related', { accept: null }],
              ['invalid', drop],
            ],
          },
        },
      },
    ],
    'ct state vmap { invalid : drop, related : accept }',
  ],
  [
    'any of two states',
    [match({ ct: { key: 'state' } }, ['new', 'established'], 'in')],
    'ct state established,new',
  ],
  [
    'both of two states',
    [match({ ct: { key: 'state' } }, ['new', 'established'])],
    'ct state established | new',
  ],
  [
    'a helper is of no family',
    [match({ ct: { key: 'helper', family: 'ip' } }, 'irc')],
    'ct helper "irc"',
  ],
  ['a plain reject says port unreachable', [{ reject: {} }], 'reject'],
  [
    'in the words of the family that was asked for',
    [saddr('1.2.3.4'), { reject: {} }],
    'ip saddr 1.2.3.4 reject with icmp port-unreachable',
  ],
  [
    'the burst nft takes by itself is left out',
    [{ limit: { rate: 1, per: 'second', burst: 5 } }],
    'limit rate 1/second',
  ],
  [
    'another is not',
    [{ limit: { rate: 2, per: 'minute', burst: 12 } }],
    'limit rate 2/minute burst 12 packets',
  ],
]

describe('nft lists a rule in its own way:', () => {
  for (const [name, rule, text] of RULES) it(name, () => expect(ruleText(rule)).toBe(text))

  it('a listing as it is', () => {
    for (const [, rule] of RULES) expect(listedRule(listedRule(rule))).toEqual(listedRule(rule))
  })
})

describe('masked TCP flags', () => {
  const flags = (right: Json, op?: string): Json =>
    match({ '&': [payload('tcp', 'flags'), ['syn', 'fin']] }, right, op)
  const texts: readonly (readonly [json: Json, operators: string, slashes: string])[] = [
    [flags(['syn']), 'tcp flags & (syn | fin) == syn', 'tcp flags syn / syn,fin'],
    [flags(['syn'], '!='), 'tcp flags & (syn | fin) != syn', 'tcp flags != syn / syn,fin'],
    [flags(0), 'tcp flags & (syn | fin) == 0x0', 'tcp flags ! syn,fin'],
  ]
  it('are listed with operators by nft 1.1, with slashes by 1.0', () => {
    for (const [json, operators, slashes] of texts)
      expect([statementText(json), statementText(json, 'slashes')]).toEqual([operators, slashes])
  })
})

describe('a statement of a dump that is not what it seems', () => {
  it('is shown, cut where it is long', () => {
    expect(statementText({ frob: { x: 1 } })).toBe('frob {"x":1}')
    expect(statementText({ constructor: { x: 1 } })).toBe('constructor {"x":1}')
    expect(statementText(null)).toBe('null')
    expect(statementText(saddr('x'.repeat(5000))).length).toBeLessThan(2100)
  })
})
