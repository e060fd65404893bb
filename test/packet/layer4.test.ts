import { describe, expect, it } from 'vitest'
import { layer4Of } from '../../src/packet/layer4.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { TABLES } from './arbitraries.ts'

function layer4(text: string, family: 4 | 6 = 4): ReturnType<typeof layer4Of> {
  const query = parseArrow(`a -> b ${text}`, TABLES)
  if (isProblem(query)) throw new Error(query.message)
  return layer4Of(query, family)
}

describe('layer4Of', () => {
  it.each([
    ['dport=80', { kind: 'tcp', sport: 49152, dport: 80, flags: 2 }, ['proto', 'sport', 'flags']],
    ['tcp/80 sport=5 flags=A', { kind: 'tcp', sport: 5, dport: 80, flags: 16 }, []],
    ['tcp/80 est sport=5', { kind: 'tcp', sport: 5, dport: 80, flags: 16 }, ['flags']],
    ['tcp/80 related sport=5', { kind: 'tcp', sport: 5, dport: 80, flags: 2 }, ['flags']],
    ['tcp/80 invalid sport=5', { kind: 'tcp', sport: 5, dport: 80, flags: 16 }, ['flags']],
    ['udp/53', { kind: 'udp', sport: 49152, dport: 53 }, ['sport']],
    ['udp', { kind: 'udp', sport: 49152, dport: 'unknown' }, ['sport', 'dport']],
    ['sctp/80 sport=1', { kind: 'sctp', sport: 1, dport: 80 }, []],
    ['udplite/80 sport=1', { kind: 'udplite', sport: 1, dport: 80 }, []],
    ['icmp', { kind: 'icmp', type: 8, code: 0 }, ['icmpType']],
    ['icmp/3/1', { kind: 'icmp', type: 3, code: 1 }, []],
    ['icmp/3 code=4', { kind: 'icmp', type: 3, code: 4 }, []],
    ['icmp/port-unreachable', { kind: 'icmp', type: 3, code: 3 }, []],
    ['type=echo-request', { kind: 'icmp', type: 8, code: 0 }, ['proto', 'icmpCode']],
    ['proto=gre', { kind: 'other', proto: 47 }, []],
    [
      'flags=S',
      { kind: 'tcp', sport: 49152, dport: 'unknown', flags: 2 },
      ['proto', 'sport', 'dport'],
    ],
  ])('%s', (text, l4, filled) => {
    const made = layer4(text)
    if (isProblem(made)) throw new Error(made.message)
    expect(made.l4).toEqual(l4)
    expect(made.filled.map(({ field }) => field)).toEqual(filled)
  })

  it('a name of an ICMP type is the number of its family', () => {
    expect(layer4('type=echo-request', 6)).toMatchObject({ l4: { kind: 'icmpv6', type: 128 } })
  })

  it('asks what kind of packet it is when nothing says so', () => {
    expect(layer4('')).toMatchObject({ kind: 'problem', code: 'query/no-protocol' })
  })

  it('refuses a type of the other family', () => {
    expect(layer4('icmp/packet-too-big')).toMatchObject({ code: 'query/bad-icmp-type' })
  })
})
