import type { LogLevel } from './model.ts'

/** The levels in the order of their number, `emerg` being 0; nflog carries it in the prefix. */
const LEVELS: readonly LogLevel[] = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warning',
  'notice',
  'info',
  'debug',
]

/** A log level (types/log.rs): lower case only, `warn` is `warning`; null for everything else. */
export function logLevelOf(text: string): LogLevel | null {
  if (text === 'warn') return 'warning'
  return isLogLevel(text) ? text : null
}

export function isLogLevel(text: string): text is LogLevel {
  return text === 'nolog' || LEVELS.includes(text as LogLevel)
}

/** Number of a level in a log prefix; null for `nolog`. */
export function logNumber(level: LogLevel): number | null {
  return level === 'nolog' ? null : LEVELS.indexOf(level)
}
