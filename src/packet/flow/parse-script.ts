import type { Diagnostic, Parsed } from '../../source/diagnostic.ts'
import { diagnostic } from '../../source/diagnostic.ts'
import { nearest } from '../../source/nearest.ts'
import { lineSpan, type SourceFile, type Span } from '../../source/source-file.ts'
import { quoted } from '../problem.ts'
import { readPacketLine, WORDS_OF_A_PACKET } from './script-packet.ts'
import { type Bad, bad, isBad, type Word, wordsOf } from './script-words.ts'
import type { Connection, Script, Step } from './step.ts'

/** Most steps of a script, and its longest text: bounds for hostile files. */
const mostSteps = 1000
const longestScript = 1 << 18

/** Longest wait: ten years. */
const longestWait = 10 * 365 * 86_400_000

/**
 * Reads a script, one step a line:
 *
 *     script     = { [ packet | wait | connection ] [ "#" COMMENT ] NEWLINE }
 *     packet     = ( ">" | "<" ) [ "!" ] [ "@" NAME ] what { option }
 *     what       = FLAG { "+" FLAG } [ BYTES | STRING ] | "data" [ BYTES | STRING ] | "udp" [ STRING ]
 *                | "ping" | "pong" | "icmp" TYPE | "packet"
 *     option     = "seq=" N | "ack=" N | "window=" N | "wscale=" ( N | "none" ) | "sack=" ( "yes" | "no" )
 *                | "again" | "id=" N | "src=" ADDRESS | "unseen"
 *     wait       = "wait" NUMBER ( "ms" | "s" | "m" | "h" | "d" )
 *     connection = "connection" NAME ( ">" | "<" ) PORT "->" PORT "/" ( "tcp" | "udp" )
 *
 * Wrong lines become complaints with their place; the others are read all the same.
 */
export function parseScript(file: SourceFile): Parsed<Script> {
  const diagnostics: Diagnostic[] = []
  const script = { connections: new Map<string, Connection>(), steps: [] as Step[] }
  if (file.text.length > longestScript)
    return { value: EMPTY, diagnostics: [tooLong(lineSpan(file, 1))] }
  for (let line = 1; line <= file.lineStarts.length; line += 1) {
    const span = lineSpan(file, line)
    const words = wordsOf(file, span.start, span.end)
    const read = isBad(words) ? words : readLine(words, script.connections)
    if (read === null) continue
    if (isBad(read)) diagnostics.push(read.diagnostic)
    else if ('opens' in read) script.connections.set(read.name, read)
    else if (script.steps.length >= mostSteps) {
      diagnostics.push(tooLong(span))
      break
    } else script.steps.push(read)
  }
  if (diagnostics.length === 0 && !script.steps.some(({ kind }) => kind === 'packet'))
    diagnostics.push(
      diagnostic('error', 'flow/empty', null, `${file.path} sends no packet`, {
        help: 'a packet is a line such as `> syn` or `< udp`',
      }),
    )
  return {
    value: { connections: [...script.connections.values()], steps: script.steps },
    diagnostics,
  }
}

const EMPTY: Script = { connections: [], steps: [] }

function tooLong(span: Span): Diagnostic {
  return diagnostic('error', 'flow/too-long', span, `a script has at most ${mostSteps} steps`)
}

/** Null: the line says nothing. */
function readLine(
  words: readonly Word[],
  connections: ReadonlyMap<string, Connection>,
): Step | Connection | Bad | null {
  const [first, ...rest] = words
  if (first === undefined) return null
  switch (first.text) {
    case 'wait':
      return readWait(first, rest)
    case 'connection':
      return readConnection(first, rest, connections)
    case '>':
    case '<':
    case '>!':
    case '<!':
      return readPacketLine(first, rest, connections)
    default:
      return notALine(first)
  }
}

function notALine(first: Word): Bad {
  const glued = /^[<>]!?./.exec(first.text)
  const near = nearest(first.text, ['wait', 'connection'])
  const isPacket = WORDS_OF_A_PACKET.includes(first.text.toLowerCase())
  return bad(
    'flow/bad-line',
    first.span,
    `${quoted(first.text)} begins no line of a script`,
    glued !== null
      ? 'leave a blank after `>` and `<`'
      : near.length > 0
        ? `did you mean \`${near.join('`, `')}\`?`
        : isPacket
          ? `say which way it goes: \`> ${first.text}\` or \`< ${first.text}\``
          : 'a line begins with `>` (forth), `<` (back), `wait` or `connection`',
  )
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `31s`, `1.5m`, `200ms`, in milliseconds; null: not a time of less than ten years. */
export function parseTime(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  const ms = match === null ? null : Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0))
  return ms === null || ms > longestWait ? null : ms
}

function readWait(first: Word, rest: readonly Word[]): Step | Bad {
  const [time, more] = rest
  if (time === undefined)
    return bad('flow/bad-time', first.span, 'wait how long?', 'write `wait 31s`')
  const ms = parseTime(time.text)
  if (ms === null)
    return bad(
      'flow/bad-time',
      time.span,
      `${quoted(time.text)} is no time to wait`,
      'write `200ms`, `31s`, `10m`, `2h` or `5d`, ten years at most',
    )
  return more === undefined ? { kind: 'wait', ms } : surplus(more)
}

/** `connection data > 49153 -> 40000/tcp`. */
function readConnection(
  first: Word,
  rest: readonly Word[],
  connections: ReadonlyMap<string, Connection>,
): Connection | Bad {
  const [name, way, sport, arrow, dport, more] = rest
  const match = /^(\d{1,5})\/(tcp|udp)$/.exec(dport?.text ?? '')
  const ports = [Number(sport?.text), Number(match?.[1])]
  const isWhole =
    name !== undefined &&
    (way?.text === '>' || way?.text === '<') &&
    /^\d{1,5}$/.test(sport?.text ?? '') &&
    arrow?.text === '->' &&
    match !== null &&
    ports.every((port) => port <= 65_535)
  if (!isWhole)
    return bad(
      'flow/bad-connection',
      spanning(first, rest.at(-1) ?? first),
      'this does not describe a connection',
      'write `connection data > 49153 -> 40000/tcp`: its name, who opens it, ports of what goes forth',
    )
  if (more !== undefined) return surplus(more)
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name.text))
    return bad(
      'flow/bad-connection',
      name.span,
      `${quoted(name.text)} is no name of a connection`,
      'a name has small letters, digits and dashes',
    )
  if (connections.has(name.text))
    return bad(
      'flow/bad-connection',
      name.span,
      `there is a connection ${quoted(name.text)} already`,
      'give this one another name',
    )
  return {
    name: name.text,
    opens: way?.text === '<' ? 'back' : 'forth',
    proto: match?.[2] === 'udp' ? 'udp' : 'tcp',
    sport: ports[0] ?? 0,
    dport: ports[1] ?? 0,
  }
}

function spanning(first: Word, last: Word): Span {
  return { ...first.span, end: last.span.end }
}

function surplus(word: Word): Bad {
  return bad('flow/bad-line', word.span, `nothing may follow here: ${quoted(word.text)}`)
}
