import type { IptablesConfig } from '../../config/dialect/iptables/model.ts'
import type { Tree } from '../../config/tree.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Names } from './address.ts'
import type { CorosyncLink } from './corosync.ts'
import type { Died } from './died.ts'
import type { Failure } from './failures.ts'
import type { GuestPlan } from './guest-plan.ts'
import type { RuleState } from './rule-state.ts'

/**
 * Chains of one table while they are built, in the order they were made (`$ruleset` in Firewall.pm).
 * With the states of rules and `failures` the only things a compilation mutates.
 */
export type Chains = Map<string, RestoreLine[]>

/** What stays the same through all passes of one compilation. */
export type Compilation = Names & {
  readonly tree: Tree
  readonly config: IptablesConfig
  /** `-m limit --limit 1/sec ` before every NFLOG; empty when rate limiting is off. */
  readonly rateLimit: string
  /** Alternative interface name -> name (`PVE::Network::altname_mapping`). */
  readonly altnames: ReadonlyMap<string, string>
  readonly corosync: readonly CorosyncLink[]
  /** Local guests that have a .fw file, in the order they are compiled: QEMU, then LXC, VMIDs as strings. */
  readonly guests: readonly GuestPlan[]
  /** Rules of the host, then of the cluster: a host can override its cluster. */
  readonly hostRules: readonly RuleState[]
  /** Rules of the security groups, by name. */
  readonly groups: ReadonlyMap<string, readonly RuleState[]>
  readonly failures: Failure[]
}

/** The filter table of one family: `compile_iptables_filter` runs once for 4, then once for 6. */
export type Pass = Compilation & {
  readonly family: 4 | 6
  readonly chains: Chains
  /** Why a group's chains are incomplete, by name: what a later `chain ... already exists` is really about. */
  readonly brokenGroups: Map<string, Died>
}

/** Makes a chain as `ruleset_create_chain` does; the text it dies with, or null. */
export function createChain(chains: Chains, name: string): string | null {
  if (name.length > 28) return `Invalid chain name '${name}' (28 char max)`
  if (chains.has(name)) return `chain '${name}' already exists`
  chains.set(name, [])
  return null
}

/**
 * Makes a chain that cannot be refused: its name is ours and new.
 * Throws when that is not so, which would be a bug of ours.
 */
export function newChain(chains: Chains, name: string): RestoreLine[] {
  const refused = createChain(chains, name)
  if (refused !== null) throw new Error(refused)
  return chainOf(chains, name)
}

/** Lines of a chain that is known to exist. */
export function chainOf(chains: Chains, name: string): RestoreLine[] {
  const lines = chains.get(name)
  if (lines === undefined) throw new Error(`no such chain: ${name}`)
  return lines
}
