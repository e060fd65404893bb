import { isPassive } from '../eval/compiled-chain.ts'
import { decide, kernelName } from '../eval/decide.ts'
import { nftDecision } from '../eval/nft-decision.ts'
import type { ChainTrace, RejectReply, Trace } from '../eval/trace.ts'
import type { KernelAnswer } from './answer.ts'

/** In what a trace and a kernel's answer differ. */
export type Disagreement = {
  readonly in: readonly ('verdict' | 'deciding rule' | 'path' | 'answer of the reject')[]
  /** Both sides, a line each. */
  readonly model: readonly string[]
  readonly kernel: readonly string[]
}

/** Compares what src/eval says of a packet with what a kernel did: verdict, deciding rule, every rule that matched. Null: they agree. */
export function disagreement(
  trace: Trace,
  answer: KernelAnswer,
  backend: 'iptables' | 'nftables',
): Disagreement | null {
  const ours = {
    // what a helper drops is gone behind the last rule
    outcome: trace.hops.at(-1)?.lost === undefined ? trace.outcome : 'lost',
    decidedBy:
      backend === 'iptables' ? kernelName(decide(withoutEbtables(trace))) : nftDecision(trace),
    ran: ranOf(trace, backend),
  }
  const theirs = { outcome: answer.outcome, decidedBy: answer.decidedBy, ran: ranIn(answer) }
  // what ebtables does is not traced: the frame is gone, and no rule of iptables says why
  const byEbtables = backend === 'iptables' && endsInEbtables(trace)
  if (byEbtables && answer.outcome === 'lost') {
    const same = ours.ran.join('\n') === theirs.ran.join('\n')
    return same ? null : { in: ['path'], model: linesOf(ours, null), kernel: linesOf(theirs, null) }
  }
  const found: Disagreement['in'][number][] = []
  if (ours.outcome !== theirs.outcome) found.push('verdict')
  if (ours.decidedBy !== theirs.decidedBy) found.push('deciding rule')
  if (ours.ran.join('\n') !== theirs.ran.join('\n')) found.push('path')
  const isFromHost = trace.path.legs[0]?.hops[0]?.hook === 'output'
  // an error of the host that goes another way than the packet came is not seen where it came from
  const isRouted = trace.reply?.with !== 'tcp-reset' && goesElsewhere(trace.path)
  const isMute = answer.translated && trace.hops.at(-1)?.chains.at(-1)?.table.family === 'bridge'
  const replies = isFromHost || isRouted || isMute || ours.outcome !== 'reject' ? null : trace.reply
  if (replies !== null && replies.reachesSender !== (answer.response !== null))
    found.push('answer of the reject')
  if (found.length === 0) return null
  return {
    in: found,
    model: linesOf(ours, replies),
    kernel: linesOf(theirs, replies === null ? null : answer.response),
  }
}

function goesElsewhere({ hostToSender, legs }: Trace['path']): boolean {
  if (hostToSender === undefined) return false
  const last = hostToSender.at(-1)
  const first = legs[0]?.hops[0]
  return (last?.bridgeOut ?? last?.oif ?? null) !== (first?.bridgeIn ?? first?.iif ?? null)
}

type Side = {
  readonly outcome: string
  readonly decidedBy: string | null
  readonly ran: readonly string[]
}

function linesOf(
  { outcome, decidedBy, ran }: Side,
  reply: RejectReply | string | null,
): readonly string[] {
  const answer =
    reply === null
      ? []
      : typeof reply === 'string'
        ? [`answered with ${reply}`]
        : [reply.reachesSender ? `answered with ${reply.with}` : `not answered: ${reply.why}`]
  return [`${outcome} by ${decidedBy ?? 'no rule'}`, ...ran, ...answer]
}

/** Base chains a trace ran through with what matched; those in which nothing did are left out, as TRACE may be of one table only. */
function ranOf(trace: Trace, backend: 'iptables' | 'nftables'): readonly string[] {
  return trace.hops.flatMap(({ chains }) =>
    chains
      .filter(({ table }) => backend === 'nftables' || table.family !== 'bridge')
      .flatMap((chain) => {
        const hits = hitsOf(chain)
        const table =
          backend === 'iptables' ? chain.table.name : `${chain.table.family} ${chain.table.name}`
        return shown(table, chain.chain.name, hits, chain.end === 'policy')
      }),
  )
}

function hitsOf({ chain, hits }: ChainTrace): readonly string[] {
  return hits.flatMap(({ rule, index, into }) => [
    ...(isPassive(rule) ? [] : [`${chain.name}:${index + 1}`]),
    ...(into === null ? [] : hitsOf(into)),
  ])
}

function ranIn({ ran }: KernelAnswer): readonly string[] {
  return ran.flatMap(({ table, chain, matched, policy }) => shown(table, chain, matched, policy))
}

function shown(
  table: string,
  chain: string,
  hits: readonly string[],
  policy: boolean,
): readonly string[] {
  if (hits.length === 0) return []
  return [`${table} ${chain} | ${hits.join(' ')}${policy ? ' policy' : ''}`]
}

/** What a kernel can tell of a trace: rules of ebtables leave no record. */
function withoutEbtables(trace: Trace): Trace {
  const hops = trace.hops.map((hop) => ({
    ...hop,
    chains: hop.chains.filter(({ table }) => table.family !== 'bridge'),
  }))
  return { ...trace, hops }
}

function endsInEbtables(trace: Trace): boolean {
  return (
    trace.outcome === 'drop' &&
    trace.hops.findLast((hop) => hop.chains.length > 0)?.chains.at(-1)?.table.family === 'bridge'
  )
}
