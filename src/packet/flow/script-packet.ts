import { parseAddr } from '../../ip/address.ts'
import { TCP_FLAG } from '../../netfilter/packet.ts'
import { nearest } from '../../source/nearest.ts'
import { familiesOfIcmpType, icmpTypeNames } from '../icmp-types.ts'
import { quoted } from '../problem.ts'
import { parseTcpFlags } from '../tcp-flags.ts'
import { type Bad, bad, isBad, type Word } from './script-words.ts'
import type { Connection, PacketFacts, PacketStep, SegmentFacts, Shift } from './step.ts'

/** Longest segment: what an IPv4 packet can carry. */
const longestSegment = 65_495

/** Words that say what a packet is; flags may be joined by `+`. */
export const WORDS_OF_A_PACKET: readonly string[] = [
  ...Object.keys(TCP_FLAG).map((flag) => flag.toLowerCase()),
  ...['syn+ack', 'fin+ack', 'rst+ack', 'none', 'data', 'udp', 'ping', 'pong', 'icmp', 'packet'],
]

/** The options of each kind of packet; `unseen` goes with all. */
const OPTIONS: Readonly<Record<PacketFacts['kind'], readonly string[]>> = {
  tcp: ['seq=', 'ack=', 'window=', 'wscale=', 'sack=', 'again', 'unseen'],
  udp: ['unseen'],
  echo: ['id=', 'unseen'],
  icmp: ['src=', 'unseen'],
  packet: ['unseen'],
}

/** What follows `>` or `<`: `@data syn+ack seq=+5`. */
export function readPacketLine(
  way: Word,
  rest: readonly Word[],
  connections: ReadonlyMap<string, Connection>,
): PacketStep | Bad {
  const [named] = rest
  const isNamed = named?.text.startsWith('@') === true
  const name = isNamed ? named.text.slice(1) : null
  if (isNamed && name !== null && !connections.has(name)) return noConnection(named, connections)
  const read = readWhat(way, isNamed ? rest.slice(1) : rest)
  if (isBad(read)) return read
  const proto = name === null ? null : (connections.get(name)?.proto ?? null)
  if (proto !== null && read.what.kind !== proto && read.what.kind !== 'icmp')
    return bad(
      'flow/mixed-protocols',
      named?.span ?? way.span,
      `connection ${quoted(name ?? '')} is ${proto}, which this packet is not`,
    )
  return {
    kind: 'packet',
    direction: way.text.startsWith('>') ? 'forth' : 'back',
    connection: name,
    forced: way.text.endsWith('!'),
    ...read,
  }
}

function noConnection(word: Word, connections: ReadonlyMap<string, Connection>): Bad {
  const near = nearest(word.text.slice(1), connections.keys())
  return bad(
    'flow/unknown-connection',
    word.span,
    `no line above describes a connection ${quoted(word.text.slice(1))}`,
    near.length > 0
      ? `did you mean \`@${near.join('`, `@')}\`?`
      : 'describe it first: `connection data > 49153 -> 40000/tcp`',
  )
}

type Read = { readonly what: PacketFacts; readonly unseen: boolean }

function readWhat(way: Word, words: readonly Word[]): Read | Bad {
  const [first, second] = words
  if (first === undefined)
    return bad('flow/bad-packet', way.span, 'what is sent?', 'write `> syn`, `< data 100`, `> udp`')
  switch (first.text) {
    case 'data':
      return readSegment(first, TCP_FLAG.PSH | TCP_FLAG.ACK, words.slice(1))
    case 'udp': {
      const payload = second?.string ?? null
      const options = readOptions({ kind: 'udp', payload }, words.slice(payload === null ? 1 : 2))
      return options
    }
    case 'ping':
    case 'pong':
      return readOptions({ kind: 'echo', reply: first.text === 'pong', id: null }, words.slice(1))
    case 'icmp':
      if (second === undefined || familiesOfIcmpType(second.text).length === 0)
        return badIcmpType(first, second)
      return readOptions({ kind: 'icmp', type: second.text, src: null }, words.slice(2))
    case 'packet':
      return readOptions({ kind: 'packet' }, words.slice(1))
    default: {
      const flags = flagsOf(first)
      return flags === null ? notAPacket(first) : readSegment(first, flags, words.slice(1))
    }
  }
}

/** `syn+ack`; single letters are left to `--flags`: `a` alone is too likely a slip. */
function flagsOf({ text }: Word): number | null {
  const isSpeltOut =
    text === 'none' || text.split('+').every((flag) => Object.hasOwn(TCP_FLAG, flag.toUpperCase()))
  return isSpeltOut ? parseTcpFlags(text) : null
}

function notAPacket(word: Word): Bad {
  const near = nearest(word.text, WORDS_OF_A_PACKET)
  return bad(
    'flow/bad-packet',
    word.span,
    `${quoted(word.text)} is no packet`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : 'write TCP flags (`syn+ack`), `data 100`, `udp`, `ping`, `pong`, `icmp port-unreachable` or `packet`',
  )
}

function badIcmpType(first: Word, type: Word | undefined): Bad {
  if (type === undefined)
    return bad('flow/bad-packet', first.span, 'which ICMP type?', 'write `icmp port-unreachable`')
  const near = nearest(type.text, [...icmpTypeNames(4), ...icmpTypeNames(6)])
  return bad(
    'flow/bad-packet',
    type.span,
    `${quoted(type.text)} is not an ICMP type`,
    near.length > 0 ? `did you mean \`${near.join('`, `')}\`?` : null,
  )
}

function readSegment(first: Word, flags: number, rest: readonly Word[]): Read | Bad {
  const [size] = rest
  const payload = size?.string ?? null
  const bytes = size !== undefined && /^\d+$/.test(size.text) ? Number(size.text) : null
  const length = payload?.length ?? bytes ?? 0
  if (length > longestSegment)
    return bad(
      'flow/bad-number',
      size?.span ?? first.span,
      `a packet carries at most ${longestSegment} bytes`,
    )
  const what: SegmentFacts = {
    kind: 'tcp',
    flags,
    length: size === undefined || (payload === null && bytes === null) ? defaultOf(first) : length,
    payload,
    again: false,
    seq: null,
    ack: null,
    window: null,
    windowScale: null,
    sackPermitted: null,
  }
  return readOptions(what, payload === null && bytes === null ? rest : rest.slice(1))
}

/** `data` without a size carries something. */
function defaultOf({ text }: Word): number {
  return text === 'data' ? 1 : 0
}

function readOptions(start: PacketFacts, words: readonly Word[]): Read | Bad {
  let what = start
  let unseen = false
  const said = new Set<string>()
  for (const word of words) {
    const equals = word.text.indexOf('=')
    const name = equals === -1 ? word.text : word.text.slice(0, equals + 1)
    if (word.string !== null || !OPTIONS[what.kind].includes(name))
      return noOption(word, name, what.kind)
    if (said.has(name))
      return bad('flow/bad-option', word.span, `${quoted(name)} is said twice`, 'leave one out')
    said.add(name)
    if (name === 'unseen') {
      unseen = true
      continue
    }
    const read = withOption(what, name, word.text.slice(equals + 1))
    if (read === null)
      return bad('flow/bad-option', word.span, `${quoted(word.text)} makes no sense`, HELP[name])
    what = read
  }
  return { what, unseen }
}

function noOption(word: Word, name: string, kind: PacketFacts['kind']): Bad {
  const near = nearest(name, OPTIONS[kind])
  return bad(
    'flow/bad-option',
    word.span,
    `${quoted(word.text)} says nothing about this packet`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : `known here: ${OPTIONS[kind].join(', ')}`,
  )
}

const HELP: Readonly<Record<string, string>> = {
  'seq=': 'write `seq=+100` (off by that much from the right one) or `seq=12345`',
  'ack=': 'write `ack=-100` (off by that much from the right one) or `ack=12345`',
  'window=': 'a window is 0..65535, as in the header',
  'wscale=': 'write `wscale=7`, 0..14, or `wscale=none`',
  'sack=': 'write `sack=yes` or `sack=no`',
  'id=': 'an id is 0..65535',
  'src=': 'write an address',
}

/** A packet with one option more; null: its value makes no sense. */
function withOption(what: PacketFacts, name: string, value: string): PacketFacts | null {
  switch (what.kind) {
    case 'tcp':
      return withSegmentOption(what, name, value)
    case 'echo': {
      const id = readNumber(value, 65_535)
      return id === null ? null : { ...what, id }
    }
    case 'icmp':
      return parseAddr(value) === null ? null : { ...what, src: value }
    default:
      return null
  }
}

function withSegmentOption(what: SegmentFacts, name: string, value: string): SegmentFacts | null {
  switch (name) {
    case 'again':
      return { ...what, again: true }
    case 'seq=': {
      const seq = readShift(value)
      return seq === null ? null : { ...what, seq }
    }
    case 'ack=': {
      const ack = readShift(value)
      return ack === null ? null : { ...what, ack }
    }
    case 'window=': {
      const window = readNumber(value, 65_535)
      return window === null ? null : { ...what, window }
    }
    case 'wscale=': {
      const windowScale = value === 'none' ? -1 : readNumber(value, 14)
      return windowScale === null ? null : { ...what, windowScale }
    }
    default:
      return value === 'yes' || value === 'no' ? { ...what, sackPermitted: value === 'yes' } : null
  }
}

function readShift(text: string): Shift | null {
  const value = readNumber(text.replace(/^[+-]/, ''), 0xffff_ffff)
  if (value === null) return null
  if (/^\d/.test(text)) return { kind: 'is', value }
  return { kind: 'off-by', value: text.startsWith('-') && value !== 0 ? -value : value }
}

function readNumber(text: string, most: number): number | null {
  return /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : null
}
