import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Handed, RestoreLine, RestoreSet, RestoreTable } from '../../src/netfilter/restore.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { readEbtables } from '../../src/read/ebtables.ts'
import { readIpset } from '../../src/read/ipset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { renderHanded } from '../../src/render/iptables-save.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { debianFacts } from '../support/debian-facts.ts'
import { nowhere, plain } from '../support/rulesets.ts'
import { runs } from '../support/runs.ts'

const words4 = [
  '-s 10.0.0.0/8',
  '! -s 10.1.2.3',
  '-d 192.168.1.0/24,172.16.0.1',
  '-i vmbr0',
  '! -i tap+',
  '-m iprange --src-range 10.0.0.5-10.0.0.9',
  '-m set --match-set PVEFW-0-a-v4 src',
  '-m set ! --match-set PVEFW-0-l-v4 dst',
  '-m addrtype --dst-type BROADCAST',
]
const words6 = [
  '-s fd00::/8',
  '! -d fe80::1',
  '-o eth0',
  '-m set --match-set PVEFW-0-a-v6 src',
  '-m addrtype --dst-type LOCAL',
]
const words = [
  '-m conntrack --ctstate INVALID,NEW',
  '-m mac ! --mac-source bc:24:11:00:00:01',
  '-m mark --mark 0x80000000/0x80000000',
  '-m limit --limit 1/sec',
  '-m comment --comment "a b"',
  '-m physdev --physdev-is-bridged --physdev-out tap100i0',
]
const ports = [
  '-p tcp',
  '-p tcp --dport 22',
  '-p udp --sport 53 --dport 1024:65535',
  '-p tcp -m multiport --dports 80,443',
  '-p tcp --tcp-flags SYN,ACK SYN',
  '',
]
const targets = [
  '-j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-g PVEFW-B',
  '-j PVEFW-B',
  '-j REJECT',
  '-j MARK --set-mark 0x80000000/0x80000000',
  '-j CONNMARK --set-mark 100',
  '-j NFLOG --nflog-prefix ":100:7:tap100i0-IN: DROP: "',
  '',
]

function line(text: string): RestoreLine {
  return { text, origin: nowhere }
}

/** A rule of some terms; their order is that of the words. */
function rule(terms: readonly string[], ends: readonly string[]): fc.Arbitrary<RestoreLine> {
  return fc
    .tuple(
      fc.constantFrom(...ports),
      fc.uniqueArray(fc.constantFrom(...terms), {
        maxLength: 3,
        selector: (term) => term.split(' ').find((word) => word.startsWith('-')),
      }),
      fc.constantFrom(...ends),
    )
    .map(([port, more, end]) => line([port, ...more, end].filter((part) => part !== '').join(' ')))
    .filter(({ text }) => text !== '')
}

function table(family: 'ip' | 'ip6', name: 'filter' | 'raw'): fc.Arbitrary<RestoreTable> {
  const terms = [...(family === 'ip' ? words4 : words6), ...words]
  const isRaw = name === 'raw'
  // -i is not for OUTPUT and REJECT not for raw: what a tool refuses is in no kernel
  const ends = isRaw ? targets.filter((target) => target !== '-j REJECT') : targets
  const rules = fc.array(rule(terms, ends), { maxLength: 6 })
  const last = fc.array(
    rule(
      terms,
      ends.filter((target) => !target.includes('PVEFW-B')),
    ),
    {
      maxLength: 4,
    },
  )
  const first = isRaw ? 'PREROUTING' : 'FORWARD'
  return fc.tuple(rules, rules, last).map(([hook, a, b]) => ({
    family,
    table: name,
    hooks: hook.map((one) => ({ chain: first, line: one })),
    chains: new Map([
      ['PVEFW-A', a],
      ['PVEFW-B', b],
    ]),
  }))
}

const element4 = fc.constantFrom('10.0.0.0/8', '10.1.0.0/16 nomatch', '192.168.1.5', '1.2.3.4/31')
const element6 = fc.constantFrom('fd00::/8', 'fe80::1 nomatch', '2001:db8::/32')

function set(name: string, family: 'inet' | 'inet6'): fc.Arbitrary<RestoreSet> {
  return fc.uniqueArray(family === 'inet' ? element4 : element6).map((elements) => ({
    name,
    create: line(`create ${name} hash:net family ${family} hashsize 64 maxelem 64`),
    adds: elements.map((element) => line(`add ${name} ${element}`)),
  }))
}

const sets: fc.Arbitrary<readonly RestoreSet[]> = fc
  .tuple(set('PVEFW-0-a-v4', 'inet'), set('PVEFW-0-a-v6', 'inet6'))
  .map((made) => [
    ...made,
    {
      name: 'PVEFW-0-l-v4',
      create: line('create PVEFW-0-l-v4 list:set size 4'),
      adds: [line('add PVEFW-0-l-v4 PVEFW-0-a-v4')],
    },
  ])

const bridgeRule = fc
  .tuple(
    fc.constantFrom('-p ARP --arp-ip-src 10.0.0.1', '-p IPv4', '-i tap100i0', '-o fwln+', ''),
    fc.constantFrom('-s ! bc:24:11:00:00:01', ''),
    fc.constantFrom('-j ACCEPT', '-j DROP', '-j RETURN'),
  )
  .map((parts) => line(parts.filter((part) => part !== '').join(' ')))

const handed: fc.Arbitrary<Handed> = fc.record({
  ipset: sets,
  v4: table('ip', 'filter'),
  v4raw: table('ip', 'raw'),
  v6: table('ip6', 'filter'),
  v6raw: table('ip6', 'raw'),
  ebtables: fc.array(bridgeRule, { maxLength: 5 }).map((rules) => ({
    hooks: [{ chain: 'FORWARD', line: line('-j PVEFW-FORWARD') }],
    chains: new Map([['PVEFW-FORWARD', rules]]),
  })),
})

/** What a kernel holds that was handed this. */
function held({ ipset, v4, v4raw, v6, v6raw, ebtables }: Handed): Ruleset {
  const { sets: known, refusals } = readIpset(ipset)
  const tables = [v4, v4raw, v6, v6raw].map((one) => readRestoreTable(one, known, debianFacts))
  const bridge = readEbtables(ebtables, debianFacts)
  expect([...refusals, ...[...tables, bridge].flatMap((one) => one.refusals)]).toEqual([])
  return { backend: 'iptables', tables: [...tables, bridge].map((one) => one.table) }
}

describe('iptables: read(render(ruleset))', () => {
  it('equals the ruleset', () => {
    fc.assert(
      fc.property(handed, (one) => {
        const texts = renderHanded(one)
        const files = Object.entries(texts).map(([name, text]) => sourceFile(name, text))
        const { ruleset, diagnostics } = readLive(files)
        expect(diagnostics).toEqual([])
        expect(plain(ruleset)).toEqual(plain(held(one)))
      }),
      { numRuns: runs(80) },
    )
  })
})
