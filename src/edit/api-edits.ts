import type { FwScope } from '../config/dialect/iptables/model.ts'
import { isName, lower } from '../config/dialect/iptables/perl.ts'
import type { Tree } from '../config/tree.ts'
import { parseCidr, rangeOf, showCidr } from '../ip/prefix.ts'
import {
  API_OPTIONS,
  booleanOf,
  checkNames,
  listOf,
  optionValue,
  type Parameters,
} from './api-parameters.ts'
import { ruleEdits } from './api-rule.ts'
import type { Change, EditTarget } from './edit.ts'
import { NAMED, type NamedKind } from './name.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import type { ApiPath, Verb, Wish } from './wish.ts'

/** What a call does to the files (PVE::API2::Firewall). */
export function editsOf(
  verb: Verb,
  { target, rest }: ApiPath,
  given: Parameters,
  tree: Pick<Tree, 'nodes' | 'guests'>,
  now: number,
): readonly Wish[] | EditProblem {
  const [area, name, ...more] = rest
  const scope = target.kind
  const one = (change: Change | EditProblem): readonly Wish[] | EditProblem =>
    isWrong(change) ? change : [{ target, change }]
  const hasNames = scope === 'cluster' || scope === 'guest'
  if (area === 'options' && name === undefined && verb === 'set')
    return optionEdits(target, scope, given, now)
  if (area === 'rules' && more.length === 0)
    return ruleEdits(verb, target, { kind: 'rules' }, name ?? null, given)
  if (area === 'groups' && scope === 'cluster') {
    if (name === undefined) return verb === 'create' ? groupEdits(given, tree) : noCall(verb, rest)
    if (lower(name) !== name)
      return wrong(
        `there is no security group \`${name}\``,
        `names are kept in lower case: \`${lower(name)}\``,
      )
    const [position] = more
    if (position === undefined && verb === 'delete')
      return (
        checkNames(given, []) ?? one({ kind: 'delete-section', of: 'group', name, force: false })
      )
    if (more.length <= 1)
      return ruleEdits(verb, target, { kind: 'group', name }, position ?? null, given)
  }
  if (area === 'ipset' && hasNames) {
    if (name === undefined)
      return verb === 'create' ? one(sectionEdit('ipset', 'name', given)) : noCall(verb, rest)
    // an address has a slash
    return more.length === 0
      ? (setEdit(verb, name, given, one) ?? noCall(verb, rest))
      : one(entryEdit(verb, name, more.join('/'), given) ?? noCall(verb, rest))
  }
  if (area === 'aliases' && hasNames && more.length === 0)
    return one(aliasEdit(verb, name ?? null, given) ?? noCall(verb, rest))
  return noCall(verb, rest)
}

function noCall(verb: Verb, rest: readonly string[]): EditProblem {
  const path = `.../firewall${rest.map((part) => `/${part}`).join('')}`
  const isRead = rest[0] === 'refs' || rest[0] === 'macros' || rest[0] === 'log'
  return wrong(
    `the API has no ${verb} of \`${path}\``,
    isRead
      ? `${rest[0]} can only be read`
      : 'it has set options; create, set and delete rules, groups, ipset and aliases',
  )
}

function optionEdits(
  target: EditTarget,
  scope: FwScope,
  given: Parameters,
  now: number,
): readonly Wish[] | EditProblem {
  const known = API_OPTIONS[scope]
  const unknown = checkNames(given, [...known, 'delete'])
  if (unknown !== null) return unknown
  const wishes: Wish[] = []
  for (const key of listOf(given.get('delete'))) {
    if (!known.includes(key))
      return wrong(`there is no option \`${key}\` to delete`, `it has ${known.join(', ')}`)
    wishes.push({ target, change: { kind: 'option', key, value: null } })
  }
  for (const [key, text] of given) {
    if (key === 'delete') continue
    const value = optionValue(scope, key, text, now)
    if (typeof value !== 'string') return value
    wishes.push({ target, change: { kind: 'option', key, value } })
  }
  return wishes.length === 0
    ? wrong('this call sets nothing', 'give an option: --enable 1')
    : wishes
}

/** A new group or set, or another name or comment for one (`rename`). */
function sectionEdit(of: NamedKind, parameter: string, given: Parameters): Change | EditProblem {
  const unknown = checkNames(given, [parameter, 'comment', 'rename'], [parameter])
  if (unknown !== null) return unknown
  const name = given.get(parameter) ?? ''
  const comment = given.get('comment') ?? null
  const from = given.get('rename')
  if (!isName(name))
    return wrong(
      `\`${name}\` cannot be the name of a ${NAMED[of].words}`,
      'a name is a letter, then letters, digits, `-` and `_`',
    )
  return from === undefined
    ? { kind: 'create-section', of, name, comment }
    : { kind: 'rename-section', of, from, name, comment }
}

/** Renaming a group renames it where it is used, in cluster.fw and the files of all nodes and guests; a set is renamed alone. */
function groupEdits(
  given: Parameters,
  { nodes, guests }: Pick<Tree, 'nodes' | 'guests'>,
): readonly Wish[] | EditProblem {
  const change = sectionEdit('group', 'group', given)
  if (isWrong(change)) return change
  const cluster = { target: { kind: 'cluster' }, change } as const
  if (change.kind !== 'rename-section' || change.from === change.name) return [cluster]
  const uses = { kind: 'rename-group-uses', from: change.from, to: change.name } as const
  const targets: readonly EditTarget[] = [
    { kind: 'cluster' },
    ...nodes.map((node) => ({ kind: 'host', node }) as const),
    ...guests.map(({ vmid }) => ({ kind: 'guest', vmid }) as const),
  ]
  return [cluster, ...targets.map((target) => ({ target, change: uses }))]
}

/** A call for a set as a whole: a new entry of it, or its end. */
function setEdit(
  verb: Verb,
  name: string,
  given: Parameters,
  one: (change: Change | EditProblem) => readonly Wish[] | EditProblem,
): readonly Wish[] | EditProblem | null {
  if (verb === 'delete')
    return (
      checkNames(given, ['force']) ??
      one({
        kind: 'delete-section',
        of: 'ipset',
        name,
        force: booleanOf(given.get('force') ?? '0') === '1',
      })
    )
  if (verb === 'set') return null
  const unknown = checkNames(given, ['cidr', 'comment', 'nomatch'], ['cidr'])
  if (unknown !== null) return unknown
  return one({
    kind: 'put-entry',
    set: name,
    cidr: cleanCidr(given.get('cidr') ?? ''),
    ...entryValues(given),
    replaces: false,
  })
}

function entryEdit(
  verb: Verb,
  set: string,
  cidr: string,
  given: Parameters,
): Change | EditProblem | null {
  if (verb === 'create') return null
  const unknown = checkNames(given, verb === 'delete' ? [] : ['comment', 'nomatch'])
  if (unknown !== null) return unknown
  return verb === 'delete'
    ? { kind: 'remove-entry', set, cidr }
    : { kind: 'put-entry', set, cidr, ...entryValues(given), replaces: true }
}

function entryValues(given: Parameters): {
  readonly nomatch: boolean
  readonly comment: string | null
} {
  return {
    nomatch: booleanOf(given.get('nomatch') ?? '0') === '1',
    comment: given.get('comment') ?? null,
  }
}

/** An address of a set as the API stores it: host bits cleared (`clean_cidr`), no `/32` or `/128`. Others as they are. */
function cleanCidr(text: string): string {
  const cidr = parseCidr(text)
  if (cidr === null || !text.includes('/') || cidr.prefix === 0) return text
  const { version } = cidr.address
  return showCidr({ address: { version, bits: rangeOf(cidr).lo }, prefix: cidr.prefix })
}

function aliasEdit(
  verb: Verb,
  name: string | null,
  given: Parameters,
): Change | EditProblem | null {
  if ((name === null) !== (verb === 'create')) return null
  if (name !== null && verb === 'delete')
    return checkNames(given, []) ?? { kind: 'remove-alias', name }
  const own = name === null ? (given.get('name') ?? '') : (given.get('rename') ?? name)
  const unknown = checkNames(
    given,
    name === null ? ['name', 'cidr', 'comment'] : ['cidr', 'comment', 'rename'],
    name === null ? ['name', 'cidr'] : ['cidr'],
  )
  if (unknown !== null) return unknown
  if (!isName(own) || own.length > 64)
    return wrong(
      `\`${own}\` cannot be the name of an alias`,
      'a name is a letter, then letters, digits, `-` and `_`',
    )
  const cidr = given.get('cidr') ?? ''
  if (parseCidr(cidr) === null)
    return wrong(`--cidr cannot be \`${cidr}\``, 'it is an address or network: 10.1.0.0/16')
  return {
    kind: 'put-alias',
    replaces: name,
    name: own,
    cidr,
    comment: given.get('comment') ?? null,
  }
}
