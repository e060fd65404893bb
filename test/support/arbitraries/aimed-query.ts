import fc from 'fast-check'
import { parseAddr } from '../../../src/ip/address.ts'
import { PROTO, TCP_FLAG } from '../../../src/netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from '../../../src/packet/query.ts'
import {
  ADDRESSES,
  type FileDescription,
  GUESTS,
  type NodeDescription,
  type RuleDescription,
} from './node-description.ts'
import { HOST, ODD_FLAGS, SEGMENTS } from './packet-query.ts'

/**
 * How a packet is drawn from the rules of a description: numbers, each taken modulo what there is to choose from, so that
 * a description may shrink under it.
 */
export type Aim = {
  readonly rule: number
  readonly other: number
  readonly src: number
  readonly dst: number
  readonly port: number
  readonly six: boolean
}

export const aim: fc.Arbitrary<Aim> = fc.record({
  rule: fc.nat({ max: 9999 }),
  other: fc.nat({ max: 9999 }),
  src: fc.nat({ max: 9999 }),
  dst: fc.nat({ max: 9999 }),
  port: fc.nat({ max: 9999 }),
  six: fc.boolean(),
})

/** Rules that are tried: some are about nothing an end of the node could send. */
const TRIES = 6

/** A packet one of the rules is about, as far as its words tell; null: there is no rule, or none of a packet. */
export function aimedQuery(description: NodeDescription, at: Aim): Query | null {
  const targets = targetsOf(description)
  for (let i = 0; i < Math.min(TRIES, targets.length); i += 1) {
    const target = targets[(at.rule + i) % targets.length]
    const query = target === undefined ? null : queryFor(description, target, at)
    if (query !== null) return query
  }
  return null
}

function queryFor(description: NodeDescription, target: Target, at: Aim): Query | null {
  const { own, direction, rule } = target
  const terms = new Map(rule.terms)
  const inside = chosen(own(terms.get('i') ?? null), at.rule)
  const segment = SEGMENTS.find((ends) => ends.includes(inside)) ?? SEGMENTS[0]
  const others = (segment ?? []).filter((end) => end !== inside)
  const outside = chosen(others, at.other)
  const [from, to] = direction === 'IN' ? [outside, inside] : [inside, outside]
  const transport = transportOf(rule, terms, at.port)
  if (transport === null || from === to) return null
  const version = versionOf(terms, transport, at.six)
  const place = (end: string, text: string | undefined, number: number): string | null => {
    const all = end === 'host' ? HOST[version] : ADDRESSES[version]
    const fitting = all.filter((address) => text === undefined || isIn(address, text, description))
    return fitting.length === 0 ? null : chosen(fitting, number)
  }
  const src = place(from, terms.get('source'), at.src)
  const dst = place(to, terms.get('dest'), at.dst)
  if (src === null || dst === null || src === dst) return null
  const query = { ...EMPTY_QUERY, from, to, src, dst, family: version, ...transport }
  return transport.flags !== null && at.other % 8 === 0
    ? { ...query, flags: chosen(ODD_FLAGS, at.port) }
    : query
}

function chosen<T>(all: readonly T[], number: number): T {
  return all[number % all.length] as T
}

type Target = {
  readonly rule: RuleDescription
  readonly direction: string
  /** Ends the rule is written for, by what its `-i` says. */
  readonly own: (iface: string | null) => readonly string[]
}

/** Every rule that is on, in the file it stands in; those of a group for each file that enters it. */
function targetsOf({ cluster, host, guests, vnet }: NodeDescription): readonly Target[] {
  const groups = new Map(cluster.groups.map(({ name, rules }) => [name, rules]))
  const expanded = (rules: readonly RuleDescription[], own: Target['own']): readonly Target[] =>
    rules.flatMap((rule): readonly Target[] => {
      if (!rule.enabled) return []
      const [direction = '', name = ''] = rule.head.split(' ')
      if (direction !== 'GROUP') return [{ rule, direction, own }]
      const iface = rule.terms.find(([option]) => option === 'i')?.[1] ?? null
      return expanded(groups.get(name) ?? [], () => own(iface))
    })
  const atHost: Target['own'] = () => ['host']
  return [
    ...expanded(cluster.rules, atHost),
    ...expanded(rulesOf(host), atHost),
    ...GUESTS.flatMap(({ vmid, nics }) =>
      expanded(rulesOf(guests[vmid]), (iface) =>
        nics.flatMap((_, index) =>
          iface === null || iface === `net${index}` ? [`${vmid}/net${index}`] : [],
        ),
      ),
    ).filter(
      ({ own, rule }) => own(rule.terms.find(([option]) => option === 'i')?.[1] ?? null).length > 0,
    ),
    ...expanded(rulesOf(vnet), () => ['102/net1', '103/net1']),
  ]
}

/** Of a file that is there and switched on. */
function rulesOf(file: FileDescription | null | undefined): readonly RuleDescription[] {
  return file == null || file.options['enable'] === '0' ? [] : file.rules
}

type Transport = Pick<Query, 'proto' | 'sport' | 'dport' | 'flags' | 'icmpType' | 'icmpCode'>

const PLAIN: Transport = {
  proto: null,
  sport: null,
  dport: null,
  flags: null,
  icmpType: null,
  icmpCode: null,
}

function ports(proto: number, dport: number, sport = 40_000): Transport {
  const flags = proto === PROTO.tcp ? TCP_FLAG.SYN : null
  return { ...PLAIN, proto, sport, dport, flags }
}

/** What macros let through, one packet of each. */
const MACROS: Readonly<Record<string, Transport>> = {
  SSH: ports(PROTO.tcp, 22),
  HTTP: ports(PROTO.tcp, 80),
  HTTPS: ports(PROTO.tcp, 443),
  DNS: ports(PROTO.udp, 53),
  Ping: { ...PLAIN, proto: PROTO.icmp, icmpType: '8', icmpCode: 0 },
  Web: ports(PROTO.tcp, 443),
  SMB: ports(PROTO.tcp, 445),
  NeighborDiscovery: { ...PLAIN, proto: PROTO.icmpv6, icmpType: '135', icmpCode: 0 },
  DHCPfwd: ports(PROTO.udp, 67, 68),
  FTP: ports(PROTO.tcp, 21),
}

const TYPES: Readonly<Record<string, string>> = {
  'echo-request': '8',
  'destination-unreachable': '3',
  'neighbor-solicitation': '135',
}

function transportOf(
  { head }: RuleDescription,
  terms: ReadonlyMap<string, string>,
  number: number,
): Transport | null {
  const macro = /^\w+ (\w+)\(/.exec(head)?.[1]
  if (macro !== undefined) return MACROS[macro] ?? null
  const proto = terms.get('p')
  switch (proto) {
    case undefined:
      return ports(PROTO.tcp, chosen([22, 80, 3128, 60_000], number))
    case 'tcp':
    case 'udp':
      return ports(
        PROTO[proto],
        portIn(terms.get('dport'), number),
        portIn(terms.get('sport'), number, 40_000),
      )
    case 'icmp':
    case 'ipv6-icmp': {
      const type = terms.get('icmp-type') ?? 'echo-request'
      const known =
        proto === 'icmp'
          ? (TYPES[type] ?? type)
          : type === 'echo-request'
            ? '128'
            : (TYPES[type] ?? type)
      const isNumber = /^\d+$/.test(known)
      return {
        ...PLAIN,
        proto: proto === 'icmp' ? PROTO.icmp : PROTO.icmpv6,
        icmpType: isNumber ? known : '8',
        icmpCode: 0,
      }
    }
    case 'esp':
      return { ...PLAIN, proto: 50 }
    case 'gre':
      return { ...PLAIN, proto: 47 }
    default:
      return /^\d+$/.test(proto) ? { ...PLAIN, proto: Number(proto) } : null
  }
}

/** A port a term is about: `80:90`, `22,80`. */
function portIn(term: string | undefined, number: number, otherwise = 22): number {
  if (term === undefined) return otherwise
  const [lo = otherwise, hi = lo] = chosen(term.split(','), number).split(':').map(Number)
  return lo + (number % (hi - lo + 1))
}

function versionOf(terms: ReadonlyMap<string, string>, { proto }: Transport, six: boolean): 4 | 6 {
  if (proto === PROTO.icmp) return 4
  if (proto === PROTO.icmpv6) return 6
  const ends = [terms.get('source'), terms.get('dest')].filter((text) => text !== undefined)
  if (ends.some((text) => text === 'six' || text.includes(':'))) return 6
  if (ends.some((text) => !text.startsWith('+'))) return 4
  return six ? 6 : 4
}

/** Whether an address is meant by a term: literals, lists, ranges, aliases and sets of the cluster; `nomatch` left aside. */
function isIn(address: string, text: string, description: NodeDescription): boolean {
  return text.split(',').some((part) => {
    const name = part.replace(/^\+?(?:dc\/)?/, '')
    if (part.startsWith('+')) {
      const set = description.cluster.sets.find((each) => each.name === name)
      return (set?.entries ?? []).some(
        (entry) => !entry.startsWith('!') && isIn(address, entry, description),
      )
    }
    const alias = description.cluster.aliases.find(([own]) => own === name)
    if (alias !== undefined) return isIn(address, alias[1], description)
    const [lo, hi] = part.split('-')
    if (hi !== undefined) return inRange(address, lo ?? '', hi)
    const [network = '', prefix] = part.split('/')
    return inNetwork(address, network, prefix === undefined ? null : Number(prefix))
  })
}

function inRange(address: string, from: string, to: string): boolean {
  const [one, lo, hi] = [address, from, to].map((text) => parseAddr(text))
  return (
    one != null &&
    lo?.version === one.version &&
    hi != null &&
    one.bits >= lo.bits &&
    one.bits <= hi.bits
  )
}

function inNetwork(address: string, network: string, prefix: number | null): boolean {
  const [one, base] = [parseAddr(address), parseAddr(network)]
  if (one === null || base === null || one.version !== base.version) return false
  const width = one.version === 4 ? 32 : 128
  const shift = BigInt(width - (prefix ?? width))
  return one.bits >> shift === base.bits >> shift
}
