import type { ConfigVerdict, LogLevel } from '../../config/dialect/nftables/model.ts'
import type { Setting } from '../../config/dialect/nftables/options.ts'
import type { Origin } from '../../netfilter/origin.ts'
import { addRule } from './commands.ts'
import type { Place } from './compilation.ts'
import type { Statement } from './expression.ts'
import { logStatements } from './log.ts'
import { generated } from './origins.ts'
import { meansOf, verdictStatement } from './rule.ts'

/** A policy option and how much of it is logged. */
export type Policy = {
  readonly option: string
  readonly verdict: Setting<ConfigVerdict>
  readonly level: Setting<LogLevel>
}

/** The end of a chain: a log rule, if the level is not `nolog` (for ACCEPT too), and the policy. */
export function writePolicy(
  place: Place,
  { option, verdict, level }: Policy,
  statement: Statement = verdictStatement(verdict.value, place),
): void {
  writeLog(place, level, verdict.value)
  const means = meansOf(verdict.value, place)
  const origin: Origin = { kind: 'policy', option, span: verdict.span, means }
  place.compilation.commands.push(addRule(place.chain, [statement], origin))
}

/** A rule that only logs (firewall.rs `create_log_rule`). */
export function writeLog(place: Place, level: Setting<LogLevel>, verdict: ConfigVerdict): void {
  const { compilation, chain, guest } = place
  const { logLimit } = compilation
  const expr = logStatements(logLimit, level.value, guest?.vmid ?? 0, chain.name, verdict)
  if (expr === null) return
  const why = `packets that get this far are logged at level ${level.value}`
  const origin = generated('create_log_rule', why, null, level.span)
  compilation.commands.push(addRule(chain, expr, origin))
}
