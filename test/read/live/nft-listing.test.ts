import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/netfilter/nft/command.ts'
import type { Statement } from '../../../src/netfilter/ruleset.ts'
import { readLive } from '../../../src/read/live/read-live.ts'
import { position, sourceFile } from '../../../src/source/source-file.ts'

function listing(...objects: readonly Json[]): string {
  const head: Json = { metainfo: { version: '1.1.3', json_schema_version: 1 } }
  return JSON.stringify({ nftables: [head, ...objects] })
}

const at = { family: 'inet', table: 't' }
const TABLE: readonly Json[] = [
  { table: { family: 'inet', name: 't', handle: 1 } },
  {
    set: {
      ...at,
      name: 'banned',
      handle: 2,
      type: 'ipv4_addr',
      flags: ['timeout'],
      elem: [
        { elem: { val: '203.0.113.9', timeout: 3600, expires: 3599, comment: 'x' } },
        {
          elem: {
            val: { prefix: { addr: '198.51.100.0', len: 24 } },
            counter: { packets: 1, bytes: 60 },
          },
        },
        '192.0.2.1',
      ],
    },
  },
  {
    set: {
      ...at,
      name: 'ports',
      handle: 3,
      type: 'inet_service',
      flags: ['interval'],
      elem: [22, { range: [80, 90] }],
    },
  },
  {
    set: {
      ...at,
      name: 'pairs',
      handle: 4,
      type: ['ipv4_addr', 'inet_service'],
      flags: ['interval'],
      elem: [{ concat: [{ prefix: { addr: '10.0.0.0', len: 8 } }, 80] }],
    },
  },
  {
    map: {
      ...at,
      name: 'nets',
      handle: 5,
      type: 'ipv4_addr',
      map: 'verdict',
      flags: ['interval'],
      elem: [[{ prefix: { addr: '10.0.0.0', len: 8 } }, { drop: null }]],
    },
  },
  {
    map: {
      ...at,
      name: 'devices',
      handle: 6,
      type: 'ifname',
      map: 'verdict',
      elem: [
        ['eth0', { jump: { target: 'c' } }],
        [{ elem: { val: 'eth1', comment: 'y' } }, { drop: null }],
      ],
    },
  },
  {
    'ct helper': {
      ...at,
      name: 'of-files',
      handle: 10,
      type: 'ftp',
      protocol: 'tcp',
      l3proto: 'ip',
    },
  },
  { limit: { ...at, name: 'lim', handle: 7, rate: 10, per: 'second', burst: 5 } },
  { chain: { ...at, name: 'c', handle: 8 } },
  {
    chain: {
      ...at,
      name: 'n',
      handle: 9,
      type: 'nat',
      hook: 'postrouting',
      prio: 100,
      policy: 'accept',
    },
  },
]

function body(...expr: readonly Json[]): readonly Statement[] {
  const text = listing(...TABLE, { rule: { ...at, chain: 'c', handle: 20, expr } })
  const { ruleset } = readLive([sourceFile('nft.json', text)])
  return ruleset.tables[0]?.chains.get('c')?.rules[0]?.body ?? []
}

const meta = (key: string): Json => ({ meta: { key } })
const payload = (protocol: string, field: string): Json => ({ payload: { protocol, field } })
const match = (left: Json, right: Json, op = '=='): Json => ({ match: { op, left, right } })
const mangle = (value: Json): Json => ({ mangle: { key: meta('mark'), value } })

/** What a statement of a dump becomes. */
const STATEMENTS: readonly (readonly [name: string, json: Json, expected: unknown])[] = [
  [
    'flags of which any will do',
    match(payload('tcp', 'flags'), ['syn', 'ack'], 'in'),
    [{ match: { kind: 'masked', mask: 0x12, value: 0, negate: true } }],
  ],
  [
    'flags of which none may be set, as nft 1.0.6 lists them',
    match(payload('tcp', 'flags'), 'syn', '!'),
    [{ match: { kind: 'masked', mask: 2, value: 0, negate: false } }],
  ],
  [
    'flags and no others',
    match(payload('tcp', 'flags'), { '|': ['syn', 'ack'] }),
    [{ match: { kind: 'masked', mask: 0xff, value: 0x12 } }],
  ],
  [
    'both states at once never match',
    match({ ct: { key: 'state' } }, { '|': ['established', 'new'] }),
    [{ match: { kind: 'field', field: 'ct state', values: { exact: new Set() } } }],
  ],
  [
    'a comparison',
    match(payload('udp', 'dport'), 1024, '>='),
    [
      {
        match: {
          kind: 'all-of',
          matches: [
            { field: 'meta l4proto' },
            { field: 'th dport', values: { ranges: [{ lo: 1024, hi: 65535 }] } },
          ],
        },
      },
    ],
  ],
  [
    'a protocol of IPv4 only',
    match(payload('ip', 'protocol'), 'tcp'),
    [{ match: { kind: 'all-of', matches: [{ field: 'ether type' }, { field: 'meta l4proto' }] } }],
  ],
  [
    'ports in a set with ranges',
    match(payload('tcp', 'dport'), '@ports'),
    [
      {
        match: {
          kind: 'all-of',
          matches: [
            {},
            {
              values: {
                ranges: [
                  { lo: 22, hi: 22 },
                  { lo: 80, hi: 90 },
                ],
              },
            },
          ],
        },
      },
    ],
  ],
  [
    'a set of addresses',
    match(payload('ip', 'saddr'), '@banned', '!='),
    [{ match: { kind: 'lookup', set: 'banned', negate: true } }],
  ],
  [
    'a set nobody can look into',
    match({ concat: [payload('ip', 'saddr'), payload('tcp', 'dport')] }, '@pairs'),
    [{ match: { kind: 'opaque' }, text: 'ip saddr . tcp dport @pairs' }],
  ],
  [
    'a set that is not there',
    match(payload('ip', 'saddr'), '@gone'),
    [{ match: { kind: 'opaque' } }],
  ],
  [
    'a map of devices',
    { vmap: { key: meta('iifname'), data: '@devices' } },
    [{ kind: 'vmap', map: 'devices' }],
  ],
  [
    'a map of networks',
    { vmap: { key: payload('ip', 'saddr'), data: '@nets' } },
    [{ kind: 'opaque', text: 'ip saddr vmap @nets' }],
  ],
  [
    'a map of ports looks at the protocol first',
    { vmap: { key: payload('tcp', 'dport'), data: { set: [[22, { drop: null }]] } } },
    [{ match: { field: 'meta l4proto' } }, { kind: 'vmap' }],
  ],
  [
    'a match of iptables-nft',
    { xt: { type: 'match', name: 'conntrack' } },
    [{ match: { kind: 'opaque' }, text: 'xt match "conntrack"' }],
  ],
  ['its comment', { xt: { type: 'match', name: 'comment' } }, [{ kind: 'comment' }]],
  [
    'its REJECT',
    { xt: { type: 'target', name: 'REJECT' } },
    [{ kind: 'verdict', verdict: { kind: 'reject' } }],
  ],
  [
    'its MASQUERADE',
    { xt: { type: 'target', name: 'MASQUERADE' } },
    [{ kind: 'nat', which: 'source' }],
  ],
  ['its DNAT', { xt: { type: 'target', name: 'DNAT' } }, [{ kind: 'nat', which: 'destination' }]],
  ['its TCPMSS', { xt: { type: 'target', name: 'TCPMSS' } }, [{ kind: 'comment' }]],
  [
    'its MARK',
    { xt: { type: 'target', name: 'MARK' } },
    [{ kind: 'opaque', text: 'xt target "MARK"' }],
  ],
  [
    'a helper by its object, whose name is not the helper’s',
    { 'ct helper': 'of-files' },
    [{ kind: 'ct-helper', helper: { name: 'ftp', proto: 6, version: 4 } }],
  ],
  ['a helper without an object', { 'ct helper': 'ftp' }, [{ kind: 'opaque' }]],
  [
    'a zone',
    { mangle: { key: { ct: { key: 'zone' } }, value: 5 } },
    [{ kind: 'ct-zone', zone: 5, of: 'both', helper: null }],
  ],
  [
    'a zone of one direction',
    { mangle: { key: { ct: { key: 'zone', dir: 'original' } }, value: 5 } },
    [{ kind: 'ct-zone', zone: 5, of: 'original' }],
  ],
  [
    'a zone of a map',
    { mangle: { key: { ct: { key: 'zone' } }, value: { map: { key: meta('mark'), data: '@z' } } } },
    [{ kind: 'opaque' }],
  ],
  ['masquerade', { masquerade: null }, [{ kind: 'nat', which: 'source', to: null }]],
  [
    'snat',
    { snat: { family: 'ip', addr: '203.0.113.1' } },
    [{ kind: 'nat', which: 'source', to: { version: 4, bits: 0xcb007101n } }],
  ],
  [
    'dnat',
    { dnat: { family: 'ip', addr: '10.0.0.5', port: 8080 } },
    [{ kind: 'nat', which: 'destination', text: 'dnat ip to 10.0.0.5:8080' }],
  ],
  [
    'redirect',
    { redirect: { port: 99 } },
    [{ kind: 'nat', which: 'destination', text: 'redirect to :99' }],
  ],
  [
    'queue',
    { queue: { num: { range: [0, 3] }, flags: 'bypass' } },
    [{ verdict: { kind: 'queue', from: 0, to: 3, bypass: true } }],
  ],
  ['a mark set', mangle(5), [{ kind: 'set-mark', value: 5, mask: 0xffff_ffff }]],
  [
    'a mark with bits put in',
    mangle({ '|': [meta('mark'), 0x100] }),
    [{ kind: 'set-mark', value: 0x100, mask: 0x100 }],
  ],
  [
    'a mark with bits kept and put in',
    mangle({ '|': [{ '&': [meta('mark'), 0xff00ffff] }, 0x40000] }),
    [{ kind: 'set-mark', value: 0x40000, mask: 0xff0000 }],
  ],
  [
    'a mark of the connection',
    mangle({ ct: { key: 'mark' } }),
    [{ kind: 'copy-mark', to: 'meta', fromMask: 0xffff_ffff }],
  ],
  [
    'a mark out of a map',
    mangle({ map: { key: payload('ip', 'saddr'), data: { set: [['1.2.3.4', 5]] } } }),
    [{ kind: 'opaque' }],
  ],
  [
    'a field no match looks at',
    {
      mangle: {
        key: { 'tcp option': { name: 'maxseg', field: 'size' } },
        value: { rt: { key: 'mtu' } },
      },
    },
    [{ kind: 'comment' }],
  ],
  [
    'an address put in',
    { mangle: { key: payload('ip', 'saddr'), value: '1.2.3.4' } },
    [{ kind: 'opaque', text: 'ip saddr set 1.2.3.4' }],
  ],
  ['a counter', { counter: { packets: 7, bytes: 420 } }, [{ kind: 'comment', text: 'counter' }]],
  [
    'a limit with a name',
    { limit: 'lim' },
    [{ match: { kind: 'opaque' }, text: 'limit name "lim"' }],
  ],
  [
    'a limit of bytes',
    { limit: { rate: 10, burst: 0, per: 'second', rate_unit: 'mbytes', burst_unit: 'bytes' } },
    [{ match: { kind: 'limit', burst: 0 } }],
  ],
  [
    'a set that packets fill',
    {
      set: {
        op: 'update',
        elem: { elem: { val: payload('ip', 'saddr'), timeout: 300 } },
        set: '@banned',
      },
    },
    [{ match: { kind: 'present', field: 'ip saddr' } }],
  ],
  ['tproxy', { tproxy: { port: 99 } }, [{ kind: 'opaque' }]],
  [
    'what nft may have some day',
    { teleport: { to: 'mars' } },
    [{ kind: 'opaque', text: 'teleport {"to":"mars"}' }],
  ],
]

describe('a statement of a listing', () => {
  for (const [name, json, expected] of STATEMENTS)
    it(name, () => {
      expect(body(json)).toMatchObject(expected as object)
    })
})

describe('a listing', () => {
  const { ruleset, nftTables, covered, diagnostics } = readLive([
    sourceFile(
      'nft.json',
      listing(...TABLE, {
        rule: { ...at, chain: 'c', handle: 20, comment: 'why', expr: [{ drop: null }] },
      }),
    ),
  ])
  const [table] = ruleset.tables

  it('has the elements of sets with and without more about them', () => {
    expect(table?.sets.get('banned')).toMatchObject({
      elements: [{ text: '203.0.113.9' }, { text: '198.51.100.0/24' }, { text: '192.0.2.1' }],
    })
    expect(table?.maps.get('devices')?.elements.map(({ key }) => key)).toEqual([['eth0'], ['eth1']])
    expect(nftTables[0]?.sets).toHaveLength(3)
  })

  it('has chains with hook, priority and type', () => {
    expect(table?.chains.get('n')?.base).toEqual({
      hook: 'postrouting',
      priority: 100,
      policy: 'accept',
      type: 'nat',
    })
    expect(table?.tool).toBe('nft')
  })

  it('has rules with comment and place', () => {
    const rule = table?.chains.get('c')?.rules[0]
    expect(rule).toMatchObject({
      text: 'drop comment "why"',
      origin: { kind: 'imported', means: 'drop' },
    })
    const span = rule?.origin.span
    expect(span?.file.text.slice(span.start, span.end)).toMatch(/^\{"rule":\{.*"why".*\}\}$/)
    expect([...covered]).toEqual(['nft'])
    expect(diagnostics).toEqual([])
  })

  it('is read pretty-printed as well', () => {
    const pretty = JSON.stringify(JSON.parse(listing(...TABLE)), null, 4)
    expect(readLive([sourceFile('nft.json', pretty)]).ruleset.tables[0]?.sets.size).toBe(1)
  })

  it('of a kernel that holds nothing is one of nothing', () => {
    const empty = readLive([sourceFile('nft.json', listing())])
    expect([empty.ruleset.tables, empty.diagnostics]).toEqual([[], []])
  })

  const broken: readonly (readonly [
    name: string,
    text: string,
    column: number,
    message: RegExp,
  ])[] = [
    ['that ends early', '{"nftables": [{"table": {"family": "inet"', 15, /ends within/],
    ['with something else in it', '{"nftables": [{"metainfo": {}}, nonsense]}', 33, /ends within/],
    ['without a comma', '{"nftables": [{"metainfo": {}} {"metainfo": {}}]}', 32, /comma/],
    ['with an object that is no JSON', '{"nftables": [{"metainfo": {1}}]}', 15, /not JSON/],
    ['of nothing', '{"rules": []}', 1, /begins with/],
  ]
  for (const [name, text, column, message] of broken)
    it(`${name} is refused with its column`, () => {
      const { diagnostics: told } = readLive([sourceFile('nft.json', text)])
      expect(told).toMatchObject([
        { code: 'read/bad-json', severity: 'error', message: expect.stringMatching(message) },
      ])
      expect(told[0]?.span && position(told[0].span)).toEqual({ line: 1, column })
    })

  it('tells of objects that belong nowhere', () => {
    const text = listing({ rule: { family: 'inet', table: 'gone', chain: 'c', expr: [] } }, [])
    expect(readLive([sourceFile('nft.json', text)]).diagnostics.map(({ code }) => code)).toEqual([
      'read/bad-object',
      'read/bad-object',
    ])
  })

  it('of tables that iptables-nft made asks for what that lists', () => {
    const text = listing(
      { table: { family: 'ip', name: 'filter' } },
      {
        chain: {
          family: 'ip',
          table: 'filter',
          name: 'INPUT',
          type: 'filter',
          hook: 'input',
          prio: 0,
          policy: 'accept',
        },
      },
      {
        rule: {
          family: 'ip',
          table: 'filter',
          chain: 'INPUT',
          expr: [{ xt: { type: 'match', name: 'set' } }, { drop: null }],
        },
      },
    )
    const saved =
      '# Generated by iptables-nft-save v1.8.9 (nf_tables) on x\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.1 -j DROP\nCOMMIT\n'
    expect(readLive([sourceFile('nft.json', text)]).diagnostics).toMatchObject([
      { code: 'read/incomplete', help: expect.stringContaining('iptables-save') },
    ])
    const both = readLive([sourceFile('nft.json', text), sourceFile('v4', saved)])
    expect(both.diagnostics).toEqual([])
    expect(both.ruleset.tables.map(({ tool }) => tool)).toEqual(['iptables'])
  })
})
