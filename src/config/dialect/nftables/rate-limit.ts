import { parseSigned } from './numbers.ts'
import { debugText } from './text.ts'

export type RateLimit = {
  readonly enabled: boolean
  readonly rate: number
  readonly per: 'second' | 'minute' | 'hour' | 'day'
  readonly burst: number
}

/** `log_ratelimit` (types/log.rs `LogRateLimit::from_str`): the limit, or the text of its error. Later parts win. */
export function parseRateLimit(text: string, otherwise: RateLimit): RateLimit | string {
  let limit = otherwise
  for (const part of text.split(',')) {
    const next = withPart(limit, part)
    if (typeof next === 'string') return next
    limit = next
  }
  return limit
}

function withPart(limit: RateLimit, part: string): RateLimit | string {
  const equals = part.indexOf('=')
  if (equals === -1) return withEnabled(limit, part)
  const value = part.slice(equals + 1)
  if (equals === 0 || value === '') return 'invalid value in log_ratelimit'
  switch (part.slice(0, equals)) {
    case 'enable':
      return withEnabled(limit, value)
    case 'burst': {
      const burst = parseSigned(value)
      return typeof burst === 'string' ? burst : { ...limit, burst }
    }
    case 'rate':
      return withRate(limit, value)
    default:
      return 'Invalid value for Key found in log_ratelimit!'
  }
}

function withEnabled(limit: RateLimit, text: string): RateLimit | string {
  if (/^(?:1|true|on|yes)$/i.test(text)) return { ...limit, enabled: true }
  if (/^(?:0|false|off|no)$/i.test(text)) return { ...limit, enabled: false }
  return `not a boolean: ${debugText(text)}`
}

function withRate(limit: RateLimit, text: string): RateLimit | string {
  const slash = text.indexOf('/')
  if (slash === text.length - 1) return 'empty unit specification'
  const rate = parseSigned(slash === -1 ? text : text.slice(0, slash))
  if (typeof rate === 'string') return rate
  if (slash === -1) return { ...limit, rate }
  const per = text.slice(slash + 1)
  return isUnit(per) ? { ...limit, rate, per } : 'Invalid time scale provided'
}

function isUnit(text: string): text is RateLimit['per'] {
  return text === 'second' || text === 'minute' || text === 'hour' || text === 'day'
}
