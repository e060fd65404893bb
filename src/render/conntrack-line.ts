import { showAddr } from '../ip/address.ts'
import {
  type ConntrackEntry,
  type ConntrackExpectation,
  protocolState,
  type Tuple,
} from '../netfilter/conntrack.ts'
import { PROTO } from '../netfilter/packet.ts'

/**
 * An entry as `conntrack -L` prints it (libnetfilter_conntrack, conntrack/snprintf_default.c), but for the number of its
 * users, which only a kernel has. `now`: ms of the clock of `expiresAt`.
 */
export function showEntry(entry: ConntrackEntry, now: number): string {
  const { original, reply, seenReply, assured, zone, zoneOf, mark, helper } = entry
  const state = protocolState(entry)
  return [
    `${showProto(original).padEnd(8)} ${original.proto}`,
    String(secondsLeft(entry, now)),
    ...(state === null ? [] : [state]),
    showTuple(original),
    ...(seenReply ? [] : ['[UNREPLIED]']),
    showTuple(reply),
    ...(assured ? ['[ASSURED]'] : []),
    ...(zone === 0 ? [] : [`${ZONE_WORDS[zoneOf]}=${zone}`]),
    `mark=${mark}`,
    ...(helper === null ? [] : [`helper=${helper}`]),
  ].join(' ')
}

/** Whole seconds until it is forgotten, as the kernel rounds: down. */
export function secondsLeft({ expiresAt }: { readonly expiresAt: number }, now: number): number {
  return Math.max(0, Math.floor((expiresAt - now) / 1000))
}

/** An expectation in the words of `conntrack -L expect`; 0 is any port. */
export function showExpectation(expectation: ConntrackExpectation, now: number): string {
  const { version, proto, src, dst, sport, dport, helper } = expectation
  const address = (bits: bigint | null): string => showAddr({ version, bits: bits ?? 0n })
  return [
    String(secondsLeft(expectation, now)),
    `proto=${proto}`,
    `src=${address(src)}`,
    `dst=${address(dst)}`,
    `sport=${sport ?? 0}`,
    `dport=${dport}`,
    ...(helper === null ? [] : [`helper=${helper}`]),
  ].join(' ')
}

/** `tcp 192.168.1.53:49152 → 192.168.1.105:22`: which connection an entry is. */
export function showConnection(tuple: Tuple): string {
  const { version, src, dst, sport, dport } = tuple
  const end = (bits: bigint, port: number): string => {
    const address = showAddr({ version, bits })
    if (!hasPorts(tuple)) return address
    return version === 6 ? `[${address}]:${port}` : `${address}:${port}`
  }
  return `${showProto(tuple)} ${end(src, sport)} → ${end(dst, dport)}`
}

function showTuple(tuple: Tuple): string {
  const { version, src, dst, sport, dport, proto } = tuple
  const words = [
    `src=${showAddr({ version, bits: src })}`,
    `dst=${showAddr({ version, bits: dst })}`,
  ]
  if (hasPorts(tuple)) words.push(`sport=${sport}`, `dport=${dport}`)
  else if (isIcmp(proto)) words.push(`type=${dport >> 8}`, `code=${dport & 0xff}`, `id=${sport}`)
  else if (proto === PROTO.gre)
    words.push(`srckey=0x${sport.toString(16)}`, `dstkey=0x${dport.toString(16)}`)
  return words.join(' ')
}

const WITH_PORTS: readonly number[] = [PROTO.tcp, PROTO.udp, PROTO.udplite, PROTO.sctp, PROTO.dccp]

function hasPorts({ proto }: Tuple): boolean {
  return WITH_PORTS.includes(proto)
}

function isIcmp(proto: number): boolean {
  return proto === PROTO.icmp || proto === PROTO.icmpv6
}

/** Names of conntrack's protocols: `l4proto_name`, nf_conntrack_standalone.c. */
const NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  ...(['icmp', 'tcp', 'udp', 'dccp', 'gre', 'sctp', 'udplite', 'icmpv6'] as const).map(
    (name) => [PROTO[name], name] as const,
  ),
])

function showProto({ proto }: Tuple): string {
  return NAMES.get(proto) ?? 'unknown'
}

/** `ct_show_zone`, net/netfilter/nf_conntrack_standalone.c */
const ZONE_WORDS = { both: 'zone', original: 'zone-orig', reply: 'zone-reply' } as const
