import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import { parseAddr } from '../../src/ip/address.ts'
import type { Fib } from '../../src/netfilter/fib.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import { ETHERTYPE, type Packet, TCP_FLAG } from '../../src/netfilter/packet.ts'
import {
  bridged,
  ebtablesOf,
  hopOf,
  icmp,
  ipPacket,
  question,
  rulesetOf,
  setsOf,
  tableOf,
  tcp,
  udp,
} from '../support/kernel-builders.ts'

const sets = setsOf(`
  create nets hash:net family inet
  add nets 10.0.0.0/8
  add nets 10.1.0.0/16 nomatch
  add nets 10.1.2.0/24
  create others hash:net family inet
  add others 10.1.0.0/16
  create both list:set
  add both nets
  add both others
  create nets6 hash:net family inet6
  add nets6 fd00::/8
  add nets6 fd00::1 nomatch`)

const one = (text: string) => {
  const bits = parseAddr(text)?.bits ?? 0n
  return { lo: bits, hi: bits }
}

const fib: Fib = {
  local4: [one('10.10.0.1')],
  local6: [one('fd10::1')],
  broadcast4: [one('10.10.0.255')],
  anycast6: [],
}

const output = hopOf({ hook: 'output', oif: 'vmbr0' })
const input = hopOf({ hook: 'input', iif: 'vmbr0', physin: 'eno1' })
const toGuest = bridged('fwbr100i0', 'fwln100i0', 'tap100i0')
const routed = hopOf({ iif: 'vmbr0', oif: 'vmbr1', physin: 'eno1' })

type Fact = readonly [
  terms: string,
  packet: Packet,
  hop: Hop,
  matches: boolean,
  more?: Partial<Question>,
]

const dns = ipPacket({ kind: 'other', proto: 47 })
const facts: Readonly<Record<string, readonly Fact[]>> = {
  'devices end in `+` where any ending will do': [
    ['-i vmbr0', tcp(80), routed, true],
    ['-i vmbr1', tcp(80), routed, false],
    ['-i vmbr+', tcp(80), routed, true],
    ['-i +', tcp(80), routed, true],
    ['! -i vmbr+', tcp(80), routed, false],
    ['-o vmbr1', tcp(80), routed, true],
  ],
  'no device is a device without a name': [
    ['-i vmbr0', tcp(80), output, false],
    ['! -i vmbr0', tcp(80), output, true],
    ['-i +', tcp(80), output, true],
  ],
  'a frame is bridged while the port it leaves by is known': [
    ['-m physdev --physdev-is-bridged', tcp(80), toGuest, true],
    ['-m physdev --physdev-is-bridged', tcp(80), routed, false],
    ['-m physdev ! --physdev-is-bridged', tcp(80), routed, true],
    ['-m physdev --physdev-is-bridged', tcp(80), output, false],
    ['-m physdev --physdev-in fwln+', tcp(80), toGuest, true],
    ['-m physdev --physdev-out tap100i0', tcp(80), toGuest, true],
    ['-m physdev --physdev-out tap100i1', tcp(80), toGuest, false],
    ['-m physdev --physdev-in eno1', tcp(80), input, true],
    ['-m physdev --physdev-is-in', tcp(80), input, true],
    ['-m physdev --physdev-is-out', tcp(80), input, false],
  ],
  'a port that is not there is another one only where no bridge was crossed': [
    ['-m physdev ! --physdev-in eno1', tcp(80), output, true],
    ['-m physdev ! --physdev-out tap100i0', tcp(80), output, true],
    ['-m physdev ! --physdev-out tap100i0', tcp(80), routed, false],
    ['-m physdev ! --physdev-out tap100i0', tcp(80), toGuest, false],
    ['-m physdev ! --physdev-out tap100i1', tcp(80), toGuest, true],
  ],
  'ports are those of protocols that have them': [
    ['-p tcp --dport 80', tcp(80), routed, true],
    ['-p tcp --dport 79:81', tcp(80), routed, true],
    ['-p tcp ! --dport 80', tcp(80), routed, false],
    ['-p udp --dport 80', tcp(80), routed, false],
    ['-p udp -m multiport --dports 53,100:200', udp(150), routed, true],
    ['-p udp -m multiport --dports 53,100:200', udp(99), routed, false],
    ['-p udp -m multiport --ports 53', udp(99, { sport: 53 }), routed, true],
    ['-p udp -m multiport ! --ports 53', udp(99, { sport: 53 }), routed, false],
    ['-p udp -m multiport ! --ports 53', udp(99, { sport: 54 }), routed, true],
    ['-p gre', dns, routed, true],
    ['! -p tcp', dns, routed, true],
  ],
  'TCP flags are compared under a mask': [
    ['-p tcp --syn', tcp(80), routed, true],
    ['-p tcp --syn', tcp(80, { flags: TCP_FLAG.SYN | TCP_FLAG.ACK }), routed, false],
    ['-p tcp --syn', tcp(80, { flags: TCP_FLAG.SYN | TCP_FLAG.ECE }), routed, true],
    ['-p tcp ! --syn', tcp(80), routed, false],
    ['-p tcp --tcp-flags ALL NONE', tcp(80, { flags: 0 }), routed, true],
    ['-p tcp --tcp-flags SYN FIN', tcp(80), routed, false],
  ],
  'a name of a type alone means every code': [
    ['-p icmp --icmp-type destination-unreachable', icmp(3, 4), routed, true],
    ['-p icmp --icmp-type network-unreachable', icmp(3, 0), routed, true],
    ['-p icmp --icmp-type network-unreachable', icmp(3, 4), routed, false],
    ['-p icmp ! --icmp-type network-unreachable', icmp(3, 4), routed, true],
    ['-p icmp ! --icmp-type network-unreachable', icmp(3, 0), routed, false],
    ['-p icmp --icmp-type any', icmp(13), routed, true],
    ['-p icmp ! --icmp-type any', icmp(13), routed, false],
  ],
  'addresses are in networks and ranges': [
    ['-s 192.0.2.0/24', tcp(80), routed, true],
    ['-s 192.0.2.77/24', tcp(80), routed, true],
    ['! -s 192.0.2.0/24', tcp(80), routed, false],
    ['-s 192', tcp(80), routed, false],
    ['-m iprange --src-range 192.0.1.0-192.0.2.1', tcp(80), routed, true],
    ['-m iprange --src-range 192.0.1.0-192.0.2.0', tcp(80), routed, false],
    ['-m iprange --src-range 192.0.2.1-192.0.2.0', tcp(80), routed, false],
    ['-m iprange ! --src-range 192.0.2.1-192.0.2.0', tcp(80), routed, true],
  ],
  'of the networks of a set the smallest decides': [
    ['-m set --match-set nets src', tcp(80, { src: '10.9.9.9' }), routed, true],
    ['-m set --match-set nets src', tcp(80, { src: '10.1.9.9' }), routed, false],
    ['-m set --match-set nets src', tcp(80, { src: '10.1.2.9' }), routed, true],
    ['-m set ! --match-set nets src', tcp(80, { src: '10.1.9.9' }), routed, true],
    ['-m set --match-set nets dst', tcp(80, { src: '10.9.9.9' }), routed, false],
    ['-m set --match-set both src', tcp(80, { src: '10.1.9.9' }), routed, true],
    ['-m set --match-set both src', tcp(80, { src: '11.1.9.9' }), routed, false],
  ],
  'address types are those of the host that asks': [
    ['-m addrtype --dst-type LOCAL', tcp(80, { dst: '10.10.0.1' }), routed, true],
    ['-m addrtype --dst-type LOCAL', tcp(80, { dst: '10.10.0.2' }), routed, false],
    ['-m addrtype --dst-type BROADCAST', tcp(80, { dst: '10.10.0.255' }), routed, true],
    ['-m addrtype --dst-type BROADCAST', tcp(80, { dst: '255.255.255.255' }), routed, true],
    ['-m addrtype --src-type BROADCAST', tcp(80, { src: '0.0.0.0' }), routed, true],
    ['-m addrtype --dst-type UNICAST,MULTICAST', tcp(80, { dst: '224.0.0.1' }), routed, true],
    ['-m addrtype ! --dst-type UNICAST', tcp(80), routed, false],
  ],
  'the MAC address is that of a frame that came in': [
    ['-m mac --mac-source 02:00:00:00:00:01', tcp(80), toGuest, true],
    ['-m mac ! --mac-source 02:00:00:00:00:01', tcp(80), toGuest, false],
    ['-m mac --mac-source 02:00:00:00:00:01', tcp(80), output, false],
    ['-m mac ! --mac-source 02:00:00:00:00:09', tcp(80), output, false],
  ],
  'states are what conntrack says': [
    ['-m conntrack --ctstate NEW', tcp(80), routed, true],
    ['-m conntrack --ctstate INVALID,NEW', icmp(0), routed, true],
    ['-m conntrack --ctstate NEW', icmp(0), routed, false],
    ['-m conntrack ! --ctstate NEW', icmp(0), routed, true],
    ['-m conntrack --ctstate ESTABLISHED', tcp(80), routed, true, { state: 'established' }],
    ['-m state --state RELATED', tcp(80), routed, true, { state: 'related' }],
  ],
  'marks are compared under a mask': [
    ['-m mark --mark 0x80000000/0x80000000', tcp(80), routed, true, { mark: 0x8000_0001 }],
    ['-m mark --mark 0x80000000/0x80000000', tcp(80), routed, false, { mark: 1 }],
    ['-m mark ! --mark 1', tcp(80), routed, true, { mark: 2 }],
    ['-m mark --mark 0x101/0xff', tcp(80), routed, false, { mark: 0x101 }],
    ['-m connmark --mark 3', tcp(80), routed, true, { ctMark: 3 }],
  ],
  'no limit is exceeded': [
    ['-m limit --limit 1/s', tcp(80), routed, true],
    ['-m hashlimit --hashlimit-upto 1/s --hashlimit-name x', tcp(80), routed, true],
    ['-m hashlimit --hashlimit-above 1/s --hashlimit-name x', tcp(80), routed, false],
  ],
}

describe('a term of iptables', () => {
  for (const [name, rows] of Object.entries(facts)) {
    it(name, () => {
      const outcomes = rows.map(([terms, packet, hop, , more]) => {
        const chain = hop.hook.toUpperCase()
        const table = tableOf(`-A ${chain} ${terms} -j DROP`, 'ip', 'filter', sets)
        const asked = question(rulesetOf(table), packet, [hop], { fib, ...more })
        return `${terms}: ${evaluate(asked).outcome === 'drop'}`
      })
      expect(outcomes).toEqual(rows.map(([terms, , , matches]) => `${terms}: ${matches}`))
    })
  }
})

const forward6 = hopOf({ families: ['ip6'], iif: 'vmbr0', oif: 'vmbr1' })
const facts6: readonly (readonly [string, Packet, boolean])[] = [
  ['-s fd00::/8', tcp(80, { src: 'fd00::2', dst: 'fd00::3' }), true],
  ['-s fe80::/10', tcp(80, { src: 'fd00::2', dst: 'fd00::3' }), false],
  ['-m set --match-set nets6 src', tcp(80, { src: 'fd00::2', dst: 'fd00::3' }), true],
  ['-m set --match-set nets6 src', tcp(80, { src: 'fd00::1', dst: 'fd00::3' }), false],
  ['-m iprange --dst-range fd00::1-fd00::4', tcp(80, { src: 'fd00::2', dst: 'fd00::3' }), true],
  ['-m addrtype --dst-type LOCAL', tcp(80, { src: 'fd00::2', dst: 'fd10::1' }), true],
  ['-m addrtype --dst-type UNICAST', tcp(80, { src: 'fd00::2', dst: 'fd10::1' }), true],
  ['-m addrtype --dst-type MULTICAST', tcp(80, { src: 'fd00::2', dst: 'ff02::1' }), true],
  [
    '-p icmpv6 --icmpv6-type neighbor-solicitation',
    ipPacket({ kind: 'icmpv6', type: 135, code: 0 }, { src: 'fe80::1', dst: 'ff02::1' }),
    true,
  ],
  [
    '-p icmpv6 --icmpv6-type no-route',
    ipPacket({ kind: 'icmpv6', type: 1, code: 3 }, { src: 'fe80::1', dst: 'ff02::1' }),
    false,
  ],
]

describe('a term of ip6tables', () => {
  it('looks at IPv6 addresses', () => {
    const outcomes = facts6.map(([terms, packet]) => {
      const table = tableOf(`-A FORWARD ${terms} -j DROP`, 'ip6', 'filter', sets)
      const asked = question(rulesetOf(table), packet, [forward6], { fib })
      return `${terms}: ${evaluate(asked).outcome === 'drop'}`
    })
    expect(outcomes).toEqual(facts6.map(([terms, , matches]) => `${terms}: ${matches}`))
  })

  it('is not asked about IPv4', () => {
    const ruleset = rulesetOf(tableOf('-A FORWARD -j DROP', 'ip6'))
    const hop = hopOf({ families: ['ip', 'ip6'] })
    expect(evaluate(question(ruleset, tcp(80), [hop])).outcome).toBe('accept')
  })
})

const arp: Packet = {
  ether: { src: 0xbc24_1100_0001, dst: 0xffff_ffff_ffff, type: ETHERTYPE.arp, vlan: null },
  l3: {
    kind: 'arp',
    operation: 1,
    senderIp: 0x0a00_0005n,
    targetIp: 0x0a00_0001n,
    senderMac: 0xbc24_1100_0001,
  },
  l4: { kind: 'none' },
}

const facts2: readonly (readonly [string, Packet, boolean])[] = [
  ['-p ARP', arp, true],
  ['-p IPv4', arp, false],
  ['-p ! ARP', arp, false],
  ['-p IPv4', tcp(80), true],
  ['-p LENGTH', arp, false],
  ['-i tap100i0', arp, true],
  ['-o fwln+', arp, true],
  ['--logical-in fwbr100i0', arp, true],
  ['-s bc:24:11:0:0:1', arp, true],
  ['-s ! bc:24:11:0:0:1', arp, false],
  ['-s ! bc:24:11:0:0:2', arp, true],
  ['-d Broadcast', arp, true],
  ['-p ARP --arp-ip-src 10.0.0.5', arp, true],
  ['-p ARP --arp-ip-src 10.0.0.0/24', arp, true],
  ['-p ARP --arp-ip-src 10.0.1.0/24', arp, false],
  ['-p ARP --arp-ip-dst 10.0.0.1 --arp-op Request', arp, true],
]

describe('a term of ebtables', () => {
  it('looks at the frame', () => {
    const hop = bridged('fwbr100i0', 'tap100i0', 'fwln100i0')
    const outcomes = facts2.map(([terms, packet]) => {
      const table = ebtablesOf(`-A FORWARD ${terms} -j DROP`)
      return `${terms}: ${evaluate(question(rulesetOf(table), packet, [hop])).outcome === 'drop'}`
    })
    expect(outcomes).toEqual(facts2.map(([terms, , matches]) => `${terms}: ${matches}`))
  })
})
