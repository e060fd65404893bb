import type { Question } from '../../src/eval/trace.ts'
import { parseAddr } from '../../src/ip/address.ts'
import { EMPTY_FIB } from '../../src/netfilter/fib.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import {
  type AddrType,
  ETHERTYPE,
  type Layer4,
  type Packet,
  TCP_FLAG,
} from '../../src/netfilter/packet.ts'
import type { NfSet, Ruleset, Table } from '../../src/netfilter/ruleset.ts'
import { readEbtables } from '../../src/read/ebtables.ts'
import { readIpset } from '../../src/read/ipset.ts'
import { readRestoreTable } from '../../src/read/iptables.ts'
import { debianFacts } from './debian-facts.ts'
import { splitEbtables, splitIpset, splitRestoreTable } from './restore-text.ts'

/** Rules, packets and hooks in few words, for tests of what a kernel does with them. */

/** A table of the rules in `text`, lines `-A CHAIN ...`; user chains are those that rules stand in or jump to. */
export function tableOf(
  text: string,
  family: 'ip' | 'ip6' = 'ip',
  name: 'filter' | 'raw' = 'filter',
  sets: ReadonlyMap<string, NfSet> = new Map(),
): Table {
  const builtIn = ['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING']
  const lines = text.split('\n').map((line) => line.trim())
  const chains = new Set(lines.flatMap((line) => /^-A (\S+) /.exec(line)?.[1] ?? []))
  const declared = [...chains].filter((chain) => !builtIn.includes(chain))
  const whole = [...declared.map((chain) => `:${chain} - [0:0]`), ...lines].join('\n')
  const { table, refusals } = readRestoreTable(
    splitRestoreTable(whole, family, name).table,
    sets,
    debianFacts,
  )
  if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join('; '))
  return table
}

/** Sets of `create` and `add` lines. */
export function setsOf(text: string): ReadonlyMap<string, NfSet> {
  const rows = text.split('\n').map((line) => line.trim())
  const { sets, refusals } = readIpset(splitIpset(rows.join('\n')))
  if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join('; '))
  return sets
}

/** An ebtables table. */
export function ebtablesOf(text: string): Table {
  const rows = text.split('\n').map((line) => line.trim())
  return readEbtables(splitEbtables(rows.join('\n')), debianFacts).table
}

export function rulesetOf(...tables: readonly Table[]): Ruleset {
  return { backend: 'iptables', tables }
}

const nowhere: Hop = {
  hook: 'forward',
  families: ['ip'],
  iif: null,
  oif: null,
  physin: null,
  physout: null,
  bridgeIn: null,
  bridgeOut: null,
  ibrname: null,
  obrname: null,
  tracks: false,
}

/** A hop with these devices; by default IPv4 in FORWARD. */
export function hopOf(more: Partial<Hop> = {}): Hop {
  return { ...nowhere, ...more }
}

/** A frame between two ports of a bridge, as ebtables and iptables see it. */
export function bridged(bridge: string, physin: string, physout: string): Hop {
  return hopOf({
    families: ['bridge', 'ip'],
    iif: bridge,
    oif: bridge,
    physin,
    physout,
    bridgeIn: physin,
    bridgeOut: physout,
    ibrname: bridge,
    obrname: bridge,
  })
}

type Parts = {
  readonly src?: string
  readonly dst?: string
  readonly srcType?: AddrType
  readonly dstType?: AddrType
  readonly mac?: number
}

/** An IP packet; addresses `unknown` are not known. */
export function ipPacket(l4: Layer4, parts: Parts = {}): Packet {
  const src = addressOf(parts.src ?? '192.0.2.1')
  const dst = addressOf(parts.dst ?? '198.51.100.1')
  const six = [parts.src, parts.dst].some((text) => text?.includes(':'))
  const kind = six ? 'ip6' : 'ip'
  return {
    ether: { src: parts.mac ?? 0x02_00_00_00_00_01, dst: 2, type: ETHERTYPE[kind], vlan: null },
    l3: { kind, src, dst, srcType: parts.srcType ?? null, dstType: parts.dstType ?? null },
    l4,
  }
}

function addressOf(text: string): bigint | 'unknown' {
  return text === 'unknown' ? 'unknown' : (parseAddr(text)?.bits ?? 'unknown')
}

/** A SYN, or a segment with the given flags. */
export function tcp(dport: number, parts: Parts & { flags?: number; sport?: number } = {}): Packet {
  const { flags = TCP_FLAG.SYN, sport = 40_000 } = parts
  return ipPacket({ kind: 'tcp', sport, dport, flags }, parts)
}

export function udp(dport: number, parts: Parts & { sport?: number } = {}): Packet {
  return ipPacket({ kind: 'udp', sport: parts.sport ?? 40_000, dport }, parts)
}

export function icmp(type: number, code = 0, parts: Parts = {}): Packet {
  return ipPacket({ kind: 'icmp', type, code }, parts)
}

/** A question about a packet on the given hops of one node. */
export function question(
  ruleset: Ruleset,
  packet: Packet,
  hops: readonly Hop[] = [hopOf()],
  more: Partial<Question> = {},
): Question {
  return {
    ruleset,
    packet,
    path: { legs: [{ node: 'pve', hops }], assumptions: [] },
    state: null,
    fib: EMPTY_FIB,
    mark: 0,
    ctMark: 0,
    ...more,
  }
}
