import type { Origin, Via } from '../netfilter/origin.ts'
import type { Chain, Rule } from '../netfilter/ruleset.ts'
import type { Span } from '../source/source-file.ts'
import type { ChainTrace, HopTrace, RuleHit, Trace } from './trace.ts'

/**
 * Whose doing a verdict is, for the person who wrote the configuration. Not the kernel's last rule (see
 * `decide`): a REJECT line ends in a shared chain, an accepted packet in a jump that says nothing.
 */
export type VerdictOrigin = {
  /**
   * `rule`: a line of a configuration; `policy`: a policy option, or (option null) the end of a built-in chain;
   * `generated`: a rule that no line made; `none`: no chain saw the packet, or conntrack dropped it (`hop.lost`).
   */
  readonly kind: 'rule' | 'policy' | 'generated' | 'none'
  /** The rule or option line; null for defaults, and where nothing was written. */
  readonly span: Span | null
  /** Outermost first: the GROUP line that was entered, macros. */
  readonly via: readonly Via[]
  /** `policy_in` ...; null for the end of a built-in chain and for the other kinds. */
  readonly option: string | null
  /** The compiled rule the line became, its number in its chain less one, and the chain; for the end of a built-in chain only that. */
  readonly rule: Rule | null
  readonly index: number | null
  readonly chain: Chain | null
  /** The same as it was walked; null for the end of a chain, and where it is not known whether the rule matches. */
  readonly hit: RuleHit | null
  readonly hop: HopTrace | null
  /**
   * The packet carried an accept mark from an earlier hop and the security group of this line, which would have
   * cleared it, was not entered: the mark test alone accepted it.
   */
  readonly staleMark: boolean
}

/** A hit with the jumps that led to it, outermost first, itself last; and the chain each stands in. */
type Way = readonly { readonly hit: RuleHit; readonly chain: ChainTrace }[]

const nothing: VerdictOrigin = {
  kind: 'none',
  span: null,
  via: [],
  option: null,
  rule: null,
  index: null,
  chain: null,
  hit: null,
  hop: null,
  staleMark: false,
}

/**
 * Classifies the verdict of a trace. Drop and reject: the rule or option whose line did it, looking up from the
 * last rule through the jumps that led to it. Accept: the accepting rule of the last hop where a configured rule or
 * policy accepted, else the last generated rule that accepted, else the end of the last built-in chain. Unknown: the
 * rule of which it is not known whether it matches.
 */
export function verdictOrigin(trace: Trace): VerdictOrigin {
  switch (trace.outcome) {
    case 'accept':
      return originOfAccept(trace.hops)
    case 'unknown':
      return originOfDoubt(trace)
    default:
      return originOfRefusal(trace.hops)
  }
}

/** As {@link verdictOrigin} for one hop of an accepted packet: who let it pass there. */
export function passOrigin(hop: HopTrace): VerdictOrigin {
  return originOfAccept([hop])
}

function originOfDoubt({ hops, assumptions }: Trace): VerdictOrigin {
  const rule = assumptions.findLast((assumption) => assumption.rule !== null)?.rule ?? null
  const hop = hops.at(-1) ?? null
  if (rule === null) return { ...nothing, hop }
  const { origin } = rule
  return {
    ...nothing,
    kind: origin.kind === 'imported' ? 'rule' : origin.kind,
    span: origin.span,
    via: origin.kind === 'rule' ? origin.via : [],
    option: origin.kind === 'policy' ? origin.option : null,
    rule,
    hop,
  }
}

function originOfRefusal(hops: readonly HopTrace[]): VerdictOrigin {
  const hop = hops.at(-1)
  const chain = hop?.chains.at(-1)
  if (hop === undefined || chain === undefined) return nothing
  if (hop.lost !== undefined) return { ...nothing, hop }
  const way = lastWay(chain)
  if (chain.end === 'policy' || way.length === 0) return endOfChain(hop, chain)
  for (let depth = way.length - 1; depth >= 0; depth -= 1) {
    const origin = way[depth]?.hit.rule.origin
    if (origin === undefined || !answersFor(origin)) continue
    return ofWay(hop, way.slice(0, depth + 1), false)
  }
  return ofWay(hop, way, false)
}

/** A line that means something by itself, or a policy (which ends in a jump to PVEFW-Drop or PVEFW-Reject first). */
function answersFor(origin: Origin): boolean {
  return origin.kind === 'policy' || (origin.kind !== 'generated' && origin.means !== null)
}

function originOfAccept(hops: readonly HopTrace[]): VerdictOrigin {
  let generated: VerdictOrigin | null = null
  let end: VerdictOrigin | null = null
  for (const hop of hops.toReversed()) {
    for (const chain of hop.chains.toReversed()) {
      end ??= endOfChain(hop, chain)
      const ways = acceptingWays(chain)
      for (const way of ways.toReversed()) {
        const found = resolveMark(hop, way)
        if (found.kind !== 'generated') return found
        generated ??= found
      }
    }
  }
  return generated ?? end ?? nothing
}

/** The hits of a walk that accepted, in the order they ran. */
function acceptingWays(chain: ChainTrace): readonly Way[] {
  const found: Way[] = []
  const walk = (trace: ChainTrace, above: Way): void => {
    for (const hit of trace.hits) {
      const way = [...above, { hit, chain: trace }]
      if (hit.rule.origin.means === 'accept') found.push(way)
      if (hit.into !== null) walk(hit.into, way)
    }
  }
  walk(chain, [])
  return found
}

/** The way to the rule that ended the walk. */
function lastWay(chain: ChainTrace): Way {
  const way: { hit: RuleHit; chain: ChainTrace }[] = []
  let trace: ChainTrace | null = chain
  while (trace !== null) {
    const hit: RuleHit | undefined = trace.hits.at(-1)
    if (hit === undefined) break
    way.push({ hit, chain: trace })
    trace = hit.into
  }
  return way
}

/**
 * A GROUP line becomes a jump and a test of the accept mark. Where the test accepted, the rule in the group that set
 * the mark is meant; if the group was not entered (or set nothing) the mark is an old one.
 */
function resolveMark(hop: HopTrace, way: Way): VerdictOrigin {
  const last = way.at(-1)
  if (last === undefined || !testsMark(last.hit.rule)) return ofWay(hop, way, false)
  const span = spanOf(last.hit.rule)
  const jump = last.chain.hits.findLast(
    (hit) => hit.index < last.hit.index && hit.into !== null && sameSpan(spanOf(hit.rule), span),
  )
  if (jump?.into == null) return ofWay(hop, way, true)
  const inner = acceptingWays(jump.into).at(-1)
  if (inner === undefined) return ofWay(hop, way, true)
  return ofWay(hop, [...way.slice(0, -1), { hit: jump, chain: last.chain }, ...inner], false)
}

function testsMark(rule: Rule): boolean {
  return (
    rule.origin.kind === 'rule' &&
    rule.body.some(
      (statement) =>
        statement.kind === 'match' &&
        statement.match.kind === 'masked' &&
        statement.match.field === 'meta mark',
    )
  )
}

function ofWay(hop: HopTrace, way: Way, staleMark: boolean): VerdictOrigin {
  const last = way.at(-1)
  if (last === undefined) return nothing
  const origin = last.hit.rule.origin
  const groups: readonly Via[] = way.slice(0, -1).flatMap(({ hit }) => groupEntered(hit))
  const own =
    origin.kind === 'rule' ? origin.via.filter((via) => !sameSpan(via.span, origin.span)) : []
  return {
    kind: origin.kind === 'imported' ? 'rule' : origin.kind,
    span: origin.span,
    via: groups.length > 0 ? [...groups, ...own.filter((via) => via.what !== 'group')] : own,
    option: origin.kind === 'policy' ? origin.option : null,
    rule: last.hit.rule,
    index: last.hit.index,
    hit: last.hit,
    chain: last.chain.chain,
    hop,
    staleMark,
  }
}

/** The GROUP line behind a jump: group chains are shared, so only the jump that was taken knows which line it was. */
function groupEntered(hit: RuleHit): readonly Via[] {
  const { origin } = hit.rule
  if (origin.kind !== 'rule' || hit.into === null || origin.means !== null) return []
  const name = origin.via.find((via) => via.what === 'group')?.name
  return [{ what: 'group', name: name ?? hit.into.chain.name, span: origin.span }]
}

function endOfChain(hop: HopTrace, chain: ChainTrace): VerdictOrigin {
  return { ...nothing, kind: 'policy', chain: chain.chain, hop }
}

function spanOf(rule: Rule): Span | null {
  return rule.origin.span
}

function sameSpan(a: Span | null, b: Span | null): boolean {
  return a !== null && b !== null && a.file === b.file && a.start === b.start
}
