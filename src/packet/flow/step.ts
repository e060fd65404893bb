/** Which way a packet of a conversation goes: from the start of the question to its destination, or back. */
export type Direction = 'forth' | 'back'

/** A number as a script says it: `seq=5`, or by how much it differs from the right one: `seq=+5`. */
export type Shift = { readonly kind: 'is' | 'off-by'; readonly value: number }

/** What a script says of a TCP segment. Null: as the connection has it. */
export type SegmentFacts = {
  readonly kind: 'tcp'
  /** Bits of TCP_FLAG. */
  readonly flags: number
  /** Bytes of data. */
  readonly length: number
  /** The data, one unit a byte, as long as `length`; null: any. */
  readonly payload: string | null
  /** The same sequence number as the segment its sender sent last. */
  readonly again: boolean
  readonly seq: Shift | null
  readonly ack: Shift | null
  /** As in the header, 16 bits. */
  readonly window: number | null
  /** Option window scale; -1: without it. */
  readonly windowScale: number | null
  readonly sackPermitted: boolean | null
}

/** What is sent, as far as a script says it. */
export type PacketFacts =
  | SegmentFacts
  | { readonly kind: 'udp'; readonly payload: string | null }
  /** An ICMP echo, of either family. */
  | { readonly kind: 'echo'; readonly reply: boolean; readonly id: number | null }
  /**
   * Any other ICMP message by its type as text. An error is about the last packet that went the other way. `src`: who
   * sends it if not the end itself, an address as text.
   */
  | { readonly kind: 'icmp'; readonly type: string; readonly src: string | null }
  /** A packet of the protocol that was asked about, with its ports. */
  | { readonly kind: 'packet' }

export type PacketStep = {
  readonly kind: 'packet'
  readonly direction: Direction
  /** Name of the connection it belongs to; null: the one that was asked about. */
  readonly connection: string | null
  /** Sent whatever became of the packets before it. */
  readonly forced: boolean
  /** It gets there by a way on which no node of the tree sees it. */
  readonly unseen: boolean
  readonly what: PacketFacts
}

export type WaitStep = { readonly kind: 'wait'; readonly ms: number }

export type Step = PacketStep | WaitStep

/** A connection beside the one that was asked about: FTP's data. Ports are those of the packets that go forth. */
export type Connection = {
  readonly name: string
  /** Who opens it: its first packet goes this way. */
  readonly opens: Direction
  readonly proto: 'tcp' | 'udp'
  readonly sport: number
  readonly dport: number
}

/** A conversation: what is sent, one after the other. */
export type Script = {
  readonly connections: readonly Connection[]
  readonly steps: readonly Step[]
}
