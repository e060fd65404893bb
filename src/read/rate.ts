import type { FieldName } from '../netfilter/field.ts'
import type { Match } from '../netfilter/match.ts'
import { parseUnsigned } from './words.ts'

type Unit = 'second' | 'minute' | 'hour' | 'day'
type Rate = { readonly rate: number; readonly per: Unit }

const seconds: Readonly<Record<Unit, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400 }

/** Options of one use of a match, by name; with their values as written. */
export type Gathered = ReadonlyMap<string, readonly string[]>

/** Credits of xt_limit are counted in these parts of a second (XT_LIMIT_SCALE). */
const limitScale = 10_000

/** `-m limit`: extensions/libxt_limit.c, net/netfilter/xt_limit.c. A string: why it is refused. */
export function limitMatch(options: Gathered): Match | string {
  const text = options.get('--limit')?.[0] ?? '3/hour'
  const rate = parseRate(text, limitScale)
  if (typeof rate === 'string') return rate
  const burst = parseUnsigned(options.get('--limit-burst')?.[0] ?? '5', limitScale)
  if (burst === null)
    return 'limit: bad value for option "--limit-burst", or out of range (0-10000).'
  if (!fitsCredits(rate, burst))
    return `the kernel refuses limit ${text} with a burst of ${burst}: its counter overflows (xt_limit: Overflow, try lower)`
  return { kind: 'limit', ...rate, burst, over: false, keyed: [] }
}

/** `parse_rate` of libxt_limit.c and libxt_hashlimit.c: any beginning of a unit's name will do. */
function parseRate(text: string, scale: number): Rate | string {
  const slash = text.indexOf('/')
  const unit = slash === -1 ? 'second' : unitOf(text.slice(slash + 1))
  const digits = /^\s*([+-]?\d{1,15})/.exec(slash === -1 ? text : text.slice(0, slash))
  const rate = Number(digits?.[1] ?? 0)
  if (unit === null || rate <= 0) return `bad rate "${text}"'`
  if (Math.floor((scale * seconds[unit]) / rate) === 0) return `Rate too fast "${text}"`
  return { rate, per: unit }
}

function unitOf(text: string): Unit | null {
  if (text === '') return null
  const units: readonly Unit[] = ['second', 'minute', 'hour', 'day']
  return units.find((unit) => unit.startsWith(text.toLowerCase())) ?? null
}

/**
 * `limit_mt_check`: the kernel refuses a burst of zero and one whose credits do not fit 32 bits, so `1/day` with the
 * default burst of 5 is refused. CREDITS_PER_JIFFY * HZ is 32,000 for 250 and 1,000 HZ alike.
 */
function fitsCredits({ rate, per }: Rate, burst: number): boolean {
  const average = Math.floor((limitScale * seconds[per]) / rate)
  return burst !== 0 && toCredits((average * burst) % 2 ** 32) >= toCredits(average)
}

function toCredits(user: number): number {
  const perSecond = 32_000
  if (user > Math.floor(0xffff_ffff / perSecond))
    return (Math.floor(user / limitScale) * perSecond) % 2 ** 32
  return Math.floor((user * perSecond) / limitScale)
}

const keys: Readonly<Record<string, readonly [ip: FieldName, ip6: FieldName]>> = {
  srcip: ['ip saddr', 'ip6 saddr'],
  dstip: ['ip daddr', 'ip6 daddr'],
  srcport: ['th sport', 'th sport'],
  dstport: ['th dport', 'th dport'],
}

/** `-m hashlimit`: extensions/libxt_hashlimit.c (revision 3), net/netfilter/xt_hashlimit.c. */
export function hashlimitMatch(options: Gathered, version: 4 | 6): Match | string {
  const above = options.get('--hashlimit-above')?.[0]
  const upto = options.get('--hashlimit-upto')?.[0] ?? options.get('--hashlimit')?.[0]
  const text = above ?? upto
  if (text === undefined)
    return 'hashlimit: option "--hashlimit-upto" or "--hashlimit-above" must be specified'
  // rates in bytes (`512kb/s`) have a grammar of their own, and nothing here counts bytes
  if (/b\/s$/.test(text)) return { kind: 'opaque', text: `--hashlimit ${text}` }
  const rate = parseRate(text, 1_000_000)
  if (typeof rate === 'string') {
    const option = above === undefined ? '--hashlimit-upto' : '--hashlimit-above'
    return rate.startsWith('bad') ? `hashlimit: Bad value for "${option}" option: "${text}"` : rate
  }
  const burst = parseUnsigned(options.get('--hashlimit-burst')?.[0] ?? '5', 1_000_000)
  if (burst === null || burst === 0)
    return 'bad value for option "--hashlimit-burst", or out of range (1-1000000).'
  if (!options.has('--hashlimit-name'))
    return 'hashlimit: option "--hashlimit-name" must be specified'
  const refusal = tableRefusal(options, version === 4 ? 32 : 128)
  if (refusal !== null) return refusal
  const keyed = parseMode(options.get('--hashlimit-mode')?.[0] ?? '', version)
  if (typeof keyed === 'string') return keyed
  return { kind: 'limit', ...rate, burst, over: above !== undefined, keyed }
}

function tableRefusal(options: Gathered, width: number): string | null {
  for (const name of ['--hashlimit-htable-expire', '--hashlimit-htable-gcinterval']) {
    const text = options.get(name)?.[0]
    if (text === undefined) continue
    const value = parseUnsigned(text, 0xffff_ffff)
    if (value === null)
      return `hashlimit: bad value for option "${name}", or out of range (0-4294967295).`
    if (value === 0) return `the kernel refuses ${name} 0`
  }
  for (const name of ['--hashlimit-srcmask', '--hashlimit-dstmask']) {
    const text = options.get(name)?.[0]
    if (text !== undefined && parseUnsigned(text, width) === null)
      return width === 128
        ? `hashlimit: bad value for option "${name}", neither a valid network mask nor valid CIDR (0-128).`
        : `the kernel refuses ${name} ${text}`
  }
  return null
}

function parseMode(text: string, version: 4 | 6): readonly FieldName[] | string {
  if (text === '') return []
  const fields: FieldName[] = []
  for (const name of text.split(',')) {
    const field = keys[name]
    if (field === undefined) return `bad value for option "--hashlimit-mode": \`${name}'`
    fields.push(version === 4 ? field[0] : field[1])
  }
  return fields
}
