import type { Outcome } from '../../eval/trace.ts'
import { parseCidr, rangeOf } from '../../ip/prefix.ts'
import { normalise, type RangeSet, subtract } from '../../ip/range-set.ts'
import { parseProtocol } from '../../packet/protocol.ts'
import { parseCtState } from '../../packet/query.ts'
import { lineNumber } from '../../source/source-file.ts'
import { all, type Formula, negated } from '../../symbolic/formula.ts'
import type { Decider } from '../../symbolic/leaf.ts'
import { inState, isOneOf } from '../../symbolic/possible.ts'
import { valuesOfBounds, valuesOfRanges } from '../../symbolic/value-set.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { endsOn, fewPairs, type WayEnd } from '../ways.ts'
import type { Wanted } from './find.ts'

/** What is looked for, as the command line says it; null: not said. */
export type WantedTexts = Readonly<
  Record<
    | 'from'
    | 'to'
    | 'src'
    | 'not-src'
    | 'dst'
    | 'not-dst'
    | 'proto'
    | 'sport'
    | 'dport'
    | 'state'
    | 'verdict'
    | 'by',
    string | null
  >
>

/** Pairs of ends that are searched one by one; of more those of {@link fewPairs}. */
const mostPairs = 1500

/** The texts as what can be looked for; a text says what is wrong with one of them. */
export function wantedBy(
  firewall: NodeFirewall,
  texts: WantedTexts,
  first: boolean,
): Wanted | string {
  const ends = endsOn(firewall)
  const from = endsNamed(firewall, ends, texts.from)
  if (from.length === 0)
    return `--from: ${texts.from} is no end of a way through ${firewall.tree.node}`
  const to = endsNamed(firewall, ends, texts.to)
  if (to.length === 0) return `--to: ${texts.to} is no end of a way through ${firewall.tree.node}`
  const whole = from.length * to.length <= mostPairs
  const pairs = whole
    ? from.flatMap((a) => to.filter((b) => b !== a).map((b) => [a, b] as const))
    : fewPairs(ends).pairs.filter(([a, b]) => from.includes(a) && to.includes(b))
  if (pairs.length === 0) return 'between these ends there is no way'
  const parts: Part[] = []
  for (const part of [
    addressPart(firewall, 'saddr', texts.src, false),
    addressPart(firewall, 'saddr', texts['not-src'], true),
    addressPart(firewall, 'daddr', texts.dst, false),
    addressPart(firewall, 'daddr', texts['not-dst'], true),
    protocolPart(firewall, texts),
    portPart(firewall, 'th sport', texts.sport, texts.proto),
    portPart(firewall, 'th dport', texts.dport, texts.proto),
    statePart(texts.state),
  ]) {
    if (typeof part === 'string') return part
    if (part !== null) parts.push(part)
  }
  const by = texts.by === null ? null : decidedBy(texts.by)
  if (typeof by === 'string') return by
  return {
    pairs,
    packets: (family) => {
      // what nobody restricts is looked for among IP packets; frames without IP have none of these
      if (family === 'arp' && parts.length > 0) return null
      const formulas = parts.map((part) => part(family))
      return formulas.some((formula) => formula === null)
        ? null
        : all(formulas.filter((formula) => formula !== null))
    },
    outcome: (texts.verdict as Outcome | null) ?? null,
    by,
    first,
    allPairs: whole,
  }
}

/** A condition on packets of a family; null: no packet of this family meets it. */
type Part = (family: 'ip' | 'ip6' | 'arp') => Formula | null

/** Ends by a name: `outside`, `host`, a guest by number or name, `guests`; null: all of them. */
export function endsNamed(
  { topology }: NodeFirewall,
  ends: readonly WayEnd[],
  text: string | null,
): readonly WayEnd[] {
  if (text === null) return ends
  if (text === 'guests') return ends.filter(({ kind }) => kind === 'guest')
  const named = topology.guestsByName.get(text.toLowerCase()) ?? []
  const numbers = new Set(named.map(({ vmid }) => String(vmid)))
  if (/^\d+$/.test(text)) numbers.add(text)
  return ends.filter((end) => {
    if (end.text === text || end.text.startsWith(`${text}/`)) return true
    const [number = ''] = end.text.slice(2).split('/')
    return end.kind === 'guest' && numbers.has(number)
  })
}

function addressPart(
  firewall: NodeFirewall,
  end: 'saddr' | 'daddr',
  text: string | null,
  negate: boolean,
): Part | string | null {
  if (text === null) return null
  const sets = { 4: [] as RangeSet[], 6: [] as RangeSet[] }
  for (const word of text.split(',')) {
    const members = membersNamed(firewall, word.trim())
    if (members === null) return `there is no address, network, alias or set ${word.trim()}`
    for (const version of [4, 6] as const) sets[version].push(members(version))
  }
  return (family) => {
    if (family === 'arp') return null
    const version = family === 'ip6' ? 6 : 4
    const ranges = normalise(sets[version].flat())
    if (ranges.length === 0) return negate ? all([]) : null
    const formula = isOneOf(`${family} ${end}`, valuesOfRanges(ranges, version === 4 ? 32 : 128))
    return negated(formula, negate)
  }
}

function membersNamed(
  { topology }: NodeFirewall,
  text: string,
): ((version: 4 | 6) => RangeSet) | null {
  const cidr = parseCidr(text) ?? topology.names.alias(text, null)
  if (cidr !== null) return (version) => (cidr.address.version === version ? [rangeOf(cidr)] : [])
  const members = text.startsWith('+') ? topology.names.set(text.slice(1), null) : null
  if (members === null) return null
  const of = (version: 4 | 6, nomatch: boolean): RangeSet =>
    normalise(
      members
        .filter((each) => each.nomatch === nomatch && each.cidr.address.version === version)
        .map((each) => rangeOf(each.cidr)),
    )
  return (version) => subtract(of(version, false), of(version, true))
}

function protocolPart({ tables }: NodeFirewall, { proto }: WantedTexts): Part | string | null {
  if (proto === null) return null
  const bounds: number[] = []
  for (const word of proto.split(',')) {
    const number = parseProtocol(word.trim(), tables)
    if (number === null) return `there is no protocol ${word.trim()}`
    bounds.push(number, number)
  }
  return () => isOneOf('meta l4proto', valuesOfBounds(bounds))
}

function portPart(
  { tables }: NodeFirewall,
  field: 'th sport' | 'th dport',
  text: string | null,
  proto: string | null,
): Part | string | null {
  if (text === null) return null
  const number = proto === null ? null : parseProtocol(proto, tables)
  const bounds: number[] = []
  for (const word of text.split(',')) {
    const range = /^(\d+)[-:](\d+)$/.exec(word.trim())
    const single = /^\d+$/.test(word.trim()) ? Number(word) : tables.service(word.trim(), number)
    const lo = range === null ? single : Number(range[1])
    const hi = range === null ? single : Number(range[2])
    if (lo === null || hi === null || hi > 65_535 || lo > hi) return `${word.trim()} is no port`
    bounds.push(lo, hi)
  }
  // a packet without ports has none of these
  const ported = isOneOf('meta l4proto', valuesOfBounds([6, 6, 17, 17, 33, 33, 132, 132, 136, 136]))
  return () => all([ported, isOneOf(field, valuesOfBounds(bounds))])
}

function statePart(text: string | null): Part | string | null {
  if (text === null) return null
  const state = parseCtState(text)
  return state === null ? `there is no connection state ${text}` : () => inState(state)
}

/** `105.fw:7`: rules that line became, and policies it sets. */
function decidedBy(text: string): ((decider: Decider) => boolean) | string {
  const [, file, line] = /^(.+):(\d+)$/.exec(text) ?? []
  if (file === undefined || line === undefined)
    return `--by is a line of a file, as 105.fw:7, not ${text}`
  return ({ rule }) => {
    const span = rule?.origin.span ?? null
    if (span === null || lineNumber(span.file, span.start) !== Number(line)) return false
    return span.file.path === file || span.file.path.endsWith(`/${file}`)
  }
}
