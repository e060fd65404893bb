import type { CtState, Known } from '../netfilter/packet.ts'
import { changeLines } from './conntrack-changes.ts'
import { showEntry, showExpectation } from './conntrack-line.ts'
import type { FlowAnswer, ShownEvent, ShownPacket } from './flow-view.ts'
import type { Look } from './look.ts'
import { type Detail, renderPath } from './path-lines.ts'
import { line, type Piece, piece, type StyledLine } from './styled.ts'
import { renderFilled } from './trace-lines.ts'
import { decidingLine, GLYPH, showHeadline } from './verdict-lines.ts'

/**
 * A conversation for people: how it ends and why, then each packet with its verdict, what conntrack said of it, the
 * deciding line and what changed in conntrack. With detail the chains on the way and the tables at the end.
 */
export function renderFlow(
  flow: FlowAnswer,
  detail: Detail,
  look: Pick<Look, 'glyphs'>,
): readonly StyledLine[] {
  const columns = columnsOf(flow.events)
  return [
    headline(flow, look),
    sentence(flow),
    ...flow.remarks.map((remark) => line([`    ${remark}`], 4)),
    ...renderFilled(flow.filled, detail),
    ...assumptions(flow),
    ...grouped(flow.events, detail).flatMap((group) =>
      group.kind === 'unsent'
        ? [renderUnsent(group.packets, columns)]
        : renderEvent(flow, group, columns, detail),
    ),
    ...(detail > 0 ? tablesAtEnd(flow) : []),
    ...anew(flow, detail, look),
  ]
}

function headline({ verdict, headline: packet }: FlowAnswer, look: Pick<Look, 'glyphs'>) {
  const glyph = look.glyphs ? `${GLYPH[verdict]} ` : ''
  return line(
    [
      piece(`${glyph}${verdict.toUpperCase()}`, verdict),
      piece(`  ${showHeadline(packet)}`, 'strong'),
    ],
    6,
  )
}

function sentence({ failure, events }: FlowAnswer): StyledLine {
  const packets = events.filter((event) => event.kind === 'packet').length
  const all = packets === 1 ? 'the packet gets there' : `all ${packets} packets get there`
  if (failure === null) return line([`    ${all}`], 4)
  return line([`    packet ${failure.number} of ${packets}: ${failure.text}`], 4)
}

/** What was taken for granted by any of its packets, once; the doubt of an unknown verdict stands with it. */
function assumptions({ events }: FlowAnswer): readonly StyledLine[] {
  const texts = events.flatMap((event) => {
    if (event.kind !== 'packet' || event.fate.kind !== 'walked') return []
    const { assumptions: taken, outcome } = event.fate.answer.trace
    return (outcome === 'unknown' ? taken.slice(0, -1) : taken).map(({ text }) => text)
  })
  return [...new Set(texts)].map((text) => line([piece('assuming   ', 'faint'), text], 11))
}

type Columns = { readonly number: number; readonly time: number; readonly name: number }

/** Longest name that the others are aligned to. */
const longestName = 20

function columnsOf(events: readonly ShownEvent[]): Columns {
  const packets = events.filter((event) => event.kind === 'packet')
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((t) => t.length))
  return {
    number: longest(packets.map(({ number }) => String(number))),
    time: longest(events.map(({ at }) => showClock(at))),
    name: Math.min(longestName, longest(packets.map(({ name }) => name))),
  }
}

/** `+31.000s`. */
export function showClock(ms: number): string {
  return `+${(ms / 1000).toFixed(3)}s`
}

function renderEvent(
  flow: FlowAnswer,
  event: ShownEvent,
  columns: Columns,
  detail: Detail,
): readonly StyledLine[] {
  const indent = ' '.repeat(columns.number + 2)
  const time = showClock(event.at).padStart(columns.time)
  switch (event.kind) {
    case 'wait':
      return [
        line([indent, piece(`${time}  after ${event.ms / 1000} s`, 'faint')], 4),
        ...changeLines(event.changes, changeView(flow, event, indent, detail)),
      ]
    case 'configuration':
      return [
        line(
          [
            indent,
            time,
            '  ',
            piece(`the configuration is that of ${event.name} now`, 'strong'),
            '; conntrack keeps what it holds',
          ],
          4,
        ),
      ]
    default:
      return renderPacket(flow, event, columns, detail)
  }
}

/** Runs of packets that were not sent stand in one line, unless detail is asked for. */
function grouped(events: readonly ShownEvent[], detail: Detail): readonly (ShownEvent | Unsent)[] {
  const groups: (ShownEvent | { kind: 'unsent'; packets: ShownPacket[] })[] = []
  for (const event of events) {
    const last = groups.at(-1)
    if (detail > 0 || event.kind !== 'packet' || event.fate.kind !== 'not-sent') groups.push(event)
    else if (last?.kind === 'unsent') last.packets.push(event)
    else groups.push({ kind: 'unsent', packets: [event] })
  }
  return groups
}

type Unsent = { readonly kind: 'unsent'; readonly packets: readonly ShownPacket[] }

function renderUnsent(packets: readonly ShownPacket[], columns: Columns): StyledLine {
  const why = packets[0]?.fate.kind === 'not-sent' ? packets[0].fate.why : ''
  const names = packets.map(({ name, direction }) => `${direction === 'forth' ? '>' : '<'} ${name}`)
  const indent = ' '.repeat(columns.number + 2)
  return line(
    [indent, piece(`not sent, as ${why}: `, 'faint'), names.join(', ')],
    columns.number + 6,
  )
}

function changeView(flow: FlowAnswer, { at }: ShownEvent, indent: string, detail: Detail) {
  const nodes = new Set(flow.tables.map(({ node }) => node))
  return { now: at, indent: `${indent}  `, withNode: nodes.size > 1, whole: detail > 0 }
}

function renderPacket(
  flow: FlowAnswer,
  packet: ShownPacket,
  columns: Columns,
  detail: Detail,
): readonly StyledLine[] {
  const { number, at, direction, name, fate } = packet
  const indent = ' '.repeat(columns.number + 2)
  const start: readonly (Piece | string)[] = [
    piece(String(number).padStart(columns.number), 'faint'),
    '  ',
    showClock(at).padStart(columns.time),
    direction === 'forth' ? '  > ' : '  < ',
    piece(name.padEnd(columns.name), 'strong'),
    '  ',
  ]
  const hang = columns.number + columns.time + 6
  if (fate.kind === 'not-sent')
    return [line([...start, piece(`not sent: ${fate.why}`, 'faint')], hang)]
  if (fate.kind === 'unseen')
    return [line([...start, piece('gets there by a way that no node here sees', 'faint')], hang)]
  const { answer, changes } = fate
  const { outcome, hops } = answer.trace
  const state = showState(hops.at(-1)?.state)
  return [
    line(
      [
        ...start,
        piece(outcome.toUpperCase().padEnd(7), outcome),
        ` ${state}  `,
        ...decidingLine(answer),
      ],
      hang,
    ),
    ...lostAfterTheFirst(flow, packet).map((text) =>
      line([indent, '  ', text], columns.number + 6),
    ),
    ...changeLines(changes, changeView(flow, packet, indent, detail)),
    ...(detail > 0 ? indented(renderPath(answer, detail), indent) : []),
  ]
}

/** The first loss is told at the top, and so is what is lost for the same reason. */
function lostAfterTheFirst(
  { failure, events }: FlowAnswer,
  { number, name, fate }: ShownPacket,
): readonly string[] {
  if (fate.kind !== 'walked' || fate.failure === null || failure?.number === number) return []
  const first = events.find((event) => event.kind === 'packet' && event.number === failure?.number)
  const told = first?.kind === 'packet' ? failure?.text.replace(first.name, '') : null
  return fate.failure.replace(name, '') === told ? [] : [fate.failure]
}

function showState(state: Known<CtState> | undefined): string {
  return (state === undefined ? '-' : state.toUpperCase()).padEnd(11)
}

function indented(lines: readonly StyledLine[], indent: string): readonly StyledLine[] {
  return lines.map(({ pieces, hang }) => ({
    pieces: [piece(indent), ...pieces],
    hang: hang + indent.length,
  }))
}

/** As `conntrack -L` of each node. */
function tablesAtEnd({ tables, now }: FlowAnswer): readonly StyledLine[] {
  return tables.flatMap(({ node, entries, expectations }) => [
    line([
      piece('conntrack of ', 'faint'),
      piece(node, 'place'),
      piece(` at ${showClock(now)}`, 'faint'),
      ...(entries.length + expectations.length === 0 ? ['  nothing'] : []),
    ]),
    ...entries.map((entry) => line(['  ', showEntry(entry, now)], 6)),
    ...expectations.map((one) => line(['  expects  ', showExpectation(one, now)], 6)),
  ])
}

function anew({ anew: again }: FlowAnswer, detail: Detail, look: Pick<Look, 'glyphs'>) {
  if (again === null) return []
  return [
    line(['']),
    line([piece('the same begun anew', 'strong'), ', with the new configuration']),
    ...renderFlow({ ...again, filled: [] }, detail, look),
  ]
}
