import { startReading } from '../config/dialect/iptables/reading.ts'
import type { Tree } from '../config/tree.ts'
import { decodeBytes, sourceFile } from '../source/source-file.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Edit, EditTarget } from './edit.ts'
import { openFw, type RuleList } from './opened.ts'
import { fieldsOf, RULE_FIELDS, type RuleField, type RuleFields } from './rule-text.ts'

/**
 * The calls of pvesh that make an edit on a node, for a person to paste. `after`: the tree with it. A rule for a position
 * that is not the first is created disabled, moved there and then enabled: at no time does it count elsewhere.
 */
export function pveshCalls({ target, change }: Edit, after: Tree): readonly string[] {
  const path = apiPath(target, after)
  switch (change.kind) {
    case 'option':
      return [
        change.value === null
          ? call('set', `${path}/options`, [['delete', change.key]])
          : call('set', `${path}/options`, [[change.key, change.value]]),
      ]
    case 'nic':
      return [nicCall(target, change.nic, after)]
    case 'insert-rule':
      return insertCalls(
        rulesPath(path, change.list),
        change.position,
        parsedRule(change.line, after),
      )
    case 'replace-rule': {
      const fields = parsedRule(change.line, after)
      const gone = RULE_FIELDS.filter((field) => fields[field] === undefined && !NEEDED.has(field))
      return [ruleCall(path, change, [...Object.entries(fields), ['delete', gone.join()]])]
    }
    case 'remove-rule':
      return [call('delete', `${rulesPath(path, change.list)}/${change.position}`, [])]
    case 'move-rule':
      return [ruleCall(path, change, [['moveto', String(change.before)]])]
    case 'toggle-rule':
      return [ruleCall(path, change, [['enable', change.on ? '1' : '0']])]
    case 'update-rule': {
      const gone = change.unset.length === 0 ? [] : [['delete', change.unset.join()] as const]
      return [ruleCall(path, change, [...Object.entries(change.set), ...gone])]
    }
    case 'create-section':
      return [sectionCall(path, change.of, change.name, change.comment)]
    case 'rename-section':
      return [sectionCall(path, change.of, change.name, change.comment, change.from)]
    case 'delete-section': {
      const force = change.of === 'ipset' && change.force ? [['force', '1'] as const] : []
      return [
        call(
          'delete',
          `${path}/${change.of === 'group' ? 'groups' : 'ipset'}/${change.name}`,
          force,
        ),
      ]
    }
    case 'rename-group-uses':
      // the call that renames the group does it
      return []
    case 'put-alias': {
      const values = [['cidr', change.cidr] as const, ...commentOf(change.comment)]
      if (change.replaces === null)
        return [call('create', `${path}/aliases`, [['name', change.name], ...values])]
      const rename = change.name === change.replaces ? [] : [['rename', change.name] as const]
      return [call('set', `${path}/aliases/${change.replaces}`, [...values, ...rename])]
    }
    case 'remove-alias':
      return [call('delete', `${path}/aliases/${change.name}`, [])]
    case 'put-entry': {
      const nomatch = change.nomatch ? [['nomatch', '1'] as const] : []
      const values = [...nomatch, ...commentOf(change.comment)]
      return [
        change.replaces
          ? call('set', `${path}/ipset/${change.set}/${change.cidr}`, values)
          : call('create', `${path}/ipset/${change.set}`, [['cidr', change.cidr], ...values]),
      ]
    }
    case 'remove-entry':
      return [call('delete', `${path}/ipset/${change.set}/${change.cidr}`, [])]
    default:
      return unreachable(change)
  }
}

const NEEDED: ReadonlySet<RuleField> = new Set(['type', 'action'])

type Values = readonly (readonly [name: string, value: string])[]

/** A line of a shell; the bytes of a file are shown as the characters they stand for. */
function call(verb: 'create' | 'set' | 'delete', path: string, values: Values): string {
  const words = values.map(([name, value]) => `--${name} ${quoted(decodeBytes(value))}`)
  return [`pvesh ${verb} ${quoted(path)}`, ...words].join(' ')
}

/** A word for a shell, in single quotes where it needs any. */
export function quoted(word: string): string {
  return /^[\w/.,:=+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function apiPath(target: EditTarget, { node, guests }: Tree): string {
  switch (target.kind) {
    case 'cluster':
      return '/cluster/firewall'
    case 'host':
      return `/nodes/${target.node ?? node}/firewall`
    case 'guest':
      return `${guestPath(target.vmid, guests)}/firewall`
    default:
      return `/cluster/sdn/vnets/${target.name}/firewall`
  }
}

function guestPath(vmid: number, guests: Tree['guests']): string {
  const guest = guests.find((one) => one.vmid === vmid)
  return `/nodes/${guest?.node ?? 'localhost'}/${guest?.type ?? 'qemu'}/${vmid}`
}

function rulesPath(path: string, list: RuleList): string {
  return list.kind === 'group' ? `${path}/groups/${list.name}` : `${path}/rules`
}

function ruleCall(
  path: string,
  { list, position }: { readonly list: RuleList; readonly position: number },
  values: Values,
): string {
  return call('set', `${rulesPath(path, list)}/${position}`, values)
}

function insertCalls(path: string, position: number, fields: RuleFields): readonly string[] {
  const { enable = '1', ...rest } = fields
  const values = Object.entries(rest)
  if (position === 0) return [call('create', path, [...values, ['enable', enable]])]
  const moved = [
    call('create', path, [...values, ['enable', '0']]),
    call('set', `${path}/0`, [['moveto', String(position + 1)]]),
  ]
  return enable === '0' ? moved : [...moved, call('set', `${path}/${position}`, [['enable', '1']])]
}

/** The fields of a line; names need not be known for that. */
function parsedRule(line: string, tree: Tree): RuleFields {
  const source = sourceFile('cluster.fw', `[RULES]\n${line}\n`)
  const [rule] = openFw(source, 'cluster', null, startReading(tree, new Map(), 0)).file.rules
  if (rule === undefined) throw new Error('a rule that was taken cannot be read')
  return fieldsOf(rule)
}

function sectionCall(
  path: string,
  of: 'group' | 'ipset',
  name: string,
  comment: string | null,
  from?: string,
): string {
  const [list, parameter] = of === 'group' ? ['groups', 'group'] : ['ipset', 'name']
  const rename = from === undefined ? [] : [['rename', from] as const]
  return call('create', `${path}/${list}`, [[parameter, name], ...rename, ...commentOf(comment)])
}

function commentOf(comment: string | null): Values {
  return comment === null || comment === '' ? [] : [['comment', comment]]
}

/** The line of a NIC is set as a whole. */
function nicCall(target: EditTarget, id: string, { guests }: Tree): string {
  const guest = guests.find(({ vmid }) => target.kind === 'guest' && vmid === target.vmid)
  const nic = guest?.nics.find((one) => one.id === id)
  if (guest === undefined || nic === undefined) throw new Error('a NIC that was set is not there')
  const line = guest.conf.text.slice(nic.span.start, nic.span.end)
  return call('set', `${guestPath(guest.vmid, guests)}/config`, [
    [id, line.replace(/^net\d+:\s*/, '')],
  ])
}
