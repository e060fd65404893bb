import { PROTO } from '../netfilter/packet.ts'
import { type MatchModule, moduleOf, opaqueTerm, type Term } from './match-module.ts'
import {
  addressRange,
  addressTypeTerm,
  icmpTerm,
  macSource,
  mark,
  matchSet,
  packetType,
  physdevName,
  physdevPresent,
  portList,
  portTerms,
  stateTerm,
  syn,
  tcpFlags,
} from './match-terms.ts'
import { hashlimitMatch, limitMatch } from './rate.ts'

/** Options of conntrack that look at what is not in a packet. */
const connectionTerms: readonly (readonly [readonly string[], Term])[] = [
  '--ctproto',
  '--ctorigsrc',
  '--ctorigdst',
  '--ctreplsrc',
  '--ctrepldst',
  '--ctorigsrcport',
  '--ctorigdstport',
  '--ctreplsrcport',
  '--ctrepldstport',
  '--ctstatus',
  '--ctexpire',
  '--ctdir',
].map((option) => [[option], opaqueTerm(1)])

/** Match extensions by the name `-m` takes. */
export const MATCH_MODULES: ReadonlyMap<string, MatchModule> = new Map(
  [
    moduleOf(
      'tcp',
      [
        ...portTerms(PROTO.tcp),
        [['--tcp-flags'], tcpFlags],
        [['--syn'], syn],
        [['--tcp-option'], opaqueTerm(1)],
      ],
      { protocol: PROTO.tcp },
    ),
    moduleOf('udp', portTerms(PROTO.udp), { protocol: PROTO.udp }),
    moduleOf('sctp', [...portTerms(PROTO.sctp), [['--chunk-types'], opaqueTerm(2)]], {
      protocol: PROTO.sctp,
    }),
    moduleOf(
      'dccp',
      [...portTerms(PROTO.dccp), [['--dccp-types', '--dccp-option'], opaqueTerm(1)]],
      { protocol: PROTO.dccp },
    ),
    moduleOf('icmp', [[['--icmp-type'], icmpTerm(4)]], { protocol: PROTO.icmp, version: 4 }),
    moduleOf('icmp6', [[['--icmpv6-type'], icmpTerm(6)]], { protocol: PROTO.icmpv6, version: 6 }),
    moduleOf(
      'multiport',
      [
        [['--sports', '--source-ports'], portList(['th sport'])],
        [['--dports', '--destination-ports'], portList(['th dport'])],
        [['--ports'], portList(['th sport', 'th dport'])],
      ],
      { empty: 'multiport expection an option' },
    ),
    moduleOf(
      'iprange',
      [
        [['--src-range'], addressRange('saddr', '--src-range')],
        [['--dst-range'], addressRange('daddr', '--dst-range')],
      ],
      { empty: "iprange match: You must specify `--src-range' or `--dst-range'" },
    ),
    moduleOf(
      'set',
      [
        [['--match-set'], matchSet],
        [['--return-nomatch'], opaqueTerm(0)],
      ],
      { empty: "You must specify `--match-set' with proper arguments" },
    ),
    moduleOf('mac', [[['--mac-source'], macSource]], {
      empty: 'mac: option "--mac-source" must be specified',
    }),
    moduleOf('mark', [[['--mark'], mark('meta mark', 'mark')]], {
      empty: 'mark: option "--mark" must be specified',
    }),
    moduleOf('connmark', [[['--mark'], mark('ct mark', 'connmark')]], {
      empty: 'connmark: option "--mark" must be specified',
    }),
    moduleOf('conntrack', [[['--ctstate'], stateTerm('conntrack')], ...connectionTerms], {
      empty: 'conntrack: At least one option is required',
    }),
    moduleOf('state', [[['--state'], stateTerm('state')]], {
      empty: 'state: option "--state" must be specified',
    }),
    moduleOf(
      'addrtype',
      [
        [['--src-type'], addressTypeTerm('saddr')],
        [['--dst-type'], addressTypeTerm('daddr')],
        [['--limit-iface-in', '--limit-iface-out'], opaqueTerm(0)],
      ],
      { empty: 'addrtype: you must specify --src-type or --dst-type' },
    ),
    moduleOf(
      'physdev',
      [
        [['--physdev-in'], physdevName('physdev in')],
        [['--physdev-out'], physdevName('physdev out')],
        [['--physdev-is-in'], physdevPresent('physdev in')],
        [['--physdev-is-out', '--physdev-is-bridged'], physdevPresent('physdev out')],
      ],
      { empty: 'PHYSDEV: no physdev option specified' },
    ),
    moduleOf('pkttype', [[['--pkt-type'], packetType]], {
      empty: 'pkttype: option "--pkt-type" must be specified',
    }),
    moduleOf('comment', [[['--comment'], opaqueTerm(1)]], {
      empty: 'comment: option "--comment" must be specified',
    }),
    moduleOf('limit', [], {
      gathered: new Map([
        ['--limit', 1],
        ['--limit-burst', 1],
      ]),
      finish: limitMatch,
    }),
    moduleOf('hashlimit', [], {
      gathered: new Map(
        [
          '--hashlimit',
          '--hashlimit-above',
          '--hashlimit-upto',
          '--hashlimit-burst',
          '--hashlimit-mode',
          '--hashlimit-name',
          '--hashlimit-srcmask',
          '--hashlimit-dstmask',
          '--hashlimit-htable-size',
          '--hashlimit-htable-max',
          '--hashlimit-htable-expire',
          '--hashlimit-htable-gcinterval',
        ].map((option) => [option, 1]),
      ),
      finish: (options, { version }) => hashlimitMatch(options, version),
    }),
  ].map((module) => [module.name, module]),
)

/** Other names of extensions: `xtables_find_match`, libxtables/xtables.c. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['icmpv6', 'icmp6'],
  ['ipv6-icmp', 'icmp6'],
])

/** The extension `-m NAME` loads; undefined: one that pvefw does not know. */
export function matchModule(name: string): MatchModule | undefined {
  return MATCH_MODULES.get(spellings.get(name) ?? name)
}

const byProtocol: ReadonlyMap<number, string> = new Map([
  [PROTO.tcp, 'tcp'],
  [PROTO.udp, 'udp'],
  [PROTO.sctp, 'sctp'],
  [PROTO.dccp, 'dccp'],
  [PROTO.icmp, 'icmp'],
  [PROTO.icmpv6, 'icmp6'],
])

/** The extension that `-p PROTOCOL` brings along when one of its options follows: `load_proto`, iptables/xshared.c. */
export function protocolModule(protocol: number, version: 4 | 6): MatchModule | undefined {
  const module = MATCH_MODULES.get(byProtocol.get(protocol) ?? '')
  return module?.version === null || module?.version === version ? module : undefined
}

/** Options of any extension: one that is not loaded is refused, not unknown. */
export const KNOWN_OPTIONS: ReadonlySet<string> = new Set(
  [...MATCH_MODULES.values()].flatMap((module) => [
    ...module.terms.keys(),
    ...module.gathered.keys(),
  ]),
)
