import type { Means, Origin } from '../../netfilter/origin.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Direction } from './failures.ts'
import { type LogLevel, logText } from './log.ts'
import type { Options } from './options.ts'

/** A chain that ends with a policy. */
export type PolicyChain = {
  readonly chain: string
  readonly direction: Direction
  /** VMID of its log line; 0 for the host. */
  readonly vmid: number
  /** Where `policy_in` and `policy_out` are set: cluster.fw for the host, the guest's own file for a guest. */
  readonly options: Options
  readonly level: LogLevel
  /** What accepting is in this chain. */
  readonly accept: string
}

/**
 * The end of a chain (`ruleset_add_chain_policy`). IN is dropped and OUT accepted unless the option says
 * otherwise; ACCEPT is never logged. The jump before it belongs to the policy: PVEFW-Drop drops noise unlogged and
 * accepts some ICMP errors, PVEFW-Reject rejects some of the noise.
 */
export function policyLines(rateLimit: string, end: PolicyChain): readonly RestoreLine[] {
  const option = end.direction === 'IN' ? 'policy_in' : 'policy_out'
  const set = end.options.get(option)
  const policy = set?.value ?? (end.direction === 'IN' ? 'DROP' : 'ACCEPT')
  const origin = (means: Means): Origin => ({
    kind: 'policy',
    option,
    span: set?.span ?? null,
    means,
  })
  // The blank in front: Firewall.pm joins an empty match and the target.
  if (policy === 'ACCEPT') return [{ text: ` ${end.accept}`, origin: origin('accept') }]
  const last: RestoreLine =
    policy === 'DROP'
      ? { text: '-j DROP', origin: origin('drop') }
      : { text: '-g PVEFW-reject', origin: origin('reject') }
  const jump: RestoreLine = {
    text: policy === 'DROP' ? '-j PVEFW-Drop' : '-j PVEFW-Reject',
    origin: origin(null),
  }
  if (end.level === null) return [jump, last]
  const text = logText(rateLimit, '', end.chain, end.vmid, end.level, `policy ${policy}: `)
  return [jump, { text, origin: origin(null) }, last]
}
