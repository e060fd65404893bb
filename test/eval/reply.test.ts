import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/eval/evaluate.ts'
import type { Question } from '../../src/eval/trace.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import { TCP_FLAG } from '../../src/netfilter/packet.ts'
import {
  bridged,
  hopOf,
  question,
  rulesetOf,
  tableOf,
  tcp,
  udp,
} from '../support/kernel-builders.ts'

const prerouting = (bridge: string, port: string): Hop =>
  hopOf({ hook: 'prerouting', iif: bridge, physin: port, tracks: true })

/** The rules every bridge of a Proxmox host has, with a REJECT for what goes to tap101i0 and from tap100i0. */
const rules = rulesetOf(
  tableOf(`
    -A INPUT -i lo -j ACCEPT
    -A INPUT -m conntrack --ctstate INVALID -j DROP
    -A INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset
    -A OUTPUT -o lo -j ACCEPT
    -A OUTPUT -m conntrack --ctstate INVALID -j DROP
    -A FORWARD -m conntrack --ctstate INVALID -j DROP
    -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A FORWARD -m physdev --physdev-out tap101i0 -p tcp -j REJECT --reject-with tcp-reset
    -A FORWARD -m physdev --physdev-out tap101i0 -p udp -j REJECT
    -A FORWARD -m physdev --physdev-in tap100i0 -p tcp --dport 25 -j REJECT --reject-with tcp-reset
    -A FORWARD -m physdev --physdev-in tap100i0 -p udp --dport 25 -j REJECT`),
)

const fromGuest = [
  prerouting('fwbr100i0', 'tap100i0'),
  bridged('fwbr100i0', 'tap100i0', 'fwln100i0'),
]
const acrossVmbr = [prerouting('vmbr0', 'fwpr100p0'), bridged('vmbr0', 'fwpr100p0', 'fwpr101p0')]
const fromOutside = [prerouting('vmbr0', 'eno1'), bridged('vmbr0', 'eno1', 'fwpr101p0')]
const toGuest = [
  prerouting('fwbr101i0', 'fwln101i0'),
  bridged('fwbr101i0', 'fwln101i0', 'tap101i0'),
]
const fromHost = [hopOf({ hook: 'output', oif: 'vmbr0', tracks: true })]
const toHost = [
  prerouting('vmbr0', 'fwpr100p0'),
  hopOf({ hook: 'input', iif: 'vmbr0', physin: 'fwpr100p0' }),
]

const hostToOutside = [hopOf({ hook: 'output', oif: 'vmbr0', tracks: true })]
const hostToGuest = [
  ...hostToOutside,
  prerouting('fwbr100i0', 'fwln100i0'),
  bridged('fwbr100i0', 'fwln100i0', 'tap100i0'),
]

type Case = readonly [
  name: string,
  packet: ReturnType<typeof tcp>,
  hops: readonly Hop[],
  hostToSender: readonly Hop[],
  reaches: boolean,
  more?: Partial<Question>,
]

/** Measured on real kernels; the corpus has hundreds more. */
const cases: readonly Case[] = [
  [
    'a reset by the guest’s own chain goes straight back out of its port',
    tcp(25),
    fromGuest,
    hostToGuest,
    true,
  ],
  [
    'an ICMP error by the guest’s own chain belongs to no connection yet',
    udp(25),
    fromGuest,
    hostToGuest,
    false,
  ],
  [
    'a reset to outside crosses one bridge',
    tcp(80),
    [...fromOutside, ...toGuest],
    hostToOutside,
    true,
  ],
  [
    'a reset to a filtered guest is swallowed at the second bridge',
    tcp(80),
    [...fromGuest, ...acrossVmbr, ...toGuest],
    hostToGuest,
    false,
  ],
  [
    'an ICMP error to a filtered guest is related to what its bridge has seen',
    udp(80),
    [...fromGuest, ...acrossVmbr, ...toGuest],
    hostToGuest,
    true,
  ],
  [
    'a reset by the host to a filtered guest crosses one bridge',
    tcp(22),
    [...fromGuest, ...toHost],
    hostToGuest,
    true,
  ],
  ['a reset to the host comes in by its bridge', tcp(80), [...fromHost, ...toGuest], [], true],
  ['an ICMP error to the host goes over lo', udp(80), [...fromHost, ...toGuest], [], true],
  [
    'a reset within a connection both ends know stays known',
    tcp(80, { flags: TCP_FLAG.ACK }),
    [...fromGuest, ...acrossVmbr, ...toGuest],
    hostToGuest,
    true,
    { state: 'established' },
  ],
]

describe('the answer of a REJECT', () => {
  for (const [name, packet, hops, hostToSender, reaches, more] of cases) {
    it(`${reaches ? 'arrives' : 'is lost'}: ${name}`, () => {
      // an established packet would be accepted by the second rule of FORWARD
      const ruleset = more === undefined ? rules : rulesetOf(withoutEstablished)
      const asked = question(ruleset, packet, hops, more)
      const trace = evaluate({ ...asked, path: { ...asked.path, hostToSender } })
      expect([trace.outcome, trace.reply?.reachesSender]).toEqual(['reject', reaches])
    })
  }

  it('says where it is lost and why', () => {
    const asked = question(rules, tcp(80), [...fromGuest, ...acrossVmbr, ...toGuest])
    expect(evaluate(asked).reply?.why).toBe(
      'at fwbr100i0 it belongs to no connection (INVALID), and `FORWARD -m conntrack --ctstate INVALID -j DROP` drops it',
    )
  })

  it('does not exist for a reset', () => {
    const ruleset = rulesetOf(tableOf('-A FORWARD -p tcp -j REJECT --reject-with tcp-reset'))
    const trace = evaluate(question(ruleset, tcp(80, { flags: TCP_FLAG.RST })))
    expect(trace.reply).toEqual({
      with: 'tcp-reset',
      reachesSender: false,
      why: 'a reset is not answered with a reset',
    })
  })
})

const withoutEstablished = tableOf(`
  -A FORWARD -m conntrack --ctstate INVALID -j DROP
  -A FORWARD -m physdev --physdev-out tap101i0 -p tcp -j REJECT --reject-with tcp-reset`)
