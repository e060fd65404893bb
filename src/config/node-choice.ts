import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'

/** What says which node is asked about. */
export type NodeClues = {
  /** `--node`. */
  readonly asked: string | null
  /** etc/hostname without its domain. */
  readonly hostname: string | null
  /** Where the link etc/pve/local points. */
  readonly local: string | null
  /** Directories of etc/pve/nodes. */
  readonly directories: readonly string[]
  /** Nodes corosync.conf names. */
  readonly corosync: readonly string[]
  /** Nodes that hold the guest asked about. */
  readonly guestNodes: readonly string[]
}

/** A node, or the error that says why there is none. */
export type NodeChoice =
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'none'; readonly diagnostic: Diagnostic }

/**
 * The node asked about: `--node`, else etc/hostname, else the link etc/pve/local, else the only node, else
 * the one that holds the guest. A name is good when a directory, etc/hostname or corosync.conf has it, or
 * when no node has a directory.
 */
export function chooseNode(clues: NodeClues): NodeChoice {
  const known = new Set([...clues.directories, ...clues.corosync])
  if (clues.hostname !== null) known.add(clues.hostname)
  if (clues.asked !== null) {
    if (known.has(clues.asked) || clues.directories.length === 0) return node(clues.asked)
    return none('config/unknown-node', `there is no node \`${clues.asked}\` here`, [...known])
  }
  if (clues.hostname !== null) return node(clues.hostname)
  if (clues.local !== null && clues.directories.includes(clues.local)) return node(clues.local)
  for (const names of [clues.directories, clues.guestNodes, [...known]]) {
    const [first, ...others] = names
    if (first !== undefined && others.length === 0) return node(first)
  }
  const message =
    known.size === 0
      ? 'nothing here says what the node is called'
      : 'it is not clear which node is asked about'
  return none('config/ambiguous-node', message, [...known])
}

function node(name: string): NodeChoice {
  return { kind: 'node', node: name }
}

function none(
  code: 'config/ambiguous-node' | 'config/unknown-node',
  message: string,
  names: readonly string[],
): NodeChoice {
  const shown = names.toSorted().slice(0, 10).join(', ')
  const more = names.length > 10 ? ' ...' : ''
  const help =
    names.length === 0
      ? 'give its name with --node NAME'
      : `choose one with --node NAME: ${shown}${more}`
  return { kind: 'none', diagnostic: diagnostic('error', code, null, message, { help }) }
}
