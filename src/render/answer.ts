import type { ChainTrace, HopTrace, Tested, Trace } from '../eval/trace.ts'
import type { VerdictOrigin } from '../eval/verdict-origin.ts'
import type { Chain, Rule } from '../netfilter/ruleset.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { FileNames } from './file-names.ts'

/** The packet in words: `tcp`, `192.168.1.53:49152`, `vm105`, `192.168.1.105:80`. */
export type Headline = {
  readonly proto: string
  /** Names of the ends; null where the address says it all. */
  readonly from: string | null
  readonly src: string | null
  readonly to: string | null
  readonly dst: string | null
}

/** Something the question left open, and what was taken for it. */
export type Filled = { readonly field: string; readonly value: string; readonly why: string | null }

/** A rule that was passed over, with the term that failed. */
export type Miss = { readonly rule: Rule; readonly index: number; readonly failed: Tested | null }

/** A later rule of a chain that matches as well and would have decided otherwise. */
export type Overruled = {
  readonly chain: Chain
  readonly rule: Rule
  readonly index: number
  readonly would: 'accept' | 'drop' | 'reject'
  /** The line that came first. */
  readonly first: Rule
}

/** How far an answer holds. */
export type Holds = {
  /** Packets that the same line decides alike, in words. */
  readonly region: string
  /** What alone would have to differ for another verdict: `from +management`. */
  readonly flips: readonly { readonly to: 'accept' | 'drop' | 'reject'; readonly words: string }[]
}

/** Everything an answer shows: made by whoever asked, rendered as lines or JSON. */
export type Answer = {
  readonly backend: 'iptables' | 'nftables'
  readonly node: string
  readonly headline: Headline
  readonly trace: Trace
  readonly origin: VerdictOrigin
  /** The deciding rule as the kernel numbers it; null when no chain saw the packet. */
  readonly kernel: string | null
  readonly filled: readonly Filled[]
  /** Sentences about the answer as a whole: a disabled firewall, a refused restore that is traced anyway. */
  readonly remarks: readonly string[]
  readonly overruled: readonly Overruled[]
  /** Rules that were passed over in a chain; asked only for `-vv`. */
  readonly misses: (hop: HopTrace, chain: ChainTrace) => readonly Miss[]
  /** Asked only with detail; null where it cannot be said. */
  readonly holds: () => Holds | null
  readonly diagnostics: readonly Diagnostic[]
  readonly names: FileNames
}
