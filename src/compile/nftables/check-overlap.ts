import { parseAddr } from '../../ip/address.ts'
import { rangeOf } from '../../ip/prefix.ts'
import type { Range } from '../../ip/range-set.ts'
import type { Json } from '../../netfilter/nft/command.ts'
import { at, type Complaint, complaint, isList, textAt } from './complaint.ts'

type Interval = Range & { readonly index: number }

/**
 * Elements of an interval set that overlap without being the same: nft before 1.1.0 does not read auto-merge
 * from JSON and refuses them. Blames the later of the two lines. Cost: a sort.
 */
export function checkOverlap(elements: readonly Json[]): Complaint | null {
  const intervals = elements.flatMap((element, index): readonly Interval[] => {
    const range = rangeOfElement(element)
    return range === null ? [] : [{ ...range, index }]
  })
  intervals.sort((a, b) => (a.lo === b.lo ? compare(b.hi, a.hi) : compare(a.lo, b.lo)))
  let last: Interval | null = null
  for (const interval of intervals) {
    if (last !== null && interval.lo <= last.hi && !isSame(last, interval))
      return overlap(last, interval)
    if (last === null || interval.hi > last.hi) last = interval
  }
  return null
}

function overlap(a: Interval, b: Interval): Complaint {
  return {
    ...complaint(
      'nftables/nft-overlap',
      'conflicting intervals specified',
      'entries of the IPSet overlap, which nft before 1.1.0 does not take from proxmox-firewall',
      'remove the entry that lies within the other, or update nft',
    ),
    element: Math.max(a.index, b.index),
    other: Math.min(a.index, b.index),
  }
}

function isSame(a: Range, b: Range): boolean {
  return a.lo === b.lo && a.hi === b.hi
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function rangeOfElement(element: Json): Range | null {
  const text = textAt(element, 'prefix', 'addr')
  const length = at(element, 'prefix', 'len')
  if (text !== null && typeof length === 'number') {
    const address = parseAddr(text)
    return address === null ? null : rangeOf({ address, prefix: length })
  }
  const ends = at(element, 'range')
  const [lo, hi] = isList(ends) ? ends.map((end) => parseAddr(String(end))) : []
  return lo === null || lo === undefined || hi === null || hi === undefined
    ? null
    : { lo: lo.bits, hi: hi.bits }
}
