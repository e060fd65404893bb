import { lower } from '../config/dialect/iptables/perl.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Change } from './edit.ts'
import { removal, replacement, type Splice } from './edited-text.ts'
import {
  addEntry,
  createSection,
  deleteSection,
  linesOfAlias,
  linesOfEntry,
  noSuch,
  putAlias,
  renameGroupUses,
  renameSection,
  withComment,
} from './name.ts'
import { complaintsAbout, type OpenedFw, ruleAt } from './opened.ts'
import { deleteOption, optionRefused, setOption } from './option.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import { insertRule, lineRefused, moveRule, removeRule, replaceRule, toggleRule } from './rule.ts'
import { fieldsOf, type RuleField, type RuleFields, showRule } from './rule-text.ts'

/** A change of a .fw file. */
export type FwChange = Exclude<Change, { readonly kind: 'nic' }>

/** What a change does to the lines of a file, or why it makes no sense there. */
export function splicesOf(
  opened: OpenedFw,
  change: FwChange,
  by: string,
): readonly Splice[] | EditProblem {
  switch (change.kind) {
    case 'option':
      return change.value === null
        ? deleteOption(opened, change.key)
        : setOption(opened, change.key, change.value, by)
    case 'insert-rule':
      return insertRule(opened, change.list, change.position, change.line, by)
    case 'replace-rule':
      return replaceRule(opened, change.list, change.position, change.line, by)
    case 'remove-rule':
      return removeRule(opened, change.list, change.position)
    case 'move-rule':
      return moveRule(opened, change.list, change.position, change.before, by)
    case 'toggle-rule':
      return toggleRule(opened, change.list, change.position, change.on, by)
    case 'update-rule':
      return updateRule(opened, change, by)
    case 'create-section':
      return createSection(opened, change.of, change.name, change.comment, by)
    case 'delete-section':
      return deleteSection(opened, change.of, change.name, change.force)
    case 'rename-section':
      return renameSection(opened, change.of, change.from, change.name, change.comment, by)
    case 'rename-group-uses':
      return renameGroupUses(opened, change.from, change.to, by)
    case 'put-alias':
      return aliasSplices(opened, change, by)
    case 'remove-alias':
      return linesOfAlias(opened, change.name).map((line) => removal(opened.text, line))
    case 'put-entry':
      return entrySplices(opened, change, by)
    case 'remove-entry': {
      const lines = linesOfEntry(opened, change.set, change.cidr)
      if (lines === null) return noSuch(opened, 'ipset', change.set)
      return lines.map((line) => removal(opened.text, line))
    }
    default:
      return unreachable(change)
  }
}

/** Why pve-firewall would not take what a change wrote; null if it does. */
export function refusedIn(
  after: OpenedFw,
  change: FwChange,
  splices: readonly Splice[],
): EditProblem | null {
  switch (change.kind) {
    case 'option':
      return optionRefused(after, change.key)
    case 'insert-rule':
    case 'replace-rule':
    case 'update-rule':
      return splices.length === 0 ? null : lineRefused(after, change.list, writtenLine(splices))
    case 'put-alias':
    case 'put-entry': {
      const complaint = complaintsAbout(after, writtenLine(splices)).find(({ code }) =>
        FATAL.has(code),
      )
      return complaint === undefined
        ? null
        : wrong(complaint.message, complaint.help ?? 'correct it')
    }
    default:
      return null
  }
}

/** Complaints about an alias or entry that leave it without effect. */
const FATAL: ReadonlySet<string> = new Set([
  'config/bad-address',
  'config/bad-alias',
  'config/bad-ipset-entry',
  'config/duplicate-ipset-entry',
  'config/unknown-alias',
  'config/zero-prefix',
])

/** The line (from 0) that was written: the last one that says something, by the numbers afterwards. */
function writtenLine(splices: readonly Splice[]): number {
  let shift = 0
  let line = -1
  for (const { at, removed, added } of splices) {
    const within = added.findLastIndex(({ text }) => text.trim() !== '')
    if (within !== -1) line = at + shift + within
    shift += added.length - removed.length
  }
  return line
}

function updateRule(
  opened: OpenedFw,
  { list, position, set, unset }: Extract<Change, { kind: 'update-rule' }>,
  by: string,
): readonly Splice[] | EditProblem {
  const rule = ruleAt(opened, list, position)
  if (isWrong(rule)) return rule
  const before = fieldsOf(rule)
  const after = merged(before, set, unset)
  const isInGroup = list.kind === 'group'
  const on = { enable: '1' }
  if (showRule({ ...before, ...on }, isInGroup) === showRule({ ...after, ...on }, isInGroup))
    return toggleRule(opened, list, position, !showRule(after, isInGroup).startsWith('|'), by)
  return replaceRule(opened, list, position, showRule(after, isInGroup), by)
}

/** `copy_rule_data` and `delete_rule_properties`: an empty value or `-` takes a field out as well. */
export function merged(
  before: RuleFields,
  set: RuleFields,
  unset: readonly RuleField[],
): RuleFields {
  const after: { [field in RuleField]?: string } = { ...before, ...set }
  for (const [field, value] of Object.entries(set) as [RuleField, string][])
    if (value === '' || value === '-') delete after[field]
  for (const field of unset) delete after[field]
  return after
}

function aliasSplices(
  opened: OpenedFw,
  { replaces, name, cidr, comment }: Extract<Change, { kind: 'put-alias' }>,
  by: string,
): readonly Splice[] | EditProblem {
  const { aliases, label } = opened.file
  const isTaken = aliases?.has(lower(name)) === true && lower(name) !== lower(replaces ?? '')
  if (isTaken)
    return wrong(
      `there is an alias \`${name}\` already`,
      'choose another name; letter case does not tell names apart',
    )
  if (replaces !== null && aliases?.has(lower(replaces)) !== true) {
    const known = [...(aliases?.values() ?? [])].map((alias) => alias.name)
    return wrong(
      `there is no alias \`${replaces}\` in ${label}`,
      known.length === 0 ? 'it has none' : `it has ${known.slice(0, 5).join(', ')}`,
    )
  }
  const replaced = replaces === null ? [] : linesOfAlias(opened, replaces)
  return putAlias(opened, replaced, withComment(`${name} ${cidr}`, comment), by)
}

function entrySplices(
  opened: OpenedFw,
  { set, cidr, nomatch, comment, replaces }: Extract<Change, { kind: 'put-entry' }>,
  by: string,
): readonly Splice[] | EditProblem {
  const line = withComment(`${nomatch ? '!' : ''}${cidr}`, comment)
  const own = linesOfEntry(opened, set, cidr)
  if (own === null) return noSuch(opened, 'ipset', set)
  const [first] = own
  if (!replaces) {
    if (first === undefined) return addEntry(opened, set, line, by)
    return wrong(`\`${cidr}\` is in IPSet \`${set}\` already`, 'change it with pvesh set')
  }
  if (first === undefined)
    return wrong(`\`${cidr}\` is not in IPSet \`${set}\``, 'write it as the file has it')
  return [replacement(opened.text, first, () => line, `changed by ${by}`)]
}
