import { noComplaints } from '../config/dialect/iptables/complaints.ts'
import type { FwRule } from '../config/dialect/iptables/model.ts'
import { lower } from '../config/dialect/iptables/perl.ts'
import { isNothing, readFile } from '../config/dialect/iptables/read-file.ts'
import { type OpenFile, openFile, type Reading } from '../config/dialect/iptables/reading.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import { lineNumber, type SourceFile } from '../source/source-file.ts'
import { type EditedText, linesOf } from './edited-text.ts'
import { type EditProblem, wrong } from './problem.ts'
import { type FwSection, sectionsOf } from './sections.ts'

/** A .fw file that is to be edited: its lines, and what pve-firewall reads from them. */
export type OpenedFw = {
  readonly text: EditedText
  readonly file: OpenFile
  readonly sections: readonly FwSection[]
}

/** Where rules are counted: those of a file, or those of a group of cluster.fw. */
export type RuleList =
  | { readonly kind: 'rules' }
  | { readonly kind: 'group'; readonly name: string }

/** Reads a file whole: unlike for its complaints alone, every rule with an error is kept, since it counts. */
export function openFw(
  source: SourceFile,
  env: OpenFile['env'],
  cluster: OpenFile | null,
  reading: Reading,
): OpenedFw {
  const file = { ...openFile(reading, source, env, cluster), complaints: noComplaints(Infinity) }
  if (env === 'cluster') file.cluster = file
  if (!isNothing(source)) readFile(file)
  return { text: linesOf(source), file, sections: sectionsOf(source, file.scope) }
}

/** The rules of a list in their order, as the API counts them: a line that cannot be read is none. */
export function rulesOf({ file }: OpenedFw, list: RuleList): readonly FwRule[] | EditProblem {
  if (list.kind === 'rules') return file.rules
  const group = file.groups?.get(lower(list.name))
  return group?.rules ?? wrong(`there is no security group \`${list.name}\``, groupHelp(file))
}

function groupHelp({ groups }: OpenFile): string {
  const names = [...(groups?.keys() ?? [])]
  return names.length === 0
    ? 'cluster.fw defines no group; groups are only there'
    : `cluster.fw has ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' ...' : ''}`
}

/** The rule at a position, or that there is none. */
export function ruleAt(opened: OpenedFw, list: RuleList, position: number): FwRule | EditProblem {
  const rules = rulesOf(opened, list)
  if ('problem' in rules) return rules
  return rules[position] ?? noPosition(opened, list, position, rules.length - 1)
}

/** What is said of a position behind the last one. */
export function noPosition(
  { file }: OpenedFw,
  list: RuleList,
  position: number,
  last: number,
): EditProblem {
  const where = list.kind === 'group' ? `group \`${list.name}\`` : file.label
  return wrong(
    `there is no position ${position} in ${where}`,
    last < 0 ? 'there are no rules yet' : `positions count from 0: the last one is ${last}`,
  )
}

/** The line of a rule, from 0. */
export function lineOf(rule: FwRule): number {
  return lineNumber(rule.span.file, rule.span.start) - 1
}

/** The complaints about one line (from 0). */
export function complaintsAbout({ file }: OpenedFw, line: number): readonly Diagnostic[] {
  return file.complaints.diagnostics.filter(
    ({ span }) => span !== null && lineNumber(span.file, span.start) - 1 === line,
  )
}
