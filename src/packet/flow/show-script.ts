import { TCP_FLAG } from '../../netfilter/packet.ts'
import { unreachable } from '../../source/unreachable.ts'
import { showTcpFlags } from '../tcp-flags.ts'
import { showString } from './script-words.ts'
import type {
  Connection,
  PacketFacts,
  PacketStep,
  Script,
  SegmentFacts,
  Shift,
  Step,
} from './step.ts'

/** A script as text that `parseScript` reads back to the same script. */
export function showScript({ connections, steps }: Script): string {
  return [...connections.map(showConnection), ...steps.map(showStep)]
    .map((line) => `${line}\n`)
    .join('')
}

/** One step as a line of a script, without the newline. */
export function showStep(step: Step): string {
  return step.kind === 'wait' ? `wait ${showTime(step.ms)}` : showPacketStep(step)
}

/** `31s`, `1500ms`: the largest unit that says it in a whole number. */
export function showTime(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const unit = ms === 0 ? (['s', 1000] as const) : units.find(([, size]) => ms % size === 0)
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`
}

function showConnection({ name, opens, proto, sport, dport }: Connection): string {
  return `connection ${name} ${opens === 'forth' ? '>' : '<'} ${sport} -> ${dport}/${proto}`
}

function showPacketStep({ direction, connection, forced, unseen, what }: PacketStep): string {
  const way = `${direction === 'forth' ? '>' : '<'}${forced ? '!' : ''}`
  return [
    way,
    ...(connection === null ? [] : [`@${connection}`]),
    showPacket(what),
    ...(unseen ? ['unseen'] : []),
  ].join(' ')
}

/** What a packet is, in the words of a script: `data 100`, `syn+ack`, `icmp port-unreachable`. */
export function showPacket(what: PacketFacts): string {
  switch (what.kind) {
    case 'tcp':
      return showSegment(what)
    case 'udp':
      return what.payload === null ? 'udp' : `udp ${showString(what.payload)}`
    case 'echo': {
      const id = what.id === null ? '' : ` id=${what.id}`
      return `${what.reply ? 'pong' : 'ping'}${id}`
    }
    case 'icmp':
      return `icmp ${what.type}${what.src === null ? '' : ` src=${what.src}`}`
    case 'packet':
      return 'packet'
    default:
      return unreachable(what)
  }
}

function showSegment(what: SegmentFacts): string {
  const { flags, length, payload, seq, ack, window, windowScale, sackPermitted, again } = what
  const isData = flags === (TCP_FLAG.PSH | TCP_FLAG.ACK) && length > 0
  const words = [isData ? 'data' : showTcpFlags(flags).toLowerCase().replaceAll(',', '+')]
  if (payload !== null) words.push(showString(payload))
  else if (length > 0) words.push(String(length))
  if (again) words.push('again')
  if (seq !== null) words.push(`seq=${showShift(seq)}`)
  if (ack !== null) words.push(`ack=${showShift(ack)}`)
  if (window !== null) words.push(`window=${window}`)
  if (windowScale !== null) words.push(`wscale=${windowScale === -1 ? 'none' : windowScale}`)
  if (sackPermitted !== null) words.push(`sack=${sackPermitted ? 'yes' : 'no'}`)
  return words.join(' ')
}

function showShift({ kind, value }: Shift): string {
  return kind === 'is' || value < 0 ? String(value) : `+${value}`
}
