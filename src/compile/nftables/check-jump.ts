import type { Json } from '../../netfilter/nft/command.ts'
import { at, type Complaint, complaint, NO_SUCH, textAt } from './complaint.ts'

/**
 * A chain with what its jumps lead to. INVARIANT: a jump leads to a chain that exists, and chains that are
 * jumped to have all their rules by then, or are the very chain; so what lies below a chain is known when
 * its last rule is added.
 */
export type ChainNode = {
  /** Jumps one after the other below this chain, at most. */
  depth: number
  /** Leads back to itself. */
  loops: boolean
  /** A reject statement can be reached. */
  rejects: boolean
}

/** Deepest nesting of jumps from a base chain: NFT_JUMP_STACK_SIZE less one, include/net/netfilter/nf_tables.h. */
const DEEPEST = 15

/** A base chain has jumped to host, cluster, guest and vnet chains before their first rule is run. */
const DEPTH_OF_TOP = 1

export function newNode(): ChainNode {
  return { depth: 0, loops: false, rejects: false }
}

/** Adds the last statement of a rule to what its chain leads to. */
export function addJump(
  chains: ReadonlyMap<string, ChainNode>,
  family: string,
  name: string,
  statement: Json,
): Complaint | null {
  const node = chains.get(name)
  if (node === undefined) return null
  if (at(statement, 'reject') !== undefined) {
    node.rejects = true
    return checkReject(family, name, node)
  }
  const target = textAt(statement, 'jump', 'target') ?? textAt(statement, 'goto', 'target')
  if (target === null) return null
  const next = chains.get(target)
  if (next === undefined) return undefinedTarget(target, name)
  if (next === node) node.loops = true
  else {
    node.depth = Math.max(node.depth, next.depth + 1)
    node.loops ||= next.loops
    node.rejects ||= next.rejects
  }
  return name.startsWith('group-') ? null : (checkDepth(node) ?? checkReject(family, name, next))
}

function undefinedTarget(target: string, from: string): Complaint {
  const group = /^group-(.*)-(?:in|out|forward)$/.exec(target)?.[1] ?? target
  const nested = from.startsWith('group-')
  return complaint(
    'nftables/nft-undefined-group',
    NO_SUCH,
    nested
      ? `the group \`${group}\` does not exist yet: groups are made in the order of their names`
      : `there is no security group \`${group}\``,
    nested
      ? `rename \`${group}\` so that it sorts before this group, or repeat its rules here`
      : `define \`[group ${group}]\` in cluster.fw, or correct the name (case counts)`,
  )
}

/** The kernel only follows chains that some base chain leads to (nf_tables_api.c `nft_chain_validate`). */
function checkDepth({ loops, depth }: ChainNode): Complaint | null {
  if (!loops && depth + DEPTH_OF_TOP <= DEEPEST) return null
  return complaint(
    'nftables/nft-group-loop',
    'Could not process rule: Too many links',
    loops
      ? 'the security group leads back to itself'
      : 'security groups lead into each other too deeply',
    'take the GROUP line out of the group',
  )
}

/** Bridge rejects exist in the hooks prerouting and input only (nft_reject_bridge.c); vnet chains run in forward. */
function checkReject(family: string, chain: string, { rejects }: ChainNode): Complaint | null {
  if (!rejects || family !== 'bridge' || !chain.startsWith('bridge-')) return null
  return complaint(
    'nftables/nft-vnet-reject',
    'Could not process rule: Operation not supported',
    'REJECT cannot be carried out between the ports of a vnet',
    'write DROP',
  )
}
