import { showAddr } from '../ip/address.ts'
import { EMPTY_QUERY, type Query } from '../packet/query.ts'
import type { Family, FreeField } from '../symbolic/fields.ts'
import type { SymbolicQuestion } from '../symbolic/place.ts'
import { type ValueSet, valuesOfRanges } from '../symbolic/value-set.ts'
import { NO_PREFERENCES, type Preferences } from '../symbolic/witness.ts'
import { resolveQuery } from '../topology/resolve.ts'
import { waysOf } from './ask.ts'
import type { NodeFirewall } from './node-firewall.ts'
import { symbolicWay } from './symbolic-way.ts'

/** One end of a way: the world outside, the host, a NIC of a guest. */
export type WayEnd = {
  /** As an endpoint of a query, and as people are told. */
  readonly text: string
  readonly kind: 'outside' | 'host' | 'guest'
}

/** A way through one node that packets of a family can take. */
export type NodeWay = {
  readonly from: WayEnd
  readonly to: WayEnd
  readonly family: Family
  readonly question: SymbolicQuestion
  readonly firewall: NodeFirewall
}

/** Pairs of guests that are looked at one by one where all are to be; of more guests as {@link fewPairs} has it. */
const mostPairs = 900

/** The ends of all ways through a node: the outside by each device it has an address on, or a bridge without one. */
export function endsOn({ tree, topology }: NodeFirewall): readonly WayEnd[] {
  const { wiring } = topology
  const usual = wiring.defaultDevice
  // ports of a bridge lead where the bridge does
  const ports = [...wiring.bridges.values()].flatMap((bridge) => bridge.ports)
  const taken = new Set(['lo', usual?.name ?? '', ...ports])
  const devices = wiring.known
    ? [...new Set([...wiring.devices.keys(), ...wiring.bridges.keys()])].filter(
        (name) => !taken.has(name),
      )
    : []
  const guests = tree.guests
    .filter(({ node }) => node === tree.node)
    .flatMap(({ type, vmid, nics }) => {
      const name = `${type === 'qemu' ? 'vm' : 'ct'}${vmid}`
      return nics.map(({ id, index, error }): WayEnd | null =>
        error === null
          ? { kind: 'guest', text: index === 0 && nics.length === 1 ? name : `${name}/${id}` }
          : null,
      )
    })
    .filter((end) => end !== null)
  return [
    { kind: 'outside', text: 'outside' },
    ...devices.map((name): WayEnd => ({ kind: 'outside', text: `outside:${name}` })),
    { kind: 'host', text: 'host' },
    ...guests,
  ]
}

/** Pairs of ends, and whether these are all pairs of guests. */
export type Pairs = {
  readonly pairs: readonly (readonly [WayEnd, WayEnd])[]
  readonly all: boolean
}

/** Every pair of ends; where there are very many guests, fewer. */
export function allPairs(ends: readonly WayEnd[]): Pairs {
  const guests = ends.filter(({ kind }) => kind === 'guest').length
  return guests ** 2 <= mostPairs ? pairsOf(ends, () => true) : fewPairs(ends)
}

/** Guests of which every way is taken where few are asked for. */
const mostWhole = 3

/**
 * The first guests with everybody, all others with the outside alone: whatever somebody can send to a guest can come
 * from outside as well, and its own rules are the same for all.
 */
export function fewPairs(ends: readonly WayEnd[]): Pairs {
  const outside = ends.findIndex(({ kind }) => kind === 'outside')
  const whole = new Set(
    [...ends.keys()].filter((i) => ends[i]?.kind === 'guest').slice(0, mostWhole),
  )
  const isWhole = (i: number): boolean => ends[i]?.kind !== 'guest' || whole.has(i)
  return pairsOf(ends, (i, j) => (isWhole(i) && isWhole(j)) || i === outside || j === outside)
}

function pairsOf(ends: readonly WayEnd[], takes: (i: number, j: number) => boolean): Pairs {
  let all = true
  const pairs: (readonly [WayEnd, WayEnd])[] = []
  for (const [i, from] of ends.entries())
    for (const [j, to] of ends.entries()) {
      if (i === j) continue
      if (takes(i, j)) pairs.push([from, to])
      else all = false
    }
  return { pairs, all }
}

/** The way between two ends; null: no hook of the node sees such a packet, or there is no way. */
export function nodeWay(
  firewall: NodeFirewall,
  from: WayEnd,
  to: WayEnd,
  family: Family,
): NodeWay | null {
  const query: Query = {
    ...EMPTY_QUERY,
    from: from.text,
    to: to.text,
    family: family === 'ip6' ? 6 : 4,
    ...(family === 'arp' ? { ethertype: 0x0806, family: null } : { proto: 6, dport: 80 }),
  }
  const resolved = resolveQuery(firewall.topology, query, firewall.tables)
  if (resolved.kind === 'refused') return null
  const parts = waysOf(firewall, resolved.path)
  const [question] = symbolicWay(firewall, resolved.path, family)
  // ways over several nodes are looked at on each of them
  if (parts.length !== 1 || question === undefined) return null
  return { from, to, family, question, firewall }
}

/** Addresses that an end is known to have, for packets that people recognise. */
export function addressesOfEnd(
  { topology, tree }: NodeFirewall,
  { kind, text }: WayEnd,
  version: 4 | 6,
): readonly bigint[] {
  if (kind === 'host')
    return topology
      .nodeAddresses(tree.node)
      .filter((address) => address.version === version && !showAddr(address).startsWith('127.'))
      .map(({ bits }) => bits)
  if (kind !== 'guest') return []
  const [name = '', nic] = text.split('/')
  const guest = topology.guests.get(Number(name.slice(2)))
  return (guest?.nics ?? [])
    .filter(({ id }) => nic === undefined || id === nic)
    .flatMap((each) => (guest === undefined ? [] : topology.addressesOf(guest, each)))
    .filter(({ address }) => address.version === version)
    .map(({ address }) => address.bits)
}

/** For packets on a way: addresses its ends are known to have. */
export function likedOn({ firewall, family, from, to }: NodeWay): Preferences {
  if (family === 'arp') return NO_PREFERENCES
  const version = family === 'ip6' ? 6 : 4
  const of = (end: WayEnd): readonly ValueSet[] =>
    addressesOfEnd(firewall, end, version).map((bits) =>
      valuesOfRanges([{ lo: bits, hi: bits }], version === 4 ? 32 : 128),
    )
  return new Map<FreeField, readonly ValueSet[]>([
    [`${family} saddr`, of(from)],
    [`${family} daddr`, of(to)],
  ])
}
