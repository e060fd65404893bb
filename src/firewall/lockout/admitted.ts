import { cidrsOf, rangeOf } from '../../ip/prefix.ts'
import { normalise, type RangeSet, subtract } from '../../ip/range-set.ts'
import { PROTO, TCP_FLAG } from '../../netfilter/packet.ts'
import { EMPTY_QUERY } from '../../packet/query.ts'
import { analyse } from '../../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import { addressesWithType } from '../../symbolic/fields.ts'
import { all, type Formula, negated } from '../../symbolic/formula.ts'
import { valuesIn } from '../../symbolic/piece.ts'
import { inState, isOneOf } from '../../symbolic/possible.ts'
import { rangesOfValues, type ValueSet } from '../../symbolic/value-set.ts'
import type { SetMember } from '../../topology/names.ts'
import { resolveQuery } from '../../topology/resolve.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { symbolicWay } from '../symbolic-way.ts'
import type { Admins } from './admin-needs.ts'
import { SERVICE } from './need.ts'

/** Machines that the rules of today let log in, by service, less those of `named`; none where that is everybody. */
export function admittedToday(
  firewall: NodeFirewall,
  named: readonly Admins[],
): {
  readonly admins: readonly Admins[]
  /** Services that are open to everybody. */
  readonly open: readonly string[]
} {
  const admins: Admins[] = []
  const open = new Set<string>()
  for (const service of [SERVICE.ssh, SERVICE.web]) {
    const members: SetMember[] = []
    for (const family of [4, 6] as const) {
      const sources = sourcesOf(firewall, family, service.ports[0][0])
      if (sources === 'everybody') open.add(service.name)
      else members.push(...networks(subtract(sources, addressesOf(named, family)), family))
    }
    if (members.length > 0)
      admins.push({
        name: 'those who may today',
        why: 'the rules of today',
        members,
        only: service.id,
      })
  }
  return { admins, open: [...open] }
}

function sourcesOf(firewall: NodeFirewall, family: 4 | 6, port: number): RangeSet | 'everybody' {
  const { topology, tables, tree } = firewall
  if (!topology.nodeAddresses(tree.node).some(({ version }) => version === family)) return []
  const asked = {
    ...EMPTY_QUERY,
    from: 'outside',
    to: 'host',
    proto: PROTO.tcp,
    dport: port,
    family,
  }
  const resolved = resolveQuery(topology, asked, tables)
  if (resolved.kind === 'refused') return []
  const kind = family === 4 ? 'ip' : 'ip6'
  const ways = symbolicWay(firewall, resolved.path, kind)
  const usable = addressesWithType(
    topology.fibOf(tree.node),
    family,
    (type) => type === 'unicast' || type === 'anycast',
  )
  const logsIn = loginRegion(firewall, family, port, usable)
  const analysis = analyse({ family: kind, questions: ways, regions: [logsIn] })
  const { arena } = analysis.space
  let region: Diagram = analysis.space.packets(logsIn)
  const whole = valuesIn(analysis.space, region, `${kind} saddr`)
  for (const way of ways) {
    const through = arena.relabel(analysis.answer(way), (leaf) =>
      analysis.leaf(leaf).kind === 'through' ? TRUE : NONE,
    )
    region = arena.where(through, region)
  }
  const sources = valuesIn(analysis.space, region, `${kind} saddr`)
  if (sources.length === whole.length && sources.every((value, i) => value === whole[i]))
    return 'everybody'
  return rangesOfValues(sources)
}

function networks(ranges: RangeSet, family: 4 | 6): readonly SetMember[] {
  return ranges.flatMap((range) => cidrsOf(family, range).map((cidr) => ({ cidr, nomatch: false })))
}

/** The addresses that are asked about anyway. */
function addressesOf(named: readonly Admins[], family: 4 | 6): RangeSet {
  const own = named.flatMap(({ members }) => members)
  const of = (nomatch: boolean): RangeSet =>
    normalise(
      own
        .filter((each) => each.nomatch === nomatch && each.cidr.address.version === family)
        .map(({ cidr }) => rangeOf(cidr)),
    )
  return subtract(of(false), of(true))
}

function loginRegion(
  { topology, tree }: NodeFirewall,
  family: 4 | 6,
  port: number,
  usable: ValueSet,
): Formula {
  const kind = family === 4 ? 'ip' : 'ip6'
  const other = addressesWithType(topology.fibOf(tree.node), family, (type) => type !== 'local')
  return all([
    inState('new'),
    isOneOf('meta l4proto', [PROTO.tcp, PROTO.tcp + 1]),
    isOneOf('th dport', [port, port + 1]),
    isOneOf('th sport', [1024, 65_536]),
    isOneOf('tcp flags', [TCP_FLAG.SYN, TCP_FLAG.SYN + 1]),
    isOneOf('meta pkttype', [0, 1]),
    isOneOf(`${kind} saddr`, usable),
    negated(isOneOf(`${kind} daddr`, other)),
  ])
}
