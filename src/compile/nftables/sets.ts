import { showName } from '../../config/dialect/nftables/address.ts'
import type {
  AddressItem,
  NftGuest,
  NftIpSet,
  NftSetEntry,
} from '../../config/dialect/nftables/model.ts'
import { type Refused, refused } from '../../config/dialect/nftables/refused.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import type { Origin, Via } from '../../netfilter/origin.ts'
import { addElements } from './commands.ts'
import type { Compilation } from './compilation.ts'
import { addressItem } from './expression.ts'
import { findAlias } from './resolve.ts'
import type { TableRef } from './tables.ts'

/** An entry with its alias replaced, as JSON. */
type Element = {
  readonly version: 4 | 6
  readonly nomatch: boolean
  readonly json: Json
  readonly origin: Origin
}

/** A set as it will be written, in every table alike. */
export type CompiledSet = {
  /** Behind `v4-` and `v6-`. */
  readonly nftName: string
  readonly origin: Origin
  readonly elements: readonly Element[]
}

/**
 * Resolves the entries of a set. An alias that does not exist is the one thing at this stage that stops the
 * whole compilation (object.rs `impl ToNftObjects for Ipset`).
 */
export function compileSet(
  compilation: Compilation,
  set: NftIpSet,
  nftName: string,
  guest: NftGuest | null,
): CompiledSet | Refused {
  const origin: Origin = setOrigin(set)
  const own: Via = { what: 'ipset', name: set.name, span: set.span }
  const elements: Element[] = []
  for (const entry of set.entries) {
    const element = compileEntry(compilation, entry, own, guest)
    if ('kind' in element) return element
    elements.push(element)
  }
  return { nftName, origin, elements }
}

/** Writes a set and its companion for `!` entries, for IPv4, then for IPv6. */
export function writeSet(
  { commands }: Compilation,
  table: TableRef,
  { nftName, origin, elements }: CompiledSet,
): void {
  for (const version of [4, 6] as const) {
    const name = `v${version}-${nftName}`
    for (const each of [name, `${name}-nomatch`]) {
      commands.push({ json: { add: { set: setConfig(table, each, version) } }, origin })
      commands.push({ json: { flush: { set: { ...table, name: each } } }, origin })
    }
    for (const nomatch of [false, true]) {
      const own = elements.filter((each) => each.version === version && each.nomatch === nomatch)
      if (own.length === 0) continue
      const elem = own.map(({ json }) => json)
      const origins = own.map((each) => each.origin)
      const target = nomatch ? `${name}-nomatch` : name
      commands.push(addElements(table, target, elem, origin, origins))
    }
  }
}

function setConfig({ family, table }: TableRef, name: string, version: 4 | 6): Json {
  const type = version === 4 ? 'ipv4_addr' : 'ipv6_addr'
  return { family, table, name, type, flags: ['interval'], 'auto-merge': true }
}

function setOrigin({ span, name }: NftIpSet): Origin {
  if (span !== null) return { kind: 'rule', span, via: [], means: null }
  const why = `the set ${name} is made for every configuration`
  return { kind: 'generated', by: 'create_ipsets', why, span, means: null }
}

function compileEntry(
  compilation: Compilation,
  entry: NftSetEntry,
  own: Via,
  guest: NftGuest | null,
): Element | Refused {
  const { item, nomatch, span } = entry
  if (item.kind !== 'alias') return element(item, nomatch, originOf(entry, [own]))
  const name = showName(item.ref)
  const alias = findAlias(compilation, item.ref, guest)
  if (alias === null)
    return refused(
      'nftables/ipset-alias-missing',
      span,
      `could not find alias ${name} in environment`,
      `there is no alias \`${name}\` for this entry of the IPSet \`${own.name}\``,
      name.startsWith('guest/')
        ? 'only IPSets of that guest can use its aliases'
        : 'define the alias in `[ALIASES]`, or correct the entry (a misspelt address counts as alias)',
    )
  const via: readonly Via[] = [own, { what: 'alias', name, span: alias.span }]
  return element({ kind: 'cidr', cidr: alias.cidr }, nomatch, originOf(entry, via))
}

function element(item: AddressItem, nomatch: boolean, origin: Origin): Element {
  const { version } = item.kind === 'cidr' ? item.cidr.address : item.lo
  return { version, nomatch, json: addressItem(item), origin }
}

function originOf({ span }: NftSetEntry, via: readonly Via[]): Origin {
  if (span !== null) return { kind: 'rule', span, via, means: null }
  const why = 'an address the configuration does not name'
  return { kind: 'generated', by: 'create_ipsets', why, span, means: null }
}
