import { loadTree } from '../config/load.ts'
import type { EditRequest } from '../edit/parse-edit.ts'
import { isWrong } from '../edit/problem.ts'
import { editedFirewall } from '../firewall/edited.ts'
import {
  firewallOf,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from '../firewall/node-firewall.ts'
import type { Opening } from './record.ts'
import type { Session } from './state.ts'

/** What a session starts with. */
export type Start = {
  readonly firewall: NodeFirewall
  readonly options: OpenOptions
  /** Edits of the command line: they are in `firewall` already. */
  readonly edits: readonly EditRequest[]
  /** A root as it is typed, as a path. */
  readonly resolve: (root: string) => string
}

/** How the firewall of the start is opened again. */
export function openingOf({ firewall, options }: Start): Opening {
  return { root: null, node: firewall.tree.node, backend: options.backend ?? 'auto', edits: [] }
}

/**
 * Opens other nodes, backends and roots beside a firewall that is open, each when it is first asked for, and makes the
 * edits upon it. Of a node whose rules were dumped there is nothing else to open.
 */
export function openerOf(start: Start): Session['open'] {
  const { firewall } = start
  const own = openingOf(start)
  const known = new Map<string, NodeFirewall | string>([[keyOf(own), firewall]])
  const bases = new Map<string, NodeFirewall | string>()
  if (start.edits.length === 0) bases.set(keyOf(own), firewall)
  return (opening) => {
    if (firewall.live !== undefined)
      return 'the rules are those of a dump: there is nothing else to open, and nothing to edit'
    const key = keyOf(opening)
    const found = known.get(key)
    if (found !== undefined) return found
    const unedited = { ...opening, edits: [] }
    const base = bases.get(keyOf(unedited)) ?? baseOf(start, unedited)
    bases.set(keyOf(unedited), base)
    const opened = typeof base === 'string' ? base : withEdits(base, start, opening)
    // only the last edits are kept: a thousand of them would be a thousand configurations
    if (known.size >= mostKept) known.clear()
    known.set(key, opened)
    return opened
  }
}

/** Firewalls that are kept at hand. */
const mostKept = 12

function keyOf(opening: Opening): string {
  return JSON.stringify([opening.root, opening.node, opening.backend, opening.edits])
}

/** The firewall without any edit. */
function baseOf({ firewall, options, resolve }: Start, opening: Opening): NodeFirewall | string {
  const { root, node, backend } = opening
  const isOwn = root === null && node === firewall.tree.node
  // what was said about the address of the node asked about does not hold for another one
  const elsewhere = isOwn ? {} : { hostIp: null, localNetwork: null }
  const asked = { ...options, ...elsewhere, node, backend, guest: null }
  if (root === null) {
    if (!firewall.tree.nodes.includes(node))
      return `there is no node ${node}; there are ${firewall.tree.nodes.join(', ')}`
    const { tree } = loadTree(asked)
    return tree === null ? `the files of ${node} cannot be read` : firewallOf(tree, asked)
  }
  const opened = openFirewall({ ...asked, root: resolve(root) })
  const [first] = opened.diagnostics
  return opened.firewall ?? first?.message ?? `there is no configuration below ${root}`
}

function withEdits(base: NodeFirewall, { edits }: Start, opening: Opening): NodeFirewall | string {
  const all = [...(opening.root === null ? edits : []), ...opening.edits]
  const after = editedFirewall(base, all)
  return isWrong(after) ? `${after.problem}; ${after.help}` : after.firewall
}
