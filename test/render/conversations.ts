import { parseAddr } from '../../src/ip/address.ts'
import type { ConntrackEntry, TcpState } from '../../src/netfilter/conntrack.ts'
import type { FlowAnswer, ShownFate, ShownPacket } from '../../src/render/flow-view.ts'
import { names } from './build.ts'
import { SITUATIONS } from './situations.ts'

/** Hand-built conversations: what a runner would return, without one. */

const bits = (text: string): bigint => parseAddr(text)?.bits ?? 0n

export function entry(more: Partial<ConntrackEntry> = {}): ConntrackEntry {
  const [src, dst] = [bits('192.168.1.53'), bits('192.168.1.105')]
  const tuple = { version: 4, src, dst, proto: 6, sport: 49_152, dport: 80 } as const
  return {
    id: 1,
    zone: 0,
    zoneOf: 'both',
    original: tuple,
    reply: { ...tuple, src: dst, dst: src, sport: 80, dport: 49_152 },
    seenReply: false,
    assured: false,
    confirmed: true,
    dying: false,
    tcp: tcp('SYN_SENT'),
    sctp: null,
    dccp: null,
    udpStreamAt: null,
    mark: 0,
    helper: null,
    lineStarts: [[], []],
    master: null,
    expiresAt: 120_000,
    ...more,
  }
}

export function tcp(state: TcpState): NonNullable<ConntrackEntry['tcp']> {
  return {
    state,
    windows: null,
    lastDirection: 'original',
    lastIndex: 'syn',
    lastSeq: 0,
    lastAck: 0,
    lastEnd: 0,
    lastWindow: 0,
    lastScale: 0,
    lastFlags: 0,
    retransmissions: 0,
  }
}

function packet(number: number, name: string, fate: ShownFate, at = 0): ShownPacket {
  const direction = number % 2 === 1 ? 'forth' : 'back'
  const word = name.replace('/', ',')
  const line = `${direction === 'forth' ? '>' : '<'} ${name.toLowerCase().replace('/', '+')}`
  return { kind: 'packet', number, at, direction, connection: null, name, word, line, fate }
}

const answered = entry({ tcp: tcp('SYN_RECV'), seenReply: true, expiresAt: 60_000 })
const expectation = {
  zone: 0,
  master: 1,
  version: 4,
  proto: 6,
  src: bits('192.168.1.53'),
  dst: bits('192.168.1.105'),
  sport: null,
  dport: 40_000,
  helper: null,
  expiresAt: 300_000,
} as const

const unfiltered = SITUATIONS.unfiltered
const base: FlowAnswer = {
  backend: 'iptables',
  node: 'pve1',
  headline: SITUATIONS.droppedByRule.headline,
  verdict: 'accept',
  failure: null,
  filled: [{ field: 'sport', value: '49152', why: 'a port of the dynamic range' }],
  remarks: [],
  events: [],
  tables: [],
  now: 0,
  anew: null,
  diagnostics: [],
  names,
}

const lost: FlowAnswer = {
  ...base,
  verdict: 'drop',
  failure: { number: 1, text: 'the SYN is dropped by 105.fw:7; the connection never begins' },
  events: [
    packet(1, 'SYN', {
      kind: 'walked',
      answer: SITUATIONS.droppedByRule,
      changes: [],
      failure: 'the SYN is dropped by 105.fw:7; the connection never begins',
    }),
    packet(2, 'SYN/ACK', { kind: 'not-sent', why: 'the SYN never came' }),
    packet(3, 'ACK', { kind: 'not-sent', why: 'the SYN/ACK before was not sent' }),
  ],
  tables: [{ node: 'pve1', entries: [], expectations: [] }],
}

const through: FlowAnswer = {
  ...base,
  remarks: ['conntrack of pve1 starts with the 1 connections of dump'],
  events: [
    packet(1, 'SYN', {
      kind: 'walked',
      answer: unfiltered,
      changes: [{ node: 'pve1', kind: 'new', entry: entry() }],
      failure: null,
    }),
    packet(2, 'SYN/ACK', {
      kind: 'walked',
      answer: unfiltered,
      changes: [
        { node: 'pve1', kind: 'changed', before: entry(), entry: answered },
        { node: 'pve1', kind: 'expects', expectation },
      ],
      failure: null,
    }),
    packet(3, 'ACK', { kind: 'unseen' }),
    {
      kind: 'wait',
      at: 90_500,
      ms: 90_500,
      changes: [{ node: 'pve1', kind: 'gone', entry: answered, why: 'expired' }],
    },
    { kind: 'configuration', at: 90_500, name: './new' },
    packet(
      4,
      'data (100 bytes)',
      {
        kind: 'walked',
        answer: unfiltered,
        changes: [
          {
            node: 'pve1',
            kind: 'changed',
            before: answered,
            entry: { ...answered, expiresAt: 500_000 },
          },
          { node: 'pve1', kind: 'expects-no-more', expectation, why: 'removed' },
        ],
        failure: null,
      },
      90_500,
    ),
  ],
  tables: [{ node: 'pve1', entries: [answered], expectations: [expectation] }],
  anew: lost,
}

export const CONVERSATIONS: Readonly<Record<string, FlowAnswer>> = { lost, through }
