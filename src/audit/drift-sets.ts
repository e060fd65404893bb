import { showAddr } from '../ip/address.ts'
import { cidrsOf, showCidr } from '../ip/prefix.ts'
import { normalise, type Range, type RangeSet } from '../ip/range-set.ts'
import type { Origin } from '../netfilter/origin.ts'
import { ANONYMOUS, type NfMap, type NfSet } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import { count, difference } from './difference.ts'
import type { Findings } from './drift-chains.ts'
import { mapKeys, tupleKeys } from './rule-key.ts'

/** An element by its text. */
type Element = { readonly text: string; readonly origin: Origin }

/** Sets by name, and how they are to be compared. */
export type SetPair = {
  readonly wanted: ReadonlyMap<string, NfSet>
  readonly held: ReadonlyMap<string, NfSet>
  /** As people call where they are: `ipset`, `inet proxmox-firewall`. */
  readonly table: string
  /** nft merges networks that touch, so addresses are compared; ipset keeps each as it was added. */
  readonly merges: boolean
  /** What becomes of a set only the node has. */
  readonly onExtra: (set: NfSet) => void
}

/** Compares sets of one name space, element by element. */
export function compareSets(
  { wanted, held, table, merges, onExtra }: SetPair,
  findings: Findings,
): void {
  for (const [name, set] of wanted) {
    if (name.startsWith(ANONYMOUS.set)) continue
    const other = held.get(name)
    if (other === undefined) {
      const text = count(elementsOf(set, merges).length, 'element')
      const { origin } = set
      findings.differences.push(
        difference({ what: 'set', change: 'missing', table, name, text, origin }),
      )
    } else if (!(set.kind === 'addresses' && (set.dynamic || isDynamic(other)))) {
      compareSet(table, set, other, merges, findings)
    }
  }
  for (const [name, set] of held)
    if (!wanted.has(name) && !name.startsWith(ANONYMOUS.set)) onExtra(set)
}

function isDynamic(set: NfSet): boolean {
  return set.kind === 'addresses' && set.dynamic === true
}

function compareSet(
  table: string,
  wanted: NfSet,
  held: NfSet,
  merges: boolean,
  findings: Findings,
): void {
  const { name } = wanted
  if (wanted.kind !== held.kind || versionOf(wanted) !== versionOf(held)) {
    findings.differences.push(
      difference({
        what: 'set',
        change: 'changed',
        table,
        name,
        text: 'holds other things than it should',
        origin: wanted.origin,
        found: held.origin,
      }),
    )
    return
  }
  if (merges && wanted.kind === 'addresses' && held.kind === 'addresses') {
    const own = normalise(wanted.elements)
    const other = normalise(held.elements)
    compareElements(
      table,
      name,
      wanted.elements.filter((element) => !isWithin(other, element)),
      held.elements.filter((element) => !isWithin(own, element)),
      findings,
    )
    return
  }
  const ours = elementsOf(wanted, merges)
  const theirs = elementsOf(held, merges)
  const own = new Set(ours.map(({ text }) => text))
  const other = new Set(theirs.map(({ text }) => text))
  compareElements(
    table,
    name,
    ours.filter(({ text }) => !other.has(text)),
    theirs.filter(({ text }) => !own.has(text)),
    findings,
  )
}

function versionOf(set: NfSet): number {
  return set.kind === 'addresses' ? set.version : 0
}

function compareElements(
  table: string,
  name: string,
  missing: readonly Element[],
  extra: readonly Element[],
  { differences }: Findings,
): void {
  for (const { text, origin } of missing)
    differences.push(difference({ what: 'element', change: 'missing', table, name, text, origin }))
  for (const { text, origin: found } of extra)
    differences.push(difference({ what: 'element', change: 'extra', table, name, text, found }))
}

function elementsOf(set: NfSet, merges: boolean): readonly Element[] {
  switch (set.kind) {
    case 'addresses':
      return set.elements.map((element) => ({
        text: `${rangeText(set.version, element)}${element.nomatch && !merges ? ' nomatch' : ''}`,
        origin: element.origin,
      }))
    case 'list':
      return set.members.map((text) => ({ text, origin: set.origin }))
    case 'tuples':
      return tupleKeys(set).map((text) => ({ text, origin: set.origin }))
    default:
      return unreachable(set)
  }
}

/** `10.0.0.0/8`, `10.0.0.5-10.0.0.9`. */
function rangeText(version: 4 | 6, { lo, hi }: Range): string {
  const [only, ...more] = cidrsOf(version, { lo, hi })
  if (only !== undefined && more.length === 0) return showCidr(only)
  return `${showAddr({ version, bits: lo })}-${showAddr({ version, bits: hi })}`
}

/** Compares verdict maps of a table. */
export function compareMaps(
  table: string,
  wanted: ReadonlyMap<string, NfMap>,
  held: ReadonlyMap<string, NfMap>,
  findings: Findings,
): void {
  for (const [name, map] of wanted) {
    if (name.startsWith(ANONYMOUS.map)) continue
    const ours = mapElements(map)
    const theirs = mapElements(held.get(name) ?? { name, elements: [] })
    const own = new Set(ours.map(({ text }) => text))
    const other = new Set(theirs.map(({ text }) => text))
    compareElements(
      table,
      name,
      ours.filter(({ text }) => !other.has(text)),
      theirs.filter(({ text }) => !own.has(text)),
      findings,
    )
  }
}

function mapElements(map: NfMap): readonly Element[] {
  const keys = mapKeys(map)
  return map.elements.map(({ origin }, at) => ({ text: keys[at] ?? '', origin }))
}

/** True when a range is in one of these, found by binary search. */
function isWithin(ranges: RangeSet, { lo, hi }: Range): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = ranges[middle] as Range
    if (lo < range.lo) high = middle - 1
    else if (lo > range.hi) low = middle + 1
    else return hi <= range.hi
  }
  return false
}
