import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { EMPTY_QUERY } from '../../src/packet/query.ts'
import { showQuery } from '../../src/packet/show-query.ts'
import '../support/fixed-seed.ts'
import { anyQuery, TABLES } from './arbitraries.ts'

describe('parseArrow', () => {
  it.each([
    ['192.168.1.53 -> 105:80/tcp', { from: '192.168.1.53', to: '105', dport: 80, proto: 6 }],
    ['192.168.1.53->105:80/tcp', { from: '192.168.1.53', to: '105', dport: 80, proto: 6 }],
    ['192.168.1.53 → 105:https', { from: '192.168.1.53', to: '105', dport: 443 }],
    ['10.0.0.1:4431 -> host:22', { from: '10.0.0.1', sport: 4431, to: 'host', dport: 22 }],
    [
      'outside 192.168.1.53 -> vm105 tcp/80',
      { from: 'outside', src: '192.168.1.53', to: 'vm105', proto: 6, dport: 80 },
    ],
    ['vm105 -> outside 80/tcp', { from: 'vm105', to: 'outside', proto: 6, dport: 80 }],
    [
      'vm105 2001:db8::77 -> outside 2001:db8::1 icmpv6/echo-request',
      {
        from: 'vm105',
        src: '2001:db8::77',
        to: 'outside',
        dst: '2001:db8::1',
        proto: 58,
        icmpType: 'echo-request',
      },
    ],
    ['a -> b icmp/3/1', { from: 'a', to: 'b', proto: 1, icmpType: '3/1' }],
    ['a -> b icmp echo-reply', { from: 'a', to: 'b', proto: 1, icmpType: 'echo-reply' }],
    [
      'a -> b tcp/22 state established',
      { from: 'a', to: 'b', proto: 6, dport: 22, state: 'established' },
    ],
    ['a -> b tcp/22 est', { from: 'a', to: 'b', proto: 6, dport: 22, state: 'established' }],
    ['a -> b tcp/22 syn,ack', { from: 'a', to: 'b', proto: 6, dport: 22, flags: 0x12 }],
    ['a -> b tcp/22 flags SA', { from: 'a', to: 'b', proto: 6, dport: 22, flags: 0x12 }],
    [
      'a -> b udp/53 sport=53 net1 vlan=10',
      { from: 'a', to: 'b', proto: 17, dport: 53, sport: 53, iface: 'net1', vlan: 10 },
    ],
    [
      'a -> b mac bc:24:11:00:00:01 arp',
      { from: 'a', to: 'b', mac: 0xbc2411000001, ethertype: 0x0806 },
    ],
    ['a -> b ether=lldp', { from: 'a', to: 'b', ethertype: 0x88cc }],
    [
      '[2001:db8::1]:5 -> [2001:db8::2]:443/tcp',
      { from: '2001:db8::1', sport: 5, to: '2001:db8::2', dport: 443, proto: 6 },
    ],
    [
      'outside:vmbr1 -> 105/net1:53/udp',
      { from: 'outside:vmbr1', to: '105/net1', dport: 53, proto: 17 },
    ],
    ['-> 105:80/tcp', { to: '105', dport: 80, proto: 6 }],
    ['a -> b ipv6 -6', { from: 'a', to: 'b', family: 6 }],
    ['vm105 -> dst=1.2.3.4 dport=80', { from: 'vm105', dst: '1.2.3.4', dport: 80 }],
    ['a -> vm1 1.2.3.4:80/tcp', { from: 'a', to: 'vm1', dst: '1.2.3.4', dport: 80, proto: 6 }],
    ['a -> b proto=112', { from: 'a', to: 'b', proto: 112 }],
    ['a -> b vrrp', { from: 'a', to: 'b', proto: 112 }],
    ['a -> b l2tp', { from: 'a', to: 'b', proto: 115 }],
    ['a -> 105:bootps/udp', { from: 'a', to: '105', dport: 67, proto: 17 }],
  ])('%s', (text, expected) => {
    expect(parseArrow(text, TABLES)).toEqual({ ...EMPTY_QUERY, ...expected })
  })

  it.each([
    ['192.168.1.53 105', 'query/bad-arrow'],
    ['a -> b -> c', 'query/bad-arrow'],
    ['a b c -> d', 'query/bad-arrow'],
    ['a -> b:99999', 'query/bad-port'],
    ['a -> b:80,443/tcp', 'query/bad-port'],
    ['a -> b tpc/80', 'query/unknown-word'],
    ['a -> b tcp/80 frobnicate', 'query/unknown-word'],
    ['a -> b colour=red', 'query/unknown-word'],
    ['a -> b:80/tcp udp', 'query/said-twice'],
    ['a -> b:80 dport=81', 'query/said-twice'],
    ['a -> b icmp/nonsense', 'query/bad-icmp-type'],
    ['a -> b flags=X', 'query/bad-flags'],
    ['a -> b state=open', 'query/bad-state'],
    ['a -> b mac=1', 'query/bad-mac'],
    ['a -> b vlan=4095', 'query/bad-number'],
    ['a -> [::1', 'query/bad-endpoint'],
    ['a -> b ether=0x0001', 'query/bad-ethertype'],
    [`a -> ${'b'.repeat(5000)}`, 'query/bad-arrow'],
  ])('%s is refused', (text, code) => {
    expect(parseArrow(text, TABLES)).toMatchObject({ kind: 'problem', code })
  })

  it('names what may have been meant', () => {
    expect(parseArrow('a -> b tpc', TABLES)).toMatchObject({ help: 'did you mean `tcp`?' })
    expect(parseArrow('a -> b proto=icpm', TABLES)).toMatchObject({ help: 'did you mean `icmp`?' })
  })

  it('law: what showQuery shows of a query reads back as that query', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(parseArrow(showQuery(query), TABLES)).toEqual(query)
      }),
    )
  })

  it('law: any text gives a query or a problem with a code, and what is quoted of it is printable', () => {
    const text = fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
        .map((codes) => String.fromCharCode(...codes)),
      fc
        .array(
          fc.constantFrom('->', 'a', '10.0.0.1', ':', '/', 'tcp', '=', '[', ']', ' ', 'dport='),
        )
        .map((x) => x.join('')),
    )
    fc.assert(
      fc.property(text, (each) => {
        const parsed = parseArrow(each, TABLES)
        if (!isProblem(parsed)) return
        expect(parsed.code).toMatch(/^query\//)
        expect(/\p{Cc}/u.test(parsed.message)).toBe(false)
      }),
    )
  })
})
