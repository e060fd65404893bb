import { lineNumber } from '../source/source-file.ts'
import { escapeToAscii } from './escape.ts'
import { showPlace } from './file-names.ts'
import type { FlowPacketView, FlowView } from './flow-view.ts'
import { assumptionsJson, decidedByJson, type JsonObject } from './json.ts'
import type { Look } from './look.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { renderDecision, showHeadline } from './verdict-lines.ts'

/** A conversation for people: what became of it, a line a packet, why it failed, what conntrack holds. */
export function renderFlow(
  view: FlowView,
  detail: number,
  look: Pick<Look, 'glyphs'>,
): readonly StyledLine[] {
  const traced = view.packets.filter(({ fate }) => fate.kind === 'traced')
  const first = traced[0]?.fate
  const through = view.packets.filter(isThrough).length
  const head = first?.kind === 'traced' ? showHeadline(first.answer.headline).replace('→', '⇄') : ''
  const glyph = look.glyphs
    ? `${view.outcome === 'accept' ? '✔' : view.outcome === 'unknown' ? '?' : '✘'} `
    : ''
  const lines: StyledLine[] = [
    line(
      [
        piece(`${glyph}${view.outcome.toUpperCase()}`, view.outcome),
        piece(`  ${head}`, 'strong'),
        `  ${through} of ${view.packets.length} packets get through`,
      ],
      6,
    ),
  ]
  const width = Math.max(...view.packets.map(({ said }) => Math.min(said.length, 30)), 3)
  let swapped = false
  let failed = false
  for (const packet of view.packets) {
    if (packet.swapped && !swapped) {
      swapped = true
      lines.push(
        line(
          [piece('-- the other configuration takes over; conntrack keeps what it holds', 'faint')],
          4,
        ),
      )
    }
    lines.push(packetLine(packet, width))
    for (const { what, text } of changesOf(packet, detail))
      lines.push(line([piece(`       ${what.padEnd(7)} ${text}`, 'faint')], 15))
    const { fate } = packet
    if (fate.kind !== 'traced' || (fate.answer.trace.outcome === 'accept' && detail < 2)) continue
    if (failed && detail < 1) continue
    failed = failed || fate.answer.trace.outcome !== 'accept'
    lines.push(
      ...renderDecision(fate.answer).map(({ pieces, hang }) => ({
        pieces: [piece('     '), ...pieces],
        hang: hang + 5,
      })),
    )
    if (view.why !== null && fate.answer.trace.outcome !== 'accept')
      lines.push(line([`         ${view.why}`], 9))
  }
  if (view.fresh !== null) {
    lines.push(line([piece('-- a connection begun now', 'faint')]))
    lines.push(packetLine(view.fresh, width))
    const { fate } = view.fresh
    if (fate.kind === 'traced')
      lines.push(
        ...renderDecision(fate.answer).map(({ pieces, hang }) => ({
          pieces: [piece('     '), ...pieces],
          hang: hang + 5,
        })),
      )
  }
  if (swapped) lines.push(line([summary(view)], 4))
  lines.push(
    line([
      view.connections.length === 0 ? 'conntrack holds nothing at the end' : 'conntrack at the end',
    ]),
  )
  for (const text of view.connections) lines.push(line([`  ${text}`], 4))
  for (const remark of view.remarks) lines.push(line([piece(remark, 'faint')], 2))
  return lines
}

function isThrough({ fate }: FlowPacketView): boolean {
  return (
    fate.kind === 'elsewhere' || (fate.kind === 'traced' && fate.answer.trace.outcome === 'accept')
  )
}

/** What the change of configuration means for who is connected and for who is not. */
function summary({ packets, fresh }: FlowView): string {
  const later = packets.filter((packet) => packet.swapped)
  const lives = later.length > 0 && later.every(isThrough)
  const next = fresh !== null && isThrough(fresh)
  const old = lives ? 'the open connection lives on' : 'the open connection is cut'
  return `${old}, ${lives === next ? 'and' : 'but'} a new one is ${next ? 'accepted' : 'refused'}`
}

function packetLine(
  { number, at, direction, said, connection, fate }: FlowPacketView,
  width: number,
): StyledLine {
  const start = [
    `${String(number).padStart(3)}  ${showTime(at)}  `,
    piece(direction === 'out' ? '→' : '←', 'strong'),
    ` ${connection === null ? '' : `${connection}: `}${cut(said).padEnd(width)}  `,
  ]
  switch (fate.kind) {
    case 'unsent':
      return line([...start, piece(`not sent: ${fate.why}`, 'faint')], 8)
    case 'elsewhere':
      return line([...start, piece('passes elsewhere', 'faint')], 8)
    default: {
      const { outcome } = fate.answer.trace
      const state = (fate.state ?? '').toUpperCase().padEnd(11)
      return line(
        [
          ...start,
          `${state} `,
          piece(outcome.toUpperCase().padEnd(7), outcome),
          ' ',
          placeOf(fate.answer),
        ],
        8,
      )
    }
  }
}

function cut(text: string): string {
  return text.length > 30 ? `${text.slice(0, 29)}…` : text
}

/** `+31.000s` */
function showTime(ms: number): string {
  return `+${(ms / 1000).toFixed(3)}s`
}

function placeOf({
  origin,
  names,
}: {
  readonly origin: FlowAnswer['origin']
  readonly names: FlowAnswer['names']
}): Piece {
  if (origin.span !== null) return piece(showPlace(origin.span, names), 'place')
  if (origin.option !== null) return piece(`${origin.option} (default)`, 'faint')
  const { chain, index } = origin
  if (chain !== null && index !== null && origin.kind === 'generated')
    return piece(`${chain.name}:${index + 1}`, 'faint')
  return piece(origin.kind === 'none' ? 'no rule' : 'policy', 'faint')
}

type FlowAnswer = Extract<FlowPacketView['fate'], { kind: 'traced' }>['answer']

/** New and gone ones always, changes of what was there with `-v`. */
function changesOf(
  { fate }: FlowPacketView,
  detail: number,
): readonly { readonly what: string; readonly text: string }[] {
  if (fate.kind !== 'traced') return []
  return fate.changes.filter(({ what }) => what !== 'changed' || detail > 0)
}

/** One stable line a packet: `1 out ACCEPT new etc/pve/firewall/105.fw:7`. */
export function renderFlowMinimal({ packets, fresh }: FlowView): string {
  const all = [...packets, ...(fresh === null ? [] : [fresh])]
  return all
    .map(({ number, direction, fate }, index) => {
      const name = index === packets.length ? 'fresh' : String(number)
      if (fate.kind !== 'traced') return `${name} ${direction} ${fate.kind.toUpperCase()} - -\n`
      const { origin, trace } = fate.answer
      const { span, kind } = origin
      const place = span === null ? kind : `${span.file.path}:${lineNumber(span.file, span.start)}`
      const fields = [name, direction, trace.outcome.toUpperCase(), fate.state ?? '-', place]
      return `${fields.map((field) => escapeToAscii(field).replaceAll(' ', '\\x20')).join(' ')}\n`
    })
    .join('')
}

/** The conversation as JSON, contract version 1. */
export function flowJson(view: FlowView): JsonObject {
  return {
    version: 1,
    backend: view.backend,
    node: view.node,
    verdict: view.outcome,
    why: view.why,
    packets: view.packets.map(packetJson),
    fresh: view.fresh === null ? null : packetJson(view.fresh),
    connections: view.connections,
    remarks: view.remarks,
  }
}

function packetJson({
  number,
  at,
  direction,
  said,
  connection,
  swapped,
  fate,
}: FlowPacketView): JsonObject {
  const common = { number, atMs: at, direction, packet: said, connection, swapped }
  if (fate.kind === 'unsent') return { ...common, fate: 'unsent', why: fate.why }
  if (fate.kind === 'elsewhere') return { ...common, fate: 'elsewhere' }
  const { answer, state, changes } = fate
  return {
    ...common,
    fate: 'traced',
    verdict: answer.trace.outcome,
    state,
    decidedBy: decidedByJson(answer.origin, answer.kernel, answer.trace.outcome),
    assumptions: assumptionsJson(answer),
    conntrack: changes.map(({ what, text }) => ({ what, entry: text })),
  }
}
