/** A value that may not be known: a configuration without the guest's address, a query that does not say. */
export type Known<T> = T | 'unknown'

/** Address type as the routing table of the judging host sees it (`xt_addrtype`, `fib saddr type`). */
export type AddrType = 'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast'

/** Bits of {@link TcpHeader.flags}, as in the TCP header. */
export const TCP_FLAG = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ECE: 64,
  CWR: 128,
} as const

/** Protocol numbers that netfilter treats specially (IANA). */
export const PROTO = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
} as const

/** EtherType numbers. */
export const ETHERTYPE = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd } as const

export type Layer3 =
  | {
      readonly kind: 'ip' | 'ip6'
      /** Unsigned, 32 or 128 bits. */
      readonly src: Known<bigint>
      readonly dst: Known<bigint>
      /** Says what kind of address an unknown `dst`/`src` is; null: ask the routing table with the address. */
      readonly srcType: AddrType | null
      readonly dstType: AddrType | null
    }
  | {
      readonly kind: 'arp'
      readonly operation: number
      readonly senderIp: Known<bigint>
      readonly targetIp: Known<bigint>
      readonly senderMac: Known<number>
    }
  /** Any other ethertype: `ether.type` says which. */
  | { readonly kind: 'other' }

/** Where a TCP segment stands in its stream, and the options conntrack reads. Numbers are unsigned 32 bits. */
export type TcpSegment = {
  readonly seq: number
  readonly ack: number
  /** As in the header, 16 bits, not scaled. */
  readonly window: number
  /** Bytes of data. */
  readonly length: number
  /** Option window scale; null: the segment has none. */
  readonly windowScale: number | null
  readonly sackPermitted: boolean
}

/** Types of SCTP chunks conntrack knows: RFC 9260, 3.2. */
export const SCTP_CHUNK = {
  data: 0,
  init: 1,
  initAck: 2,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
} as const

export type SctpChunk = {
  readonly type: number
  /** The T bit: the tag is that of the other end. */
  readonly isReflected: boolean
  /** Of INIT and INIT ACK: the tag the other end is to use. Unsigned 32 bits; 0 of other chunks. */
  readonly initTag: number
}

/** A packet of an association: its verification tag and its chunks. */
export type SctpPacket = { readonly tag: number; readonly chunks: readonly SctpChunk[] }

/** Types of DCCP packets: RFC 4340, 5.1. */
export const DCCP_TYPE = {
  request: 0,
  response: 1,
  data: 2,
  ack: 3,
  dataAck: 4,
  closeReq: 5,
  close: 6,
  reset: 7,
  sync: 8,
  syncAck: 9,
} as const

/** Sequence numbers are of 48 bits; `ack` is 0 for types without. */
export type DccpPacket = { readonly type: number; readonly seq: number; readonly ack: number }

export type Layer4 =
  /** TCP: `flags` are the bits of {@link TCP_FLAG}. */
  | {
      readonly kind: 'tcp'
      readonly sport: Known<number>
      readonly dport: Known<number>
      readonly flags: Known<number>
      /** Left out: wherever its connection expects it. */
      readonly segment?: TcpSegment
      /** Bytes of data, one unit a byte, as far as a helper would read them. */
      readonly payload?: string
    }
  | {
      readonly kind: 'udp' | 'udplite'
      readonly sport: Known<number>
      readonly dport: Known<number>
      readonly payload?: string
    }
  | {
      readonly kind: 'sctp'
      readonly sport: Known<number>
      readonly dport: Known<number>
      /** Left out: what its association expects next, an INIT of one that is not there. */
      readonly packet?: SctpPacket
    }
  | {
      readonly kind: 'dccp'
      readonly sport: Known<number>
      readonly dport: Known<number>
      /** Left out: what its connection expects next, a REQUEST of one that is not there. */
      readonly packet?: DccpPacket
    }
  | {
      readonly kind: 'icmp' | 'icmpv6'
      readonly type: Known<number>
      readonly code: Known<number>
      /** Of a query or its reply; left out: 0. */
      readonly id?: number
      /** The packet an error is about, as the error quotes it; left out: one of no known connection. */
      readonly inner?: Packet
    }
  | { readonly kind: 'other'; readonly proto: number }
  /** No layer 4: ARP and other ethertypes. */
  | { readonly kind: 'none' }

/** One frame. */
export type Packet = {
  readonly ether: {
    /** 48-bit MAC addresses. */
    readonly src: Known<number>
    readonly dst: Known<number>
    readonly type: number
    readonly vlan: number | null
  }
  readonly l3: Layer3
  readonly l4: Layer4
}

/** Protocol number of a packet's layer 4; null for frames without one. */
export function protocolOf(packet: Packet): number | null {
  switch (packet.l4.kind) {
    case 'none':
      return null
    case 'other':
      return packet.l4.proto
    default:
      return PROTO[packet.l4.kind]
  }
}

/** Conntrack's verdict on a packet: `ct state`, `--ctstate`. */
export type CtState = 'new' | 'established' | 'related' | 'invalid' | 'untracked'
