import { type Family, type Hook, type Hop, PRIORITY } from '../netfilter/hook.ts'
import type { CtState, Known, Packet } from '../netfilter/packet.ts'
import type { RejectWith, Ruleset } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import { type Walk, walkBaseChain } from './chain.ts'
import { type CompiledChain, compiledChain } from './compiled-chain.ts'
import { CT_STATE_SLOT, setHop, stateValue } from './field-value.ts'
import { asksForNat, manipulationAt } from './nat.ts'
import type { ChainTrace } from './trace.ts'

/** What became of the packet at a hop. */
export type HopResult = {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'unknown'
  readonly rejectWith: RejectWith | null
  readonly chains: readonly ChainTrace[]
}

/** A base chain with the family it runs for. */
export type Base = { readonly family: Family; readonly chain: CompiledChain }

const PASSED: HopResult = { verdict: 'accept', rejectWith: null, chains: [] }

/**
 * Runs the base chains of a hop in the kernel's order. Accept ends a base chain and the next one still runs; drop and
 * reject end the packet (`nf_hook_slow`, net/netfilter/core.c).
 */
export function runHop(walk: Walk, ruleset: Ruleset, hop: Hop, tracking: HopTracking): HopResult {
  const bases = baseChains(ruleset, hop)
  const chains: ChainTrace[] = []
  const byBridge = tracksOnBridge(ruleset, hop)
  let family: Family | null = null
  let looked = !hop.tracks
  for (const base of bases) {
    if (!sees(base.family, walk.packet)) continue
    if (!looked && !isBeforeConntrack(base, byBridge)) {
      tracking.look(walk)
      looked = true
    }
    if (family !== base.family) setHop(walk.values, hop, base.family, walk.packet)
    family = base.family
    const seen = walk.notrack ? 'untracked' : stateSeenBy(base.chain, hop, tracking.state())
    if (isNat(base) && !asksForNat(seen, hop.hook, walk.translated)) continue
    walk.values[CT_STATE_SLOT] = stateValue(seen)
    const { verdict, rejectWith, trace } = walkBaseChain(walk, base.chain)
    if (trace !== null) chains.push(trace)
    if (verdict !== 'accept') return { verdict, rejectWith, chains }
  }
  if (!looked) tracking.look(walk)
  if (bases.length === 0) return PASSED
  // a connection no rule had a say about keeps its addresses
  if (bases.some(isNat)) walk.translated.add(manipulationAt(hop.hook))
  return { verdict: 'accept', rejectWith: null, chains }
}

/** What a hop asks of connection tracking. */
export type HopTracking = {
  readonly state: () => Known<CtState>
  /** Called once at a hop where conntrack looks, when its turn comes among the chains. */
  readonly look: (walk: Walk) => void
}

/** Tracking that says one thing at every hop. */
export function fixedState(state: Known<CtState>): HopTracking {
  return { state: () => state, look: () => undefined }
}

/**
 * Chains of the raw table run before conntrack looks. A bridge with tables of nft has a conntrack of its own, which stands
 * among its chains by number and looks before IP does (nf_ct_bridge_pre); else all of its chains are before.
 */
function isBeforeConntrack({ family, chain }: Base, byBridge: boolean): boolean {
  const isEarly = (chain.chain.base?.priority ?? 0) < PRIORITY.conntrack
  return family === 'bridge' ? isEarly || !byBridge : isEarly && !byBridge
}

/** nf_conntrack_bridge is there where a rule of a bridge's table asks for states; ebtables' rules cannot. */
function tracksOnBridge({ backend, tables }: Ruleset, { families }: Hop): boolean {
  if (!families.some((family) => family !== 'bridge')) return true
  return tables.some(({ family, tool }) => family === 'bridge' && (tool ?? backend) !== 'iptables')
}

function isNat({ chain }: Base): boolean {
  return chain.chain.base?.type === 'nat'
}

/** Before conntrack has looked at the packet, it is of no connection: xt_conntrack and nft say invalid then. */
export function stateSeenBy(
  { chain }: Pick<CompiledChain, 'chain'>,
  hop: Hop,
  state: Known<CtState>,
): Known<CtState> {
  const early = (chain.base?.priority ?? 0) < PRIORITY.conntrack
  return early && hop.tracks ? 'invalid' : state
}

/** Whether the tables of a family see a packet. */
function sees(family: Family, { l3 }: Packet): boolean {
  switch (family) {
    case 'ip':
      return l3.kind === 'ip'
    case 'ip6':
      return l3.kind === 'ip6'
    case 'inet':
      return l3.kind === 'ip' || l3.kind === 'ip6'
    case 'arp':
      return l3.kind === 'arp'
    case 'bridge':
    case 'netdev':
      return true
    default:
      return unreachable(family)
  }
}

/** The base chains that see a packet at a hop, in the kernel's order. */
export function baseChainsAt(ruleset: Ruleset, hop: Hop, packet: Packet): readonly Base[] {
  return baseChains(ruleset, hop).filter(({ family }) => sees(family, packet))
}

const caches = new WeakMap<Ruleset, Map<number, readonly Base[]>>()

/** Base chains of a hop, family by family, each by priority; IP families share their hooks, so they are mixed. */
function baseChains(ruleset: Ruleset, { hook, families }: Hop): readonly Base[] {
  let cache = caches.get(ruleset)
  if (cache === undefined) {
    cache = new Map()
    caches.set(ruleset, cache)
  }
  // a number, made anew for each hop of each packet, is cheaper than a text
  let key = HOOK_CODES[hook]
  for (const family of families) key = key * 8 + FAMILY_CODES[family]
  let bases = cache.get(key)
  if (bases === undefined) {
    bases = findBaseChains(ruleset, hook, families)
    cache.set(key, bases)
  }
  return bases
}

const HOOK_CODES: Readonly<Record<Hook, number>> = {
  prerouting: 1,
  input: 2,
  forward: 3,
  output: 4,
  postrouting: 5,
  ingress: 6,
  egress: 7,
}

const FAMILY_CODES: Readonly<Record<Family, number>> = {
  ip: 1,
  ip6: 2,
  inet: 3,
  arp: 4,
  bridge: 5,
  netdev: 6,
}

const ipFamilies: readonly Family[] = ['ip', 'ip6', 'inet']

function sharesHooks(a: Family, b: Family): boolean {
  return a === b || (ipFamilies.includes(a) && ipFamilies.includes(b))
}

function findBaseChains(
  ruleset: Ruleset,
  hook: Hook,
  families: readonly Family[],
): readonly Base[] {
  const groupOf = (family: Family): number =>
    families.findIndex((other) => sharesHooks(family, other))
  const found: Base[] = []
  for (const table of ruleset.tables) {
    if (!families.includes(table.family)) continue
    for (const { name, base } of table.chains.values()) {
      if (base?.hook !== hook) continue
      const chain = compiledChain(table, name)
      if (chain !== null) found.push({ family: table.family, chain })
    }
  }
  return found.sort(
    (a, b) =>
      groupOf(a.family) - groupOf(b.family) ||
      (a.chain.chain.base?.priority ?? 0) - (b.chain.chain.base?.priority ?? 0),
  )
}
