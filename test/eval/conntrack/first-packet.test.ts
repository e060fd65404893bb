import { expect, it } from 'vitest'
import { stateOf } from '../../../src/eval/conntrack/first-packet.ts'
import { ETHERTYPE, type Packet, TCP_FLAG } from '../../../src/netfilter/packet.ts'
import { icmp, ipPacket, tcp, udp } from '../../support/kernel-builders.ts'

const { SYN, ACK, RST, FIN, PSH, URG, ECE, CWR } = TCP_FLAG

function icmpv6(type: number): Packet {
  return ipPacket({ kind: 'icmpv6', type, code: 0 }, { src: 'fe80::1', dst: 'ff02::1' })
}

function flagged(flags: number): Packet {
  return tcp(80, { flags })
}

/** Measured on a kernel; see net/netfilter/nf_conntrack_proto_*.c. */
const facts: readonly (readonly [name: string, packet: Packet, state: string])[] = [
  ['a SYN opens a connection', flagged(SYN), 'new'],
  ['a SYN that offers ECN does too', flagged(SYN | ECE | CWR), 'new'],
  ['a stray ACK is taken up', flagged(ACK), 'new'],
  ['a stray ACK with data is taken up', flagged(ACK | PSH), 'new'],
  ['a stray SYN/ACK is invalid', flagged(SYN | ACK), 'invalid'],
  ['a stray RST is invalid', flagged(RST), 'invalid'],
  ['a stray FIN is invalid', flagged(FIN), 'invalid'],
  ['a stray FIN/ACK is invalid', flagged(FIN | ACK), 'invalid'],
  ['no flags at all are invalid', flagged(0), 'invalid'],
  ['a Christmas tree is invalid', flagged(FIN | PSH | URG), 'invalid'],
  ['SYN with FIN is invalid', flagged(SYN | FIN), 'invalid'],
  ['a datagram is new', udp(53), 'new'],
  ['an echo request is new', icmp(8), 'new'],
  ['a timestamp request is new', icmp(13), 'new'],
  ['an echo reply to nothing is invalid', icmp(0), 'invalid'],
  ['an error about nothing is invalid', icmp(3, 3), 'invalid'],
  ['a redirect is invalid', icmp(5), 'invalid'],
  ['an ICMPv6 echo request is new', icmpv6(128), 'new'],
  ['an ICMPv6 echo reply to nothing is invalid', icmpv6(129), 'invalid'],
  ['an ICMPv6 error about nothing is invalid', icmpv6(1), 'invalid'],
  ['neighbour discovery is not tracked', icmpv6(135), 'untracked'],
  ['router advertisements are not tracked', icmpv6(134), 'untracked'],
  ['listener reports are not tracked', icmpv6(143), 'untracked'],
  ['an ICMPv6 redirect is invalid', icmpv6(137), 'invalid'],
  ['other protocols are new', ipPacket({ kind: 'other', proto: 50 }), 'new'],
  [
    'flags nobody knows leave the state open',
    ipPacket({ kind: 'tcp', sport: 1, dport: 2, flags: 'unknown' }),
    'unknown',
  ],
  [
    'ARP is not tracked',
    {
      ether: { src: 1, dst: 2, type: ETHERTYPE.arp, vlan: null },
      l3: { kind: 'arp', operation: 1, senderIp: 1n, targetIp: 2n, senderMac: 1 },
      l4: { kind: 'none' },
    },
    'untracked',
  ],
]

it.each(facts)('%s', (_, packet, state) => {
  expect(stateOf(packet)).toBe(state)
})
