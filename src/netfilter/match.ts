import type { RangeSet } from '../ip/range-set.ts'
import type { FieldName } from './field.ts'

/** Inclusive, sorted, disjoint. For ports, protocols, types, marks, MACs: everything that fits a double exactly. */
export type NumberRanges = readonly { readonly lo: number; readonly hi: number }[]

/** The values a field is compared with. */
export type Values =
  | { readonly kind: 'addresses'; readonly ranges: RangeSet }
  | { readonly kind: 'numbers'; readonly ranges: NumberRanges }
  /** Interface names, connection states, address types; `prefixes` are those written `tap+` / `tap*`. */
  | {
      readonly kind: 'names'
      readonly exact: ReadonlySet<string>
      readonly prefixes: readonly string[]
    }

export type Match =
  /** The field's value is one of `values`. What a packet without the field does, negated or not, is told at FIELDS. */
  | {
      readonly kind: 'field'
      readonly field: FieldName
      readonly values: Values
      readonly negate: boolean
    }
  /** `(field & mask) == value`: tcp flags, marks. */
  | {
      readonly kind: 'masked'
      readonly field: FieldName
      readonly mask: number
      readonly value: number
      readonly negate: boolean
    }
  /** The field exists at this hop at all: `--physdev-is-bridged` is `physdev out` present. */
  | { readonly kind: 'present'; readonly field: FieldName; readonly negate: boolean }
  /** One of these fields is in `values`: `multiport --ports`. */
  | {
      readonly kind: 'any-of'
      readonly fields: readonly FieldName[]
      readonly values: Values
      readonly negate: boolean
    }
  /** All of these hold: one term that looks at two fields, `--icmp-type network-unreachable` (type 3 and code 0). */
  | { readonly kind: 'all-of'; readonly matches: readonly Match[]; readonly negate: boolean }
  /** Set look-up: `-m set --match-set NAME src`, nft `ip saddr @NAME`, `iifname . ether saddr @NAME`. */
  | {
      readonly kind: 'lookup'
      readonly fields: readonly FieldName[]
      readonly set: string
      readonly negate: boolean
    }
  /** Token bucket. `over`: matches when the rate is exceeded (`--hashlimit-above`, `limit rate over`). `keyed`: one bucket per value. */
  | {
      readonly kind: 'limit'
      readonly rate: number
      readonly per: 'second' | 'minute' | 'hour' | 'day'
      readonly burst: number
      readonly over: boolean
      readonly keyed: readonly FieldName[]
    }
  /** Cannot be evaluated: always `unknown`. */
  | { readonly kind: 'opaque'; readonly text: string }
