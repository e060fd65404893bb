import type { Outcome } from '../eval/trace.ts'
import type { CtState } from '../netfilter/packet.ts'
import { parseCtState } from '../packet/query.ts'
import type { FileNames } from '../render/file-names.ts'
import { lineNumber } from '../source/source-file.ts'
import { unreachable } from '../source/unreachable.ts'
import { hopOf, type Moment, placeOf } from './moment.ts'
import { marksAt, ruleAt, verdictSoFar } from './situation.ts'

/** What to stop at. */
export type Stop =
  /** A line of a file, by its path relative to the root. */
  | { readonly kind: 'line'; readonly path: string; readonly line: number }
  /** A rule of a chain, numbered from 1, in whatever table. */
  | { readonly kind: 'rule'; readonly chain: string; readonly number: number }
  /** A chain is entered. */
  | { readonly kind: 'chain'; readonly chain: string }
  /** A packet ends so. */
  | { readonly kind: 'verdict'; readonly outcome: Outcome }
  /** A rule changes a mark. */
  | { readonly kind: 'mark' }
  /** Conntrack says so of a packet. */
  | { readonly kind: 'state'; readonly state: CtState }

export type Breakpoint = { readonly stop: Stop; readonly enabled: boolean }

/** Whether a walk stops at a moment; `before`: the moment before it. */
export function stopsAt(stop: Stop, moment: Moment, before: Moment | null): boolean {
  switch (stop.kind) {
    case 'line': {
      const span = ruleAt(moment)?.origin.span ?? null
      return (
        span !== null &&
        span.file.path === stop.path &&
        lineNumber(span.file, span.start) === stop.line
      )
    }
    case 'rule':
      return (
        moment.kind === 'rule' &&
        moment.index === stop.number - 1 &&
        moment.place.chain.chain.name === stop.chain
      )
    case 'chain': {
      const place = placeOf(moment)
      const isNew = before === null || placeOf(before)?.chain !== place?.chain
      return place?.chain.chain.name === stop.chain && isNew && isFirst(moment)
    }
    case 'verdict':
      return moment.kind === 'verdict'
        ? moment.walk.trace.outcome === stop.outcome
        : verdictSoFar(moment) === stop.outcome
    case 'mark':
      return moment.kind === 'rule' && moment.hit !== null && changesMark(moment)
    case 'state':
      return moment.kind === 'hop' && hopOf(moment)?.state === stop.state
    default:
      return unreachable(stop)
  }
}

/** The first moment in a chain: its first rule, or its end where it has none. */
function isFirst(moment: Moment): boolean {
  if (moment.kind === 'rule') return moment.index === 0
  return moment.kind === 'end' && moment.place.reached === 0
}

function changesMark(moment: Extract<Moment, { kind: 'rule' }>): boolean {
  const { place, index } = moment
  const before =
    index === 0
      ? { mark: place.chain.markBefore, ctMark: place.chain.ctMarkBefore }
      : marksAt({ ...moment, index: index - 0.5 })
  const after = marksAt(moment)
  return before.mark !== after.mark || before.ctMark !== after.ctMark
}

/** Whether any breakpoint that is switched on stops a walk. */
export function breaksAt(
  breakpoints: readonly Breakpoint[],
  moment: Moment,
  before: Moment | null,
): boolean {
  return breakpoints.some(({ stop, enabled }) => enabled && stopsAt(stop, moment, before))
}

/** The breakpoint that `b` sets at a moment: on its line where one made the rule, so that it holds for both backends. */
export function stopHere(moment: Moment): Stop | null {
  if (moment.kind === 'verdict') return { kind: 'verdict', outcome: moment.walk.trace.outcome }
  if (moment.kind === 'end') return { kind: 'chain', chain: moment.place.chain.chain.name }
  if (moment.kind !== 'rule') return null
  const rule = ruleAt(moment)
  const span = rule?.origin.kind === 'rule' ? rule.origin.span : null
  if (span !== null)
    return { kind: 'line', path: span.file.path, line: lineNumber(span.file, span.start) }
  return { kind: 'rule', chain: moment.place.chain.chain.name, number: moment.index + 1 }
}

export function sameStop(a: Stop, b: Stop): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Sets a breakpoint, or takes it away where it is set. */
export function toggled(
  breakpoints: readonly Breakpoint[],
  stop: Stop,
): { readonly breakpoints: readonly Breakpoint[]; readonly isSet: boolean } {
  const without = breakpoints.filter((one) => !sameStop(one.stop, stop))
  return without.length < breakpoints.length
    ? { breakpoints: without, isSet: false }
    : { breakpoints: [...breakpoints, { stop, enabled: true }], isSet: true }
}

/** `105.fw:7`, `tap105i0-IN:3`, `chain PVEFW-Drop`, `verdict drop`, `mark`, `state invalid`: what {@link parseStop} reads. */
export function showStop(stop: Stop, names: FileNames): string {
  switch (stop.kind) {
    case 'line':
      return `${names(stop.path)}:${stop.line}`
    case 'rule':
      return `rule ${stop.chain}:${stop.number}`
    case 'chain':
      return `chain ${stop.chain}`
    case 'verdict':
      return `verdict ${stop.outcome}`
    case 'mark':
      return 'mark'
    case 'state':
      return `state ${stop.state}`
    default:
      return unreachable(stop)
  }
}

/** What a breakpoint may be set on. */
export type StopNames = { readonly paths: readonly string[]; readonly names: FileNames }

/** Reads what {@link showStop} writes; a sentence where it makes no sense. */
export function parseStop(text: string, { paths, names }: StopNames): Stop | string {
  const [word = '', rest = ''] = text.trim().split(/\s+(.*)/s)
  switch (word) {
    case '':
      return 'break on what? 105.fw:7, rule CHAIN:3, chain NAME, verdict drop, mark or state invalid'
    case 'mark':
      return { kind: 'mark' }
    case 'chain':
      return rest === '' ? 'chain needs a name' : { kind: 'chain', chain: rest }
    case 'rule': {
      const [, chain, number] = /^(.+):(\d{1,6})$/.exec(rest) ?? []
      if (chain === undefined) return 'a rule is CHAIN:NUMBER, as tap105i0-IN:3'
      return { kind: 'rule', chain, number: Number(number) }
    }
    case 'verdict': {
      const outcome = OUTCOMES.find((one) => one === rest.toLowerCase())
      return outcome === undefined
        ? `a verdict is ${OUTCOMES.join(', ')}`
        : { kind: 'verdict', outcome }
    }
    case 'state': {
      const state = parseCtState(rest)
      return state === null
        ? 'a state is new, established, related, invalid or untracked'
        : { kind: 'state', state }
    }
    default: {
      const [, file = '', line] = /^(.+):(\d{1,6})$/.exec(word) ?? []
      const path = paths.find((one) => one === file || names(one) === file)
      if (path === undefined) return `no file is called ${file === '' ? word : file}`
      return { kind: 'line', path, line: Number(line) }
    }
  }
}

const OUTCOMES: readonly Outcome[] = ['accept', 'drop', 'reject', 'unknown']
