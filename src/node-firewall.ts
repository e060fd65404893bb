import { type Compiled, compile } from './compile/compile.ts'
import type { IptablesConfig } from './config/dialect/iptables/model.ts'
import { readIptables } from './config/dialect/iptables/read.ts'
import { type LoadOptions, loadTree } from './config/load.ts'
import type { Tree } from './config/tree.ts'
import type { NameTables } from './packet/query.ts'
import type { Diagnostic } from './source/diagnostic.ts'
import { nameTablesOf } from './topology/name-tables.ts'
import { iptablesNames } from './topology/names.ts'
import { type Topology, topologyOf } from './topology/topology.ts'

/** A node's firewall, read and compiled: made once, asked many times. */
export type NodeFirewall = {
  readonly tree: Tree
  readonly config: IptablesConfig
  readonly compiled: Compiled
  readonly topology: Topology
  readonly tables: NameTables
  /** Everything that was complained about, reading and compiling. */
  readonly diagnostics: readonly Diagnostic[]
  /**
   * The firewall of any node of the tree, read and compiled when first asked for: a packet to a guest of another node
   * passes that node's firewall too. Null if there is no such node.
   */
  readonly onNode: (node: string) => NodeFirewall | null
}

/** Null when there is nothing to read, or it is not clear which node is meant: the diagnostics say so. */
export type OpenResult = {
  readonly firewall: NodeFirewall | null
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a tree from disk and compiles the firewall of one of its nodes, as its iptables backend would. */
export function openFirewall(options: LoadOptions): OpenResult {
  const { tree, diagnostics } = loadTree(options)
  if (tree === null) return { firewall: null, diagnostics }
  const firewall = firewallOf(tree, options, new Map())
  return { firewall, diagnostics: firewall.diagnostics }
}

function firewallOf(
  tree: Tree,
  options: LoadOptions,
  known: Map<string, NodeFirewall | null>,
): NodeFirewall {
  const config = readIptables(tree)
  const compiled = compile(tree, config)
  const names = iptablesNames(config, tree.localNetwork?.value ?? null)
  const firewall: NodeFirewall = {
    tree,
    config,
    compiled,
    topology: topologyOf(tree, 'iptables', names),
    tables: nameTablesOf(tree),
    diagnostics: [...tree.diagnostics, ...config.diagnostics, ...compiled.diagnostics],
    onNode: (node) => {
      const found = known.get(node)
      if (found !== undefined) return found
      // what was said about the address of the node asked about does not hold for another one
      const asked = { ...options, node, guest: null, hostIp: null, localNetwork: null }
      const other = tree.nodes.includes(node) ? loadTree(asked).tree : null
      const opened = other === null ? null : firewallOf(other, options, known)
      known.set(node, opened)
      return opened
    },
  }
  known.set(tree.node, firewall)
  return firewall
}
