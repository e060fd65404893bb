import fc from 'fast-check'
import { ETHERTYPE, PROTO, TCP_FLAG } from '../../../src/netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from '../../../src/packet/query.ts'
import { ADDRESSES, PORTS } from './node-description.ts'

const { SYN, ACK, FIN, RST, PSH, URG } = TCP_FLAG

/** Ends of packets on the node of `node-text.ts` that are bridged to each other. */
export const SEGMENTS: readonly (readonly string[])[] = [
  ['outside:vmbr0', 'host', '100/net0', '101/net0', '102/net0', 'vmbr0/tap999i0'],
  ['outside:vmbr1', 'host', '101/net1'],
  ['102/net1', '103/net1', 'host'],
  ['outside', '103/net0'],
]

const ENDS = [...SEGMENTS.flat(), '100/net0', '100/net0', '102/net0', 'host']

export const HOST = { 4: ['10.10.0.1', '192.168.1.1', '10.30.0.1'], 6: ['fd10:10::1'] } as const

const port = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...PORTS) },
  fc.constantFrom(21, 23, 79, 81, 90, 91, 137, 445, 1900, 5405, 60_000),
)

type Transport = Pick<
  Query,
  'proto' | 'sport' | 'dport' | 'flags' | 'icmpType' | 'icmpCode' | 'state'
>

const none: Transport = {
  proto: null,
  sport: null,
  dport: null,
  flags: null,
  icmpType: null,
  icmpCode: null,
  state: null,
}

/** Flags of segments that open no connection, or that no stack sends, some beyond what masks look at. */
export const ODD_FLAGS = [
  ...[ACK, RST, FIN | ACK, SYN | ACK, 0, SYN | FIN, FIN | PSH | URG, SYN | RST],
  ...[SYN | FIN | PSH, SYN | RST | URG, FIN | RST | ACK],
] as const

function transport(version: 4 | 6): fc.Arbitrary<Transport> {
  const sport = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(40_000, 50_000) }, port)
  const flags = fc.oneof({ weight: 24, arbitrary: fc.constant(SYN) }, fc.constantFrom(...ODD_FLAGS))
  const tcp = fc
    .tuple(sport, port, flags)
    .map(([from, to, bits]) => ({ ...none, proto: PROTO.tcp, sport: from, dport: to, flags: bits }))
  const established = fc.tuple(sport, port).map(([from, to]) => ({
    ...none,
    proto: PROTO.tcp,
    sport: from,
    dport: to,
    flags: ACK,
    state: 'established' as const,
  }))
  const udp = fc
    .tuple(sport, port)
    .map(([from, to]) => ({ ...none, proto: PROTO.udp, sport: from, dport: to }))
  const types =
    version === 4 ? [8, 8, 0, 3, 13, 11, 5] : [128, 128, 129, 135, 136, 133, 134, 1, 3, 130, 143]
  const icmp = fc.constantFrom(...types).map((type) => ({
    ...none,
    proto: version === 4 ? PROTO.icmp : PROTO.icmpv6,
    icmpType: String(type),
    icmpCode: 0,
  }))
  const other = fc.constantFrom(50, 47, 89, 2).map((proto) => ({ ...none, proto }))
  return fc.oneof(
    { weight: 8, arbitrary: tcp },
    { weight: 1, arbitrary: established },
    { weight: 3, arbitrary: udp },
    { weight: 2, arbitrary: icmp },
    { weight: 1, arbitrary: other },
  )
}

/**
 * A packet a kernel can be asked about on that node: the host sends from its own addresses and gets what is for them;
 * nobody else does.
 */
export const packetQuery: fc.Arbitrary<Query> = fc
  .tuple(
    fc.constantFrom(4 as const, 4 as const, 6 as const),
    fc.constantFrom(...ENDS),
    fc.constantFrom(...ENDS),
  )
  .filter(
    ([, from, to]) => from !== to && !(from.startsWith('outside') && to.startsWith('outside')),
  )
  .chain(([version, from, to]) =>
    fc.record({
      from: fc.constant(from),
      to: fc.constant(to),
      family: fc.constant(version),
      src: fc.constantFrom(...(from === 'host' ? HOST[version] : ADDRESSES[version])),
      dst: fc.constantFrom(...(to === 'host' ? HOST[version] : ADDRESSES[version])),
      transport: transport(version),
    }),
  )
  .filter(({ src, dst }) => src !== dst)
  .map(({ transport: own, ...rest }) => ({ ...EMPTY_QUERY, ...rest, ...own }))

/** An ARP request of one end about an address. */
export const arpQuery: fc.Arbitrary<Query> = fc
  .tuple(
    fc.constantFrom('100/net0', '101/net0', '102/net0', 'vmbr0/tap999i0', 'outside:vmbr0'),
    fc.constantFrom('100/net0', '102/net0', 'vmbr0/tap999i0', 'outside:vmbr0'),
    fc.constantFrom(...ADDRESSES[4]),
    fc.constantFrom(...ADDRESSES[4]),
  )
  .filter(([from, to]) => from !== to)
  .map(([from, to, src, dst]) => ({ ...EMPTY_QUERY, from, to, src, dst, ethertype: ETHERTYPE.arp }))
