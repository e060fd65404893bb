import { describe, expect, it } from 'vitest'
import { standIn } from '../../src/kernel/stand-in.ts'
import type { JsonObject } from '../../src/netfilter/nft/json.ts'

const PORTS = new Map([['lab', ['tap1i0', 'tap2i0']]])
const BRIDGE = { family: 'bridge', table: 't' }
const MARK = { meta: { key: 'mark' } }

function expr(...statements: readonly JsonObject[]): unknown {
  const [command] = standIn([{ add: { rule: { ...BRIDGE, chain: 'c', expr: statements } } }], PORTS)
  return (command as { add: { rule: { expr: unknown } } }).add.rule.expr
}

describe('in a table of bridges', () => {
  const state = { ct: { key: 'state' } }

  it.each<[string, JsonObject, readonly unknown[]]>([
    [
      'a state is a mark',
      { match: { op: '==', left: state, right: 'invalid' } },
      [{ match: { op: '==', left: MARK, right: 4 } }],
    ],
    [
      'several are a set',
      { match: { op: 'in', left: state, right: ['established', 'related'] } },
      [{ match: { op: '==', left: MARK, right: { set: [2, 3] } } }],
    ],
    [
      'so are those of a map',
      { vmap: { key: state, data: { set: [['new', { drop: null }]] } } },
      [{ vmap: { key: MARK, data: { set: [[1, { drop: null }]] } } }],
    ],
    ['a reject is a drop', { reject: { type: 'tcp reset' } }, [{ drop: null }]],
    [
      'with an error of one family, of that family',
      { reject: { type: 'icmp', expr: 'host-prohibited' } },
      [{ match: { op: '==', left: { meta: { key: 'protocol' } }, right: 'ip' } }, { drop: null }],
    ],
    [
      'marks of connections are left',
      { mangle: { key: { ct: { key: 'mark' } }, value: 100 } },
      [{ counter: null }],
    ],
    ['anything else stays', { accept: null }, [{ accept: null }]],
  ])('%s', (_, statement, expected) => {
    expect(expr(statement)).toEqual(expected)
  })

  it('chains of prerouting stand behind br_netfilter', () => {
    const chain = { ...BRIDGE, name: 'c', type: 'filter', hook: 'prerouting', prio: 0 }
    expect(standIn([{ add: { chain } }], PORTS)).toEqual([
      { add: { chain: { ...chain, prio: 1 } } },
    ])
  })

  it('a bridge is each two of its ports', () => {
    const element = (key: readonly string[]) => [{ concat: key }, { jump: { target: 'b' } }]
    const elem = (...all: readonly (readonly unknown[])[]) =>
      ({ add: { element: { ...BRIDGE, name: 'bridge-map', elem: all } } }) as unknown as JsonObject
    expect(standIn([elem(element(['lab', 'lab']))], PORTS)).toEqual([
      elem(element(['tap1i0', 'tap2i0']), element(['tap2i0', 'tap1i0'])),
    ])
  })
})

it('what IP forwards is asked only where it is routed', () => {
  const place = { family: 'inet', table: 'h' }
  const chain = { ...place, name: 'forward', type: 'filter', hook: 'forward', prio: 0 }
  const device = (key: string) => ({ match: { op: '==', left: { meta: { key } }, right: 'lab' } })
  const rule = (...all: readonly unknown[]) => ({
    add: { rule: { ...place, chain: 'pvefw-forward', expr: all } },
  })
  expect(standIn([{ add: { chain } }], PORTS)).toEqual([
    { add: { chain: { ...place, name: 'forward' } } },
    { add: { chain: { ...chain, name: 'pvefw-forward' } } },
    { flush: { chain: { ...place, name: 'pvefw-forward' } } },
    rule(device('iifname'), device('oifname'), { accept: null }),
    rule({ jump: { target: 'forward' } }),
  ])
})
