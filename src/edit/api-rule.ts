import { LOG_LEVELS } from '../config/dialect/iptables/options.ts'
import { findMacro } from '../config/macros.ts'
import { checkNames, listOf, type Parameters } from './api-parameters.ts'
import { merged } from './change.ts'
import type { Change, EditTarget } from './edit.ts'
import type { RuleList } from './opened.ts'
import { type EditProblem, wrong } from './problem.ts'
import { RULE_FIELDS, type RuleField, type RuleFields, showRule } from './rule-text.ts'
import type { Verb, Wish } from './wish.ts'

/** What a call about rules does (PVE::API2::Firewall::RulesBase); `at`: the position in its path. */
export function ruleEdits(
  verb: Verb,
  target: EditTarget,
  list: RuleList,
  at: string | null,
  given: Parameters,
): readonly Wish[] | EditProblem {
  if ((at === null) !== (verb === 'create'))
    return at === null
      ? wrong(`pvesh ${verb} is for one rule`, 'say which, from 0: .../rules/0')
      : wrong('a rule is created without a position', 'leave it out of the path')
  if (at !== null && !/^\d{1,9}$/.test(at))
    return wrong(`\`${at}\` is no position`, 'positions count from 0')
  const position = Number(at ?? 0)
  if (verb === 'create') return created(target, list, given)
  if (verb === 'delete')
    return checkNames(given, []) ?? [{ target, change: { kind: 'remove-rule', list, position } }]
  const change = updated(list, position, given)
  return 'problem' in change ? change : [{ target, change }]
}

/** A new rule goes before all others, and is disabled unless `enable` is given. */
function created(
  target: EditTarget,
  list: RuleList,
  given: Parameters,
): readonly Wish[] | EditProblem {
  const fields = fieldsIn(given, ['pos'], ['type', 'action'])
  if ('problem' in fields) return fields
  const rule = merged({}, { enable: '0', ...fields }, [])
  const line = showRule(rule, list.kind === 'group')
  const change: Change = { kind: 'insert-rule', list, position: 0, line }
  if (fields.enable === undefined)
    return [
      {
        target,
        change,
        note: {
          code: 'edit/rule-disabled',
          message: 'the rule is created disabled, as the API does without --enable',
          help: 'add --enable 1 if it is to have an effect',
        },
      },
    ]
  const position = given.get('pos')
  if (position === undefined || position === '0') return [{ target, change }]
  return [
    {
      target,
      change,
      note: {
        code: 'edit/position-ignored',
        message: 'the API ignores --pos of a new rule and puts it before all others',
        help: `move it in a second call: pvesh set .../rules/0 --moveto ${Number(position) + 1}`,
      },
    },
  ]
}

/** Another place for a rule, and then nothing else; or other fields. */
function updated(list: RuleList, position: number, given: Parameters): Change | EditProblem {
  const fields = fieldsIn(given, ['moveto', 'delete'], [])
  if ('problem' in fields) return fields
  const to = given.get('moveto')
  if (to !== undefined && !/^\d{1,9}$/.test(to))
    return wrong(`--moveto cannot be \`${to}\``, 'positions count from 0')
  if (to !== undefined && Number(to) !== position)
    return { kind: 'move-rule', list, position, before: Number(to) }
  const unset: RuleField[] = []
  for (const name of listOf(given.get('delete'))) {
    const field = RULE_FIELDS.find((known) => known === name)
    if (field === undefined)
      return wrong(`a rule has no \`${name}\` to delete`, `it has ${RULE_FIELDS.join(', ')}`)
    if (field === 'type' || field === 'action')
      return wrong(`\`${field}\` of a rule cannot be deleted`, 'set it to something else')
    unset.push(field)
  }
  return { kind: 'update-rule', list, position, set: fields, unset }
}

const TYPES: readonly string[] = ['in', 'out', 'forward', 'group']

/** The fields of a rule among parameters; what the schema of the API refuses is a problem, the rest is judged as a line. */
function fieldsIn(
  given: Parameters,
  others: readonly string[],
  needed: readonly string[],
): RuleFields | EditProblem {
  const unknown = checkNames(given, [...RULE_FIELDS, ...others], needed)
  if (unknown !== null) return unknown
  const fields: { [field in RuleField]?: string } = {}
  for (const field of RULE_FIELDS) {
    const value = given.get(field)
    if (value === undefined) continue
    const refused = refusedField(field, value)
    if (refused !== null) return wrong(`--${field} cannot be \`${value}\``, refused)
    // verify_rule gives a macro its own spelling
    fields[field] = field === 'macro' ? (findMacro(value)?.name ?? value) : value
  }
  return fields
}

/** Why the schema (`$rule_properties`) refuses a value; null if it does not. */
function refusedField(field: RuleField, value: string): string | null {
  switch (field) {
    case 'type':
      return TYPES.includes(value) ? null : `it is ${TYPES.join(', ')}`
    case 'enable':
      return /^\d+$/.test(value) ? null : 'it is 0 or 1'
    case 'log':
      return LOG_LEVELS.includes(value) ? null : `it is ${LOG_LEVELS.join(', ')}`
    case 'action':
      return /^[A-Za-z][A-Za-z0-9_-]{1,19}$/.test(value)
        ? null
        : 'it is ACCEPT, DROP, REJECT or the name of a group; a macro is --macro'
    case 'comment':
      return null
    default:
      return /[\s#]/.test(value) ? 'it has no blanks' : null
  }
}
