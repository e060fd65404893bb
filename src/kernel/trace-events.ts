import { isPassive } from '../eval/compiled-chain.ts'
import type { Chain, Rule, Ruleset, Table } from '../netfilter/ruleset.ts'
import type { RanChain } from './answer.ts'
import { type LogEvent, tracedRule } from './nflog.ts'
import type { NftTraceEvent } from './nftrace.ts'
import { CALLER } from './stand-in.ts'

/** Names of devices by their index. */
export type DeviceNames = ReadonlyMap<number, string>

/** A chain that ran, and the last of its rules that matched. */
export type Ran = RanChain & { readonly last: Found | null }

export type Found = {
  readonly table: Table
  readonly chain: Chain
  readonly rule: Rule
  readonly number: number
}

type Writing = { -readonly [K in keyof Ran]: Ran[K] } & { matched: string[] }

const BUILT_IN = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])

/**
 * The chains of iptables a packet ran through, of its TRACE events in order. Rules that only log or comment are left
 * out. `shifted`: chains in which a rule of ours stands first.
 */
export function iptablesRan(
  events: readonly LogEvent[],
  ruleset: Ruleset,
  family: 'ip' | 'ip6',
  devices: DeviceNames,
  shifted: (table: string, chain: string) => boolean,
): readonly Ran[] {
  const ran: Writing[] = []
  let current: Writing | null = null
  let before: LogEvent | null = null
  for (const event of events) {
    const traced = tracedRule(event.prefix)
    if (traced === null) continue
    const same: boolean =
      current !== null &&
      before !== null &&
      current.table === traced.table &&
      sameHook(before, event)
    // a base chain begins anew at each hook, and where its numbers begin anew
    if (!same || (BUILT_IN.has(traced.chain) && startsAnew(current, traced.chain, traced.number))) {
      current = opened(
        event,
        traced.table,
        BUILT_IN.has(traced.chain) ? traced.chain : '?',
        devices,
      )
      ran.push(current)
    }
    before = event
    if (current === null) continue
    const number = shifted(traced.table, traced.chain) ? traced.number - 1 : traced.number
    const found = foundRule(ruleset, family, traced.table, traced.chain, number)
    if (found !== null) {
      if (isPassive(found.rule)) continue
      current.matched.push(`${traced.chain}:${number}`)
      current.last = found
    } else if (traced.what === 'policy') current.policy = true
  }
  return ran
}

function opened(event: LogEvent, table: string, chain: string, devices: DeviceNames): Writing {
  const name = (index: number): string | null =>
    index === 0 ? null : (devices.get(index) ?? `#${index}`)
  return {
    table,
    chain,
    iif: name(event.iif),
    oif: name(event.oif),
    physin: name(event.physin),
    physout: name(event.physout),
    matched: [],
    policy: false,
    last: null,
  }
}

function sameHook(a: LogEvent, b: LogEvent): boolean {
  return (
    a.hook === b.hook &&
    a.iif === b.iif &&
    a.oif === b.oif &&
    a.physin === b.physin &&
    a.physout === b.physout
  )
}

function startsAnew(current: Writing | null, chain: string, number: number): boolean {
  const seen = current?.matched.findLast((text) => text.startsWith(`${chain}:`))
  const last = seen === undefined ? 0 : Number(seen.slice(chain.length + 1))
  return current?.policy === true || last > number
}

function foundRule(
  ruleset: Ruleset,
  family: 'ip' | 'ip6',
  tableName: string,
  chainName: string,
  number: number,
): Found | null {
  const table = ruleset.tables.find((each) => each.family === family && each.name === tableName)
  const chain = table?.chains.get(chainName)
  const rule = chain?.rules[number - 1]
  if (table === undefined || chain === undefined || rule === undefined) return null
  return { table, chain, rule, number }
}

/** Rules of nft by table and handle: `bridge proxmox-firewall-guests` -> 17 -> chain and number. */
export type Handles = ReadonlyMap<
  string,
  ReadonlyMap<number, { readonly chain: string; readonly number: number }>
>

/** Handles of a listing by `nft -j -a list ruleset`. */
export function handlesIn(listing: string): Handles {
  const tables = new Map<string, Map<number, { chain: string; number: number }>>()
  const counts = new Map<string, number>()
  const { nftables } = JSON.parse(listing) as {
    readonly nftables: readonly { readonly rule?: ListedRule }[]
  }
  for (const { rule } of nftables) {
    if (rule === undefined) continue
    const name = `${rule.family} ${rule.table}`
    const key = `${name} ${rule.chain}`
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    const table = tables.get(name) ?? new Map()
    tables.set(name, table)
    table.set(rule.handle, { chain: rule.chain, number })
  }
  return tables
}

type ListedRule = {
  readonly family: string
  readonly table: string
  readonly chain: string
  readonly handle: number
}

/** A packet in a table of inet is told with its own family: nf_tables_trace.c `nft_trace_notify`, NFTA_TRACE_NFPROTO. */
const families: Readonly<Record<number, readonly Table['family'][]>> = {
  2: ['ip', 'inet'],
  7: ['bridge'],
  10: ['ip6', 'inet'],
}

/** The chains of nftables a packet ran through, of its trace events in order; `ours`: tables that are not the ruleset's. */
export function nftRan(
  events: readonly NftTraceEvent[],
  ruleset: Ruleset,
  handles: Handles,
  devices: DeviceNames,
): readonly Ran[] {
  const ran: Writing[] = []
  let current: Writing | null = null
  let calledAnew = false
  for (const event of events) {
    const table = ruleset.tables.find(
      ({ family, name }) =>
        name === event.table && families[event.family]?.includes(family) === true,
    )
    if (table === undefined) continue
    const { family } = table
    // the chain that stands in for a base chain calls it, and ends with its policy
    const isCaller = event.chain.startsWith(CALLER)
    const chainName = isCaller ? event.chain.slice(CALLER.length) : event.chain
    if (isCaller && event.type !== 'policy') {
      calledAnew = true
      continue
    }
    const isBase = table.chains.get(chainName)?.base != null
    const begins = calledAnew || (!isCaller && event.header !== null)
    if (current === null || (isBase && (begins || current.chain !== chainName))) {
      calledAnew = false
      const name = (index: number): string | null =>
        index === 0 ? null : (devices.get(index) ?? `#${index}`)
      current = {
        table: `${family} ${table.name}`,
        chain: chainName,
        iif: name(event.iif),
        oif: name(event.oif),
        physin: null,
        physout: null,
        matched: [],
        policy: false,
        last: null,
      }
      ran.push(current)
    }
    if (event.type === 'policy') current.policy = true
    if (event.type !== 'rule') continue
    const at = handles.get(`${family} ${table.name}`)?.get(event.handle)
    const chain = table.chains.get(event.chain)
    const rule = at === undefined ? undefined : chain?.rules[at.number - 1]
    if (at === undefined || chain === undefined || rule === undefined || isPassive(rule)) continue
    current.matched.push(`${at.chain}:${at.number}`)
    current.last = { table, chain, rule, number: at.number }
  }
  return ran
}
