import type { DiagnosticCode } from '../../../source/codes.ts'
import type { Located, Span } from '../../../source/source-file.ts'
import type { Wording } from './complaints.ts'
import type { FwRule } from './model.ts'
import { isTrue } from './perl.ts'
import type { OpenFile, Reading, RuleEnv } from './reading.ts'
import type { Fault } from './terms.ts'

/** A rule line taken apart, not yet judged. */
export type RuleFields = Omit<FwRule, 'errors' | 'ipVersion'>

/** Something wrong with a field of a rule. Per field only the first counts. */
export type RuleFault = {
  /** As pve-firewall names it: `dport`, `icmp-type` ... */
  readonly field: string
  /** Its message. */
  readonly says: string
  readonly code: DiagnosticCode
  readonly span: Span
  readonly wording: () => Wording
}

/** What `verify_rule` finds out. */
export type Verified = {
  readonly faults: readonly RuleFault[]
  /** The family that addresses and protocol agree on; null: both. */
  readonly version: 4 | 6 | null
  /** What Perl prints on the way about undefined values. */
  readonly warnings: readonly string[]
  /** Not null: it gave up, and the line is skipped like one that cannot be read. */
  readonly died: RuleFault | null
}

/** Where a rule stands. `file` is null in a security group, which sees the names of cluster.fw only. */
export type RulePlace = {
  readonly env: RuleEnv
  readonly reading: Reading
  readonly file: OpenFile | null
  readonly cluster: OpenFile | null
}

/** A rule while it is judged. */
export type Check = {
  readonly rule: RuleFields
  readonly place: RulePlace
  readonly faults: RuleFault[]
  readonly warnings: string[]
  version: 4 | 6 | null
}

/** Adds a fault unless the field has one. */
export function add(check: Check, fault: RuleFault): void {
  if (!check.faults.some(({ field }) => field === fault.field)) check.faults.push(fault)
}

/** A fault with fixed words. */
export function fault(
  field: string,
  says: string,
  code: DiagnosticCode,
  span: Span,
  message: string,
  help: string,
): RuleFault {
  return { field, says, code, span, wording: () => ({ message, help }) }
}

/** The value of a field, null when Perl takes it for absent. */
export function given(value: Located<string> | null): Located<string> | null {
  return value !== null && isTrue(value.value) ? value : null
}

/** What `-p` lacks for `-dport`, `-sport` or `-icmp-type`. */
export function needsProtocol(check: Check, field: string, span: Span): void {
  const says = `missing property - '${field}' requires this property`
  const message = `\`-${field}\` needs a protocol`
  const help = field === 'icmp-type' ? 'add `-p icmp` or `-p icmpv6`' : 'add `-p tcp` or `-p udp`'
  add(check, fault('proto', says, 'config/protocol-needed', span, message, help))
}

/** The part of a value. */
export function within({ file, start }: Span, part: Fault): Span {
  return { file, start: start + part.start, end: start + part.end }
}

/** Perl's warning about an undefined value, with the line of Firewall.pm 6f1311f. */
export function undefinedValue(name: string, where: string, line: number): string {
  return `Use of uninitialized value ${name} in ${where} at PVE/Firewall.pm line ${line}.`
}

/** The first word of a rule line; its text keeps its length in lower case. */
export function typeSpan({ span, enabled, type }: RuleFields): Span {
  const start = span.start + (enabled ? 0 : 1)
  return { file: span.file, start, end: start + type.length }
}
