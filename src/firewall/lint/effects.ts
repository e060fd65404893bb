import { isPassive } from '../../eval/compiled-chain.ts'
import type { Means } from '../../netfilter/origin.ts'
import type { Rule } from '../../netfilter/ruleset.ts'
import type { Span } from '../../source/source-file.ts'
import { type Analysis, analyse } from '../../symbolic/analysis.ts'
import { type Diagram, NONE, TRUE } from '../../symbolic/diagram.ts'
import { inState, possiblePackets } from '../../symbolic/possible.ts'
import { type Meeting, type RuleUse, rulesUsed } from '../../symbolic/reach.ts'
import { rulesOf } from '../ask.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { endsOn, fewPairs, nodeWay } from '../ways.ts'

/** A line of rules that decides about no packet, whatever goes through the node. */
export type Idle = {
  readonly span: Span
  readonly means: Means
  /** `never`: no packet can match it; `taken`: others decide about all it matches; `away`: none comes to its chain. */
  readonly kind: 'never' | 'taken' | 'away'
  /** Who decides about its packets, in order; empty where they never come to its chain. */
  readonly by: readonly Blocker[]
}

export type Blocker = { readonly rule: Rule; readonly means: Means }

/** Lines whose blockers are looked for one by one. */
const mostExplained = 400

type Line = {
  readonly span: Span
  readonly means: Means
  fires: boolean
  /** Its compiled rules that do not fire, with what is asked about them. */
  readonly idle: { readonly rule: Rule; readonly use: RuleUse | null; readonly world: World }[]
}

type World = {
  readonly analysis: Analysis
  readonly possible: Diagram
  /** Packets of no connection yet: what rules are written for. */
  readonly fresh: Diagram
}

/** Lines of rules without effect, on all nodes given: a line of cluster.fw has one if it has on any of them. */
export function idleLines(firewalls: readonly NodeFirewall[]): readonly Idle[] {
  const lines = new Map<string, Line>()
  for (const firewall of firewalls) collect(firewall, lines)
  const found: Idle[] = []
  for (const line of lines.values()) {
    if (line.fires || line.idle.length === 0) continue
    found.push(explained(line, found.length < mostExplained))
  }
  return found
}

function collect(firewall: NodeFirewall, lines: Map<string, Line>): void {
  const { pairs } = fewPairs(endsOn(firewall))
  for (const family of ['ip', 'ip6', 'arp'] as const) {
    const ways = pairs.flatMap(([from, to]) => {
      const way = nodeWay(firewall, from, to, family)
      return way === null ? [] : [way.question]
    })
    const region = possiblePackets(family)
    const first = inState('new', 'untracked')
    const analysis = analyse({ family, questions: ways, regions: [region, first] })
    const fresh = analysis.space.packets(first)
    const possible = analysis.space.packets(region)
    const uses = rulesUsed(analysis, ways, possible)
    for (const table of rulesOf(firewall).tables) {
      if (table.family === 'ip' && family !== 'ip') continue
      if (table.family === 'ip6' && family !== 'ip6') continue
      for (const chain of table.chains.values())
        for (const rule of chain.rules)
          note(rule, uses.get(rule) ?? null, { analysis, possible, fresh }, lines)
    }
  }
}

function note(rule: Rule, use: RuleUse | null, world: World, lines: Map<string, Line>): void {
  const { origin } = rule
  if (origin.kind !== 'rule' || isPassive(rule)) return
  const { span, means } = origin
  const key = `${span.file.path} ${span.start}`
  const line = lines.get(key) ?? { span, means, fires: false, idle: [] }
  lines.set(key, line)
  if (use?.fires === true) line.fires = true
  else line.idle.push({ rule, use, world })
}

function explained({ span, means, idle }: Line, asks: boolean): Idle {
  const met = idle.flatMap(({ use, world }) => (use === null ? [] : [{ met: use.met, world }]))
  if (met.length === 0) return { span, means, kind: 'away', by: [] }
  if (!asks) return { span, means, kind: 'taken', by: [] }
  let matches = false
  for (const { met: at, world } of met) {
    const own = ownPackets(at, world)
    if (own === NONE) continue
    matches = true
    const by = blockers(at, own, world)
    if (by.length > 0) return { span, means, kind: 'taken', by }
  }
  return { span, means, kind: matches ? 'taken' : 'never', by: [] }
}

/** The packets a rule matches, whoever comes first. */
function ownPackets(
  { scene, chain, index, state }: Meeting,
  { analysis, possible }: World,
): Diagram {
  const matched = analysis.sums.matched(scene, chain, index, state)
  return analysis.space.arena.where(possible, matched)
}

/** Rules of the same chain that take the packets of one behind them. */
function blockers(
  { scene, chain, index, state, entering }: Meeting,
  own: Diagram,
  { analysis, fresh }: World,
): readonly Blocker[] {
  const { arena } = analysis.space
  const found: Blocker[] = []
  const all = arena.where(entering, own)
  const begins = arena.where(fresh, all)
  let left = begins === NONE ? all : begins
  for (const rule of chain.rules.slice(0, index)) {
    if (left === NONE) break
    const at = chain.rules.indexOf(rule)
    if (rule.passive) continue
    const matched = analysis.sums.matched(scene, chain, at, state)
    if (arena.where(matched, left) === NONE) continue
    const decided = arena.relabel(analysis.sums.before(scene, chain, at + 1, state), (leaf) =>
      leaf === 0 ? NONE : TRUE,
    )
    const taken = arena.where(decided, left)
    if (taken === NONE) continue
    found.push({ rule: rule.rule, means: meansOf(rule.rule) })
    left = arena.except(left, taken)
  }
  return found
}

function meansOf({ origin }: Rule): Means {
  return origin.means
}
