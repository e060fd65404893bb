import { hasValidFlags, stateOf } from '../eval/conntrack/first-packet.ts'
import { EMPTY_FIB } from '../netfilter/fib.ts'
import type { CtState, Packet } from '../netfilter/packet.ts'
import { PROTO } from '../netfilter/packet.ts'
import { addressesWithType, type Family, type FreeField, namesIn } from './fields.ts'
import { all, any, type Formula, negated } from './formula.ts'
import { rangeOf, type ValueSet, valuesOfBounds } from './value-set.ts'
import { packetOf } from './witness.ts'

/** One of the values of a field. */
export function isOneOf(field: FreeField, values: ValueSet): Formula {
  return { kind: 'in', field, values, negate: false }
}

/** The packets conntrack gives this state, if they are of no connection it knows: `stateOf` as a formula. */
export function statedAs(family: Family, state: CtState): Formula {
  if (family === 'arp') return inState(state)
  const number = names.indexOf(state)
  return all([isOneOf('ct state', rangeOf(number, number)), firstPackets(family, state)])
}

const names = namesIn('ct state') ?? []

export function inState(...states: readonly CtState[]): Formula {
  const bounds = states.flatMap((state) => [names.indexOf(state), names.indexOf(state)])
  return isOneOf('ct state', valuesOfBounds(bounds))
}

/**
 * Packets with a state they can have: one that no connection is known of has the state `stateOf` gives it; TCP segments
 * with impossible flags are invalid, neighbour discovery is not tracked, errors are of no connection of their own
 * (nf_conntrack_proto_tcp.c, _icmp.c, _icmpv6.c).
 */
export function possiblePackets(family: Family): Formula {
  if (family === 'arp') return inState('untracked')
  const untracked = firstPackets(family, 'untracked')
  const known = all([
    inState('established', 'related'),
    negated(any([untracked, badFlags(family)])),
  ])
  const stated = any([
    all([inState('new'), firstPackets(family, 'new')]),
    all([inState('untracked'), untracked]),
    all([inState('invalid'), negated(untracked)]),
    known,
  ])
  return all([stated, typedByAddress(family)])
}

/**
 * Packets that some program sends: from a port that is not 0, from an address one machine can have (or none yet, as a
 * DHCP client), with flags TCP has, and no ICMP of the other family. What changes only for others is rarely what
 * somebody means to change.
 */
export function plausiblePackets(family: Family): Formula {
  if (family === 'arp') return all([])
  const version = family === 'ip' ? 4 : 6
  const nobodys = addressesWithType(
    { ...EMPTY_FIB, local4: LOOPBACK },
    version,
    (type) => type !== 'unicast' && type !== 'anycast',
  )
  const other = family === 'ip' ? PROTO.icmpv6 : PROTO.icmp
  const withPorts = isOneOf(
    'meta l4proto',
    valuesOfBounds([PROTO.tcp, PROTO.tcp, PROTO.udp, PROTO.udp]),
  )
  return all([
    negated(proto(other)),
    any([negated(isOneOf(`${family} saddr`, nobodys)), isOneOf(`${family} saddr`, unset(version))]),
    negated(all([withPorts, isOneOf('th sport', [0, 1])])),
    negated(badFlags(family)),
  ])
}

const LOOPBACK = [{ lo: 0x7f00_0000n, hi: 0x7fff_fffen }]

function unset(version: 4 | 6): ValueSet {
  return version === 4 ? [0, 1] : [0n, 1n]
}

/** What a frame can be to the link layer, by the address it is for: `packetTypes`, eval/doubt.ts. */
function typedByAddress(family: 'ip' | 'ip6'): Formula {
  const to = (type: 'broadcast' | 'multicast'): Formula =>
    isOneOf(
      `${family} daddr`,
      addressesWithType(EMPTY_FIB, family === 'ip' ? 4 : 6, (each) => each === type),
    )
  const types = namesIn('meta pkttype') ?? []
  const isType = (...names: readonly string[]): Formula =>
    isOneOf(
      'meta pkttype',
      valuesOfBounds(names.flatMap((name) => [types.indexOf(name), types.indexOf(name)])),
    )
  const special = [to('broadcast'), to('multicast')]
  return any([
    all([to('broadcast'), isType('broadcast')]),
    all([to('multicast'), isType('multicast')]),
    all([negated(any(special)), isType('host', 'other')]),
  ])
}

/** By their header alone. */
function firstPackets(family: Family, state: CtState): Formula {
  const flags = bounds(
    256,
    (value) => stateOf(packet(family, PROTO.tcp, 'tcp flags', value)) === state,
  )
  const icmp = bounds(
    256,
    (value) => stateOf(packet(family, PROTO.icmp, 'icmp type', value)) === state,
  )
  const icmpv6 = bounds(
    256,
    (value) => stateOf(packet(family, PROTO.icmpv6, 'icmpv6 type', value)) === state,
  )
  const special = [PROTO.tcp, PROTO.icmp, PROTO.icmpv6]
  const others = bounds(
    256,
    (proto) =>
      !special.some((each) => each === proto) &&
      stateOf(packet(family, proto, 'tcp flags', 0)) === state,
  )
  return any([
    isOneOf('meta l4proto', others),
    all([proto(PROTO.tcp), isOneOf('tcp flags', flags)]),
    all([proto(PROTO.icmp), isOneOf('icmp type', icmp)]),
    all([proto(PROTO.icmpv6), isOneOf('icmpv6 type', icmpv6)]),
  ])
}

/** Segments of no combination of flags that TCP has: conntrack says invalid whatever connection they are of. */
function badFlags(family: Family): Formula {
  const flags = bounds(256, (value) => !hasValidFlags(value))
  return family === 'arp' ? any([]) : all([proto(PROTO.tcp), isOneOf('tcp flags', flags)])
}

function proto(number: number): Formula {
  return isOneOf('meta l4proto', rangeOf(number, number))
}

function packet(family: Family, l4proto: number, field: FreeField, value: number): Packet {
  return packetOf(
    family,
    new Map<FreeField, number>([
      ['meta l4proto', l4proto],
      [field, value],
    ]),
  )
}

function bounds(end: number, has: (value: number) => boolean): ValueSet {
  const found: number[] = []
  for (let value = 0; value < end; value += 1) if (has(value)) found.push(value, value)
  return valuesOfBounds(found)
}
