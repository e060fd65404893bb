import { type Range, type RangeSet, union } from '../ip/range-set.ts'
import type { AddressElement, NfSet } from '../netfilter/ruleset.ts'

/**
 * A set made fast to ask. Addresses: the line of addresses cut where the deciding element changes; segment `i` runs
 * from `starts[i]` to the next start, and `decides[i]` is the element that decides there, -1 for none.
 */
export type SetIndex =
  | {
      readonly kind: 'addresses'
      readonly version: 4 | 6
      readonly elements: readonly AddressElement[]
      /** IPv4 as numbers: compared faster than bigints. */
      readonly starts: readonly (number | bigint)[]
      readonly decides: readonly number[]
    }
  | { readonly kind: 'list'; readonly members: readonly SetIndex[] }
  | { readonly kind: 'tuples'; readonly keys: ReadonlySet<string> }
  /** The set is missing, or a list that contains itself. */
  | { readonly kind: 'missing' }

const MISSING: SetIndex = { kind: 'missing' }

/** Indexes of sets, for as long as their rulesets live. */
const indexes = new WeakMap<NfSet, SetIndex>()

/** The index of a set, built on first use in n log n. */
export function setIndex(name: string, sets: ReadonlyMap<string, NfSet>): SetIndex {
  const set = sets.get(name)
  return set === undefined ? MISSING : indexOf(set, sets)
}

function indexOf(set: NfSet, sets: ReadonlyMap<string, NfSet>): SetIndex {
  // lists name their members: their index depends on the other sets too
  if (set.kind === 'list') {
    const members = set.members.map((member) => {
      const found = sets.get(member)
      return found === undefined || found.kind === 'list' ? MISSING : indexOf(found, sets)
    })
    return { kind: 'list', members }
  }
  const known = indexes.get(set)
  if (known !== undefined) return known
  const index: SetIndex =
    set.kind === 'tuples'
      ? { kind: 'tuples', keys: new Set(set.elements.map(tupleKey)) }
      : addressIndex(set.version, set.elements)
  indexes.set(set, index)
  return index
}

/** Key of a concatenation of values. */
export function tupleKey(values: readonly (string | number | bigint)[]): string {
  return values.map((value) => `${typeof value === 'string' ? 's' : 'n'}${value}`).join('\0')
}

/**
 * ipset hash:net asks prefix by prefix, the longest first, and the first hit decides, `nomatch` included:
 * `mtype_test_cidrs`, net/netfilter/ipset/ip_set_hash_gen.h. Networks nest, so a sweep with a stack finds where each
 * element decides.
 */
function addressIndex(version: 4 | 6, elements: readonly AddressElement[]): SetIndex {
  const order = elements
    .map((element, at) => ({ element, at }))
    .sort((a, b) => compare(a.element.lo, b.element.lo) || compare(b.element.hi, a.element.hi))
  const starts: bigint[] = [0n]
  const decides: number[] = [-1]
  const open: { readonly hi: bigint; readonly at: number }[] = []
  const decide = (from: bigint, at: number): void => {
    if (starts.at(-1) === from) decides[decides.length - 1] = at
    else if (decides.at(-1) !== at) {
      starts.push(from)
      decides.push(at)
    }
  }
  const closeBefore = (address: bigint): void => {
    for (let top = open.at(-1); top !== undefined && top.hi < address; top = open.at(-1)) {
      open.pop()
      const below = open.findLast((element) => element.hi > top.hi)
      decide(top.hi + 1n, below?.at ?? -1)
    }
  }
  for (const { element, at } of order) {
    closeBefore(element.lo)
    open.push({ hi: element.hi, at })
    decide(element.lo, at)
  }
  closeBefore(1n << 129n)
  return {
    kind: 'addresses',
    version,
    elements,
    starts: version === 4 ? starts.map(Number) : starts,
    decides,
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** True when the set matches an address; of a list when one of its sets does (`list_set_ktest`). */
export function setContains(index: SetIndex, version: 4 | 6, address: number | bigint): boolean {
  return decidingElement(index, version, address)?.nomatch === false
}

/**
 * The element that decides about an address: the smallest network it is in, be it `nomatch`; of a list that of the
 * first set that matches. Null if there is none.
 */
export function decidingElement(
  index: SetIndex,
  version: 4 | 6,
  address: number | bigint,
): AddressElement | null {
  switch (index.kind) {
    case 'addresses':
      return index.version === version ? elementAt(index, address) : null
    case 'list':
      for (const member of index.members) {
        const element = decidingElement(member, version, address)
        if (element?.nomatch === false) return element
      }
      return null
    default:
      return null
  }
}

function elementAt(
  index: Extract<SetIndex, { kind: 'addresses' }>,
  address: number | bigint,
): AddressElement | null {
  const { starts, decides } = index
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] as number | bigint) <= address) low = middle
    else high = middle - 1
  }
  return index.elements[decides[low] ?? -1] ?? null
}

/** All addresses a set matches; null for sets of other things. */
export function coverage(index: SetIndex, version: 4 | 6): RangeSet | null {
  switch (index.kind) {
    case 'addresses':
      return index.version === version ? segments(index) : []
    case 'list': {
      let all: RangeSet = []
      for (const member of index.members) all = union(all, coverage(member, version) ?? [])
      return all
    }
    case 'missing':
      return []
    case 'tuples':
      return null
  }
}

function segments(index: Extract<SetIndex, { kind: 'addresses' }>): RangeSet {
  const last = index.version === 4 ? 0xffff_ffffn : (1n << 128n) - 1n
  const matched: Range[] = []
  for (const [i, at] of index.decides.entries()) {
    const element = index.elements[at]
    if (element === undefined || element.nomatch) continue
    const next = index.starts[i + 1]
    const hi = next === undefined ? last : BigInt(next) - 1n
    matched.push({ lo: BigInt(index.starts[i] ?? 0), hi })
  }
  return union(matched, [])
}
