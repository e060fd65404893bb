import type { NftConfig, NftIpSet } from '../../config/dialect/nftables/model.ts'
import { flag } from '../../config/dialect/nftables/options.ts'
import {
  isRefused,
  type Refused,
  refusalDiagnostic,
} from '../../config/dialect/nftables/refused.ts'
import { compareBytes } from '../../config/dialect/nftables/sdn-names.ts'
import type { Tree } from '../../config/tree.ts'
import type { NftCommand } from '../../netfilter/nft/command.ts'
import type { Diagnostic } from '../../source/diagnostic.ts'
import { deleteTable } from './commands.ts'
import type { Compilation } from './compilation.ts'
import { writeGuest } from './guest.ts'
import { writeClusterRules, writeGroups, writeHostRules } from './host.ts'
import { writeHelpers, writeHostOptions } from './host-options.ts'
import { lazily } from './lazily.ts'
import { logLimitOf } from './log.ts'
import { managementSet } from './management.ts'
import { because, generated } from './origins.ts'
import { RESET } from './reset.ts'
import { type CompiledSet, compileSet, writeSet } from './sets.ts'
import { GUEST_TABLE, HOST_TABLE, type TableRef } from './tables.ts'
import { writeVnet } from './vnet.ts'

/** What `proxmox-firewall compile` makes of a configuration. */
export type NftablesCompiled = {
  /** `disabled`: both tables are removed; `refused`: nothing is handed to nft, the old rules stay. */
  readonly state: 'compiled' | 'disabled' | 'refused'
  /** The real program's error text when it refused. */
  readonly error: string | null
  /** The second transaction, after the skeleton; empty unless compiled. */
  readonly commands: readonly NftCommand[]
  /** Of compiling alone: what reading found is in the configuration. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles a configuration as if the node's own switch had chosen nftables (firewall.rs `full_host_fw`), for
 * a kernel that holds nothing but the skeleton. Whether the switch does is {@link choosesNftables}.
 */
export function compileNftables(tree: Tree, config: NftConfig): NftablesCompiled {
  if (config.refusal !== null)
    return { state: 'refused', error: config.refusal.error, commands: [], diagnostics: [] }
  if (!flag(config.cluster, 'enable', false).value)
    return { state: 'disabled', error: null, commands: [], diagnostics: [] }
  const compilation = newCompilation(tree, config)
  const refusal = writeAll(compilation)
  const { commands, diagnostics } = compilation
  if (refusal === null) return { state: 'compiled', error: null, commands, diagnostics }
  diagnostics.push(refusalDiagnostic(refusal, true))
  return { state: 'refused', error: refusal.error, commands: [], diagnostics }
}

/** True when host.fw switches the node to nftables. */
export function choosesNftables({ host }: NftConfig): boolean {
  return flag(host, 'nftables', false).value
}

function newCompilation(tree: Tree, config: NftConfig): Compilation {
  const { cluster, host } = config
  // Without SDN configuration the sets of the IPAM are written but never found.
  const named =
    (tree.sdn?.runningFile ?? null) === null ? [] : [...config.ipamSets, ...config.sdnSets]
  return {
    tree,
    config,
    cluster,
    host,
    sdnSets: new Map(named.map((set) => [set.name, set])),
    logLimit: logLimitOf(cluster),
    altnames: new Map(
      tree.network.interfaces.flatMap(({ name, altnames }) =>
        altnames.map((altname) => [altname, name] as const),
      ),
    ),
    commands: [...RESET],
    diagnostics: [],
    reported: new Set(),
  }
}

const withoutHost = generated('full_host_fw', 'the host part is switched off: its table is removed')
const withoutGuests = generated(
  'full_host_fw',
  'no guest and no vnet has its firewall on: their table is removed',
)

function writeAll(compilation: Compilation): Refused | null {
  const { config, host, commands } = compilation
  const sdnRefusal =
    writePlainSets(compilation, config.sdnSets, 'sdn') ??
    writePlainSets(compilation, config.ipamSets, 'sdn')
  if (sdnRefusal !== null) return sdnRefusal
  const hostEnable = flag(host, 'enable', true)
  const shared = lazily(() => clusterSets(compilation))
  if (hostEnable.value) {
    const refusal = writeClusterPart(compilation, HOST_TABLE, shared())
    if (refusal !== null) return refusal
    writeClusterRules(compilation)
    writeHelpers(compilation)
    writeHostOptions(compilation)
    writeHostRules(compilation)
  } else commands.push(deleteTable(HOST_TABLE, because(withoutHost, hostEnable.span)))
  const guests = config.guests.filter(({ fw }) => flag(fw, 'enable', false).value)
  const vnets = [...config.vnets].filter(([, file]) => flag(file, 'enable', false).value)
  if (guests.length === 0 && vnets.length === 0)
    commands.push(deleteTable(GUEST_TABLE, withoutGuests))
  else {
    const refusal = writeClusterPart(compilation, GUEST_TABLE, shared())
    if (refusal !== null) return refusal
  }
  for (const guest of guests) {
    const refusal = writeGuest(compilation, guest)
    if (refusal !== null) return refusal
  }
  for (const [name, file] of vnets) {
    writeVnet(compilation, GUEST_TABLE, name, file)
    if (hostEnable.value) writeVnet(compilation, HOST_TABLE, name, file)
  }
  return null
}

/** What both tables have of cluster.fw: the management set, the other sets, the groups. */
function writeClusterPart(
  compilation: Compilation,
  table: TableRef,
  sets: readonly CompiledSet[] | Refused,
): Refused | null {
  if (isRefused(sets)) return sets
  for (const set of sets) writeSet(compilation, table, set)
  writeGroups(compilation, table)
  return null
}

/** The management set, then the sets of cluster.fw by name. */
function clusterSets(compilation: Compilation): readonly CompiledSet[] | Refused {
  const management = managementSet(compilation)
  if (isRefused(management)) return management
  const others = [...(compilation.cluster?.ipsets.values() ?? [])]
    .filter(({ name }) => name !== 'management')
    .sort((a, b) => compareBytes(a.name, b.name))
  const compiled: CompiledSet[] = []
  for (const set of [management, ...others]) {
    const one = compileSet(compilation, set, `dc/${set.name}`, null)
    if (isRefused(one)) return one
    compiled.push(one)
  }
  return compiled
}

/** Sets of the SDN or the IPAM, into the host's table, then into the guests'. */
function writePlainSets(
  compilation: Compilation,
  sets: readonly NftIpSet[],
  scope: 'sdn',
): Refused | null {
  const compiled = sets.map((set) => compileSet(compilation, set, `${scope}/${set.name}`, null))
  for (const table of [HOST_TABLE, GUEST_TABLE])
    for (const set of compiled) {
      if (isRefused(set)) return set
      writeSet(compilation, table, set)
    }
  return null
}
