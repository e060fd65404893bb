import { lower } from '../config/dialect/iptables/perl.ts'
import { insertion, removal, replacement, type Splice } from './edited-text.ts'
import {
  complaintsAbout,
  lineOf,
  noPosition,
  type OpenedFw,
  type RuleList,
  ruleAt,
  rulesOf,
} from './opened.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import { newSection, startOf } from './sections.ts'

/**
 * Puts a rule at a position, from 0: behind the rule before it, so that the comments over the next one stay with that.
 * The first goes right below the header.
 */
export function insertRule(
  opened: OpenedFw,
  list: RuleList,
  position: number,
  line: string,
  by: string,
): readonly Splice[] | EditProblem {
  const { text, sections } = opened
  const rules = rulesOf(opened, list)
  if (isWrong(rules)) return rules
  if (position > rules.length) return noPosition(opened, list, position, rules.length)
  const note = `added by ${by}`
  const before = rules[position - 1]
  if (before !== undefined) return [insertion(text, lineOf(before) + 1, [line], note)]
  const section =
    list.kind === 'rules'
      ? sections.find(({ kind }) => kind === 'rules')
      : // a group that is defined again begins anew
        sections.findLast(({ kind, name }) => kind === 'group' && name === lower(list.name))
  return section === undefined
    ? [newSection(text, sections, 'rules', '[RULES]', [line], note)]
    : [insertion(text, startOf(text, section), [line], note)]
}

/** Takes a rule out. */
export function removeRule(
  opened: OpenedFw,
  list: RuleList,
  position: number,
): readonly Splice[] | EditProblem {
  const rule = ruleAt(opened, list, position)
  return isWrong(rule) ? rule : [removal(opened.text, lineOf(rule))]
}

/** Puts another line in place of a rule. */
export function replaceRule(
  opened: OpenedFw,
  list: RuleList,
  position: number,
  line: string,
  by: string,
): readonly Splice[] | EditProblem {
  const rule = ruleAt(opened, list, position)
  if (isWrong(rule)) return rule
  return [replacement(opened.text, lineOf(rule), () => line, `changed by ${by}`)]
}

/** Switches a rule on or off: only the bar before it comes or goes. */
export function toggleRule(
  opened: OpenedFw,
  list: RuleList,
  position: number,
  on: boolean,
  by: string,
): readonly Splice[] | EditProblem {
  const rule = ruleAt(opened, list, position)
  if (isWrong(rule)) return rule
  if (rule.enabled === on) return []
  const note = `${on ? 'enabled' : 'disabled'} by ${by}`
  return [
    replacement(
      opened.text,
      lineOf(rule),
      (text) => (on ? text.replace('|', '') : text.replace(/^[\t \xa0]*/, '$&|')),
      note,
    ),
  ]
}

/**
 * Moves a rule before the one that is at `before` now (`moveto` of the API): `position + 1` is where it is already, as many
 * as there are rules is the end.
 */
export function moveRule(
  opened: OpenedFw,
  list: RuleList,
  position: number,
  before: number,
  by: string,
): readonly Splice[] | EditProblem {
  const rules = rulesOf(opened, list)
  if (isWrong(rules)) return rules
  const rule = ruleAt(opened, list, position)
  if (isWrong(rule)) return rule
  const at = Math.min(before, rules.length)
  if (at === position || at === position + 1) return []
  const from = lineOf(rule)
  const text = opened.text.lines[from]?.text.replace(/\n$/, '') ?? ''
  const moved = insertRule(opened, list, at, text, by)
  if (isWrong(moved)) return moved
  const was = opened.text.lines[from]?.was ?? null
  const note = `moved by ${by}`
  const put = moved.map((splice) => ({
    ...splice,
    // only the last is the rule: before it may stand the line that had no newline
    added: [
      ...splice.added.slice(0, -1),
      ...splice.added.slice(-1).map((line) => ({ ...line, was, note })),
    ],
  }))
  return [...put, removal(opened.text, from)].toSorted((a, b) => a.at - b.at)
}

/** Why a line that was put in is no rule; null if one of the rules stands there. */
export function lineRefused(after: OpenedFw, list: RuleList, line: number): EditProblem | null {
  const rules = rulesOf(after, list)
  if (isWrong(rules)) return rules
  const rule = rules.find((one) => lineOf(one) === line)
  const error = rule === undefined ? complaintsAbout(after, line)[0] : rule.errors[0]
  if (rule !== undefined && error === undefined) return null
  return wrong(
    error?.message ?? 'this is no rule',
    error?.help ?? 'a rule begins with IN, OUT, FORWARD or GROUP, perhaps with a `|` before it',
  )
}
