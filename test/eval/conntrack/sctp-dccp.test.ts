import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../../src/eval/conntrack/settings.ts'
import { EMPTY_TABLE, entriesOf } from '../../../src/eval/conntrack/table.ts'
import { confirmed, track } from '../../../src/eval/conntrack/track.ts'
import { protocolState } from '../../../src/netfilter/conntrack.ts'
import { DCCP_TYPE, type Layer4, type Packet, SCTP_CHUNK } from '../../../src/netfilter/packet.ts'
import { ipPacket } from '../../support/kernel-builders.ts'

type From = 'a' | 'b'
const TAGS = { a: 0x1111, b: 0x2222 } as const

/** Packets of one connection in turn: what conntrack says of each and the state after it; at the end what is held. */
function talk(packets: readonly Packet[]): {
  readonly states: readonly string[]
  readonly held: readonly string[]
} {
  let table = EMPTY_TABLE
  const states = packets.map((packet) => {
    const found = track(table, packet, 0, DEFAULT_SETTINGS)
    if (found === null) throw new Error('not known')
    table = confirmed(found).table
    const [entry] = entriesOf(table)
    return `${found.state} ${entry === undefined ? '-' : protocolState(entry)}`
  })
  const held = entriesOf(table).map(
    ({ assured, expiresAt }) => `${assured ? 'assured' : 'new'} ${expiresAt / 1000}`,
  )
  return { states, held }
}

function between(from: From, l4: (sport: number, dport: number) => Layer4): Packet {
  const [src, dst] = from === 'a' ? ['10.0.0.5', '10.0.0.9'] : ['10.0.0.9', '10.0.0.5']
  return ipPacket(from === 'a' ? l4(40_000, 2905) : l4(2905, 40_000), { src, dst })
}

describe('SCTP', () => {
  /** Chunks with the tag the other end chose, or another. */
  const sctp = (from: From, names: readonly (keyof typeof SCTP_CHUNK)[], tag?: number): Packet =>
    between(from, (sport, dport) => ({
      kind: 'sctp',
      sport,
      dport,
      packet: {
        tag: tag ?? (names[0] === 'init' ? 0 : TAGS[from === 'a' ? 'b' : 'a']),
        chunks: names.map((name) => ({
          type: SCTP_CHUNK[name],
          isReflected: false,
          initTag: name === 'init' || name === 'initAck' ? TAGS[from] : 0,
        })),
      },
    }))
  const opening = [
    sctp('a', ['init']),
    sctp('b', ['initAck']),
    sctp('a', ['cookieEcho', 'data']),
    sctp('b', ['cookieAck', 'data']),
  ]
  const opened = [
    'new CLOSED',
    'established COOKIE_WAIT',
    'established COOKIE_ECHOED',
    'established ESTABLISHED',
  ]

  it('four packets establish an association', () => {
    expect(talk(opening)).toEqual({ states: opened, held: ['assured 210'] })
  })

  it.each<[string, readonly Packet[], readonly string[], string]>([
    [
      'data with another tag is of none',
      [sctp('a', ['data'], 7)],
      ['invalid ESTABLISHED'],
      'assured 210',
    ],
    [
      'a shutdown',
      [sctp('a', ['shutdown']), sctp('b', ['shutdownAck']), sctp('a', ['shutdownComplete'])],
      ['established SHUTDOWN_SENT', 'established SHUTDOWN_ACK_SENT', 'established CLOSED'],
      'assured 10',
    ],
    ['an abort', [sctp('b', ['abort'])], ['established CLOSED'], 'assured 10'],
    [
      'an abort with another tag',
      [sctp('b', ['abort'], 7)],
      ['invalid ESTABLISHED'],
      'assured 210',
    ],
    [
      'chunks that must stand alone',
      [sctp('a', ['init', 'data'])],
      ['invalid ESTABLISHED'],
      'assured 210',
    ],
    [
      'a heartbeat with another tag passes, and its answer renews the tags',
      [sctp('a', ['heartbeat'], 7), sctp('b', ['heartbeatAck'], 8), sctp('b', ['data'], 8)],
      ['established ESTABLISHED', 'established ESTABLISHED', 'established ESTABLISHED'],
      'assured 210',
    ],
  ])('%s', (_, more, states, held) => {
    const { states: all, held: kept } = talk([...opening, ...more])
    expect([all.slice(4), kept]).toEqual([states, [held]])
  })

  it.each<[string, Packet, string]>([
    ['an INIT with a tag', sctp('a', ['init'], 7), 'invalid -'],
    ['data', sctp('a', ['data']), 'invalid -'],
    ['an abort', sctp('a', ['abort']), 'invalid -'],
    ['a heartbeat', sctp('a', ['heartbeat']), 'new HEARTBEAT_SENT'],
    ['an acknowledged shutdown', sctp('a', ['shutdownAck']), 'new SHUTDOWN_ACK_SENT'],
  ])('out of the blue: %s', (_, packet, state) => {
    expect(talk([packet]).states).toEqual([state])
  })

  it('an INIT that comes again keeps nothing alive', () => {
    let { table } = confirmed(
      track(EMPTY_TABLE, sctp('a', ['init']), 0, DEFAULT_SETTINGS) ?? fail(),
    )
    table = (track(table, sctp('a', ['init']), 5000, DEFAULT_SETTINGS) ?? fail()).table
    expect(entriesOf(table).map(({ expiresAt }) => expiresAt)).toEqual([10_000])
  })

  it('a packet nobody says more of is what comes next', () => {
    const any = (from: From) => between(from, (sport, dport) => ({ kind: 'sctp', sport, dport }))
    expect(talk([any('a'), any('b'), any('a'), any('b'), any('a')]).states).toEqual([
      ...opened,
      'established ESTABLISHED',
    ])
  })
})

describe('DCCP', () => {
  const dccp = (from: From, type: keyof typeof DCCP_TYPE, seq = 1, ack = 0): Packet =>
    between(from, (sport, dport) => ({
      kind: 'dccp',
      sport,
      dport,
      packet: { type: DCCP_TYPE[type], seq, ack },
    }))
  const opening = [dccp('a', 'request'), dccp('b', 'response', 70), dccp('a', 'ack', 2, 70)]

  it.each<[string, readonly Packet[], readonly string[], readonly string[]]>([
    [
      'three packets establish a connection',
      [...opening, dccp('b', 'dataAck')],
      ['new REQUEST', 'established RESPOND', 'established PARTOPEN', 'established OPEN'],
      ['assured 43200'],
    ],
    [
      'an ACK of another number assures nothing',
      [...opening.slice(0, 2), dccp('a', 'ack', 2, 71)],
      ['new REQUEST', 'established RESPOND', 'established PARTOPEN'],
      ['new 480'],
    ],
    [
      'data needs an open connection',
      [...opening.slice(0, 1), dccp('a', 'data')],
      ['new REQUEST', 'invalid REQUEST'],
      ['new 240'],
    ],
    [
      'a reset that is the only answer ends it',
      [...opening.slice(0, 1), dccp('b', 'reset')],
      ['new REQUEST', 'established -'],
      [],
    ],
    [
      'the side that asks anew becomes the client',
      [...opening, dccp('b', 'reset'), dccp('b', 'request'), dccp('a', 'response')],
      [
        'new REQUEST',
        'established RESPOND',
        'established PARTOPEN',
        'established TIMEWAIT',
        'established REQUEST',
        'established RESPOND',
      ],
      ['assured 480'],
    ],
    ['nothing but a REQUEST begins one', [dccp('a', 'dataAck')], ['invalid -'], []],
  ])('%s', (_, packets, states, held) => {
    expect(talk(packets)).toEqual({ states, held })
  })

  it('a packet nobody says more of is what comes next', () => {
    const any = (from: From) => between(from, (sport, dport) => ({ kind: 'dccp', sport, dport }))
    expect(talk([any('a'), any('b'), any('a'), any('b')]).states.at(-1)).toBe('established OPEN')
  })
})

function fail(): never {
  throw new Error('not known')
}
