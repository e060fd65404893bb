import { showAddr } from '../ip/address.ts'
import { showMac } from '../ip/mac.ts'
import { cidrsOf, showCidr } from '../ip/prefix.ts'
import { endOf, type Family, type FreeField, namesIn } from '../symbolic/fields.ts'
import type { Piece } from '../symbolic/piece.ts'
import { rangesOfValues, type ValueSet, withoutValues } from '../symbolic/value-set.ts'
import { PROTOCOLS, showFlags } from './words.ts'

/** Names people have for addresses and ports: `+management`, `lan`, `vm105`, `SSH`. */
export type RegionNames = {
  readonly addresses: readonly NamedValues[]
  readonly ports: readonly NamedValues[]
}

export type NamedValues = { readonly name: string; readonly values: ValueSet }

export const NO_REGION_NAMES: RegionNames = { addresses: [], ports: [] }

/** Ranges that are written out; of more only how many there are. */
const mostRanges = 8

/**
 * A piece in one line, as packets are written elsewhere: `tcp +management → 192.168.1.10:22  NEW`. What is not
 * restricted is `any`, or left out where it need not be said.
 */
export function regionWords(
  family: Family,
  { fields, domains, doubts }: Piece,
  names: RegionNames = NO_REGION_NAMES,
): string {
  const values = (field: FreeField): ValueSet | null => fields.get(field) ?? null
  const proto = values('meta l4proto')
  const say = (field: FreeField, own: ValueSet): string =>
    valueWords(field, own, names, domains?.get(field))
  const head =
    family === 'arp' ? 'arp' : proto === null ? anyOf(family) : say('meta l4proto', proto)
  const from = endWords(family, 'saddr', values('th sport'), fields, say)
  const to = endWords(family, 'daddr', values('th dport'), fields, say)
  const said = new Set<FreeField>([
    ...(['meta l4proto', 'th sport', 'th dport', 'ct state'] as const),
    ...addressFields(family),
  ])
  const more = [...fields]
    .filter(([field]) => !said.has(field))
    .map(([field, own]) => `${field} ${say(field, own)}`)
  const state = values('ct state')
  const states = state === null ? [] : [namedWords('ct state', state).toUpperCase()]
  const assumed = doubts.map(({ text, holds }) => doubtWords(text, holds))
  return [`${head} ${from} → ${to}`, ...states, ...more, ...assumed].join('  ')
}

/** What was taken of something nobody can tell. */
export function doubtWords(text: string, holds: boolean): string {
  if (text === 'limit') return holds ? 'within the rate' : 'beyond the rate'
  return `if ${holds ? '' : 'not '}"${text}"`
}

function anyOf(family: Family): string {
  return family === 'ip6' ? 'IPv6' : 'IPv4'
}

function addressFields(family: Family): readonly FreeField[] {
  return family === 'arp'
    ? ['arp saddr ip', 'arp daddr ip']
    : [`${family} saddr`, `${family} daddr`]
}

function endWords(
  family: Family,
  end: 'saddr' | 'daddr',
  ports: ValueSet | null,
  fields: Piece['fields'],
  say: (field: FreeField, values: ValueSet) => string,
): string {
  const field: FreeField = family === 'arp' ? `arp ${end} ip` : `${family} ${end}`
  const own = fields.get(field)
  const address = own === undefined ? 'any' : say(field, own)
  if (ports === null) return address
  const port = end === 'daddr' ? 'th dport' : 'th sport'
  const text = say(port, ports)
  const bracketed = family === 'ip6' && /^[\da-f:.]+$/.test(address) ? `[${address}]` : address
  return /^\d+(?:-\d+)?$/.test(text) ? `${bracketed}:${text}` : `${bracketed} port ${text}`
}

/** Values of one field: by a name that fits, else by what they are, or are not, whichever is shorter. */
export function valueWords(
  field: FreeField,
  values: ValueSet,
  names: RegionNames,
  domain: ValueSet = wholeOf(field),
): string {
  const known = field.startsWith('th ') ? names.ports : isAddress(field) ? names.addresses : []
  const name = nameOf(values, known, domain, field)
  if (name !== null) return name
  const rest = withoutValues(domain, values)
  const otherName = nameOf(rest, known, domain, field)
  if (otherName !== null) return `not ${otherName}`
  if (namesIn(field) !== null) return namedWords(field, values)
  const plain = listed(field, values)
  const opposite = listed(field, rest)
  return opposite.length < plain.length && rest.length > 0
    ? `not ${enough(opposite)}`
    : enough(plain)
}

function isAddress(field: FreeField): boolean {
  return /^ip6? /.test(field) || field === 'arp saddr ip' || field === 'arp daddr ip'
}

/** A name whose values are these, as far as they can be at all. */
function nameOf(
  values: ValueSet,
  known: readonly NamedValues[],
  domain: ValueSet,
  field: FreeField,
): string | null {
  const never = withoutValues(wholeOf(field), domain)
  const found = known.find((each) => {
    const real = withoutValues(each.values, never)
    return real.length === values.length && real.every((value, i) => value === values[i])
  })
  return values.length === 0 ? null : (found?.name ?? null)
}

function wholeOf(field: FreeField): ValueSet {
  const end = endOf(field)
  return typeof end === 'bigint' ? [0n, end] : [0, end]
}

function enough(texts: readonly string[]): string {
  if (texts.length <= mostRanges) return texts.join(', ')
  return `${texts.slice(0, mostRanges).join(', ')} and ${texts.length - mostRanges} more`
}

function namedWords(field: FreeField, values: ValueSet): string {
  const all = namesIn(field) ?? []
  const own = all.filter((_, number) =>
    values.some((at, i) => i % 2 === 0 && within(values, i, number, at)),
  )
  return own.join(' or ')
}

function within(values: ValueSet, i: number, number: number, from: number | bigint): boolean {
  return number >= Number(from) && number < Number(values[i + 1])
}

function listed(field: FreeField, values: ValueSet): readonly string[] {
  const ranges = rangesOfValues(values)
  if (isAddress(field)) {
    const version = field.startsWith('ip6') ? 6 : 4
    return ranges.flatMap((range) => {
      const cidrs = cidrsOf(version, range)
      const show = (bits: bigint): string => showAddr({ version, bits })
      return cidrs.length > 2 ? [`${show(range.lo)}-${show(range.hi)}`] : cidrs.map(showCidr)
    })
  }
  if (field === 'meta l4proto') return ranges.flatMap(({ lo, hi }) => span(lo, hi, protocolName))
  if (field === 'tcp flags') return ranges.flatMap(({ lo, hi }) => span(lo, hi, showFlags))
  if (field.startsWith('ether ') || field === 'arp saddr ether')
    return ranges.flatMap(({ lo, hi }) => span(lo, hi, showMac))
  return ranges.flatMap(({ lo, hi }) => span(lo, hi, String))
}

/** `22`, `80-90`; few values with names one by one. */
function span(lo: bigint, hi: bigint, show: (value: number) => string): readonly string[] {
  const [first, last] = [Number(lo), Number(hi)]
  if (first === last) return [show(first)]
  const isNamed = Number.isNaN(Number(show(first)))
  if (isNamed && last - first < 4)
    return Array.from({ length: last - first + 1 }, (_, i) => show(first + i))
  return [`${show(first)}-${show(last)}`]
}

function protocolName(number: number): string {
  return PROTOCOLS.get(number) ?? String(number)
}
