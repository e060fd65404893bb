import type { Json } from '../../netfilter/nft/command.ts'
import type { Means } from '../../netfilter/origin.ts'
import { ACCEPT, DROP, equal, jump, meta, payload, type Statement, unequal } from './expression.ts'

/** A rule of the skeleton and what it is for. */
export type SkeletonRule = {
  readonly expr: readonly Statement[]
  readonly why: string
  readonly means: Means
}

/** Where a base chain is called. */
export type SkeletonBase = {
  readonly hook: string
  readonly prio: number
}

export type SkeletonChain = {
  readonly name: string
  readonly base: SkeletonBase | null
  readonly rules: readonly SkeletonRule[]
}

/** A set or map of the skeleton, as `add` takes it, without table and name. */
export type SkeletonSet = {
  readonly kind: 'set' | 'map'
  readonly name: string
  readonly body: { readonly [key: string]: Json }
  readonly why: string
}

export type SkeletonTable = {
  /** Emptied and filled again by every update. */
  readonly chains: readonly SkeletonChain[]
  readonly sets: readonly SkeletonSet[]
  /** Only made: the second transaction fills them. */
  readonly managed: readonly string[]
}

export function chain(name: string, ...rules: readonly SkeletonRule[]): SkeletonChain {
  return { name, base: null, rules }
}

/** A base chain; all of them end with policy accept. */
export function baseChain(
  name: string,
  hook: string,
  prio: number,
  ...rules: readonly SkeletonRule[]
): SkeletonChain {
  return { name, base: { hook, prio }, rules }
}

export function rule(why: string, means: Means, ...expr: readonly Statement[]): SkeletonRule {
  return { expr, why, means }
}

export function goto(target: string): Statement {
  return { goto: { target } }
}

export function set(...items: readonly Json[]): Json {
  return { set: items }
}

export function range(lo: number, hi: number): Json {
  return { range: [lo, hi] }
}

export const ARP = equal(meta('protocol'), 'arp')
export const NOT_ARP = unequal(meta('protocol'), 'arp')
export const SOURCE_V4: Json = payload('ip', 'saddr')
export const SOURCE_V6: Json = payload('ip6', 'saddr')

/** Established and related are accepted, invalid is left to the chain the option nf_conntrack_allow_invalid fills. */
export const BY_STATE: Statement = {
  vmap: {
    key: { ct: { key: 'state' } },
    data: set(['established', ACCEPT], ['related', ACCEPT], ['invalid', jump('invalid-conntrack')]),
  },
}

export const STATE_WHY =
  'connections that were accepted once go on, and what conntrack calls invalid is dropped unless nf_conntrack_allow_invalid is 1'

/** Chains both tables have alike. */
export const DO_REJECT: SkeletonChain = chain(
  'do-reject',
  rule('broadcasts are not answered', 'drop', equal(meta('pkttype'), 'broadcast'), DROP),
  rule(
    'multicast sources are not answered',
    'drop',
    equal(SOURCE_V4, { prefix: { addr: '224.0.0.0', len: 4 } }),
    DROP,
  ),
  rule('a TCP connection is refused with a reset', 'reject', equal(meta('l4proto'), 'tcp'), {
    reject: { type: 'tcp reset' },
  }),
  rule(
    'ICMP is answered with port unreachable',
    'reject',
    equal(meta('l4proto'), set('icmp', 'ipv6-icmp')),
    { reject: { type: 'icmpx', expr: 'port-unreachable' } },
  ),
  rule('other IPv4 packets are answered with host prohibited', 'reject', {
    reject: { type: 'icmp', expr: 'host-prohibited' },
  }),
  rule('other IPv6 packets are answered with administratively prohibited', 'reject', {
    reject: { type: 'icmpv6', expr: 'admin-prohibited' },
  }),
  rule('what cannot be answered is dropped', 'drop', DROP),
)

export const ALLOW_ICMP: SkeletonChain = chain(
  'allow-icmp',
  rule(
    'ICMP errors pass everywhere, before any rule and before conntrack is asked',
    'accept',
    equal(
      payload('icmp', 'type'),
      set('destination-unreachable', 'source-quench', 'time-exceeded'),
    ),
    ACCEPT,
  ),
  rule(
    'ICMPv6 errors pass everywhere, before any rule and before conntrack is asked (RFC 4890)',
    'accept',
    equal(
      payload('icmpv6', 'type'),
      set('destination-unreachable', 'packet-too-big', 'time-exceeded', 'parameter-problem'),
    ),
    ACCEPT,
  ),
)

const NDP_IN = equal(
  payload('icmpv6', 'type'),
  set(
    'nd-router-solicit',
    'nd-neighbor-solicit',
    'nd-router-advert',
    'nd-neighbor-advert',
    'nd-redirect',
  ),
)
const NDP_OUT = equal(
  payload('icmpv6', 'type'),
  set('nd-router-solicit', 'nd-neighbor-solicit', 'nd-neighbor-advert'),
)

export const NDP: readonly SkeletonChain[] = [
  chain('allow-ndp-in', rule('neighbour discovery may come in (ndp)', 'accept', NDP_IN, ACCEPT)),
  chain('block-ndp-in', rule('neighbour discovery may not come in (ndp: 0)', 'drop', NDP_IN, DROP)),
  chain('allow-ndp-out', rule('neighbour discovery may go out (ndp)', 'accept', NDP_OUT, ACCEPT)),
  chain(
    'block-ndp-out',
    rule('neighbour discovery may not go out (ndp: 0)', 'drop', NDP_OUT, DROP),
  ),
]

export const BEFORE_BRIDGE: SkeletonChain = chain(
  'before-bridge',
  rule('ARP passes vnet chains', 'accept', ARP, ACCEPT),
  rule(STATE_WHY, null, NOT_ARP, BY_STATE),
)
