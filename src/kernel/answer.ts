/** What a kernel did with one packet. */
export type KernelAnswer = {
  /** `lost`: it was not delivered, and no rule or policy that ran says why. */
  readonly outcome: 'accept' | 'drop' | 'reject' | 'lost'
  /** In the words of `kernelName` or `nftDecision` of src/eval. */
  readonly decidedBy: string | null
  /** Base chains in the order they ran; those of ebtables are not traced. */
  readonly ran: readonly RanChain[]
  /** What came back to the sender: `rst`, `icmp3/3`, `icmpv6-1/4`. */
  readonly response: string | null
  /** Something stood in for the tables of bridges (stand-in.ts): what they reject is not answered. */
  readonly translated: boolean
}

/** A base chain a packet ran through. */
export type RanChain = {
  readonly table: string
  readonly chain: string
  /** The devices it saw. */
  readonly iif: string | null
  readonly oif: string | null
  readonly physin: string | null
  readonly physout: string | null
  /** Rules that matched and did something, `CHAIN:N`, in order. */
  readonly matched: readonly string[]
  readonly policy: boolean
}
