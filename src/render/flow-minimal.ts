import { lineNumber } from '../source/source-file.ts'
import { escapeToAscii } from './escape.ts'
import type { FlowAnswer, ShownPacket } from './flow-view.ts'

/**
 * A conversation, one line a packet, that stays the same between versions: `2 < SYN,ACK ACCEPT
 * etc/pve/firewall/105.fw:9 filter:tap105i0-IN:rule:6 NEW`. Seven fields between single blanks: number (with `new:` before
 * it where the conversation is begun anew), direction, what it is, verdict (UNSEEN: it passes no node; UNSENT: it was not
 * sent), the place and the kernel's name of the rule as in the line of a trace, what conntrack said. `-` where there is
 * none. ASCII only.
 */
export function renderFlowMinimal({ events, anew }: FlowAnswer, prefix = ''): string {
  const lines = events.flatMap((event) =>
    event.kind === 'packet' ? [`${fieldsOf(event, prefix).map(plainWord).join(' ')}\n`] : [],
  )
  return `${lines.join('')}${anew === null ? '' : renderFlowMinimal(anew, 'new:')}`
}

function fieldsOf(packet: ShownPacket, prefix: string): readonly string[] {
  const { number, direction, word, fate } = packet
  const start = [`${prefix}${number}`, direction === 'forth' ? '>' : '<', word]
  if (fate.kind === 'unseen') return [...start, 'UNSEEN', '-', '-', '-']
  if (fate.kind === 'not-sent') return [...start, 'UNSENT', '-', '-', '-']
  const { trace, origin, kernel } = fate.answer
  const { span } = origin
  const place =
    span === null ? origin.kind : `${span.file.path}:${lineNumber(span.file, span.start)}`
  const state = trace.hops.at(-1)?.state.toUpperCase() ?? '-'
  return [...start, trace.outcome.toUpperCase(), place, kernel ?? '-', state]
}

function plainWord(field: string): string {
  return escapeToAscii(field).replaceAll(' ', '\\x20')
}
