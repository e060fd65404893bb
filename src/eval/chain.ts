import type { Fib } from '../netfilter/fib.ts'
import type { Packet } from '../netfilter/packet.ts'
import type { RejectWith, Rule, Statement, Verdict } from '../netfilter/ruleset.ts'
import { unreachable } from '../source/unreachable.ts'
import {
  type CompiledChain,
  type CompiledRule,
  compiledChain,
  type Step,
} from './compiled-chain.ts'
import type { Template } from './conntrack/track.ts'
import { type Doubt, STOP, settle } from './doubt.ts'
import { CT_MARK_SLOT, MARK_SLOT, UNKNOWN, type Values, valueAt } from './field-value.ts'
import { changedMarks } from './marks.ts'
import { translateSource } from './nat.ts'
import { tupleKey } from './set-index.ts'
import { NO, runTest, TEST, UNSURE } from './statement.ts'
import type { Assumption, ChainTrace, RuleHit } from './trace.ts'
import { giveHelper, type Tracker } from './tracker.ts'

/** A walk in progress: the packet with what rules have done to it. */
export type Walk = {
  readonly packet: Packet
  readonly fib: Fib
  readonly values: Values
  readonly doubt: Doubt
  /** False: nothing is written down, the outcome is all that is wanted. */
  readonly recording: boolean
  /** A rule took the packet out of connection tracking. */
  notrack: boolean
  /** What a rule before conntrack told it; null: nothing. */
  template: Template | null
  readonly tracker: Tracker
  /** Ends of the packet about which NAT has been settled. */
  readonly translated: Set<'source' | 'destination'>
  /** Rules that were decided by something taken for granted. */
  readonly assumed: { readonly kind: Assumption['kind']; readonly rule: Rule }[]
}

/** What became of the packet in a base chain. `accept`: the next base chain is asked. */
export type ChainResult = {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'unknown'
  readonly rejectWith: RejectWith | null
  /** Null unless recording. */
  readonly trace: ChainTrace | null
}

/** A {@link ChainTrace} that is still being written. */
type Writing = { -readonly [K in keyof ChainTrace]: ChainTrace[K] } & { hits: RuleHit[] }

/** A chain being walked, and where in it. */
type Frame = {
  chain: CompiledChain
  /** Next rule, or for a dispatched chain the next places in its two lists. */
  next: number
  ownAt: number
  restAt: number
  own: readonly number[] | null
  trace: Writing | null
}

const NONE: readonly number[] = []

/**
 * Jumps in one walk after which it is given up: a ruleset whose chains lead back to themselves was not read from
 * anything a kernel would take (iptables refuses it, see read/loops.ts; nft stops at NFT_JUMP_STACK_SIZE).
 */
const mostJumps = 100_000

/**
 * Walks a base chain as `ipt_do_table` (net/ipv4/netfilter/ip_tables.c) does: rules in order, a jump remembers where
 * to go on, a goto does not, return and the end of a user chain go back, return and the end of the base chain come to
 * its policy. ebtables' user chains end in a policy of their own (`ebt_do_table`).
 */
export function walkBaseChain(walk: Walk, base: CompiledChain): ChainResult {
  const frames: Frame[] = []
  push(walk, frames, base)
  const root = frames[0]?.trace ?? null
  let jumps = 0
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const rule = nextRule(frame)
    if (rule === null) {
      const { userPolicy, base: isBase } = frame.chain.chain
      if (frame.trace !== null) frame.trace.end = 'fell-through'
      if (isBase === null && userPolicy !== 'return') return end(userPolicy, null, frame, root)
      frames.pop()
      continue
    }
    const outcome = runRule(walk, frame, rule)
    if (outcome === null) continue
    if (outcome === 'unknown') return { verdict: 'unknown', rejectWith: null, trace: root }
    const { kind } = outcome
    switch (kind) {
      case 'continue':
        record(walk, frame, rule, outcome, null)
        break
      case 'jump':
      case 'goto': {
        const target = targetOf(frame.chain, rule, outcome)
        jumps += 1
        if (target === null || jumps > mostJumps) {
          walk.doubt.forks.push({ chain: frame.chain.chain, rule: rule.rule, test: null })
          return { verdict: 'unknown', rejectWith: null, trace: root }
        }
        if (kind === 'goto') frames.pop()
        push(walk, frames, target)
        record(walk, frame, rule, outcome, frames.at(-1)?.trace ?? null)
        break
      }
      case 'return':
        record(walk, frame, rule, outcome, null)
        if (frame.trace !== null) frame.trace.end = 'return'
        frames.pop()
        break
      case 'queue':
        record(walk, frame, rule, outcome, null)
        walk.assumed.push({ kind: 'queue', rule: rule.rule })
        return { verdict: outcome.bypass ? 'accept' : 'drop', rejectWith: null, trace: root }
      case 'accept':
      case 'drop':
        record(walk, frame, rule, outcome, null)
        return { verdict: kind, rejectWith: null, trace: root }
      case 'reject':
        record(walk, frame, rule, outcome, null)
        return { verdict: 'reject', rejectWith: outcome.with, trace: root }
      default:
        return unreachable(kind)
    }
  }
  if (root !== null) root.end = 'policy'
  return { verdict: base.chain.base?.policy ?? 'accept', rejectWith: null, trace: root }
}

/** The chain a rule goes into: that of its own verdict is looked up once. */
function targetOf(
  { table }: CompiledChain,
  rule: CompiledRule,
  verdict: Extract<Verdict, { kind: 'jump' | 'goto' }>,
): CompiledChain | null {
  if (verdict !== rule.verdict) return compiledChain(table, verdict.chain)
  rule.target ??= compiledChain(table, verdict.chain)
  return rule.target
}

function end(
  verdict: 'accept' | 'drop',
  rejectWith: RejectWith | null,
  frame: Frame,
  root: ChainTrace | null,
): ChainResult {
  if (frame.trace !== null) frame.trace.end = 'policy'
  return { verdict, rejectWith, trace: root }
}

function push(walk: Walk, frames: Frame[], chain: CompiledChain): void {
  const { dispatch } = chain
  let own: readonly number[] | null = null
  if (dispatch !== null) {
    const device = walk.values[dispatch.slot]
    own = (typeof device === 'string' ? dispatch.byName.get(device) : null) ?? NONE
  }
  frames.push({
    chain,
    next: 0,
    ownAt: 0,
    restAt: 0,
    own,
    trace: walk.recording ? newTrace(walk, chain) : null,
  })
}

/** Until it ends some other way, a chain ends by a verdict. */
function newTrace(walk: Walk, { table, chain }: CompiledChain): Writing {
  return {
    table,
    chain,
    hits: [],
    end: 'verdict',
    markBefore: markOf(walk, MARK_SLOT),
    ctMarkBefore: markOf(walk, CT_MARK_SLOT),
  }
}

function markOf(walk: Walk, slot: number): number {
  const value = walk.values[slot]
  return typeof value === 'number' ? value : 0
}

/** The next rule that may match: of a dispatched chain the lower of its device's and of the rest. */
function nextRule(frame: Frame): CompiledRule | null {
  const { rules, dispatch } = frame.chain
  if (dispatch === null || frame.own === null) {
    const rule = rules[frame.next]
    frame.next += 1
    return rule ?? null
  }
  const own = frame.own[frame.ownAt] ?? rules.length
  const rest = dispatch.rest[frame.restAt] ?? rules.length
  if (own < rest) {
    frame.ownAt += 1
    return rules[own] ?? null
  }
  frame.restAt += 1
  return rules[rest] ?? null
}

/** What a rule does: its verdict, null where it does not match, `unknown` where the walk must end. */
function runRule(walk: Walk, frame: Frame, rule: CompiledRule): Verdict | 'unknown' | null {
  const { steps } = rule
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i] as Step
    if (step.kind === 'test') {
      const { test } = step
      let result: number = runTest(test, walk.values, walk.packet, walk.fib)
      if (test.kind === TEST.limit && !rule.passive)
        walk.assumed.push({ kind: 'limit', rule: rule.rule })
      if (result === UNSURE) {
        // a later term that fails settles it without knowing
        if (failsLater(walk, steps, i + 1)) return null
        result = settle(test, walk, walk.doubt, { chain: frame.chain.chain, rule: rule.rule })
        if (result === STOP) return 'unknown'
      }
      if (result === NO) return null
    } else if (step.kind === 'effect') {
      const { statement } = step
      if (statement.kind === 'nat' && statement.which === 'source') {
        translateSource(statement, walk.packet, walk.values, walk.doubt)
        walk.translated.add(statement.which)
      } else if (statement.kind === 'opaque' || statement.kind === 'nat') {
        walk.doubt.forks.push({ chain: frame.chain.chain, rule: rule.rule, test: null })
        return 'unknown'
      }
      runEffect(walk, statement)
    } else {
      const found = lookUpVerdict(walk, step)
      if (found === 'unknown')
        walk.doubt.forks.push({ chain: frame.chain.chain, rule: rule.rule, test: null })
      return found
    }
  }
  return rule.verdict
}

/** A zone by mark is cut to its 16 bits: `nf_ct_zone_tmpl`, net/netfilter/nf_conntrack_zones.h. */
function templateOf(
  walk: Walk,
  { zone, of, helper }: Extract<Statement, { kind: 'ct-zone' }>,
): Template {
  const id = zone === 'meta mark' ? markOf(walk, MARK_SLOT) & 0xffff : zone
  return { zone: id, zoneOf: of, helper }
}

function failsLater(walk: Walk, steps: readonly Step[], from: number): boolean {
  for (let i = from; i < steps.length; i += 1) {
    const step = steps[i] as Step
    if (step.kind !== 'test') return false
    if (runTest(step.test, walk.values, walk.packet, walk.fib) === NO) return true
  }
  return false
}

function runEffect(walk: Walk, statement: Statement): void {
  switch (statement.kind) {
    // the first word is the last one: xt_ct_target, nft_notrack_eval
    case 'notrack':
      walk.notrack ||= walk.template === null
      return
    case 'ct-zone':
      if (!walk.notrack) walk.template ??= templateOf(walk, statement)
      return
    case 'ct-helper':
      giveHelper(walk.tracker, statement.helper)
      return
    default:
  }
  if (statement.kind !== 'set-mark' && statement.kind !== 'copy-mark') return
  const before = { mark: markOf(walk, MARK_SLOT), ctMark: markOf(walk, CT_MARK_SLOT) }
  const { mark, ctMark } = changedMarks(statement, before)
  walk.values[MARK_SLOT] = mark
  walk.values[CT_MARK_SLOT] = ctMark
}

/**
 * The verdict a map has for the packet's key; null where it has none: the rule does not match then (NFT_BREAK in
 * nft_lookup_eval, net/netfilter/nft_lookup.c).
 */
function lookUpVerdict(
  walk: Walk,
  { slots, verdicts }: Extract<Step, { kind: 'vmap' }>,
): Verdict | 'unknown' | null {
  if (verdicts === null) return 'unknown'
  const key: (string | number | bigint)[] = []
  for (const slot of slots) {
    const value = valueAt(walk.values, slot, walk.packet, walk.fib)
    if (value === null) return null
    if (value === UNKNOWN) return 'unknown'
    key.push(value)
  }
  return verdicts.get(tupleKey(key)) ?? null
}

function record(
  walk: Walk,
  frame: Frame,
  rule: CompiledRule,
  verdict: Verdict,
  into: ChainTrace | null,
): void {
  if (!walk.recording || frame.trace === null) return
  frame.trace.hits.push({ rule: rule.rule, index: rule.index, verdict, into })
}
