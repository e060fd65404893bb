import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { Located, SourceFile } from '../../../source/source-file.ts'
import { commentStart, find, type Line, skip, skipBack, spanOf } from '../../fw-line.ts'
import { findMacro, isIptablesMacro } from '../../macros.ts'
import type { RuleFault, RulePlace } from './check.ts'
import { type Complaints, complain, isFull, prefixOf, printed, quoted } from './complaints.ts'
import type { FwRule } from './model.ts'
import { LOG_LEVELS } from './options.ts'
import { isTrue, lower, SPACE } from './perl.ts'
import { NO_BREAK_SPACE, restHelp, unreadableHelp } from './rule-help.ts'
import { noteSurprises } from './rule-surprises.ts'
import { verifyRule } from './verify.ts'

/** Where complaints about a file go, and what the real program calls it: `cluster.fw`. */
export type LineReport = { readonly complaints: Complaints; readonly label: string }

/**
 * Reads a rule line and judges it: `parse_fw_rule` with `verify_rule`. Null: the line is skipped; a rule with
 * errors is kept.
 */
export function readRule(line: Line, place: RulePlace, report: LineReport): FwRule | null {
  const rule = readFields(line, report)
  if (rule === null) return null
  const { faults, version, warnings, died } = verifyRule(rule, place)
  if (died !== null) {
    complainOf(died, report, [...warnings, `${prefixOf(line, report)}: ${died.says}`])
    return null
  }
  if (faults.length === 0 && rule.enabled) noteSurprises(rule, place, report.complaints)
  rule.macro = canonicalMacro(rule.macro)
  rule.ipVersion = version
  return faults.length === 0 ? rule : withErrors(rule, line, faults, warnings, report)
}

/** A rule in the making; nobody else sees it before it is finished. */
type Draft = { -readonly [field in keyof FwRule]: FwRule[field] }

const NONE: readonly Diagnostic[] = []

/**
 * Tells the errors of a rule; null when the file has so many of this kind that they are only counted: nobody
 * looks at such a rule any more.
 */
function withErrors(
  rule: Draft,
  line: Line,
  faults: readonly RuleFault[],
  warnings: readonly string[],
  report: LineReport,
): FwRule | null {
  const counted = faults.every(({ code }) => isFull(report.complaints, code))
  const text = line.file.text.slice(line.start, line.end)
  const title = `${prefixOf(line, report)} - errors in rule parameters: ${text}`
  // The real program's order is that of a Perl hash: none.
  const sorted = faults.toSorted((a, b) => (a.field < b.field ? -1 : 1))
  rule.errors = sorted.map((fault, index) => {
    const own = `  ${fault.field}: ${fault.says}`
    return complainOf(fault, report, index === 0 ? [...warnings, title, own] : [own])
  })
  return counted ? null : rule
}

function complainOf(
  { code, span, wording }: RuleFault,
  { complaints }: LineReport,
  upstream: readonly string[],
): Diagnostic {
  return complain(complaints, 'warning', code, span, wording, printed(...upstream))
}

/** The macro under its own name, whatever its case; `0` is none. */
function canonicalMacro(macro: Located<string> | null): Located<string> | null {
  if (macro === null || !isTrue(macro.value)) return null
  const found = findMacro(macro.value)
  return found === null || !isIptablesMacro(found) ? macro : { ...macro, value: found.name }
}

type OptionField = Extract<
  keyof FwRule,
  'iface' | 'proto' | 'dport' | 'sport' | 'source' | 'dest' | 'log' | 'icmpType'
>

/** Option names without their dashes. `-i` and `-p` take one dash, the others one or two. */
const OPTION_FIELDS: ReadonlyMap<string, OptionField> = new Map([
  ['i', 'iface'],
  ['p', 'proto'],
  ['proto', 'proto'],
  ['dport', 'dport'],
  ['sport', 'sport'],
  ['source', 'source'],
  ['dest', 'dest'],
  ['log', 'log'],
  ['icmp-type', 'icmpType'],
])

const CALLED: readonly string[] = ['(ACCEPT)', '(DROP)', '(REJECT)']
const CLOSING = 0x29
const DASH = 0x2d
const ONE_BLANK = 0x20
/** `icmp-type`. */
const LONGEST_OPTION = 9
const BAR = 0x7c

/** Takes a rule line apart; null after complaining. */
function readFields(line: Line, report: LineReport): Draft | null {
  const { file, start } = line
  const { text } = file
  const end = commentStart(text, line)
  const enabled = text.charCodeAt(start) !== BAR
  const typeStart = enabled ? start : start + 1
  const typeEnd = find(text, typeStart, end, SPACE)
  const actionStart = skip(text, typeEnd, end, SPACE)
  const actionEnd = find(text, actionStart, end, SPACE)
  if (typeEnd === typeStart || actionEnd === actionStart) {
    unreadable(line, typeStart, end, report)
    return null
  }
  const type = typeOf(text.slice(typeStart, typeEnd))
  const macroEnd =
    type === 'in' || type === 'out' || type === 'forward'
      ? endOfMacro(text, actionStart, actionEnd)
      : actionStart
  const isMacro = macroEnd > actionStart
  const rule: Draft = {
    span: { file, start, end: line.end },
    enabled,
    type,
    action: isMacro
      ? located(file, macroEnd + 1, actionEnd - 1)
      : located(file, actionStart, actionEnd),
    macro: isMacro ? located(file, actionStart, macroEnd) : null,
    iface: null,
    proto: null,
    dport: null,
    sport: null,
    source: null,
    dest: null,
    log: null,
    icmpType: null,
    comment: end < line.end ? readComment(line, end) : null,
    ipVersion: null,
    errors: NONE,
  }
  const rest = readOptions(line, skip(text, actionEnd, end, SPACE), end, rule, report)
  if (rest === end) return rule
  unreadableOptions(line, rest, end, type, report)
  return null
}

/** Directions as they are nearly always written: one string each for all rules. */
const TYPES: ReadonlyMap<string, string> = new Map(
  ['in', 'out', 'forward', 'group'].map((type) => [type.toUpperCase(), type]),
)

function typeOf(word: string): string {
  return TYPES.get(word) ?? lower(word)
}

/** Values that most rules have, likewise. */
const COMMON: ReadonlyMap<string, string> = new Map(
  ['ACCEPT', 'DROP', 'REJECT', 'tcp', 'udp', 'icmp', 'info'].map((value) => [value, value]),
)

/** Where the macro of `Name(ACCEPT)` ends; `start` when it is something else. */
function endOfMacro(text: string, start: number, end: number): number {
  if (text.charCodeAt(end - 1) !== CLOSING) return start
  for (const action of CALLED) {
    const macroEnd = end - action.length
    if (macroEnd > start && text.startsWith(action, macroEnd)) return macroEnd
  }
  return start
}

/** Reads options into the rule until one cannot be read; the offset of what is left. */
function readOptions(
  line: Line,
  from: number,
  end: number,
  rule: Draft,
  { complaints }: LineReport,
): number {
  const { file } = line
  let at = from
  while (at < end) {
    const found = readOption(file, at, end)
    if (found === null || (rule.type === 'group' && found.field !== 'iface')) break
    const earlier = rule[found.field]
    if (earlier !== null) {
      complain(complaints, 'warning', 'config/rule-option-repeated', earlier.span, () => ({
        message: `${quoted(earlier.value)} has no effect: the option is given again behind it`,
        help: 'keep one of the two, or write two rules',
        related: [{ span: found.value.span, message: 'this one counts' }],
      }))
    }
    rule[found.field] = found.value
    at = skip(file.text, found.value.span.end, end, SPACE)
  }
  return at
}

/** The option at `at`: its name, exactly one blank, and its value. */
function readOption(
  file: SourceFile,
  at: number,
  end: number,
): { readonly field: OptionField; readonly value: Located<string> } | null {
  const { text } = file
  if (text.charCodeAt(at) !== DASH) return null
  const double = text.charCodeAt(at + 1) === DASH
  const nameStart = double ? at + 2 : at + 1
  const longest = Math.min(end, nameStart + LONGEST_OPTION)
  let nameEnd = nameStart
  while (nameEnd < longest && text.charCodeAt(nameEnd) !== ONE_BLANK) nameEnd += 1
  if (text.charCodeAt(nameEnd) !== ONE_BLANK || nameEnd >= end) return null
  const name = text.slice(nameStart, nameEnd)
  const field = OPTION_FIELDS.get(name)
  if (field === undefined || (double && name.length === 1)) return null
  const start = nameEnd + 1
  const stop = field === 'log' ? levelEnd(text, start, end) : find(text, start, end, SPACE)
  return stop === start ? null : { field, value: located(file, start, stop) }
}

/** Offset behind the log level at `start`; what follows it need not be white space. */
function levelEnd(text: string, start: number, end: number): number {
  const level = LOG_LEVELS.find((name) => text.startsWith(name, start))
  return level === undefined || start + level.length > end ? start : start + level.length
}

function readComment(line: Line, hash: number): Located<string> {
  const { text } = line.file
  const start = skip(text, hash + 1, line.end, SPACE)
  return located(line.file, start, skipBack(text, start, line.end, SPACE))
}

function located(file: SourceFile, start: number, end: number): Located<string> {
  const value = file.text.slice(start, end)
  return { value: COMMON.get(value) ?? value, span: { file, start, end } }
}

function unreadable(line: Line, start: number, end: number, report: LineReport): void {
  const words = line.file.text.slice(start, end)
  complain(
    report.complaints,
    'warning',
    'config/bad-rule',
    spanOf(line.file, line),
    () => ({ message: `${quoted(words)} is not a rule`, help: unreadableHelp(words) }),
    printed(`${prefixOf(line, report)}: unable to parse rule: ${words}`),
  )
}

/** The two bytes of U+00A0, which copied text is full of; Perl takes them for letters. */
function hasNoBreakSpace({ file, start, end }: Line): boolean {
  return file.text.slice(start, end).includes('\xc2\xa0')
}

function unreadableOptions(
  line: Line,
  start: number,
  end: number,
  type: string,
  report: LineReport,
): void {
  const { text } = line.file
  const rest = text.slice(start, end)
  const span = { file: line.file, start, end: skipBack(text, start, end, SPACE) }
  complain(
    report.complaints,
    'warning',
    'config/bad-rule-option',
    span,
    () => ({
      message: `the rule cannot be read from ${quoted(rest.trimEnd())} on`,
      help: hasNoBreakSpace(line) ? NO_BREAK_SPACE : restHelp(rest, type),
    }),
    printed(`${prefixOf(line, report)}: unable to parse rule parameters: ${rest}`),
  )
}
