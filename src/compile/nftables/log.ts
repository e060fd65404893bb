import { logNumber } from '../../config/dialect/nftables/log-level.ts'
import type { ConfigVerdict, LogLevel, NftFile } from '../../config/dialect/nftables/model.ts'
import { rateLimit } from '../../config/dialect/nftables/options.ts'
import type { Statement } from './expression.ts'

/** The statement that limits logging, one bucket for each rule it stands in; null when it is switched off. */
export function logLimitOf(cluster: NftFile | null): Statement | null {
  const { enabled, rate, per, burst } = rateLimit(cluster).value
  return enabled ? { limit: { rate, per, burst } } : null
}

/**
 * What a log rule ends with: the limit and the log statement (`Log::generate_prefix`); null for `nolog`. The
 * verdict in the prefix is the one of the configuration, also where another one is carried out.
 */
export function logStatements(
  limit: Statement | null,
  level: LogLevel,
  vmid: number,
  chain: string,
  verdict: ConfigVerdict,
): readonly Statement[] | null {
  const number = logNumber(level)
  if (number === null) return null
  const log = { log: { prefix: `:${vmid}:${number}:${chain}: ${verdict}: `, group: 0 } }
  return limit === null ? [log] : [limit, log]
}
