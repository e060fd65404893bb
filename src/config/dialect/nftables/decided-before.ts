import { macroProtocols } from './macro.ts'
import type { NftRule, PortItem, ProtocolMatch } from './model.ts'

type MatchBody = Extract<NftRule['body'], { readonly kind: 'match' }>
type Ranges = readonly (readonly [lo: number, hi: number])[]

/**
 * What the chain default-in has decided before any rule of cluster.fw or host.fw is asked
 * (resources/proxmox-firewall.nft), and what no rule can do about it.
 */
type Decided = {
  readonly protocol: 'tcp' | 'udp'
  readonly sport: Ranges | null
  readonly dport: Ranges | null
  /** Verdicts that come too late for (some of) these packets. */
  readonly futile: readonly MatchBody['verdict'][]
  readonly message: string
  readonly help: string
}

const STOPPING = ['DROP', 'REJECT'] as const
const ACCEPTING = ['ACCEPT'] as const

const SMB = {
  futile: ACCEPTING,
  message: 'the rule has no effect: SMB packets are rejected before any rule is asked',
  help: 'with nftables the host itself cannot be reached on these ports',
}

const DECIDED: readonly Decided[] = [
  {
    protocol: 'tcp',
    sport: null,
    dport: [
      [22, 22],
      [3128, 3128],
      [5900, 5999],
      [8006, 8006],
    ],
    futile: STOPPING,
    message:
      'the rule cannot stop hosts in the management set: they are let in before any rule is asked',
    help: "that set is `[IPSET management]` plus the node's own network or the alias `local_network`: narrow those",
  },
  {
    protocol: 'udp',
    sport: null,
    dport: [[5405, 5412]],
    futile: STOPPING,
    message: 'the rule has no effect: corosync ports are open to everyone before any rule is asked',
    help: 'filter these ports in front of the node',
  },
  {
    protocol: 'udp',
    sport: null,
    dport: [
      [135, 135],
      [137, 139],
      [445, 445],
    ],
    ...SMB,
  },
  {
    protocol: 'tcp',
    sport: null,
    dport: [
      [135, 135],
      [139, 139],
      [445, 445],
    ],
    ...SMB,
  },
  { protocol: 'udp', sport: [[137, 137]], dport: [[1024, 65_535]], ...SMB },
  {
    protocol: 'udp',
    sport: null,
    dport: [[1900, 1900]],
    futile: ACCEPTING,
    message: 'the rule has no effect: UPnP packets are dropped before any rule is asked',
    help: 'with nftables the host itself cannot be reached on this port',
  },
  {
    protocol: 'udp',
    sport: [[53, 53]],
    dport: null,
    futile: ACCEPTING,
    message:
      'the rule has no effect: packets from UDP port 53 are dropped before any rule is asked',
    help: "answers to the host's own queries are let in as part of their connection",
  },
]

/** Why an IN rule of the host comes too late; null when packets it names get as far as to it. */
export function decidedBefore(body: MatchBody): Decided | null {
  const reasons = protocolsOf(body).map((match) =>
    DECIDED.find((decided) => decided.futile.includes(body.verdict) && covers(decided, match)),
  )
  return reasons.every((reason) => reason !== undefined) ? (reasons[0] ?? null) : null
}

function protocolsOf({ macro, protocol }: MatchBody): readonly ProtocolMatch[] {
  if (macro === null) return protocol === null ? [] : [protocol.value]
  return protocol === null ? (macroProtocols(macro.value) ?? []) : []
}

function covers({ protocol, sport, dport }: Decided, match: ProtocolMatch): boolean {
  return (
    match.kind === 'ports' &&
    match.name === protocol &&
    areWithin(match.sport, sport) &&
    areWithin(match.dport, dport)
  )
}

function areWithin(items: readonly PortItem[] | null, ranges: Ranges | null): boolean {
  if (ranges === null) return true
  return items?.every(({ lo, hi }) => ranges.some(([from, to]) => lo >= from && hi <= to)) ?? false
}
