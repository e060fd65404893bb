import { describe, expect, it } from 'vitest'
import { parsePacketJson } from '../../src/packet/packet-json.ts'
import { EMPTY_QUERY } from '../../src/packet/query.ts'
import { TABLES } from './arbitraries.ts'

describe('parsePacketJson', () => {
  it('reads a line of a batch', () => {
    const line =
      '{"id": 0, "from": "vm100", "to": "outside", "src": "192.168.10.5", "dst": "10.10.0.2", "proto": "udp", "dport": 53, "sport": 64735}'
    expect(parsePacketJson(line, TABLES)).toEqual({
      id: 0,
      query: {
        ...EMPTY_QUERY,
        from: 'vm100',
        to: 'outside',
        src: '192.168.10.5',
        dst: '10.10.0.2',
        proto: 17,
        dport: 53,
        sport: 64735,
      },
    })
  })

  it.each([
    [
      '{"to":"host","proto":"icmp","icmpType":8,"state":"new"}',
      { to: 'host', proto: 1, icmpType: '8', state: 'new' },
    ],
    ['{"vm":105,"dport":"https"}', { to: 'vm105', dport: 443 }],
    ['{"to":"a","net":"net1","flags":"SA","sport":null}', { to: 'a', iface: 'net1', flags: 0x12 }],
    [
      '{"to":"a","vlan":10,"mac":"bc:24:11:00:00:01","family":6}',
      { to: 'a', vlan: 10, mac: 0xbc2411000001, family: 6 },
    ],
  ])('%s', (line, expected) => {
    expect(parsePacketJson(line, TABLES).query).toEqual({ ...EMPTY_QUERY, ...expected })
  })

  it.each([
    ['', 'query/bad-json'],
    ['{', 'query/bad-json'],
    ['[1]', 'query/bad-json'],
    ['"text"', 'query/bad-json'],
    ['null', 'query/bad-json'],
    ['{"to":{}}', 'query/bad-json'],
    ['{"dport":1.5}', 'query/bad-json'],
    ['{"dports":80}', 'query/unknown-word'],
    ['{"__proto__":1}', 'query/unknown-word'],
    ['{"constructor":1}', 'query/unknown-word'],
    ['{"iface":"net0","net":"net1"}', 'query/said-twice'],
    ['{"vm":1,"to":"host"}', 'query/said-twice'],
    ['{"dport":-1}', 'query/bad-port'],
    ['{"proto":"tpc"}', 'query/bad-protocol'],
  ])('%s is refused', (line, code) => {
    expect(parsePacketJson(line, TABLES).query).toMatchObject({ kind: 'problem', code })
  })

  it('keeps the id of a line it cannot understand', () => {
    expect(parsePacketJson('{"id":"x7","dport":"nope"}', TABLES)).toMatchObject({
      id: 'x7',
      query: { kind: 'problem' },
    })
    expect(parsePacketJson('{"id":{"a":1},"to":"host"}', TABLES).id).toBeNull()
  })
})
