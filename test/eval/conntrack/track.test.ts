import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stateOf } from '../../../src/eval/conntrack/first-packet.ts'
import { finished } from '../../../src/eval/conntrack/helper.ts'
import { DEFAULT_SETTINGS } from '../../../src/eval/conntrack/settings.ts'
import {
  type ConntrackTable,
  EMPTY_TABLE,
  entriesOf,
  findEntry,
} from '../../../src/eval/conntrack/table.ts'
import { confirmed, NO_TEMPLATE, type Template, track } from '../../../src/eval/conntrack/track.ts'
import { tupleOf } from '../../../src/eval/conntrack/tuple.ts'
import type { ConntrackSettings } from '../../../src/netfilter/conntrack.ts'
import { type Layer4, type Packet, TCP_FLAG } from '../../../src/netfilter/packet.ts'
import type { HelperChoice } from '../../../src/netfilter/ruleset.ts'
import { conversation, quoting } from '../../support/arbitraries/conversation.ts'
import { ipPacket } from '../../support/kernel-builders.ts'

const { SYN, ACK, FIN, RST } = TCP_FLAG
const FTP: HelperChoice = { name: 'ftp', proto: 6, version: null }
const TFTP: HelperChoice = { name: 'tftp', proto: 17, version: null }
const client = '10.0.0.5'
const server = '10.0.0.9'

/** A segment of the client (`a`) or the server, with its place in the stream. */
function tcp(from: 'a' | 'b', flags: number, seq: number, ack = 0, length = 0): Packet {
  const [src, dst] = from === 'a' ? [client, server] : [server, client]
  const [sport, dport] = from === 'a' ? [40_000, 22] : [22, 40_000]
  const segment = { seq, ack, window: 64_240, length, windowScale: null, sackPermitted: false }
  return ipPacket({ kind: 'tcp', sport, dport, flags, segment }, { src, dst })
}

function udp(from: 'a' | 'b', payload?: string): Packet {
  const [src, dst] = from === 'a' ? [client, server] : [server, client]
  const [sport, dport] = from === 'a' ? [40_000, 53] : [53, 40_000]
  return ipPacket(
    { kind: 'udp', sport, dport, ...(payload === undefined ? {} : { payload }) },
    { src, dst },
  )
}

function icmp(
  l4: {
    readonly type?: number
    readonly code?: number
    readonly id?: number
    readonly inner?: Packet
  },
  src = client,
  dst = server,
): Packet {
  return ipPacket({ kind: 'icmp', type: 8, code: 0, ...l4 }, { src, dst })
}

type Sent = readonly [packet: Packet, atSeconds?: number]

/** Tracks and confirms packets in turn: what conntrack said of each, and what it holds then. */
function talk(
  sent: readonly Sent[],
  settings: Partial<ConntrackSettings> = {},
  helper: HelperChoice | null = null,
): {
  readonly states: readonly string[]
  readonly table: ConntrackTable
  readonly held: readonly string[]
} {
  let table = EMPTY_TABLE
  const states: string[] = []
  for (const [packet, at = 0] of sent) {
    const now = at * 1000
    const found = track(
      table,
      packet,
      now,
      { ...DEFAULT_SETTINGS, ...settings },
      { zone: 0, zoneOf: 'both', helper },
    )
    if (found === null) throw new Error('not known')
    const { tracked: after, lost } = finished(found, packet, now)
    states.push(lost === null ? after.state : `${after.state}, ${lost}`)
    table = after.table
  }
  const held = entriesOf(table).map(({ tcp: state, seenReply, assured, expiresAt }) =>
    [
      state?.state ?? 'none',
      seenReply ? 'replied' : 'unreplied',
      assured ? 'assured' : 'new',
      expiresAt / 1000,
    ].join(' '),
  )
  return { states, table, held }
}

const syn = tcp('a', SYN, 100)
const synack = tcp('b', SYN | ACK, 500, 101)
const ack = tcp('a', ACK, 101, 501)

describe('TCP', () => {
  const cases: readonly (readonly [
    string,
    readonly Sent[],
    readonly string[],
    readonly string[],
  ])[] = [
    ['a SYN begins a connection', [[syn]], ['new'], ['SYN_SENT unreplied new 120']],
    [
      'a second SYN is new and keeps the time',
      [[syn], [syn, 50]],
      ['new', 'new'],
      ['SYN_SENT unreplied new 120'],
    ],
    [
      'a handshake establishes',
      [[syn], [synack], [ack]],
      ['new', 'established', 'established'],
      ['ESTABLISHED replied assured 432000'],
    ],
    [
      'data that is not acknowledged shortens the time',
      [[syn], [synack], [ack], [tcp('a', ACK, 101, 501, 10)]],
      ['new', 'established', 'established', 'established'],
      ['ESTABLISHED replied assured 300'],
    ],
    [
      'the close of one end',
      [[syn], [synack], [ack], [tcp('a', FIN | ACK, 101, 501)]],
      ['new', 'established', 'established', 'established'],
      ['FIN_WAIT replied assured 120'],
    ],
    [
      'the close of both',
      [
        [syn],
        [synack],
        [ack],
        [tcp('a', FIN | ACK, 101, 501)],
        [tcp('b', FIN | ACK, 501, 102)],
        [tcp('a', ACK, 102, 502)],
      ],
      ['new', 'established', 'established', 'established', 'established', 'established'],
      ['TIME_WAIT replied assured 120'],
    ],
    [
      'a reset that answers a SYN ends the connection',
      [[syn], [tcp('b', RST | ACK, 0, 101)]],
      ['new', 'established'],
      [],
    ],
    [
      'a reset beside where it is expected leaves five minutes',
      [[syn], [synack], [ack], [tcp('a', ACK, 101, 501)], [tcp('b', RST, 600)]],
      ['new', 'established', 'established', 'established', 'established'],
      ['ESTABLISHED replied assured 300'],
    ],
    [
      'a reset may acknowledge what its own end said last, before the handshake is over',
      [[syn], [synack], [tcp('b', ACK, 501, 101, 10)], [tcp('b', RST | ACK, 900_000, 511)]],
      ['new', 'established', 'established', 'established'],
      ['CLOSE replied new 10'],
    ],
    [
      'a reset where it is expected closes',
      [[syn], [synack], [ack], [tcp('b', RST, 501)]],
      ['new', 'established', 'established', 'established'],
      ['CLOSE replied assured 10'],
    ],
    [
      'a reset before what was acknowledged is invalid',
      [[syn], [synack], [ack], [tcp('b', RST, 400)]],
      ['new', 'established', 'established', 'invalid'],
      ['ESTABLISHED replied assured 432000'],
    ],
    [
      'an ACK before the SYN/ACK is invalid',
      [[syn], [ack]],
      ['new', 'invalid'],
      ['SYN_SENT unreplied new 120'],
    ],
    [
      'a segment beyond the window is invalid',
      [[syn], [synack], [ack], [tcp('a', ACK, 900_000, 501, 10)]],
      ['new', 'established', 'established', 'invalid'],
      ['ESTABLISHED replied assured 432000'],
    ],
    ['a lone ACK is taken up', [[ack]], ['new'], ['ESTABLISHED unreplied new 300']],
    [
      'a SYN after the close begins anew',
      [
        [syn],
        [synack],
        [ack],
        [tcp('a', FIN | ACK, 101, 501)],
        [tcp('b', FIN | ACK, 501, 102)],
        [tcp('a', ACK, 102, 502)],
        [tcp('a', SYN, 9000), 5],
      ],
      ['new', 'established', 'established', 'established', 'established', 'established', 'new'],
      ['SYN_SENT unreplied new 125'],
    ],
    [
      'a SYN/ACK and what goes one byte beyond it',
      [[syn], [synack], [tcp('b', ACK, 502, 101)]],
      ['new', 'established', 'established'],
      ['SYN_RECV replied new 60'],
    ],
    [
      'a reset by the end that sent the SYN answers nothing',
      [[syn], [tcp('b', SYN, 500)], [tcp('b', RST, 502)]],
      ['new', 'established', 'established'],
      ['SYN_SENT2 replied new 120'],
    ],
    [
      'a reset by the other end answers it',
      [[syn], [tcp('b', SYN, 500)], [tcp('a', RST, 103)]],
      ['new', 'established', 'established'],
      ['CLOSE replied new 10'],
    ],
    ['flags no stack sends are invalid', [[tcp('a', SYN | FIN, 1)]], ['invalid'], []],
    [
      'an answer after the time is a stranger',
      [[syn], [synack, 121]],
      ['new', 'invalid'],
      ['SYN_SENT unreplied new 120'],
    ],
  ]
  it.each(cases)('%s', (_, sent, states, held) => {
    const found = talk(sent)
    expect(found.states).toEqual(states)
    expect(found.held).toEqual(held)
  })

  it('does not take up a lone ACK with tcp_loose 0', () => {
    expect(talk([[ack]], { tcpLoose: false }).states).toEqual(['invalid'])
  })

  it('takes a segment beyond the window with tcp_be_liberal', () => {
    const sent: readonly Sent[] = [[syn], [synack], [ack], [tcp('a', ACK, 900_000, 501, 10)]]
    expect(talk(sent, { tcpBeLiberal: true }).states.at(-1)).toBe('established')
  })
})

describe('datagrams and ICMP', () => {
  const cases: readonly (readonly [
    string,
    readonly Sent[],
    readonly string[],
    readonly string[],
  ])[] = [
    [
      'a question and its answer',
      [[udp('a')], [udp('b')]],
      ['new', 'established'],
      ['none replied new 30'],
    ],
    [
      'after two seconds it is a stream',
      [[udp('a')], [udp('b')], [udp('a'), 3]],
      ['new', 'established', 'established'],
      ['none replied assured 123'],
    ],
    [
      'a late answer begins another connection',
      [[udp('a')], [udp('b'), 31]],
      ['new', 'new'],
      ['none unreplied new 30', 'none unreplied new 61'],
    ],
    [
      'a ping and its reply',
      [[icmp({})], [icmp({ type: 0 }, server, client)]],
      ['new', 'established'],
      ['none replied new 30'],
    ],
    ['a reply nobody asked for', [[icmp({ type: 0 })]], ['invalid'], []],
    [
      'another id is another ping',
      [[icmp({ id: 1 })], [icmp({ type: 0, id: 2 }, server, client)]],
      ['new', 'invalid'],
      ['none unreplied new 30'],
    ],
    [
      'an error about a known packet is related',
      [[udp('a')], [icmp({ type: 3, code: 3, inner: udp('a') }, server, client)]],
      ['new', 'related'],
      ['none unreplied new 30'],
    ],
    [
      'an error that goes to another end is invalid',
      [[udp('a')], [icmp({ type: 3, code: 3, inner: udp('a') }, server, '10.0.0.66')]],
      ['new', 'invalid'],
      ['none unreplied new 30'],
    ],
    [
      'an error about nothing is invalid',
      [[icmp({ type: 3, code: 3, inner: udp('a') }, server, client)]],
      ['invalid'],
      [],
    ],
  ]
  it.each(cases)('%s', (_, sent, states, held) => {
    const found = talk(sent)
    expect(found.states).toEqual(states)
    expect(found.held).toEqual(held)
  })
})

describe('helpers', () => {
  const line = (from: 'a' | 'b', text: string, seq: number, other: number): Packet => {
    const packet = tcp(from, ACK, seq, other, text.length)
    const l4 = packet.l4 as Extract<Layer4, { kind: 'tcp' }>
    const ports = from === 'a' ? { sport: 40_000, dport: 21 } : { sport: 21, dport: 40_000 }
    return { ...packet, l4: { ...l4, ...ports, payload: text } }
  }
  const open = [syn, synack, ack].map((packet): Sent => {
    const l4 = packet.l4 as Extract<Layer4, { kind: 'tcp' }>
    return [
      {
        ...packet,
        l4: {
          ...l4,
          sport: l4.sport === 22 ? 21 : l4.sport,
          dport: l4.dport === 22 ? 21 : l4.dport,
        },
      },
    ]
  })
  const data = ipPacket(
    { kind: 'tcp', sport: 40_001, dport: 50_000, flags: SYN },
    { src: client, dst: server },
  )
  const passive = (greeting: string): readonly Sent[] => [
    ...open,
    [line('b', greeting, 501, 101)],
    [line('b', '227 Entering Passive Mode (10,0,0,9,195,80)\r\n', 501 + greeting.length, 101)],
    [data],
  ]

  it('make what FTP announces related, and tie it to its connection', () => {
    const { states, table } = talk(passive('220 hello\r\n'), {}, FTP)
    expect(states.at(-1)).toBe('related')
    expect(entriesOf(table).map(({ id, master, helper }) => [id, master, helper])).toEqual([
      [1, null, 'ftp'],
      [2, 1, null],
    ])
    expect(table.expectations).toEqual([])
  })

  it('read only what begins a line', () => {
    expect(talk(passive('220 hello'), {}, FTP).states.at(-1)).toBe('new')
  })

  it('believe no other address than the speaker’s own', () => {
    const greeting = '220 hello\r\n'
    const sent: readonly Sent[] = [
      ...open,
      [line('b', greeting, 501, 101)],
      [line('b', '227 Entering Passive Mode (10,0,0,66,195,80)\r\n', 501 + greeting.length, 101)],
      [data],
    ]
    expect(talk(sent, {}, FTP).states.at(-1)).toBe('new')
  })

  it('read EPSV and EPRT, and commands in any case', () => {
    const sent = (line_: Packet): readonly Sent[] => [
      ...open,
      [line('b', '220 hello\r\n', 501, 101)],
      [line('a', 'USER x\r\n', 101, 512)],
      [line_],
    ]
    const expects = (line_: Packet): readonly number[] =>
      talk(sent(line_), {}, FTP).table.expectations.map(({ dport }) => dport)
    expect(expects(line('b', '229 here (|||50000|)\r\n', 512, 109))).toEqual([50_000])
    expect(expects(line('b', '229 here (|||0|)\r\n', 512, 109))).toEqual([])
    expect(expects(line('a', 'eprt |1|10.0.0.5|40001|\r\n', 109, 512))).toEqual([40_001])
    expect(expects(line('a', 'EPRT |2|fd00::5|40001|\r\n', 109, 512))).toEqual([])
    expect(expects(line('a', 'port 10,0,0,5,156,65\r\n', 109, 512))).toEqual([40_001])
    expect(expects(line('b', '227 at 10,0,0,9,195,80.\r\n', 512, 109))).toEqual([50_000])
  })

  it('drop what is a part of an announcement, and look at a packet only from its beginning', () => {
    const statesOf = (...lines: readonly Packet[]): readonly string[] =>
      talk(
        [...open, [line('b', '220 hello\r\n', 501, 101)], ...lines.map((one): Sent => [one])],
        {},
        FTP,
      ).states.slice(4)
    expect(statesOf(line('b', '22', 512, 101))).toEqual([
      'established, the helper ftp drops a part of 227',
    ])
    expect(statesOf(line('b', '227 Entering (10,0,0,9', 512, 101))).toEqual([
      'established, the helper ftp drops a part of 227',
    ])
    // of several lines in one packet the first is read, and where the last one ends
    const several = '220-hello\r\n227 (10,0,0,9,195,80)\r\n'
    expect(statesOf(line('b', several, 512, 101), data)).toEqual(['established', 'new'])
    // in the middle of a line anything passes
    expect(statesOf(line('b', '230 so', 512, 101), line('b', '22', 518, 101))).toEqual([
      'established',
      'established',
    ])
  })

  it('drop an announcement another connection has made', () => {
    const other = open.map(([packet]): Sent => {
      const l4 = packet.l4 as Extract<Layer4, { kind: 'tcp' }>
      const [sport, dport] = l4.sport === 40_000 ? [40_002, l4.dport] : [l4.sport, 40_002]
      return [{ ...packet, l4: { ...l4, sport, dport } }]
    })
    const said = (to: number): readonly Sent[] =>
      ['220 hello\r\n', '227 at (10,0,0,9,195,80)\r\n'].map((text, index): Sent => {
        const packet = line('b', text, index === 0 ? 501 : 512, 101)
        return [
          { ...packet, l4: { ...(packet.l4 as Extract<Layer4, { kind: 'tcp' }>), dport: to } },
        ]
      })
    const { states } = talk([...open, ...other, ...said(40_000), ...said(40_002)], {}, FTP)
    expect(states.at(-3)).toBe('established')
    expect(states.at(-1)).toBe(
      'established, the helper drops it: another connection expects the same',
    )
  })

  it('are not there unless a rule gives them', () => {
    expect(talk(passive('220 hello\r\n')).states.at(-1)).toBe('new')
  })

  it('let TFTP answer from another port', () => {
    const ask = ipPacket(
      { kind: 'udp', sport: 40_000, dport: 69, payload: '\0\x01file\0octet\0' },
      { src: client, dst: server },
    )
    const answer = ipPacket(
      { kind: 'udp', sport: 33_000, dport: 40_000 },
      { src: server, dst: client },
    )
    expect(talk([[ask], [answer]], {}, TFTP).states).toEqual(['new', 'related'])
    expect(talk([[ask], [answer]]).states).toEqual(['new', 'new'])
  })
})

describe('for any conversation', () => {
  /** The packets of it, errors with what they quote. */
  const packets = conversation.map(({ version, said }) => {
    const ends = version === 4 ? [client, server] : ['fd00::5', 'fd00::9']
    const all: Packet[] = []
    for (const { from, l4, about } of said) {
      const [src, dst] = from === 'a' ? ends : [ends[1], ends[0]]
      const quoted = about === null ? undefined : all[about]
      const own = quoted === undefined ? l4 : quoting(l4, quoted)
      all.push(ipPacket(own, { src: src ?? '', dst: dst ?? '' }))
    }
    return all
  })

  it('the first packet is what the table of first packets says', () => {
    fc.assert(
      fc.property(packets, ([first]) => {
        if (first === undefined) return
        expect(track(EMPTY_TABLE, first, 0, DEFAULT_SETTINGS)?.state).toBe(stateOf(first))
      }),
    )
  })

  it('each step leaves the table before it as it was, and finds each connection by both tuples', () => {
    fc.assert(
      fc.property(packets, (all) => {
        let table = EMPTY_TABLE
        for (const [index, packet] of all.entries()) {
          const before = JSON.stringify(entriesOf(table).map(showIds))
          const found = track(table, packet, index, DEFAULT_SETTINGS)
          expect(JSON.stringify(entriesOf(table).map(showIds))).toBe(before)
          if (found === null) throw new Error('not known')
          table = confirmed(found).table
          const entries = entriesOf(table)
          expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
          for (const entry of entries)
            for (const tuple of [entry.original, entry.reply])
              expect(findEntry(table, tuple, NO_TEMPLATE, index)?.entry.id).toBe(entry.id)
        }
      }),
    )
  })
})

function showIds({ id, tcp: state, seenReply }: ReturnType<typeof entriesOf>[number]): string {
  return `${id} ${state?.state} ${seenReply}`
}

it('a packet of unknown ends is of no tuple', () => {
  expect(tupleOf(ipPacket({ kind: 'udp', sport: 1, dport: 2 }, { src: 'unknown' }))).toBeNull()
})

describe('zones', () => {
  const zone = (id: number, zoneOf: 'both' | 'original' | 'reply' = 'both'): Template => ({
    ...NO_TEMPLATE,
    zone: id,
    zoneOf,
  })
  /** States of packets that come in zones, and why conntrack lets none into its table. */
  const seen = (...sent: readonly (readonly [Packet, Template])[]): readonly string[] => {
    let table = EMPTY_TABLE
    return sent.map(([packet, template]) => {
      const found = track(table, packet, 0, DEFAULT_SETTINGS, template)
      if (found === null) throw new Error('not known')
      const { tracked, lost } = finished(found, packet, 0)
      table = tracked.table
      return lost === null ? found.state : 'lost'
    })
  }

  it.each<[string, readonly (readonly [Packet, Template])[], readonly string[]]>([
    [
      'are apart',
      [
        [udp('a'), zone(1)],
        [udp('b'), zone(2)],
        [udp('b'), zone(1)],
      ],
      ['new', 'new', 'established'],
    ],
    [
      'of the original direction let answers come without',
      [
        [udp('a'), zone(1, 'original')],
        [udp('b'), NO_TEMPLATE],
      ],
      ['new', 'established'],
    ],
    [
      'of the reply direction ask for them',
      [
        [udp('a'), zone(1, 'reply')],
        [udp('a'), NO_TEMPLATE],
        [udp('b'), zone(1, 'reply')],
      ],
      ['new', 'new', 'established'],
    ],
    [
      'of the original direction give one connection the answers',
      [
        [udp('a'), zone(1, 'original')],
        [udp('a'), zone(2, 'original')],
      ],
      ['new', 'lost'],
    ],
  ])('%s', (_, sent, states) => {
    expect(seen(...sent)).toEqual(states)
  })
})

describe('ICMPv6', () => {
  const six = (
    type: number,
    more: { readonly src?: string; readonly inner?: Packet } = {},
  ): Packet => {
    const { src = 'fe80::1', ...rest } = more
    return ipPacket({ kind: 'icmpv6', type, code: 0, ...rest }, { src, dst: 'fd00::5' })
  }
  const query = ipPacket(
    { kind: 'udp', sport: 1000, dport: 53 },
    { src: 'fd00::5', dst: 'fd00::9' },
  )

  it.each([130, 131, 132, 133, 134, 135, 136, 143, 151, 152])('%i is not tracked', (type) => {
    expect(talk([[six(type)]]).states).toEqual(['untracked'])
  })

  it.each([137, 138, 144, 153, 160])('%i is of no connection', (type) => {
    expect(talk([[six(type)]]).states).toEqual(['invalid'])
  })

  it('a redirect of a router of the link belongs to the packet it is about', () => {
    expect(talk([[query], [six(137, { inner: query })]]).states).toEqual(['new', 'related'])
    expect(talk([[query], [six(137, { inner: query, src: 'fd00::1' })]]).states).toEqual([
      'new',
      'invalid',
    ])
  })
})
