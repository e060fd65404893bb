import { READ_HELPERS } from '../../eval/conntrack/helper.ts'
import { entriesOf } from '../../eval/conntrack/table.ts'
import { showSaid } from '../../packet/flow-script.ts'
import { showConnection } from '../../render/conntrack-line.ts'
import type { FlowPacketView, FlowView } from '../../render/flow-view.ts'
import { answerOf } from '../answer.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import type { FlowPacket, FlowResult } from './run-flow.ts'

/** A conversation that was run, in the form the renderers take. */
export function flowView(first: NodeFirewall, result: FlowResult): FlowView {
  const several = result.tables.size > 1
  const connections = [...result.tables].flatMap(([node, table]) =>
    entriesOf(table)
      .filter(({ expiresAt }) => expiresAt > result.end)
      .map((entry) => `${several ? `${node}: ` : ''}${showConnection(entry, result.end)}`),
  )
  return {
    node: first.tree.node,
    backend: first.backend,
    outcome: result.outcome,
    packets: result.packets.map((packet, index) => packetView(first, packet, index + 1)),
    why: result.why,
    fresh:
      result.fresh === null ? null : packetView(first, result.fresh, result.packets.length + 1),
    connections,
    remarks: remarksOn(result),
  }
}

function packetView(first: NodeFirewall, packet: FlowPacket, number: number): FlowPacketView {
  const { step, at, firewall, connection, fate } = packet
  const common = {
    number,
    at,
    direction: step.direction,
    said: showSaid(step.said),
    connection,
    swapped: firewall !== first,
  }
  if (fate.kind !== 'traced') return { ...common, fate }
  const { asked, changes } = fate
  const { hops } = asked.trace
  return {
    ...common,
    fate: {
      kind: 'traced',
      state: (hops.findLast(({ hop }) => hop.tracks) ?? hops.at(-1))?.state ?? null,
      answer: answerOf(firewall, asked),
      changes: changes.map(({ what, entry }) => ({ what, text: showConnection(entry, at) })),
    },
  }
}

/** Helpers by whose names connections go, but whose payload is not read. */
function remarksOn({ tables }: FlowResult): readonly string[] {
  const names = new Set(
    [...tables.values()].flatMap((table) =>
      entriesOf(table).flatMap(({ helper }) =>
        helper === null || READ_HELPERS.has(helper) ? [] : [helper],
      ),
    ),
  )
  return [...names].map(
    (name) =>
      `the helper ${name} is set, but its payload is not read: connections it would announce are not known`,
  )
}
