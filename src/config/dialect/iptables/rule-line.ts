import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { Located, SourceFile } from '../../../source/source-file.ts'
import { commentStart, find, type Line, skip, skipBack, spanOf } from '../../fw-line.ts'
import { findMacro, isIptablesMacro } from '../../macros.ts'
import type { RuleFault, RuleFields, RulePlace } from './check.ts'
import { type Complaints, complain, isFull, printed, quoted } from './complaints.ts'
import type { FwRule } from './model.ts'
import { LOG_LEVELS } from './options.ts'
import { isTrue, lower, SPACE } from './perl.ts'
import { restHelp, unreadableHelp } from './rule-help.ts'
import { noteSurprises } from './rule-surprises.ts'
import { verifyRule } from './verify.ts'

/** Where complaints about a line go, and what the real program calls the line. */
export type LineReport = {
  readonly complaints: Complaints
  /** `cluster.fw (line 7)`. */
  readonly prefix: string
}

/**
 * Reads a rule line and judges it: `parse_fw_rule` with `verify_rule`. Null: the line is skipped; a rule with
 * errors is kept.
 */
export function readRule(line: Line, place: RulePlace, report: LineReport): FwRule | null {
  const fields = readFields(line, report)
  if (fields === null) return null
  const { faults, version, warnings, died } = verifyRule(fields, place)
  if (died !== null) {
    complainOf(died, report, [...warnings, `${report.prefix}: ${died.says}`])
    return null
  }
  if (faults.length > 0)
    return faultyRule(line, { ...fields, ipVersion: version }, faults, warnings, report)
  if (fields.enabled) noteSurprises(fields, place, report.complaints)
  return { ...fields, macro: canonicalMacro(fields.macro), ipVersion: version, errors: NONE }
}

const NONE: readonly Diagnostic[] = []

/**
 * A rule with its errors; null when the file has so many of this kind that they are only counted: nobody
 * looks at such a rule any more.
 */
function faultyRule(
  line: Line,
  fields: Omit<FwRule, 'errors'>,
  faults: readonly RuleFault[],
  warnings: readonly string[],
  report: LineReport,
): FwRule | null {
  const { text } = line.file
  const counted = faults.every(({ code }) => isFull(report.complaints, code))
  const title = `${report.prefix} - errors in rule parameters: ${text.slice(line.start, line.end)}`
  // The real program's order is that of a Perl hash: none.
  const sorted = faults.toSorted((a, b) => (a.field < b.field ? -1 : 1))
  const errors = sorted.map((fault, index) => {
    const own = `  ${fault.field}: ${fault.says}`
    return complainOf(fault, report, index === 0 ? [...warnings, title, own] : [own])
  })
  return counted ? null : { ...fields, macro: canonicalMacro(fields.macro), errors }
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

type Options = { -readonly [field in OptionField]: Located<string> | null }
type OptionField = (typeof OPTION_FIELDS)[keyof typeof OPTION_FIELDS]

/** Option names without their dashes. `-i` and `-p` take one dash, the others one or two. */
const OPTION_FIELDS = {
  i: 'iface',
  p: 'proto',
  proto: 'proto',
  dport: 'dport',
  sport: 'sport',
  source: 'source',
  dest: 'dest',
  log: 'log',
  'icmp-type': 'icmpType',
} as const

const MACRO_CALL = /^(.+)\((ACCEPT|DROP|REJECT)\)$/s
const DASH = 0x2d
const ONE_BLANK = 0x20
/** `icmp-type`. */
const LONGEST_OPTION = 9
const BAR = 0x7c

/** Takes a rule line apart; null after complaining. */
function readFields(line: Line, report: LineReport): RuleFields | null {
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
  const type = lower(text.slice(typeStart, typeEnd))
  const call = type === 'group' ? null : readCall(file, actionStart, actionEnd)
  const isDirection = type === 'in' || type === 'out' || type === 'forward'
  const options: Options = {
    ...{ iface: null, proto: null, dport: null, sport: null },
    ...{ source: null, dest: null, log: null, icmpType: null },
  }
  const rest = readOptions(line, skip(text, actionEnd, end, SPACE), end, type, options, report)
  if (rest < end) {
    unreadableOptions(line, rest, end, type, report)
    return null
  }
  return {
    span: spanOf(file, line),
    enabled,
    type,
    action: (isDirection ? call?.action : null) ?? located(file, actionStart, actionEnd),
    macro: (isDirection ? call?.macro : null) ?? null,
    ...options,
    comment: end < line.end ? readComment(line, end) : null,
  }
}

/** `Name(ACCEPT)`: macro and action; null for anything else. */
function readCall(
  file: SourceFile,
  start: number,
  end: number,
): { readonly macro: Located<string>; readonly action: Located<string> } | null {
  if (file.text.charCodeAt(end - 1) !== 0x29) return null
  const found = MACRO_CALL.exec(file.text.slice(start, end))
  if (found === null) return null
  const [, macro = '', action = ''] = found
  const actionStart = end - 1 - action.length
  return {
    macro: located(file, start, start + macro.length),
    action: located(file, actionStart, end - 1),
  }
}

/** Reads options into `options` until one cannot be read; the offset of what is left. */
function readOptions(
  line: Line,
  from: number,
  end: number,
  type: string,
  options: Options,
  { complaints }: LineReport,
): number {
  const { file } = line
  let at = from
  while (at < end) {
    const found = readOption(file, at, end)
    if (found === null || (type === 'group' && found.field !== 'iface')) break
    const earlier = options[found.field]
    if (earlier !== null) {
      complain(complaints, 'warning', 'config/rule-option-repeated', earlier.span, () => ({
        message: `${quoted(earlier.value)} has no effect: the option is given again behind it`,
        help: 'keep one of the two, or write two rules',
        related: [{ span: found.value.span, message: 'this one counts' }],
      }))
    }
    options[found.field] = found.value
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
  if (!Object.hasOwn(OPTION_FIELDS, name) || (double && name.length === 1)) return null
  const field = OPTION_FIELDS[name as keyof typeof OPTION_FIELDS]
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
  return { value: file.text.slice(start, end), span: { file, start, end } }
}

function unreadable(line: Line, start: number, end: number, report: LineReport): void {
  const words = line.file.text.slice(start, end)
  complain(
    report.complaints,
    'warning',
    'config/bad-rule',
    spanOf(line.file, line),
    () => ({ message: `${quoted(words)} is not a rule`, help: unreadableHelp(words) }),
    printed(`${report.prefix}: unable to parse rule: ${words}`),
  )
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
      help: restHelp(rest, type),
    }),
    printed(`${report.prefix}: unable to parse rule parameters: ${rest}`),
  )
}
