/**
 * One direction of a connection: `struct nf_conntrack_tuple`, include/net/netfilter/nf_conntrack_tuple.h.
 */
export type Tuple = {
  readonly version: 4 | 6
  /** Unsigned, 32 or 128 bits. */
  readonly src: bigint
  readonly dst: bigint
  /** Protocol number. */
  readonly proto: number
  /** Source port; the id of an ICMP query; 0 for protocols without (nf_conntrack_proto_generic.c). */
  readonly sport: number
  /** Destination port; of ICMP `type * 256 + code`, as both are one 16-bit word of the tuple; 0 for protocols without. */
  readonly dport: number
}

/** Which way a packet of a connection goes. */
export type Direction = 'original' | 'reply'

/** States of a TCP connection as `conntrack -L` prints them: `enum tcp_conntrack`, nf_conntrack_tcp.h. */
export type TcpState =
  | 'NONE'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'SYN_SENT2'

/** What is known of the window of one end: `struct ip_ct_tcp_state`. Numbers are unsigned 32 bits, but `scale`. */
export type TcpWindow = {
  readonly end: number
  readonly maxend: number
  readonly maxwin: number
  readonly maxack: number
  readonly scale: number
  /** Bits of `IP_CT_TCP_FLAG_*`, include/uapi/linux/netfilter/nf_conntrack_tcp.h. */
  readonly flags: number
}

/** `struct ip_ct_tcp`: where a TCP connection is. */
export type TcpTracking = {
  readonly state: TcpState
  /** Of the original and of the reply direction. Null: nobody knows (read from `conntrack -L`), so any segment is in it. */
  readonly windows: readonly [TcpWindow, TcpWindow] | null
  readonly lastDirection: Direction
  /** `enum tcp_bit_set` of the segment seen last. */
  readonly lastIndex: 'syn' | 'synack' | 'fin' | 'ack' | 'rst' | 'none'
  readonly lastSeq: number
  readonly lastAck: number
  readonly lastEnd: number
  readonly lastWindow: number
  readonly lastScale: number
  readonly lastFlags: number
  readonly retransmissions: number
}

/** `sctp_conntrack_names`, nf_conntrack_proto_sctp.c. */
export type SctpState =
  | 'NONE'
  | 'CLOSED'
  | 'COOKIE_WAIT'
  | 'COOKIE_ECHOED'
  | 'ESTABLISHED'
  | 'SHUTDOWN_SENT'
  | 'SHUTDOWN_RECD'
  | 'SHUTDOWN_ACK_SENT'
  | 'HEARTBEAT_SENT'

/** `struct ip_ct_sctp`: where an association is. */
export type SctpTracking = {
  readonly state: SctpState
  /** Verification tags of packets of the original and of the reply direction, 0: none yet. Null: nobody knows (a dump). */
  readonly tags: readonly [number, number] | null
  /** Ends that sent an INIT. */
  readonly inits: readonly [boolean, boolean]
  /** The way a HEARTBEAT with another tag went; null: none did. */
  readonly heartbeatFailed: Direction | null
}

/** `dccp_state_names`, nf_conntrack_proto_dccp.c. */
export type DccpState =
  | 'NONE'
  | 'REQUEST'
  | 'RESPOND'
  | 'PARTOPEN'
  | 'OPEN'
  | 'CLOSEREQ'
  | 'CLOSING'
  | 'TIMEWAIT'

/** `struct nf_ct_dccp`: where a DCCP connection is. */
export type DccpTracking = {
  readonly state: DccpState
  /** The direction of the end that asked for the connection. */
  readonly client: Direction
  readonly lastType: number
  readonly lastDirection: Direction
  readonly handshakeSeq: number
}

/** What conntrack holds of one connection: `struct nf_conn`, include/net/netfilter/nf_conntrack.h. */
export type ConntrackEntry = {
  /** A number of ours, never used twice in one table: what `master` refers to. */
  readonly id: number
  /** A name space of tuples; `zoneOf` the other direction the connection is in zone 0: `nf_ct_zone_id`. */
  readonly zone: number
  readonly zoneOf: 'both' | Direction
  readonly original: Tuple
  readonly reply: Tuple
  /** `IPS_SEEN_REPLY`, `IPS_ASSURED`, `IPS_CONFIRMED` (in the table), `IPS_DYING` (taken out of it). */
  readonly seenReply: boolean
  readonly assured: boolean
  readonly confirmed: boolean
  readonly dying: boolean
  /** Null for other protocols. */
  readonly tcp: TcpTracking | null
  readonly sctp: SctpTracking | null
  readonly dccp: DccpTracking | null
  /** When the last datagram of a UDP stream makes it one (`ct->proto.udp.stream_ts`), ms; null for other protocols. */
  readonly udpStreamAt: number | null
  /** `ct mark`, 32 bits unsigned. */
  readonly mark: number
  /** Name of the helper that reads its payload: `ftp`, `tftp` ... */
  readonly helper: string | null
  /** Of `ftp`, by direction: where lines of the control connection begin (`seq_aft_nl`, nf_conntrack_ftp.h). Null: nobody knows. */
  readonly lineStarts: readonly [readonly number[] | null, readonly number[] | null]
  /** The connection that expected this one; null: none. */
  readonly master: number | null
  /** When it is forgotten, ms of the clock its packets are given with. */
  readonly expiresAt: number
}

/** The state a connection is in by its protocol, as `conntrack -L` prints it; null: the protocol has none. */
export function protocolState({ tcp, sctp, dccp }: ConntrackEntry): string | null {
  return tcp?.state ?? sctp?.state ?? dccp?.state ?? null
}

/** A connection a helper has announced: `struct nf_conntrack_expect`. Null in a tuple's place: any. */
export type ConntrackExpectation = {
  readonly zone: number
  /** Id of the connection whose payload announced it. */
  readonly master: number
  readonly version: 4 | 6
  readonly proto: number
  readonly src: bigint | null
  readonly dst: bigint
  readonly sport: number | null
  readonly dport: number
  readonly helper: string | null
  readonly expiresAt: number
}

/** Settings of conntrack that decide verdicts (`net.netfilter.nf_conntrack_*`), as a Proxmox host has them unless said. */
export type ConntrackSettings = {
  /** A lone ACK opens a connection. */
  readonly tcpLoose: boolean
  /** Segments out of their window are no reason to be INVALID, but for RST. */
  readonly tcpBeLiberal: boolean
  readonly tcpIgnoreInvalidRst: boolean
  readonly tcpMaxRetrans: number
  /** Bad checksums are INVALID. */
  readonly checksum: boolean
  /** Seconds, by the name of the sysctl behind `nf_conntrack_`: `tcp_timeout_established`, `udp_timeout` ... */
  readonly timeouts: Readonly<Record<string, number>>
}
