import type { NodeFirewall } from '../node-firewall.ts'
import { type Admins, adminNeeds, adminsOf } from './admin-needs.ts'
import { admittedToday } from './admitted.ts'
import { clusterNeeds } from './cluster-needs.ts'
import type { Blind, Need, Needs } from './need.ts'
import { outboundNeeds, storageNeeds } from './outward-needs.ts'
import { type Proof, type Proofs, proveNeeds } from './prove.ts'

/** A need with what becomes of it, and what became of it before the change. */
export type Audited = {
  readonly need: Need
  readonly proof: Proof
  /** Null: there is no change, or it was kept before. */
  readonly before: Proof | null
}

export type LockoutAudit = {
  readonly firewall: NodeFirewall
  /** Of all nodes that were looked at. */
  readonly firewalls: readonly NodeFirewall[]
  readonly audited: readonly Audited[]
  readonly blind: readonly Blind[]
  readonly admins: readonly Admins[]
  /** What proofs and losses rest on. */
  readonly assumptions: readonly string[]
}

export type LockoutOptions = {
  /** `--admin`: sets, networks, addresses. */
  readonly admin: readonly string[]
  /** SSH_CONNECTION of the caller. */
  readonly session: string | null
  /** Nodes to look at; empty: all of the tree. */
  readonly nodes: readonly string[]
  readonly budget?: number
}

/**
 * Whether everything a cluster cannot do without gets through, for every packet: proved, or lost with a packet. With
 * `current`, needs that were lost before are told apart from those the change loses.
 *
 * @returns Names of administrators that nobody knows, where there are some.
 */
export function auditLockout(
  proposed: NodeFirewall,
  current: NodeFirewall | null,
  options: LockoutOptions,
): LockoutAudit | { readonly unknown: readonly string[] } {
  const { admins: named, unknown } = adminsOf(proposed, options.admin, options.session)
  if (unknown.length > 0) return { unknown }
  const today =
    current === null || options.admin.length > 0 ? NOBODY : admittedToday(current, named)
  const admins = [...named, ...today.admins]
  const nodes = options.nodes.length > 0 ? options.nodes : proposed.tree.nodes
  const all: Needs[] = [clusterNeeds(proposed)]
  const firewalls: NodeFirewall[] = []
  for (const node of nodes) {
    const own = proposed.onNode(node)
    if (own === null) continue
    firewalls.push(own)
    all.push(adminNeeds(own, admins), storageNeeds(own), outboundNeeds(own))
  }
  const needs = all.flatMap((each) => each.needs)
  const found = proveAll(proposed, needs, options.budget)
  const lost = needs.filter((need) => found.proofs.get(need)?.kind === 'lost')
  const earlier = current === null ? null : proveAll(current, lost, options.budget)
  const audited = needs.map((need): Audited => {
    const proof = found.proofs.get(need) ?? { kind: 'unproved', why: 'its node is not in the tree' }
    const before = earlier?.proofs.get(need) ?? null
    return { need, proof, before: before?.kind === 'lost' ? before : null }
  })
  const blind = [
    ...all.flatMap((each) => each.blind),
    ...today.open.map(
      (what): Blind => ({
        what: `${what} from those who may today`,
        why: 'everybody may; say with --admin who must be able to',
        span: null,
      }),
    ),
  ]
  const { assumptions } = found
  return { firewall: proposed, firewalls, audited, blind, admins, assumptions }
}

const NOBODY: ReturnType<typeof admittedToday> = { admins: [], open: [] }

/** Each need is asked of the node it is about: `host` and the ways out are that node's. */
function proveAll(
  firewall: NodeFirewall,
  needs: readonly Need[],
  budget: number | undefined,
): Proofs {
  const byNode = new Map<string, Need[]>()
  for (const need of needs) {
    const node = need.group === 'cluster' ? firewall.tree.node : need.node
    const same = byNode.get(node)
    if (same === undefined) byNode.set(node, [need])
    else same.push(need)
  }
  const proofs = new Map<Need, Proof>()
  const assumptions = new Set<string>()
  for (const [node, own] of byNode) {
    const opened = firewall.onNode(node)
    if (opened === null) continue
    const found = proveNeeds(opened, own, budget)
    for (const [need, proof] of found.proofs) proofs.set(need, proof)
    for (const text of found.assumptions) assumptions.add(text)
  }
  return { proofs, assumptions: [...assumptions] }
}

/** True where the change loses something that is not lost now, or, without a change, anything is lost. */
export function losesSomething({ audited }: LockoutAudit): boolean {
  return audited.some(({ need, proof, before }) => isLost(need, proof) && before === null)
}

/** Of a peer nobody named only the loss of all of them is one. */
export function isLost(need: Need, proof: Proof): boolean {
  return proof.kind === 'lost' && !(need.anyPeer && proof.partly)
}
