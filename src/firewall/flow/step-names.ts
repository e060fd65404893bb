import { TCP_FLAG } from '../../netfilter/packet.ts'
import { showString } from '../../packet/flow/script-words.ts'
import type { Direction, PacketStep, Script, SegmentFacts } from '../../packet/flow/step.ts'
import { showTcpFlags } from '../../packet/tcp-flags.ts'
import { unreachable } from '../../source/unreachable.ts'
import { opposite } from './stream.ts'

/** Longest name of a packet that is its own text. */
const longest = 32

/** What people call a packet: `SYN/ACK`, `data (100 bytes)`, `"PASV"`, `query`, `SYN (data)`. */
export function nameOf(step: PacketStep, script: Script): string {
  const name = ownName(step, script)
  return step.connection === null ? name : `${name} (${step.connection})`
}

function ownName({ what, direction, connection }: PacketStep, script: Script): string {
  switch (what.kind) {
    case 'tcp':
      return segmentName(what)
    case 'udp':
      if (connection !== null) return 'datagram'
      return direction === openerOf(connection, script) ? 'query' : 'answer'
    case 'echo':
      return what.reply ? 'echo reply' : 'echo request'
    case 'icmp':
      return `ICMP ${what.type}`
    case 'packet':
      return 'packet'
    default:
      return unreachable(what)
  }
}

function segmentName({ flags, length, payload }: SegmentFacts): string {
  if (payload !== null && payload.trim() !== '') {
    const text = payload.trim().slice(0, longest)
    return showString(text)
  }
  const isData = length > 0 && (flags & (TCP_FLAG.SYN | TCP_FLAG.FIN | TCP_FLAG.RST)) === 0
  if (isData) return `data (${length} ${length === 1 ? 'byte' : 'bytes'})`
  return flags === 0 ? 'segment without flags' : showTcpFlags(flags).replaceAll(',', '/')
}

/** The name as one word, for programs: `SYN,ACK`, `udp`, `echo-request`, `icmp:port-unreachable`. */
export function wordOf({ what, connection }: PacketStep): string {
  const prefix = connection === null ? '' : `${connection}:`
  switch (what.kind) {
    case 'tcp':
      return `${prefix}${showTcpFlags(what.flags)}`
    case 'udp':
    case 'packet':
      return `${prefix}${what.kind}`
    case 'echo':
      return `${prefix}${what.reply ? 'echo-reply' : 'echo-request'}`
    case 'icmp':
      return `${prefix}icmp:${what.type}`
    default:
      return unreachable(what)
  }
}

/** Which way the first packet of a connection goes. */
export function openerOf(connection: string | null, { connections, steps }: Script): Direction {
  const described = connections.find(({ name }) => name === connection)
  if (described !== undefined) return described.opens
  const first = steps.find((step) => step.kind === 'packet' && step.connection === null)
  if (first?.kind !== 'packet') return 'forth'
  // what is an answer by its kind answers the opener
  const { what, direction } = first
  const both = TCP_FLAG.SYN | TCP_FLAG.ACK
  const answers = what.kind === 'tcp' ? (what.flags & both) === both : isReply(what)
  return answers ? opposite(direction) : direction
}

function isReply(what: PacketStep['what']): boolean {
  return what.kind === 'echo' && what.reply
}
