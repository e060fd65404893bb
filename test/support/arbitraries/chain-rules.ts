import fc from 'fast-check'
import type { CtState, Packet } from '../../../src/netfilter/packet.ts'
import { TCP_FLAG } from '../../../src/netfilter/packet.ts'
import type { Ruleset } from '../../../src/netfilter/ruleset.ts'
import { icmp, rulesetOf, setsOf, tableOf, tcp, udp } from '../kernel-builders.ts'

/** Random chains of iptables that use every kind of term, and packets that are near their edges. */

const SETS = [
  'create lan hash:net family inet',
  'add lan 10.0.0.0/8',
  'add lan 10.1.0.0/16 nomatch',
  'add lan 10.1.2.0/24',
  'create few hash:net family inet',
  'add few 192.168.0.1',
  'add few 192.168.0.128/25',
  'create both list:set',
  'add both few',
  'add both lan',
].join('\n')

const negation = fc.constantFrom('', '', '', '! ')

const NETS = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.3',
  '192.168.0.0/24',
  '192.168.0.128/26',
  '0.0.0.0/1',
]
const net = fc.constantFrom(...NETS)

const term = fc.oneof(
  fc.constant(''),
  fc
    .tuple(negation, fc.constantFrom('-s', '-d'), net)
    .map(([no, side, of]) => `${no}${side} ${of}`),
  fc.constantFrom('-p tcp', '-p udp', '-p icmp', '! -p tcp'),
  fc
    .tuple(
      fc.constantFrom('tcp', 'udp'),
      fc.constantFrom('dport', 'sport'),
      negation,
      fc.constantFrom('80', '53', '22:90', '1024:65535'),
    )
    .map(([proto, side, no, of]) => `-p ${proto} -m ${proto} ${no}--${side} ${of}`),
  fc
    .tuple(fc.constantFrom('dports', 'sports', 'ports'), negation)
    .map(([side, no]) => `-p tcp -m multiport ${no}--${side} 22,80:90,443`),
  fc.constantFrom('-p icmp -m icmp --icmp-type 8', '-p icmp -m icmp ! --icmp-type 3/1'),
  fc.constantFrom(
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp ! --tcp-flags SYN,ACK NONE',
  ),
  fc
    .tuple(negation, fc.constantFrom('NEW', 'RELATED,ESTABLISHED', 'INVALID', 'UNTRACKED'))
    .map(([no, of]) => `-m conntrack ${no}--ctstate ${of}`),
  fc
    .tuple(negation, fc.constantFrom('lan', 'few', 'both'), fc.constantFrom('src', 'dst'))
    .map(([no, set, side]) => `-m set ${no}--match-set ${set} ${side}`),
  fc
    .tuple(negation, fc.constantFrom('BROADCAST', 'LOCAL', 'MULTICAST', 'UNICAST'))
    .map(([no, type]) => `-m addrtype ${no}--dst-type ${type}`),
  fc.tuple(negation).map(([no]) => `-m mac ${no}--mac-source BC:24:11:00:00:01`),
  fc
    .tuple(negation, fc.constantFrom('1/1', '2/3', '0'))
    .map(([no, of]) => `-m mark ${no}--mark ${of}`),
  fc.constantFrom(
    '-m physdev --physdev-in p1',
    '-m physdev ! --physdev-out p+',
    '-i br',
    '-i eth9',
  ),
  fc.constantFrom('-m limit --limit 1/s', '-m pkttype --pkt-type broadcast'),
)

const verdict = fc.constantFrom(
  ...['-j ACCEPT', '-j DROP', '-j REJECT', '-j RETURN'],
  ...['-j MARK --set-mark 1/1', '-j MARK --set-mark 2/3', '-j MARK --set-mark 0', '-j NFLOG'],
)

function rules(chain: string, targets: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  const line = fc
    .tuple(term, term, targets)
    .map(([one, other, target]) => `-A ${chain} ${together(one, other)} ${target}`)
  return fc.array(line, { maxLength: 9 })
}

/** Two terms of one rule; an option is said once. */
function together(one: string, other: string): string {
  const options = (text: string): readonly string[] =>
    text.split(' ').filter((word, i, words) => /^--?[a-z]/.test(word) || words[i - 1] === '-m')
  const said = new Set(options(one).filter((word) => word !== '-m'))
  return options(other).some((word) => said.has(word)) ? one : `${one} ${other}`
}

/** FORWARD, and three chains that jump or go on to later ones only. */
export const chainRuleset: fc.Arbitrary<Ruleset> = fc
  .tuple(
    rules('FORWARD', fc.oneof(verdict, fc.constantFrom('-j A', '-g A', '-j B', '-j C'))),
    rules('A', fc.oneof(verdict, fc.constantFrom('-j B', '-g B', '-g C'))),
    rules('B', fc.oneof(verdict, fc.constantFrom('-j C', '-g C'))),
    rules('C', verdict),
    fc.constantFrom('ACCEPT', 'DROP'),
  )
  .map(([forward, a, b, c, policy]) => {
    const declared = ['-A A -p esp', '-A B -p esp', '-A C -p esp']
    const text = [...declared, ...forward, ...a, ...b, ...c].join('\n')
    const table = tableOf(text, 'ip', 'filter', setsOf(SETS))
    const chain = table.chains.get('FORWARD')
    if (chain?.base == null) return rulesetOf(table)
    const base = {
      ...chain.base,
      policy: policy === 'DROP' ? ('drop' as const) : ('accept' as const),
    }
    const chains = new Map([...table.chains, ['FORWARD', { ...chain, base }] as const])
    return rulesetOf({ ...table, chains })
  })

const address = fc.constantFrom(
  ...['10.0.0.1', '10.1.0.1', '10.1.2.3', '10.1.2.4', '192.168.0.1', '192.168.0.129'],
  ...['192.168.0.200', '127.255.255.255', '200.0.0.1', '224.0.0.5', '255.255.255.255'],
)
const port = fc.constantFrom(21, 22, 53, 80, 85, 443, 1023, 1024, 50_000)
const { SYN, ACK, RST, FIN } = TCP_FLAG
const mac = fc.constantFrom(0xbc_24_11_00_00_01, 0xbc_24_11_00_00_02)

/** A packet all of which is known, but for its type on the link. */
export const chainPacket: fc.Arbitrary<Packet> = fc
  .tuple(
    fc.constantFrom('tcp', 'udp', 'icmp'),
    fc.record({ src: address, dst: address }),
    port,
    port,
    fc.constantFrom(SYN, ACK, SYN | ACK, RST, FIN | ACK, 0),
    fc.constantFrom(0, 3, 8),
    mac,
  )
  .map(([proto, ends, sport, dport, flags, type, src]) => {
    const made =
      proto === 'tcp' ? tcp(dport, ends) : proto === 'udp' ? udp(dport, ends) : icmp(type, 1, ends)
    const { l4 } = made
    const with4 = 'sport' in l4 ? { ...l4, sport, ...(l4.kind === 'tcp' ? { flags } : {}) } : l4
    return { ...made, ether: { ...made.ether, src }, l4: with4 }
  })

export const ctState: fc.Arbitrary<CtState> = fc.constantFrom(
  'new',
  'established',
  'related',
  'invalid',
  'untracked',
)
