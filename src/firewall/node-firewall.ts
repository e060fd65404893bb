import { type Compiled, compile } from '../compile/compile.ts'
import { choosesNftables } from '../compile/nftables/compile.ts'
import { compileAndHold, type NftablesHeld } from '../compile/nftables/hold.ts'
import { DEFAULT_NFT_VERSION } from '../compile/nftables/nft-version.ts'
import type { IptablesConfig } from '../config/dialect/iptables/model.ts'
import { readIptables } from '../config/dialect/iptables/read.ts'
import type { NftConfig } from '../config/dialect/nftables/model.ts'
import { readNftables } from '../config/dialect/nftables/read.ts'
import { type LoadOptions, loadTree } from '../config/load.ts'
import type { Tree } from '../config/tree.ts'
import { type IpAddr, widthOf } from '../ip/address.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import type { NameTables } from '../packet/query.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import { type Backend, callsIpByDefault } from '../topology/devices.ts'
import { nameTablesOf } from '../topology/name-tables.ts'
import { iptablesNames, type Names } from '../topology/names.ts'
import { nftNames } from '../topology/nft-names.ts'
import { type Topology, topologyOf } from '../topology/topology.ts'
import { type AskedBackend, type BackendChoice, chooseBackend } from './backend-choice.ts'

/** A node's firewall, read and compiled by one of the backends: made once, asked many times. */
export type NodeFirewall = Opened & Filter

/** What is the same for both backends. */
export type Opened = {
  readonly tree: Tree
  /** Which backend it is, and why that one. */
  readonly choice: BackendChoice
  readonly topology: Topology
  readonly tables: NameTables
  /** What the node really holds, read from dumps: it decides in place of what the configuration compiles to. */
  readonly live?: { readonly ruleset: Ruleset; readonly files: readonly string[] }
  /** Everything that was complained about, reading and compiling; what is odd about the choice of the backend is there. */
  readonly diagnostics: readonly Diagnostic[]
  /**
   * The firewall of any node of the tree, read and compiled when first asked for: a packet to a guest of another node
   * passes that node's firewall too. Null if there is no such node.
   */
  readonly onNode: (node: string) => NodeFirewall | null
  /** The firewall after a change of the files, of this node and of every other; nothing is written. */
  readonly edited: (change: TreeChange) => NodeFirewall
  /**
   * What the node would hold if one address, and no other, were its local network; null where the files tell which
   * network that is.
   */
  readonly whenLocal: ((address: IpAddr) => Ruleset) | null
}

/** Files changed in memory: a tree as it would be read then. */
export type TreeChange = (tree: Tree) => Tree

/** What each backend makes of the files. */
export type Filter =
  | {
      readonly backend: 'iptables'
      readonly config: IptablesConfig
      readonly compiled: Compiled
    }
  | {
      readonly backend: 'nftables'
      readonly config: NftConfig
      readonly compiled: NftablesHeld
    }

/** Null when there is nothing to read, or it is not clear which node is meant: the diagnostics say so. */
export type OpenResult = {
  readonly firewall: NodeFirewall | null
  readonly diagnostics: readonly Diagnostic[]
  /** {@link LoadResult.unread} */
  readonly unread: readonly string[]
}

/** What is read, and what the files do not tell. */
export type OpenOptions = LoadOptions & {
  /** The backend whose rules are meant; the node's own switch decides if left out. */
  readonly backend?: AskedBackend
  /** Version of nft that would judge the rules. */
  readonly nftVersion?: string
  /** `bridge-nf-call-iptables`; left out: off for nftables, on for iptables, whose program sets it. */
  readonly bridgeNfCall?: boolean | null
}

/** Reads a tree from disk and compiles the firewall of one of its nodes, as its backend would. */
export function openFirewall(options: OpenOptions): OpenResult {
  const { tree, diagnostics, unread } = loadTree(options)
  if (tree === null) return { firewall: null, diagnostics, unread }
  const firewall = firewallOf(tree, options)
  return { firewall, diagnostics: firewall.diagnostics, unread }
}

/**
 * The firewall of a tree that was read; `known`: firewalls of nodes by name, filled as they are asked for; `treeOf`: reads
 * the tree of another node.
 */
export function firewallOf(
  tree: Tree,
  options: OpenOptions,
  known: Map<string, NodeFirewall | null> = new Map(),
  treeOf: (node: string) => Tree | null = (node) => {
    // what was said about the address of the node asked about does not hold for another one
    const asked = { ...options, node, guest: null, hostIp: null, localNetwork: null }
    return loadTree(asked).tree
  },
): NodeFirewall {
  const choice = chooseBackend(tree, options.backend ?? 'auto')
  const { backend } = choice
  const filter = filterOf(tree, choice, options.nftVersion ?? DEFAULT_NFT_VERSION)
  const callsIp = callsIpOn(backend, options)
  const onNode = (node: string): NodeFirewall | null => {
    const found = known.get(node)
    if (found !== undefined) return found
    const other = tree.nodes.includes(node) ? treeOf(node) : null
    const opened = other === null ? null : firewallOf(other, options, known, treeOf)
    known.set(node, opened)
    return opened
  }
  const filteringOf = (node: string) => {
    const other = onNode(node)?.backend ?? backend
    return { backend: other, callsIp: callsIpOn(other, options) }
  }
  const firewall: NodeFirewall = {
    ...filter,
    tree,
    choice,
    topology: topologyOf(tree, backend, namesOf(filter, tree), callsIp, filteringOf),
    tables: nameTablesOf(tree),
    diagnostics: [
      ...tree.diagnostics,
      ...filter.config.diagnostics,
      ...filter.compiled.diagnostics,
    ],
    onNode,
    edited: (change) => {
      const changed = (node: string): Tree | null => {
        const other = onNode(node)?.tree ?? null
        return other === null ? null : change(other)
      }
      return firewallOf(change(tree), options, new Map(), changed)
    },
    whenLocal: tree.localNetwork === null ? whenLocalIn(tree, choice, options) : null,
  }
  known.set(tree.node, firewall)
  return firewall
}

/** Compiles anew for each address that is asked about; the last one is kept. */
function whenLocalIn(
  tree: Tree,
  choice: BackendChoice,
  options: OpenOptions,
): NodeFirewall['whenLocal'] {
  let last: { readonly address: IpAddr; readonly held: Ruleset } | null = null
  return (address) => {
    if (last?.address.bits === address.bits && last.address.version === address.version)
      return last.held
    const value = { address, prefix: widthOf(address.version) }
    const asked = { ...tree, localNetwork: { value, from: 'what if', span: null } }
    const { held } = filterOf(asked, choice, options.nftVersion ?? DEFAULT_NFT_VERSION).compiled
    last = { address, held }
    return held
  }
}

/**
 * True where the backend does not take this configuration: then the node keeps the rules it had, and `held` is what
 * an empty kernel would hold.
 */
export function isRefused({ backend, compiled }: Filter): boolean {
  return backend === 'iptables'
    ? compiled.refusal !== null || compiled.state === 'failed'
    : compiled.refusals.length > 0 || compiled.state === 'refused'
}

function filterOf(tree: Tree, { backend, asked }: BackendChoice, nftVersion: string): Filter {
  if (backend === 'iptables') {
    const config = readIptables(tree)
    return { backend, config, compiled: compile(tree, config) }
  }
  const config = readNftables(tree)
  return {
    backend,
    config,
    compiled: compileAndHold(tree, config, nftVersion, asked || choosesNftables(config)),
  }
}

function namesOf(filter: Filter, tree: Tree): Names {
  return filter.backend === 'iptables'
    ? iptablesNames(filter.config, tree.localNetwork?.value ?? null)
    : nftNames(filter.config)
}

function callsIpOn(backend: Backend, { bridgeNfCall = null }: OpenOptions): boolean {
  const byDefault = callsIpByDefault(backend)
  return backend === 'nftables' ? (bridgeNfCall ?? byDefault) : byDefault
}
