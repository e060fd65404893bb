import { FIELDS } from '../netfilter/field.ts'
import type { Match, Values } from '../netfilter/match.ts'
import {
  ANONYMOUS,
  type HelperChoice,
  type NfMap,
  type NfSet,
  type Rule,
  type Statement,
  type Table,
} from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'

/**
 * What a rule means as a text: rules of the same tools with equal keys do the same with every packet, whatever their
 * words, counters, comments and handles. Terms between two effects are asked together, so their order does not count.
 */
export function ruleKey({ body }: Rule, table: Table): string {
  const parts: string[] = []
  let terms: string[] = []
  for (const statement of body) {
    if (statement.kind === 'match') {
      terms.push(...termKeys(statement.match, table))
      continue
    }
    const key = statementKey(statement, table)
    if (key === null) continue
    parts.push(...sortedOnce(terms), key)
    terms = []
  }
  return [...parts, ...sortedOnce(terms)].join('; ')
}

function sortedOnce(terms: readonly string[]): readonly string[] {
  return terms.length < 2 ? terms : [...new Set(terms)].sort(byText)
}

/** Null for a statement that does nothing. */
function statementKey(
  statement: Exclude<Statement, { kind: 'match' }>,
  table: Table,
): string | null {
  switch (statement.kind) {
    case 'comment':
      return null
    case 'verdict': {
      const { verdict } = statement
      switch (verdict.kind) {
        case 'jump':
        case 'goto':
          return `${verdict.kind} ${verdict.chain}`
        case 'reject':
          return `reject ${verdict.with}`
        case 'queue':
          return `queue ${verdict.from}-${verdict.to} ${verdict.bypass}`
        default:
          return verdict.kind
      }
    }
    case 'vmap':
      return `vmap ${statement.fields.join(' . ')} ${mapName(statement.map, table)}`
    case 'log':
      return `log ${statement.group ?? '-'} ${JSON.stringify(statement.prefix)}`
    case 'set-mark':
      return `${statement.which} mark set ${statement.value}/${statement.mask}`
    case 'copy-mark':
      return `${statement.to} mark copy ${statement.fromMask}/${statement.toMask}`
    case 'nat':
      return `nat ${statement.text}`
    case 'notrack':
      return 'notrack'
    case 'ct-helper':
      return `helper ${helperKey(statement.helper)}`
    case 'ct-zone': {
      const { zone, of, helper } = statement
      return `zone ${of} ${zone}${helper === null ? '' : ` helper ${helperKey(helper)}`}`
    }
    case 'opaque':
      return `? ${statement.text}`
    default:
      return unreachable(statement)
  }
}

function helperKey({ name, proto, version }: HelperChoice): string {
  return `${name} ${proto} ${version ?? '-'}`
}

function mapName(name: string, table: Table): string {
  const map = name.startsWith(ANONYMOUS.map) ? table.maps.get(name) : undefined
  return map === undefined ? `@${name}` : mapKeys(map).join(', ')
}

/** The elements of a verdict map, each as a text. */
export function mapKeys({ elements }: NfMap): readonly string[] {
  return elements.map(({ key, verdict }) => {
    const target = 'chain' in verdict ? ` ${verdict.chain}` : ''
    return `${key.map(showPart).join(' . ')} : ${verdict.kind}${target}`
  })
}

function showPart(part: string | number | bigint): string {
  return typeof part === 'string' ? part : part.toString()
}

/** The terms of a match that are asked one by one; none for what iptables-save leaves out as met by every packet. */
function termKeys(match: Match, table: Table): readonly string[] {
  if (match.kind === 'all-of' && !match.negate)
    return match.matches.flatMap((inner) => termKeys(inner, table))
  const isLeftOut = table.family === 'ip' || table.family === 'ip6'
  if (isLeftOut && match.kind === 'field' && !match.negate && isEverything(match)) return []
  return [matchKey(match, table)]
}

/** `-p all`, `-s 0.0.0.0/0`, `--dport :`, `-i +`. */
function isEverything({ field, values }: Extract<Match, { kind: 'field' }>): boolean {
  if (values.kind === 'names') return field.startsWith('meta') && values.prefixes.includes('')
  const last = 2n ** BigInt(FIELDS[field].bits) - 1n
  return values.ranges.some(({ lo, hi }) => BigInt(lo) === 0n && BigInt(hi) === last)
}

function matchKey(match: Match, table: Table): string {
  switch (match.kind) {
    case 'field':
      return `${match.field} ${sign(match.negate)}${valuesKey(match.values)}`
    case 'masked':
      return `${match.field} & ${match.mask} ${sign(match.negate)}${match.value}`
    case 'present':
      return `${match.field} ${sign(match.negate)}present`
    case 'any-of':
      return `any of ${match.fields.join(', ')} ${sign(match.negate)}${valuesKey(match.values)}`
    case 'all-of': {
      const inner = match.matches.map((one) => matchKey(one, table)).sort(byText)
      return `${sign(match.negate)}all of ${inner.join(', ')}`
    }
    case 'lookup':
      return `${match.fields.join(' . ')} ${sign(match.negate)}${setName(match.set, table)}`
    case 'limit':
      return `limit ${match.over ? 'over ' : ''}${rateKey(match)} ${match.burst} ${match.keyed.join(' . ')}`
    case 'opaque':
      return unknownSet(match.text, table) ?? `? ${match.text}`
    default:
      return unreachable(match)
  }
}

/** A look-up in a set that no dump has is the same look-up all the same. */
function unknownSet(text: string, { family }: Table): string | null {
  const found = /^(?:-m set )?(! )?--match-set ([^ ]+) (src|dst)$/.exec(text)
  if (found === null) return null
  const [, not, name, side] = found
  const version = family === 'ip6' ? 'ip6' : 'ip'
  return `${version} ${side === 'src' ? 'saddr' : 'daddr'} ${sign(not !== undefined)}@${name}`
}

function sign(negate: boolean): string {
  return negate ? '!= ' : '== '
}

function valuesKey(values: Values): string {
  if (values.kind === 'names')
    return [...values.exact, ...values.prefixes.map((prefix) => `${prefix}*`)]
      .sort(byText)
      .join(',')
  return values.ranges.map(({ lo, hi }) => `${lo}-${hi}`).join(',')
}

function setName(name: string, table: Table): string {
  const set = name.startsWith(ANONYMOUS.set) ? table.sets.get(name) : undefined
  return set?.kind === 'tuples' ? tupleKeys(set).toSorted(byText).join(', ') : `@${name}`
}

/** The elements of a set of concatenated values, each as a text. */
export function tupleKeys({ elements }: Extract<NfSet, { kind: 'tuples' }>): readonly string[] {
  return elements.map((element) => element.map(showPart).join(' . '))
}

/** Units of a limit in parts of a second, the longest first: `rates` of extensions/libxt_limit.c. */
const UNITS = [86_400, 3600, 60, 1].map((seconds) => seconds * 10_000)
const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const

/**
 * A rate as iptables-save prints it: of what the kernel keeps, the time for one packet, it prints a whole number of
 * packets of the shortest unit that fits, so 60 a minute come out as 1 a second (`print_rate`, extensions/libxt_limit.c).
 */
function rateKey({ rate, per }: Extract<Match, { kind: 'limit' }>): string {
  const period = Math.floor((SECONDS[per] * 10_000) / rate)
  if (period <= 0) return `${rate}/${per}`
  let at = 1
  while (at < UNITS.length) {
    const unit = UNITS[at] ?? 0
    if (period > unit || Math.floor(unit / period) < unit % period) break
    at += 1
  }
  const unit = UNITS[at - 1] ?? 1
  return `${Math.floor(unit / period)} per ${unit}`
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
