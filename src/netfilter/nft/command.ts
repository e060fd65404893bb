import type { Origin } from '../origin.ts'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

/** One command of a libnftables JSON batch (libnftables-json(5)): `{"add":{"rule":{...}}}`, with why it is there. */
export type NftCommand = {
  readonly json: { readonly [verb: string]: Json }
  readonly origin: Origin
  /** Of `add element`: why each element is there, in their order. */
  readonly elementOrigins?: readonly Origin[]
}
