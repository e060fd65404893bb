import { showAddr } from '../ip/address.ts'
import type { ConntrackEntry, Tuple } from '../netfilter/conntrack.ts'
import { PROTO } from '../netfilter/packet.ts'

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PROTO).map(([name, number]) => [number, name]),
)

/** A connection as `conntrack -L` prints it; `now` in ms of its clock. */
export function showConnection(entry: ConntrackEntry, now: number): string {
  const { original, reply, tcp, seenReply, assured, mark, helper, zone, master } = entry
  const { proto } = original
  return [
    NAMES.get(proto) ?? 'unknown',
    String(proto),
    String(Math.max(0, Math.round((entry.expiresAt - now) / 1000))),
    tcp?.state ?? '',
    showTuple(original),
    seenReply ? '' : '[UNREPLIED]',
    showTuple(reply),
    assured ? '[ASSURED]' : '',
    `mark=${mark}`,
    zone === 0 ? '' : `zone=${zone}`,
    helper === null ? '' : `helper=${helper}`,
    master === null ? '' : '(expected by another)',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function showTuple({ version, src, dst, proto, sport, dport }: Tuple): string {
  const ends = `src=${showAddr({ version, bits: src })} dst=${showAddr({ version, bits: dst })}`
  if (proto === PROTO.icmp || proto === PROTO.icmpv6)
    return `${ends} type=${dport >> 8} code=${dport & 255} id=${sport}`
  return sport === 0 && dport === 0 ? ends : `${ends} sport=${sport} dport=${dport}`
}
