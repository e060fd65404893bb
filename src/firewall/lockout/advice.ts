import type { Tree } from '../../config/tree.ts'
import { showAddr } from '../../ip/address.ts'
import { cidrsOf, showCidr } from '../../ip/prefix.ts'
import type { RangeSet } from '../../ip/range-set.ts'
import type { Advice } from '../../render/lockout-view.ts'
import { type SourceFile, sourceFile } from '../../source/source-file.ts'
import type { NodeFirewall, TreeChange } from '../node-firewall.ts'
import type { Need } from './need.ts'
import { type Proof, proveNeeds } from './prove.ts'

type Lost = Extract<Proof, { readonly kind: 'lost' }>

/** Networks an address list of a rule may have before it is no advice any more. */
const mostNetworks = 8

/**
 * A rule that keeps what would be lost (needs of the same ends and protocol), tried and proved; null where none of those that were tried is enough. In
 * cluster.fw first, which holds for all nodes; the rules of a node's own host.fw come before those of cluster.fw.
 */
export function adviceFor(
  firewall: NodeFirewall,
  needs: readonly [Need, ...Need[]],
  { witness }: Lost,
): Advice | null {
  const hooks = witness.question.path.legs.flatMap(({ hops }) => hops.map(({ hook }) => hook))
  const isIn = hooks.includes('input')
  if (!isIn && !hooks.includes('output')) return null
  const line = ruleFor(needs, isIn ? 'in' : 'out')
  if (line === null) return null
  const { node } = witness.firewall.tree
  const places: readonly { readonly file: string; readonly change: TreeChange }[] = [
    {
      file: 'cluster.fw',
      change: (tree) => ({
        ...tree,
        clusterFw: withRule(tree.clusterFw, 'cluster.fw', line, tree),
      }),
    },
    {
      file: `${node}'s host.fw`,
      change: (tree) =>
        tree.node === node
          ? { ...tree, hostFw: withRule(tree.hostFw, `nodes/${node}/host.fw`, line, tree) }
          : tree,
    },
  ]
  for (const { file, change } of places) {
    const edited = firewall.edited(change)
    const { proofs } = proveNeeds(edited, needs)
    if (needs.every((need) => proofs.get(need)?.kind === 'proved')) return { file, line }
  }
  return null
}

/** `IN ACCEPT -source 10.8.0.0/24 -p tcp -dport 22`: for the peers of the needs, and for all their ports. */
function ruleFor(needs: readonly [Need, ...Need[]], direction: 'in' | 'out'): string | null {
  const [{ from, to, proto, family }] = needs
  const ports = needs.flatMap((need) => need.ports)
  const peer = direction === 'in' ? from : to
  const networks = peer.addresses === null ? [] : networksOf(peer.addresses, family)
  if (networks.length > mostNetworks) return null
  const option = direction === 'in' ? '-source' : '-dest'
  const whom = networks.length === 0 ? '' : ` ${option} ${networks.join(',')}`
  const list = ports.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}:${hi}`)).join(',')
  return `${direction.toUpperCase()} ACCEPT${whom} -p ${proto} -dport ${list}`
}

function networksOf(ranges: RangeSet, family: 4 | 6): readonly string[] {
  return ranges.flatMap((range) =>
    range.lo === range.hi
      ? [showAddr({ version: family, bits: range.lo })]
      : cidrsOf(family, range).map(showCidr),
  )
}

/** A file with one more rule before all others; a file that is not there is made. */
function withRule(
  file: SourceFile | null,
  name: string,
  rule: string,
  { layout }: Tree,
): SourceFile {
  if (file === null)
    return sourceFile(`${layout === 'pve' ? '' : 'etc/pve/'}${name}`, `[RULES]\n${rule}\n`)
  const head = /^\[RULES\][^\n]*(?:\n|$)/im.exec(file.text)
  if (head === null) {
    const gap = file.text === '' || file.text.endsWith('\n') ? '' : '\n'
    return sourceFile(file.path, `${file.text}${gap}[RULES]\n${rule}\n`)
  }
  const end = head.index + head[0].length
  const before = file.text.slice(0, end)
  const gap = before.endsWith('\n') ? '' : '\n'
  return sourceFile(file.path, `${before}${gap}${rule}\n${file.text.slice(end)}`)
}
