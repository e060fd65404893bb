import {
  firewallOf,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from '../firewall/node-firewall.ts'
import type { Session } from './state.ts'

/**
 * Opens other nodes and the other backend beside a firewall that is open, each when it is first asked for. Of a node
 * whose rules were dumped there is nothing else to open.
 */
export function openerOf(firewall: NodeFirewall, options: OpenOptions): Session['open'] {
  const known = new Map([[keyOf(firewall.tree.node, firewall.backend), firewall]])
  return (node, backend) => {
    if (firewall.live !== undefined) return null
    const key = keyOf(node, backend)
    const found = known.get(key)
    if (found !== undefined) return found
    if (!firewall.tree.nodes.includes(node)) return null
    // with the edits that the firewall has, which are on no disk
    const treeOf = (other: string) => firewall.onNode(other)?.tree ?? null
    const tree = treeOf(node)
    if (tree === null) return null
    const opened = firewallOf(tree, { ...options, backend }, new Map(), treeOf)
    known.set(key, opened)
    return opened
  }
}

/** Opens the same node, by the same backend, below another root: relative to where the session was started. */
export function rootOpenerOf(
  options: OpenOptions,
  resolve: (root: string) => string,
): Session['openRoot'] {
  return (root, { tree, backend }) => {
    const own = { ...options, root: resolve(root), node: tree.node, guest: null, backend }
    const { firewall, diagnostics } = openFirewall(own)
    const [first] = diagnostics
    return firewall ?? first?.message ?? `there is no configuration below ${root}`
  }
}

function keyOf(node: string, backend: string): string {
  return `${node} ${backend}`
}
