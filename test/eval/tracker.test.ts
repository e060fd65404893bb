import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/eval/conntrack/settings.ts'
import { type ConntrackTable, EMPTY_TABLE, entriesOf } from '../../src/eval/conntrack/table.ts'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import { type Packet, TCP_FLAG } from '../../src/netfilter/packet.ts'
import type { Ruleset } from '../../src/netfilter/ruleset.ts'
import { readLive } from '../../src/read/live/read-live.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { hopOf, ipPacket, question, rulesetOf, tableOf, tcp } from '../support/kernel-builders.ts'

/** A router: conntrack looks in prerouting and confirms in postrouting. */
const ROUTED: readonly Hop[] = [
  hopOf({ hook: 'prerouting', iif: 'eth0', tracks: true }),
  hopOf({ hook: 'forward', iif: 'eth0', oif: 'eth1' }),
  hopOf({ hook: 'postrouting', iif: 'eth0', oif: 'eth1' }),
]

const query = ipPacket(
  { kind: 'udp', sport: 1000, dport: 53 },
  { src: '10.0.0.5', dst: '10.0.0.9' },
)
const answer = ipPacket(
  { kind: 'udp', sport: 53, dport: 1000 },
  { src: '10.0.0.9', dst: '10.0.0.5' },
)

/** Sends packets in turn: the verdicts, and the zones and helpers of what conntrack holds then. */
function sent(ruleset: Ruleset, packets: readonly Packet[], hops: readonly Hop[] = ROUTED) {
  let table: ConntrackTable = EMPTY_TABLE
  const verdicts = packets.map((packet) => {
    const tracking = { table, now: 0, settings: DEFAULT_SETTINGS }
    const trace = evaluate(question(ruleset, packet, hops, { tracking }))
    table = trace.tracked ?? table
    return `${trace.outcome} ${trace.hops.at(-1)?.state}`
  })
  return {
    verdicts,
    held: entriesOf(table).map(({ zone, zoneOf, helper }) => `${zone} ${zoneOf} ${helper ?? '-'}`),
  }
}

function iptables(raw: string, filter = ''): Ruleset {
  return rulesetOf(tableOf(raw, 'ip', 'raw'), tableOf(filter))
}

describe('the raw table', () => {
  it.each([
    ['puts connections into a zone', '-A PREROUTING -j CT --zone 5', ['5 both -']],
    ['of one direction', '-A PREROUTING -j CT --zone-orig 6', ['6 original -']],
    ['or of the other', '-A PREROUTING -j CT --zone-reply 7', ['7 reply -']],
    ['by both options', '-A PREROUTING -j CT --zone-orig 6 --zone-reply 7', ['7 both -']],
    [
      'by the mark, of which sixteen bits count',
      '-A PREROUTING -j MARK --set-mark 0x50008\n-A PREROUTING -j CT --zone mark',
      ['8 both -'],
    ],
    [
      'by its first word',
      '-A PREROUTING -j CT --zone 5\n-A PREROUTING -j CT --zone 6\n-A PREROUTING -j CT --notrack',
      ['5 both -'],
    ],
    ['or leaves a packet out', '-A PREROUTING -j CT --notrack\n-A PREROUTING -j CT --zone 5', []],
    [
      'and gives helpers',
      '-A PREROUTING -p udp -j CT --zone 5 --helper tftp\n-A PREROUTING -j CT --helper ftp -p tcp',
      ['5 both tftp'],
    ],
  ])('%s', (_, raw, held) => {
    expect(sent(iptables(raw), [query]).held).toEqual(held)
  })

  it('keeps an answer that comes in another zone from its query', () => {
    const raw = '-A PREROUTING -s 10.0.0.5 -j CT --zone 5'
    const filter =
      '-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A FORWARD -s 10.0.0.9 -j DROP'
    expect(sent(iptables(raw, filter), [query, answer]).verdicts).toEqual([
      'accept new',
      'drop new',
    ])
    const both = `${raw}\n-A PREROUTING -s 10.0.0.9 -j CT --zone 5`
    expect(sent(iptables(both, filter), [query, answer]).verdicts).toEqual([
      'accept new',
      'accept established',
    ])
  })
})

it('a packet of which something is not known may be of a connection that is there', () => {
  const filter = `
    -A FORWARD -m conntrack --ctstate NEW,INVALID,UNTRACKED -j DROP
    -A FORWARD -j ACCEPT`
  const ruleset = iptables('', filter)
  const open = ipPacket(
    { kind: 'udp', sport: 53, dport: 'unknown' },
    { src: '10.0.0.9', dst: '10.0.0.5' },
  )
  const { table } = { table: heldAfter(query) }
  const asked = (held: ConntrackTable) =>
    verdictOf(
      question(ruleset, open, ROUTED, {
        tracking: { table: held, now: 0, settings: DEFAULT_SETTINGS },
      }),
    )
  expect(asked(EMPTY_TABLE)).toBe('drop')
  expect(asked(table)).toBe('unknown')
})

function heldAfter(packet: Packet): ConntrackTable {
  const tracking = { table: EMPTY_TABLE, now: 0, settings: DEFAULT_SETTINGS }
  return evaluate(question(iptables(''), packet, ROUTED, { tracking })).tracked ?? EMPTY_TABLE
}

describe('on a bridge', () => {
  const at = { family: 'bridge', table: 't' }
  const drop = (state: string) => [
    { match: { op: 'in', left: { ct: { key: 'state' } }, right: state } },
    { drop: null },
  ]
  const bridgeRules = (prio: number, state: string): Ruleset =>
    readLive([
      sourceFile(
        'nft.json',
        JSON.stringify({
          nftables: [
            { metainfo: { version: '1.1.3', json_schema_version: 1 } },
            { table: { family: 'bridge', name: 't', handle: 1 } },
            {
              chain: {
                ...at,
                name: 'c',
                handle: 2,
                type: 'filter',
                hook: 'prerouting',
                prio,
                policy: 'accept',
              },
            },
            { rule: { ...at, chain: 'c', handle: 3, expr: drop(state) } },
          ],
        }),
      ),
    ]).ruleset
  const bridge: readonly Hop[] = [
    hopOf({
      hook: 'prerouting',
      families: ['bridge'],
      bridgeIn: 'eno1',
      ibrname: 'vmbr0',
      tracks: true,
    }),
  ]

  it.each([
    ['chains after conntrack see its state', -100, 'new', 'drop'],
    ['chains before it see none', -250, 'new', 'accept'],
    ['which is called invalid', -250, 'invalid', 'drop'],
  ])('%s', (_, prio, state, outcome) => {
    const { verdicts } = sent(bridgeRules(prio, state), [tcp(80, { flags: TCP_FLAG.SYN })], bridge)
    expect(verdicts[0]?.split(' ')[0]).toBe(outcome)
  })
})
