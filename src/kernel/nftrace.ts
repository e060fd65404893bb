import { attributesIn, type Message, numberIn, SUBSYSTEM, textIn } from './netlink.ts'

/** One step of a packet through nft chains: `enum nft_trace_attributes`, include/uapi/linux/netfilter/nf_tables.h. */
export type NftTraceEvent = {
  /** Of the packet, while it is on its way through one hook; may be used again later. */
  readonly id: number
  /** `NFPROTO_*`: 1 inet, 7 bridge. */
  readonly family: number
  readonly table: string
  readonly chain: string
  readonly type: 'policy' | 'return' | 'rule' | 'other'
  /** Of the rule; 0 for the others. */
  readonly handle: number
  /** `NF_DROP` 0, `NF_ACCEPT` 1, `NFT_JUMP` -3, `NFT_GOTO` -4, `NFT_RETURN` -5, `NFT_CONTINUE` -1. */
  readonly verdict: number
  readonly iif: number
  readonly oif: number
  /** The network header, where the event has it: the first one of a hook. */
  readonly header: Uint8Array | null
}

const types = ['other', 'policy', 'return', 'rule'] as const

/** Null for a message that is none. */
export function nftTraceEvent({ type, attributes }: Message): NftTraceEvent | null {
  if (type !== ((SUBSYSTEM.nftables << 8) | 17)) return null
  const verdict = attributesIn(attributes.get(5) ?? new Uint8Array())
  return {
    id: numberIn(attributes.get(6)),
    family: numberIn(attributes.get(15)),
    table: textIn(attributes.get(1)),
    chain: textIn(attributes.get(2)),
    type: types[numberIn(attributes.get(4))] ?? 'other',
    handle: numberIn(attributes.get(3)),
    verdict: numberIn(verdict.get(1)) | 0,
    iif: numberIn(attributes.get(10)),
    oif: numberIn(attributes.get(12)),
    header: attributes.get(8) ?? null,
  }
}

/** Group of trace events, NFNLGRP_NFTRACE. */
export const TRACE_GROUP = 9
