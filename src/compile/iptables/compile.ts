import type { FwFile, IptablesConfig } from '../../config/dialect/iptables/model.ts'
import type { Tree } from '../../config/tree.ts'
import { rangeOf, showCidr } from '../../ip/prefix.ts'
import type { Handed, RestoreEbtables, RestoreSet, RestoreTable } from '../../netfilter/restore.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import { CLUSTER_SCOPE, type LocalNetwork, type Names } from './address.ts'
import { corosyncLinks } from './corosync.ts'
import { compileEbtables } from './ebtables.ts'
import { reportFailures } from './failure-report.ts'
import type { Failure } from './failures.ts'
import { addForward, addIpsJump, addStdChains } from './forward.ts'
import { generated } from './generated.ts'
import { compileGuest } from './guest.ts'
import { type GuestPlan, planGuests } from './guest-plan.ts'
import { addHost } from './host.ts'
import { rateLimit } from './log.ts'
import { flag } from './options.ts'
import { byText } from './order.ts'
import { type Chains, type Compilation, newChain } from './pass.ts'
import { compileRaw } from './raw.ts'
import { ruleStates } from './rule-state.ts'
import { compileSets } from './sets.ts'

/** What pve-firewall makes of a configuration before its tools judge it. */
export type IptablesCompiled = {
  /**
   * `disabled`: the cluster's firewall is off, so all chains and sets are removed. `failed`: the compilation
   * dies, so the kernel keeps what it had.
   */
  readonly state: 'compiled' | 'disabled' | 'failed'
  /** Null when failed; without sets and chains of ours when disabled. */
  readonly handed: Handed | null
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles as `PVE::Firewall::compile` does for a node, whatever its option `nftables` says. Linear in the
 * size of the configuration. The order of the passes matters: rules are changed by being compiled.
 */
export function compileIptables(tree: Tree, config: IptablesConfig): IptablesCompiled {
  const { cluster } = config
  if (cluster === null) return DISABLED
  const limit = rateLimit(cluster.options.get('log_ratelimit')?.value ?? null)
  if (limit.kind === 'died') return failed(badRateLimit(cluster, limit.message))
  if (!flag(cluster.options, 'enable', false).on) return DISABLED
  // The loader has told about it.
  if (tree.diagnostics.some(({ code }) => code === 'config/corosync-invalid')) return failed()
  const failures: Failure[] = []
  const localNetwork = localNetworkOf(tree, cluster)
  const names: Names = { cluster, sdnSets: config.sdnSets, localNetwork }
  const hostScope = { file: config.host, vmid: 0 }
  const guests = planGuests(tree, config.guests, names, limit.match)
  if (lineCount(guests) > mostLines) return failed(tooLarge(cluster))
  const compilation: Compilation = {
    tree,
    config,
    ...names,
    rateLimit: limit.match,
    altnames: altnamesOf(tree),
    corosync: corosyncLinks(tree),
    guests,
    hostRules: [
      ...ruleStates(config.host?.rules ?? [], names, hostScope, null),
      ...ruleStates(cluster.rules, names, hostScope, null),
    ],
    groups: new Map(
      [...cluster.groups].map(([name, group]) => [
        name,
        ruleStates(group.rules, names, CLUSTER_SCOPE, group),
      ]),
    ),
    failures,
  }
  const v4 = compileFilter(compilation, 4)
  const v6 = compileFilter(compilation, 6)
  const ebtables = compileEbtables(compilation)
  const ipset = compileSets(compilation)
  return {
    state: 'compiled',
    handed: handedOver(
      ipset,
      { v4, v6, v4raw: compileRaw(compilation, 4), v6raw: compileRaw(compilation, 6) },
      ebtables,
    ),
    diagnostics: reportFailures(failures),
  }
}

/** The filter table of one family: `compile_iptables_filter`. */
function compileFilter(compilation: Compilation, family: 4 | 6): Chains {
  const chains: Chains = new Map()
  const pass = { ...compilation, family, chains, brokenGroups: new Map() }
  newChain(chains, 'PVEFW-INPUT')
  newChain(chains, 'PVEFW-OUTPUT')
  addForward(pass)
  addStdChains(pass)
  addHost(pass)
  for (const plan of compilation.guests) compileGuest(pass, plan)
  addIpsJump(pass)
  return chains
}

/** The alias `local_network`, else the network the node is in, else (nothing found) the loopback one. */
function localNetworkOf({ localNetwork }: Tree, cluster: FwFile): LocalNetwork {
  const alias = cluster.aliases.get('local_network')
  if (alias !== undefined) return alias
  if (localNetwork === null) return { cidr: '127.0.0.0/8', version: 4, span: null }
  const { address, prefix } = localNetwork.value
  const { version } = address
  // As in the kernel's routing table: without the host's own bits.
  const bits = rangeOf(localNetwork.value).lo
  return {
    cidr: showCidr({ address: { version, bits }, prefix }),
    version,
    span: localNetwork.span,
  }
}

function altnamesOf({ network }: Tree): ReadonlyMap<string, string> {
  return new Map(
    network.interfaces.flatMap(({ name, altnames }) =>
      altnames.map((alternative): [string, string] => [alternative, name]),
    ),
  )
}

/** Built-in chains that get a jump when their PVEFW chain exists, in the order they are written. */
const HOOKS = ['INPUT', 'OUTPUT', 'FORWARD', 'PREROUTING'] as const

function handedOver(
  ipset: readonly RestoreSet[],
  tables: Readonly<Record<'v4' | 'v4raw' | 'v6' | 'v6raw', Chains>>,
  ebtables: Chains,
): Handed {
  return {
    ipset,
    v4: restoreTable('ip', 'filter', tables.v4),
    v4raw: restoreTable('ip', 'raw', tables.v4raw),
    v6: restoreTable('ip6', 'filter', tables.v6),
    v6raw: restoreTable('ip6', 'raw', tables.v6raw),
    ebtables: restoreEbtables(ebtables),
  }
}

function restoreTable(
  family: RestoreTable['family'],
  table: RestoreTable['table'],
  chains: Chains,
): RestoreTable {
  const hooks = HOOKS.flatMap((chain) => (chains.has(`PVEFW-${chain}`) ? [hook(chain)] : []))
  return { family, table, hooks, chains: sorted(chains) }
}

function restoreEbtables(chains: Chains): RestoreEbtables {
  const hooks = chains.has('PVEFW-FORWARD') ? [hook('FORWARD')] : []
  return { hooks, chains: sorted(chains) }
}

/** In the order the tools read them, so that the first refused line is the first of the text. */
function sorted(chains: Chains): Chains {
  return new Map([...chains].sort(([a], [b]) => byText(a, b)))
}

function hook(chain: string): RestoreTable['hooks'][number] {
  const why = `the kernel's ${chain} chain goes through pve-firewall's`
  return { chain, line: generated(`-j PVEFW-${chain}`, 'get_ruleset_cmdlist', why) }
}

const NOTHING: Chains = new Map()

/** An update with no chain and no set: what is left of the firewall when it is off. */
export const NOTHING_HANDED: Handed = handedOver(
  [],
  { v4: NOTHING, v4raw: NOTHING, v6: NOTHING, v6raw: NOTHING },
  NOTHING,
)

const DISABLED: IptablesCompiled = {
  state: 'disabled',
  handed: NOTHING_HANDED,
  diagnostics: [],
}

function failed(...diagnostics: readonly Diagnostic[]): IptablesCompiled {
  return { state: 'failed', handed: null, diagnostics }
}

/**
 * Rule lines of guests beyond which nothing is compiled: some forty times what a node with 10,000 guests has.
 * A guest's lines are its rules times its NICs, so two small files could otherwise fill the memory.
 */
const mostLines = 8_000_000

function lineCount(guests: readonly GuestPlan[]): number {
  let count = 0
  for (const { nics, rules } of guests) count += nics.length * (rules.IN.length + rules.OUT.length)
  return count
}

function tooLarge({ source }: FwFile): Diagnostic {
  const message = `the guests of this node have more than ${mostLines} lines of rules: nothing is compiled`
  return diagnostic('error', 'compile/too-large', { file: source, start: 0, end: 0 }, message, {
    help: 'a guest has its rules once for each NIC: look for one with thousands of `netN` lines',
  })
}

function badRateLimit(cluster: FwFile, message: string): Diagnostic {
  return diagnostic(
    'error',
    'compile/bad-log-ratelimit',
    cluster.options.get('log_ratelimit')?.span ?? null,
    'pve-firewall cannot read log_ratelimit and stops: the node keeps the rules it had',
    {
      help: 'write it as `log_ratelimit: enable=1,rate=1/second,burst=5`; `enable` must be there',
      upstream: [message],
    },
  )
}
