import { evaluate } from '../eval/evaluate.ts'
import type { Question, Trace } from '../eval/trace.ts'
import { type IpAddr, showAddr } from '../ip/address.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import type { NodeFirewall } from './node-firewall.ts'

/**
 * Where nobody knows which network a node is in, nobody knows whom Proxmox lets manage it. The packet is asked about
 * once more, as if its other end were in that network: where that changes what becomes of it, the verdict is unknown.
 */
export function withLocalNetworkDoubt(
  { tree, whenLocal, live }: NodeFirewall,
  question: Question,
  trace: Trace,
): Trace {
  if (tree.localNetwork !== null || live !== undefined || whenLocal === null) return trace
  const peer = peerOfHost(question)
  if (peer === null) return trace
  const ruleset: Ruleset = whenLocal(peer)
  const otherwise = evaluate({ ...question, ruleset }).outcome
  if (otherwise === trace.outcome) return trace
  const text = `nobody said which network ${tree.node} is in: ${trace.outcome} if ${showAddr(peer)} is not in it, ${otherwise} if it is (say it with --local-network)`
  return {
    ...trace,
    outcome: 'unknown',
    assumptions: [...trace.assumptions, { kind: 'other', text, rule: null }],
  }
}

/** The address at the other end of a packet to or from the host itself; null for packets that only pass it. */
function peerOfHost({ packet, path }: Question): IpAddr | null {
  const { l3 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return null
  const hooks = new Set(path.legs.flatMap(({ hops }) => hops.map(({ hook }) => hook)))
  const bits = hooks.has('input') ? l3.src : hooks.has('output') ? l3.dst : 'unknown'
  return bits === 'unknown' ? null : { version: l3.kind === 'ip' ? 4 : 6, bits }
}
