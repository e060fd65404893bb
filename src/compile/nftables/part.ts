import { showName } from '../../config/dialect/nftables/address.ts'
import type { AddressOperand, NftGuest, NftSetEntry } from '../../config/dialect/nftables/model.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import type { Via } from '../../netfilter/origin.ts'
import type { Located } from '../../source/source-file.ts'
import type { Compilation } from './compilation.ts'
import { addressList, equal, payload, prefix, type Statement, unequal } from './expression.ts'
import { findAlias, findSet } from './resolve.ts'

/**
 * An nft rule in the making (rule.rs `NftRule`): one rule line becomes a list of them. `lost` says which
 * operands found the part to be of the other family: it stays, without a match for them. `idle`: it looks
 * up a set without entries of its family, so it never matches anyway.
 */
export type Part = {
  readonly family: 4 | 6 | null
  readonly matches: readonly Statement[]
  readonly terminal: readonly Statement[]
  /** A log rule decides nothing. */
  readonly decides: boolean
  readonly lost: readonly Located<AddressOperand>[]
  readonly idle: boolean
}

/** What an address operand leads to. */
export type Resolved =
  | {
      readonly kind: 'match'
      readonly version: 4 | 6
      readonly right: Json
      readonly via: Via | null
    }
  | {
      readonly kind: 'set'
      readonly nftName: string
      readonly via: Via
      /** Whether it has entries of a family. */
      readonly has: (version: 4 | 6) => boolean
    }
  | { readonly kind: 'missing'; readonly error: string }

/** Resolves the value of `-source` or `-dest` for a place. */
export function resolveOperand(
  compilation: Compilation,
  operand: AddressOperand,
  guest: NftGuest | null,
): Resolved {
  switch (operand.kind) {
    case 'list':
      return {
        kind: 'match',
        version: operand.version,
        right: listJson(operand),
        via: null,
      }
    case 'alias': {
      const alias = findAlias(compilation, operand.ref, guest)
      const name = showName(operand.ref)
      if (alias === null) return { kind: 'missing', error: `could not find alias ${name}` }
      const via: Via = { what: 'alias', name, span: alias.span }
      const { version } = alias.cidr.address
      return { kind: 'match', version, right: prefix(alias.cidr), via }
    }
    default: {
      const found = findSet(compilation, operand.ref, guest)
      const name = showName(operand.ref)
      if (found === null) return { kind: 'missing', error: `could not find ipset ${name}` }
      const via: Via = { what: 'ipset', name: found.set.name, span: found.set.span }
      const has = (version: 4 | 6): boolean =>
        found.set.entries.some((entry) => isOf(compilation, entry, guest, version))
      return { kind: 'set', nftName: found.nftName, via, has }
    }
  }
}

/** The JSON of a list, made once: rules with the same text share the list. */
function listJson(list: Extract<AddressOperand, { readonly kind: 'list' }>): Json {
  const known = LISTS.get(list)
  if (known !== undefined) return known
  const made = addressList(list.items)
  LISTS.set(list, made)
  return made
}

const LISTS = new WeakMap<AddressOperand, Json>()

/** The parts with a protocol's matches; those of the other family stay as they are. */
export function withProtocol(
  parts: readonly Part[],
  family: 4 | 6 | null,
  matches: readonly Statement[],
): readonly Part[] {
  return parts.map((part) =>
    family !== null && part.family !== null && part.family !== family
      ? part
      : { ...part, family: family ?? part.family, matches: [...part.matches, ...matches] },
  )
}

/** The parts with a match on an address (rule.rs `handle_match`): parts of the other family are kept without it. */
export function withAddress(
  parts: readonly Part[],
  field: 'saddr' | 'daddr',
  resolved: Extract<Resolved, { readonly kind: 'match' }>,
  operand: Located<AddressOperand>,
): readonly Part[] {
  const { version, right } = resolved
  const match = equal(ADDRESS[field][version], right)
  return parts.map((part) =>
    part.family === null || part.family === version
      ? { ...part, family: version, matches: [...part.matches, match] }
      : { ...part, lost: [...part.lost, operand] },
  )
}

/** The parts with a set look-up (rule.rs `handle_set`): one for each family the part may have. */
export function withSet(
  parts: readonly Part[],
  field: 'saddr' | 'daddr',
  { nftName, has }: Extract<Resolved, { readonly kind: 'set' }>,
): readonly Part[] {
  return parts.flatMap((part) =>
    ([4, 6] as const)
      .filter((family) => part.family === null || part.family === family)
      .map((family) => {
        const left = ADDRESS[field][family]
        const set = `@v${family}-${nftName}`
        const matches = [...part.matches, equal(left, set), unequal(left, `${set}-nomatch`)]
        return { ...part, family, matches, idle: part.idle || !has(family) }
      }),
  )
}

function isOf(
  compilation: Compilation,
  { item, nomatch }: NftSetEntry,
  guest: NftGuest | null,
  version: 4 | 6,
): boolean {
  if (nomatch) return false
  if (item.kind === 'range') return item.lo.version === version
  const cidr = item.kind === 'cidr' ? item.cidr : findAlias(compilation, item.ref, guest)?.cidr
  return cidr?.address.version === version
}

const ADDRESS = {
  saddr: { 4: payload('ip', 'saddr'), 6: payload('ip6', 'saddr') },
  daddr: { 4: payload('ip', 'daddr'), 6: payload('ip6', 'daddr') },
} as const
