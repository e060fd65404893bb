import type { CtState } from '../netfilter/packet.ts'

/**
 * One packet as somebody asks about it: by flags, as an arrow, as a line of a batch. `null`: not said. Names of
 * guests, aliases and sets are still texts here; only the topology knows what they are.
 */
export type Query = {
  /** Endpoint texts: `outside`, `vm105`, `105/net1`, `192.168.1.53`, `dc/web`, `+lan` ... */
  readonly from: string | null
  readonly to: string | null
  /** Address, alias or `+set`; without one the endpoint's own address is taken. */
  readonly src: string | null
  readonly dst: string | null
  readonly sport: number | null
  readonly dport: number | null
  /** Protocol number. */
  readonly proto: number | null
  /** A frame without IP header: ARP (0x0806) and the like. */
  readonly ethertype: number | null
  /** `8`, `3/1`, `echo-request`: which number a name is depends on the family. */
  readonly icmpType: string | null
  readonly icmpCode: number | null
  /** Bits of TCP_FLAG. */
  readonly flags: number | null
  readonly state: CtState | null
  /** Source MAC address, 48 bits. */
  readonly mac: number | null
  /** `net1` of a guest, or a device of the host. */
  readonly iface: string | null
  /** VLAN tag the frame carries where it starts. */
  readonly vlan: number | null
  readonly family: 4 | 6 | null
}

export const EMPTY_QUERY: Query = {
  from: null,
  to: null,
  src: null,
  dst: null,
  sport: null,
  dport: null,
  proto: null,
  ethertype: null,
  icmpType: null,
  icmpCode: null,
  flags: null,
  state: null,
  mac: null,
  iface: null,
  vlan: null,
  family: null,
}

/** The node's tables of names (/etc/services, /etc/protocols, /etc/ethertypes); null: no such name. */
export type NameTables = {
  /** Port of a service; `protocol` is a protocol's number, null when none was said. */
  readonly service: (name: string, protocol: number | null) => number | null
  readonly protocol: (name: string) => number | null
  readonly ethertype: (name: string) => number | null
}

/** Tables that know no name beyond the built-in protocols: numbers only. */
export const NO_NAMES: NameTables = {
  service: () => null,
  protocol: () => null,
  ethertype: () => null,
}

const STATES: ReadonlyMap<string, CtState> = new Map<string, CtState>([
  ['new', 'new'],
  ['established', 'established'],
  ['est', 'established'],
  ['related', 'related'],
  ['rel', 'related'],
  ['invalid', 'invalid'],
  ['inv', 'invalid'],
  ['untracked', 'untracked'],
])

/** A conntrack state by its name, `est`, `rel`, `inv` included; case does not matter. */
export function parseCtState(text: string): CtState | null {
  return STATES.get(text.toLowerCase()) ?? null
}
