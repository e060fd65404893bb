import type { Origin } from '../origin.ts'
import type { Json } from './command.ts'
import type { JsonObject } from './json.ts'

/**
 * What a kernel holds in nftables' own words: the objects of `nft -j list ruleset`, each with why it is there. A batch of
 * commands is carried out to objects (apply.ts), a dump already is objects (listing.ts); both are read into the IR by
 * ruleset.ts and shown by src/render.
 */
export type NftTable = {
  readonly family: string
  readonly name: string
  readonly chains: readonly NftChain[]
  readonly sets: readonly NftSet[]
  readonly maps: readonly NftSet[]
  /** `ct helper` and other named objects: kind and body. */
  readonly objects: readonly { readonly kind: string; readonly body: JsonObject }[]
}

export type NftChain = {
  readonly name: string
  /** `type`, `hook`, `prio`, `policy` of a base chain. */
  readonly body: JsonObject
  readonly rules: readonly NftRuleObject[]
}

export type NftRuleObject = {
  readonly expr: readonly Json[]
  /** Kernel handle; null before it is loaded. */
  readonly handle: number | null
  readonly comment: string | null
  readonly origin: Origin
}

export type NftSet = {
  readonly name: string
  /** `type`, `map`, `flags`, `auto-merge`, `timeout`. */
  readonly body: JsonObject
  readonly elements: readonly { readonly json: Json; readonly origin: Origin }[]
  readonly origin: Origin
}
