import { parseAddr, showAddr, widthOf } from '../ip/address.ts'
import { cidrsOf, parseCidr, rangeOf, showCidr } from '../ip/prefix.ts'
import { normalise, type Range } from '../ip/range-set.ts'
import type { Json } from '../netfilter/nft/command.ts'
import { isList, isObject, onlyEntry, stringAt } from '../netfilter/nft/json.ts'
import type { NftSet } from '../netfilter/nft/objects.ts'
import { expressionText, statementText } from '../netfilter/nft/text.ts'

/**
 * Elements as a kernel lists them: an interval set with auto-merge in order and merged, each interval as a prefix where
 * it is one, else as a range; anything else as it was put in.
 */
export function listedElements(set: NftSet): readonly string[] {
  const type = set.body['type']
  const version = type === 'ipv4_addr' ? 4 : type === 'ipv6_addr' ? 6 : null
  if (version === null) return set.elements.map(({ json }) => elementText(json))
  const ranges = set.elements.flatMap(({ json }) => rangeOfElement(json))
  if (ranges.length !== set.elements.length)
    return set.elements.map(({ json }) => elementText(json))
  return normalise(ranges).map((range) => intervalText(version, range))
}

function elementText(element: Json): string {
  if (!isList(element)) return expressionText(element)
  const key = element[0] ?? null
  const shown = typeof key === 'string' ? `"${key}"` : quotedConcat(key)
  return `${shown} : ${statementText(element[1] ?? null)}`
}

function quotedConcat(key: Json): string {
  const entry = onlyEntry(key)
  if (entry === null || entry[0] !== 'concat' || !isList(entry[1])) return expressionText(key)
  return entry[1]
    .map((part) => (typeof part === 'string' ? `"${part}"` : expressionText(part)))
    .join(' . ')
}

function rangeOfElement(element: Json): readonly Range[] {
  if (typeof element === 'string') {
    const address = parseAddr(element)
    return address === null ? [] : [{ lo: address.bits, hi: address.bits }]
  }
  const entry = onlyEntry(element)
  if (entry === null) return []
  const [kind, body] = entry
  if (kind === 'prefix' && isObject(body)) {
    const cidr = parseCidr(`${stringAt(body, 'addr') ?? ''}/${String(body['len'])}`)
    return cidr === null ? [] : [rangeOf(cidr)]
  }
  if (kind !== 'range' || !isList(body)) return []
  const ends = body.map((end) => (typeof end === 'string' ? parseAddr(end) : null))
  const [lo, hi] = ends
  return lo === null || lo === undefined || hi === null || hi === undefined
    ? []
    : [{ lo: lo.bits, hi: hi.bits }]
}

function intervalText(version: 4 | 6, range: Range): string {
  const [only, ...more] = cidrsOf(version, range)
  if (only !== undefined && more.length === 0)
    return only.prefix === widthOf(version) ? showAddr(only.address) : showCidr(only)
  return `${showAddr({ version, bits: range.lo })}-${showAddr({ version, bits: range.hi })}`
}
