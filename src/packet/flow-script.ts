import { TCP_FLAG } from '../netfilter/packet.ts'
import { isProblem, type Problem, problem, quoted } from './problem.ts'
import { parseTcpFlags, showTcpFlags } from './tcp-flags.ts'

/** What one packet of a conversation carries. */
export type Said =
  | {
      readonly kind: 'tcp'
      readonly flags: number
      readonly data: Data
      /** How far from where the receiver expects it; bytes. */
      readonly seqOff: number
      readonly ackOff: number
      /** As in the header; null: the usual one. */
      readonly window: number | null
    }
  | { readonly kind: 'udp'; readonly data: Data }
  | { readonly kind: 'ping' | 'pong' }
  /** An ICMP error about the last packet of the other end that arrived: its type as for `--icmp-type`. */
  | { readonly kind: 'error'; readonly type: string }

/** Data of a packet: its text, one unit a byte, or only how much. */
export type Data = { readonly length: number; readonly text: string | null }

export type FlowStep =
  | {
      readonly kind: 'packet'
      /** `out` goes the way of the question, `back` the other. */
      readonly direction: 'out' | 'back'
      readonly said: Said
      /** Sent even if what it answers did not arrive. */
      readonly anyway: boolean
      readonly line: number
    }
  | { readonly kind: 'wait'; readonly ms: number; readonly line: number }
  /** The packets that follow are of this connection: with these ports where it is new. */
  | {
      readonly kind: 'connection'
      readonly name: string
      readonly sport: number | null
      readonly dport: number | null
      readonly line: number
    }

/** A mistake in a script, with its place. */
export type ScriptProblem = Problem & { readonly line: number; readonly column: number }

/** The longest script that is read: lines. */
const mostLines = 10_000

/**
 * A conversation, one packet a line: `> syn`, `< syn+ack`, `> data 100`, `> data "PASV\r\n"`, `< udp 40`, `> ping`,
 * `< error port-unreachable`, `wait 31s`, `connection data 50000`. `#` begins a comment. `anyway` after the arrow sends
 * a packet whose cause did not arrive; `seq+5`, `ack-100`, `win=0` put a segment elsewhere. The first mistake ends it.
 */
export function parseScript(text: string): readonly FlowStep[] | ScriptProblem {
  const steps: FlowStep[] = []
  const lines = text.split('\n')
  if (lines.length > mostLines)
    return at(
      problem('query/bad-script', `the script has more than ${mostLines} lines`),
      mostLines,
      1,
    )
  for (const [index, raw] of lines.entries()) {
    const words = wordsOf(raw.replace(/\r$/, ''))
    if (words.length === 0) continue
    const step = parseLine(words, index + 1)
    if (isProblem(step)) return step
    steps.push(step)
  }
  if (!steps.some(({ kind }) => kind === 'packet'))
    return at(problem('query/bad-script', 'the script sends no packet', HOW), 1, 1)
  return steps
}

const HOW = 'a packet is a line such as `> syn`, `< syn+ack`, `> data 100`, `< udp`, `> ping`'

type Word = { readonly text: string; readonly column: number; readonly quoted: boolean }

/** Words of a line; a word in double quotes may hold blanks, `\r`, `\n`, `\xNN`. */
function wordsOf(line: string): readonly Word[] {
  const words: Word[] = []
  const pattern = /"((?:[^"\\]|\\.)*)"|#.*$|[^\s"#]+/g
  for (const found of line.matchAll(pattern)) {
    if (found[0].startsWith('#')) break
    const isQuoted = found[1] !== undefined
    words.push({
      text: isQuoted ? unescaped(found[1] ?? '') : found[0],
      column: (found.index ?? 0) + 1,
      quoted: isQuoted,
    })
  }
  return words
}

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_, hex: string | undefined, char: string) =>
    hex !== undefined
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : ({ r: '\r', n: '\n', t: '\t', '0': '\0' }[char] ?? char),
  )
}

function at(found: Problem, line: number, column: number): ScriptProblem {
  return { ...found, message: `line ${line}, column ${column}: ${found.message}`, line, column }
}

function parseLine(words: readonly Word[], line: number): FlowStep | ScriptProblem {
  const [first, second] = words
  const wrong = (word: Word | undefined, message: string, help = HOW): ScriptProblem =>
    at(problem('query/bad-script', message, help), line, word?.column ?? 1)
  switch (first?.text) {
    case 'wait': {
      const ms = durationOf(second?.text ?? '')
      return ms === null || words.length > 2
        ? wrong(
            second ?? first,
            'a wait is a number with its unit',
            'for example `wait 31s`, `wait 500ms`, `wait 5m`, `wait 2h`',
          )
        : { kind: 'wait', ms, line }
    }
    case 'connection': {
      const ports = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(words[2]?.text ?? '')
      const numbers = [ports?.[1], ports?.[2]].map((port) =>
        port === undefined ? null : Number(port),
      )
      const [sport = null, dport = null] = numbers
      const isBad = [sport, dport].some((port) => port !== null && (port < 1 || port > 65_535))
      if (
        second === undefined ||
        words.length > 3 ||
        isBad ||
        (words.length === 3 && ports === null)
      )
        return wrong(
          words[2] ?? first,
          'a connection is a name, and ports where it is new',
          'for example `connection data 50000`, `connection data 20:50000`, `connection control`',
        )
      return { kind: 'connection', name: second.text, sport, dport, line }
    }
    case '>':
    case '<':
      return parsePacket(first.text === '>' ? 'out' : 'back', words.slice(1), line, wrong)
    default:
      return wrong(
        first,
        `${quoted(first?.text ?? '')} begins no line of a script`,
        `${HOW}; or \`wait 31s\``,
      )
  }
}

type Wrong = (word: Word | undefined, message: string, help?: string) => ScriptProblem

function parsePacket(
  direction: 'out' | 'back',
  words: readonly Word[],
  line: number,
  wrong: Wrong,
): FlowStep | ScriptProblem {
  const anyway = words[0]?.text === 'anyway'
  const [what, ...rest] = anyway ? words.slice(1) : words
  if (what === undefined) return wrong(undefined, 'nothing is sent')
  const said = saidBy(what, rest, wrong)
  return isProblem(said) ? said : { kind: 'packet', direction, said, anyway, line }
}

function saidBy(what: Word, rest: readonly Word[], wrong: Wrong): Said | ScriptProblem {
  const name = what.text.toLowerCase()
  if (name === 'ping' || name === 'pong')
    return rest.length === 0 ? { kind: name } : wrong(rest[0], `nothing follows ${name}`)
  if (name === 'error') {
    const [type] = rest
    if (type === undefined || rest.length > 1)
      return wrong(type ?? what, 'an error has a type', 'for example `< error port-unreachable`')
    return { kind: 'error', type: type.text }
  }
  if (name === 'udp') {
    const data = dataOf(rest[0])
    return data === null || rest.length > 1
      ? wrong(rest[0], 'a datagram has a number of bytes or a text in quotes')
      : { kind: 'udp', data }
  }
  const isData = name === 'data'
  const flags = isData ? TCP_FLAG.ACK | TCP_FLAG.PSH : flagsOf(name)
  if (flags === null) return wrong(what, `${quoted(what.text)} is no packet`)
  const data = isData ? dataOf(rest[0]) : NO_DATA
  if (data === null || (isData && rest.length === 0))
    return wrong(rest[0] ?? what, 'data is a number of bytes or a text in quotes')
  let [seqOff, ackOff] = [0, 0]
  let window: number | null = null
  for (const word of isData ? rest.slice(1) : rest) {
    const found = /^(?:(seq|ack)([+-]\d{1,10})|win=(\d{1,5}))$/.exec(word.text)
    if (found === null || Number(found[3] ?? 0) > 65_535)
      return wrong(
        word,
        `${quoted(word.text)} says nothing about a segment`,
        'for example `seq+100`, `ack-1`, `win=0`',
      )
    if (found[1] === 'seq') seqOff = Number(found[2])
    else if (found[1] === 'ack') ackOff = Number(found[2])
    else window = Number(found[3])
  }
  return { kind: 'tcp', flags, data, seqOff, ackOff, window }
}

const NO_DATA: Data = { length: 0, text: null }

/** Words for the segments a connection is made of; ACK is part of all but the first. */
const SEGMENTS: Readonly<Record<string, number>> = {
  syn: TCP_FLAG.SYN,
  'syn+ack': TCP_FLAG.SYN | TCP_FLAG.ACK,
  ack: TCP_FLAG.ACK,
  fin: TCP_FLAG.FIN | TCP_FLAG.ACK,
  rst: TCP_FLAG.RST,
  'rst+ack': TCP_FLAG.RST | TCP_FLAG.ACK,
}

function flagsOf(name: string): number | null {
  const known = SEGMENTS[name]
  if (known !== undefined) return known
  if (!name.startsWith('flags=')) return null
  return parseTcpFlags(name.slice(6))
}

function dataOf(word: Word | undefined): Data | null {
  if (word === undefined) return { length: 8, text: null }
  if (word.quoted) return { length: word.text.length, text: word.text }
  return /^\d{1,4}$/.test(word.text) && Number(word.text) <= 1400
    ? { length: Number(word.text), text: null }
    : null
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

function durationOf(text: string): number | null {
  const found = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  return found === null ? null : Number(found[1]) * (UNITS[found[2] ?? ''] ?? 0)
}

/** A step as a line that is read as the same step. */
export function showStep(step: FlowStep): string {
  switch (step.kind) {
    case 'wait':
      return `wait ${showDuration(step.ms)}`
    case 'connection': {
      const { name, sport, dport } = step
      if (dport === null) return `connection ${name}`
      return `connection ${name} ${sport === null ? '' : `${sport}:`}${dport}`
    }
    default:
      return `${step.direction === 'out' ? '>' : '<'} ${step.anyway ? 'anyway ' : ''}${showSaid(step.said)}`
  }
}

/** `syn+ack`, `data 100`, `udp "x"`, `error port-unreachable`. */
export function showSaid(said: Said): string {
  switch (said.kind) {
    case 'tcp': {
      const { flags, data, seqOff, ackOff, window } = said
      const isData = flags === (TCP_FLAG.ACK | TCP_FLAG.PSH)
      const known = Object.entries(SEGMENTS).find(([, bits]) => bits === flags)?.[0]
      const off = (name: string, by: number): string =>
        by === 0 ? '' : ` ${name}${by > 0 ? '+' : ''}${by}`
      return [
        isData ? `data ${showData(data)}` : (known ?? `flags=${showTcpFlags(flags).toLowerCase()}`),
        off('seq', seqOff),
        off('ack', ackOff),
        window === null ? '' : ` win=${window}`,
      ].join('')
    }
    case 'udp':
      return `udp ${showData(said.data)}`
    case 'error':
      return `error ${said.type}`
    default:
      return said.kind
  }
}

function showData({ length, text }: Data): string {
  if (text === null) return String(length)
  const shown = text.replace(/[\\"]|[^ -~]/g, (char) => {
    const known = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\', '"': '\\"' }[char]
    return known ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${shown}"`
}

function showDuration(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    const size = UNITS[unit] ?? 1
    if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}
