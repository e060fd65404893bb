import type { IpAddr } from '../ip/address.ts'
import type { FieldName } from './field.ts'
import type { Family, Hook } from './hook.ts'
import type { Match } from './match.ts'
import type { Origin } from './origin.ts'

/** What a REJECT sends back; iptables' `--reject-with` names without the family prefix, as nft has them. */
export type RejectWith =
  | 'tcp-reset'
  | 'net-unreachable'
  | 'host-unreachable'
  | 'prot-unreachable'
  | 'port-unreachable'
  | 'net-prohibited'
  | 'host-prohibited'
  | 'admin-prohibited'
  | 'no-route'
  | 'addr-unreachable'
  | 'policy-fail'
  | 'reject-route'

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'reject'; readonly with: RejectWith }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** NFQUEUE. With `bypass` and no listener the packet goes on as if the target were absent: it leaves with accept (xt_NFQUEUE, nf_queue). */
  | { readonly kind: 'queue'; readonly from: number; readonly to: number; readonly bypass: boolean }

/** A conntrack helper as it is registered, for one protocol, and for one family (null: both). */
export type HelperChoice = {
  readonly name: string
  readonly proto: number
  readonly version: 4 | 6 | null
}

/** Run left to right; a match that says no ends the rule, so does a verdict. `text` is the statement in its backend's words. */
export type Statement =
  | { readonly kind: 'match'; readonly match: Match; readonly text: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly text: string }
  | {
      readonly kind: 'vmap'
      readonly fields: readonly FieldName[]
      readonly map: string
      readonly text: string
    }
  | {
      readonly kind: 'log'
      readonly prefix: string
      readonly group: number | null
      readonly text: string
    }
  /** `mark = (mark & ~mask) ^ value` as xt_MARK / xt_CONNMARK `--set-mark` do; 32 bits, unsigned. */
  | {
      readonly kind: 'set-mark'
      readonly which: 'meta' | 'ct'
      readonly value: number
      readonly mask: number
      readonly text: string
    }
  /** CONNMARK `--save-mark` (`to` ct) and `--restore-mark` (`to` meta): `to = (to & ~toMask) ^ (from & fromMask)`. */
  | {
      readonly kind: 'copy-mark'
      readonly to: 'meta' | 'ct'
      readonly fromMask: number
      readonly toMask: number
      readonly text: string
    }
  /** `-m comment`: always matches and does nothing. */
  | { readonly kind: 'comment'; readonly comment: string; readonly text: string }
  /**
   * SNAT, MASQUERADE (`source`), DNAT, REDIRECT (`destination`). It ends its base chain with accept, and the packet goes
   * on with another address: `to`, where that is one address alone.
   */
  | {
      readonly kind: 'nat'
      readonly which: 'source' | 'destination'
      readonly to: IpAddr | null
      readonly text: string
    }
  | { readonly kind: 'notrack'; readonly text: string }
  /**
   * What conntrack is told before it looks a packet up: `CT` (xt_CT), `ct zone set` (nft_ct). The first one of a packet
   * counts. `meta mark`: the zone is the packet's mark, its lower 16 bits.
   */
  | {
      readonly kind: 'ct-zone'
      readonly zone: number | 'meta mark'
      readonly of: 'both' | 'original' | 'reply'
      readonly helper: HelperChoice | null
      readonly text: string
    }
  /** A helper for a connection that is not in the table yet: `ct helper set` (nft_ct_helper_obj_eval). */
  | { readonly kind: 'ct-helper'; readonly helper: HelperChoice; readonly text: string }
  /** Something pvefw cannot evaluate and that may decide: `unknown`, with its text shown. */
  | { readonly kind: 'opaque'; readonly text: string }

export type Rule = {
  readonly body: readonly Statement[]
  readonly origin: Origin
  /** One-based number of the line this rule came from in its chain of the restore text: a comma list in -s/-d becomes several kernel rules of one line. */
  readonly line: number
  /** That line without `-A CHAIN `, as handed to the backend's tool. */
  readonly text: string
}

export type Chain = {
  readonly name: string
  /** In the kernel's numbering: rule N is `rules[N - 1]`. */
  readonly rules: readonly Rule[]
  readonly base: {
    readonly hook: Hook
    readonly priority: number
    readonly policy: 'accept' | 'drop'
    /** Of type nat: asked only about the packet that begins a connection, and till one of them has said something. */
    readonly type?: 'nat'
  } | null
  /** ebtables gives user chains a policy too; for others the end of a user chain returns. */
  readonly userPolicy: 'accept' | 'drop' | 'return'
}

/** An element of an address set: an inclusive range. */
export type AddressElement = {
  readonly lo: bigint
  readonly hi: bigint
  readonly nomatch: boolean
  readonly text: string
  readonly origin: Origin
}

export type NfSet =
  /** ipset hash:net: the longest prefix decides, `nomatch` excludes. nft interval sets are the same without nomatch. */
  | {
      readonly kind: 'addresses'
      readonly name: string
      readonly version: 4 | 6
      readonly elements: readonly AddressElement[]
      readonly origin: Origin
      /** Filled by rules as packets pass: its elements are no one's configuration. */
      readonly dynamic?: true
    }
  /** ipset list:set: the members are asked in order. */
  | {
      readonly kind: 'list'
      readonly name: string
      readonly members: readonly string[]
      readonly origin: Origin
    }
  /** Exact values, possibly concatenated: nft `{ iifname . ether saddr }`. */
  | {
      readonly kind: 'tuples'
      readonly name: string
      readonly elements: readonly (readonly (string | number | bigint)[])[]
      readonly origin: Origin
    }

/** nft verdict map. */
export type NfMap = {
  readonly name: string
  readonly elements: readonly {
    readonly key: readonly (string | number | bigint)[]
    readonly verdict: Verdict
    readonly origin: Origin
  }[]
}

export type Table = {
  readonly family: Family
  readonly name: string
  readonly chains: ReadonlyMap<string, Chain>
  /** The sets its rules may name. All iptables tables share the one ipset name space: the same map object. */
  readonly sets: ReadonlyMap<string, NfSet>
  readonly maps: ReadonlyMap<string, NfMap>
  /** The tool whose dump a table was read from; left out: the backend's. Both kinds can be on one node. */
  readonly tool?: 'iptables' | 'nft'
}

/** What a kernel holds. Plain data: chains and sets are referred to by name. */
export type Ruleset = {
  readonly backend: 'iptables' | 'nftables' | 'imported'
  readonly tables: readonly Table[]
}

/** How the names of sets and maps begin that stand in one rule only and have no name of their own (nft). */
export const ANONYMOUS = { set: '__set', map: '__map' } as const
