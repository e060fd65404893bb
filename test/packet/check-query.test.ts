import { describe, expect, it } from 'vitest'
import { checkQuery } from '../../src/packet/check-query.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { TABLES } from './arbitraries.ts'

describe('checkQuery', () => {
  it.each([
    ['10.0.0.1 -> 2001:db8::1 tcp/80', ['query/mixed-families']],
    ['outside 10.0.0.1 -> vm1 dst=2001:db8::1 tcp/80', ['query/mixed-families']],
    ['2001:db8::1 -> host icmp', ['query/mixed-families']],
    ['10.0.0.1 -> host icmpv6', ['query/mixed-families']],
    ['10.0.0.1 -> host ipv6 tcp/80', ['query/mixed-families']],
    ['10.0.0.1 -> host type=neighbor-solicitation', ['query/mixed-families']],
    ['a -> b proto=icmp dport=80', ['query/port-with-icmp']],
    ['a -> b type=echo-request dport=80', ['query/port-with-icmp']],
    ['a -> b proto=gre sport=80', ['query/port-without-ports']],
    ['a -> b tcp type=8', ['query/icmp-type-without-icmp']],
    ['a -> b icmp code=3', ['query/icmp-code-alone']],
    ['a -> b icmp/port-unreachable code=1', ['query/said-twice']],
    ['a -> b udp/53 syn', ['query/flags-without-tcp']],
    ['a -> b icmp syn', ['query/flags-without-tcp']],
    ['a -> b arp dport=80', ['query/no-ip-header']],
    ['a -> b arp', []],
    ['10.0.0.1 -> host tcp/22 syn', []],
    ['a -> b icmp/port-unreachable code=3', []],
    ['a -> b icmp/3 code=1', []],
    ['a -> b sctp/80 sport=5', []],
    ['a -> b 47', []],
  ])('%s: %s', (text, codes) => {
    const query = parseArrow(text.replace(/ 47$/, ' proto=47'), TABLES)
    if (isProblem(query)) throw new Error(query.message)
    expect(checkQuery(query).map(({ code }) => code)).toEqual(codes)
  })

  it('says the two things that contradict each other', () => {
    const query = parseArrow('2001:db8::1 -> host icmp', TABLES)
    if (isProblem(query)) throw new Error(query.message)
    expect(checkQuery(query)[0]).toMatchObject({
      message: '`icmp` is IPv4 and `2001:db8::1` is IPv6: no packet is both',
      help: 'the ICMP of IPv6 is another protocol: -p icmpv6',
    })
  })
})
