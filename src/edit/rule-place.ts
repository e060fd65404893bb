import type { Tree } from '../config/tree.ts'
import type { SourceFile } from '../source/source-file.ts'
import { openerOf } from './configuration.ts'
import type { EditTarget } from './edit.ts'
import { lineOf, type RuleList } from './opened.ts'
import type { EditRequest } from './parse-edit.ts'

/** Where a line stands among rules: what the API and `--add` call that. */
export type RulePlace = {
  /** As `--add` takes it: `cluster`, `host/pve1`, `105`, `group/web`. */
  readonly name: string
  /** Path of the rules in the API: `/nodes/pve1/qemu/105/firewall/rules`. */
  readonly path: string
  /** Number of the rule from 0; of a line that is none, where a rule there would go. */
  readonly position: number
  /** How many rules there are. */
  readonly count: number
  /** The line is a rule: whether it is on, and its text as it stands there (bytes). */
  readonly rule: { readonly enabled: boolean; readonly text: string } | null
}

/**
 * The rules a line (from 1) of a .fw file is among; null for a file that has none. Where the line is no rule, the rule
 * above it in its list counts. Cost: reading the file.
 */
export function rulePlaceAt(tree: Tree, file: SourceFile, line: number): RulePlace | null {
  const target = targetOf(tree, file.path)
  if (target === null) return null
  const { file: read, sections, text } = openerOf(tree, target)(file)
  const at = line - 1
  const section = sections.findLast(({ header }) => header <= at)
  const group = section?.kind === 'group' ? (section.name ?? '') : null
  const list: RuleList = group === null ? { kind: 'rules' } : { kind: 'group', name: group }
  const rules = list.kind === 'rules' ? read.rules : (read.groups?.get(list.name)?.rules ?? [])
  const own = rules.findIndex((rule) => lineOf(rule) === at)
  const before = rules.filter((rule) => lineOf(rule) < at).length
  const found = rules[own]
  const { name, path } = namesOf(tree, target, list)
  return {
    ...{ name, path, count: rules.length, position: own === -1 ? before : own },
    rule:
      found === undefined
        ? null
        : {
            enabled: found.enabled,
            text: (text.lines[at]?.text ?? '').replace(/\r?\n$/, ''),
          },
  }
}

/** The edits that switch a rule on or off, move, remove or replace it, and that put one behind it: all as a command line says them. */
export const RULE_EDITS = {
  toggle: ({ path, position, rule }: RulePlace): readonly EditRequest[] => [
    call(`set ${path}/${position} --enable ${rule?.enabled === true ? 0 : 1}`),
  ],
  remove: ({ path, position }: RulePlace): readonly EditRequest[] => [
    call(`delete ${path}/${position}`),
  ],
  move: ({ path, position }: RulePlace, by: 1 | -1): readonly EditRequest[] => [
    call(`set ${path}/${position} --moveto ${by === 1 ? position + 2 : position - 1}`),
  ],
  replace: (place: RulePlace, line: string): readonly EditRequest[] => [
    ...RULE_EDITS.remove(place),
    { option: 'add', value: `${place.name}:${place.position}:${line}` },
  ],
  add: ({ name, position, rule }: RulePlace, line: string): readonly EditRequest[] => [
    { option: 'add', value: `${name}:${rule === null ? position : position + 1}:${line}` },
  ],
} as const

function call(words: string): EditRequest {
  return { option: 'apply', value: `pvesh ${words}` }
}

/** Whose file a path is; null for one that holds no rules. */
function targetOf({ vnetFw, guestFw }: Tree, path: string): EditTarget | null {
  const [, cluster, vmid, node, vnet] =
    /(?:^|\/)(?:firewall\/(cluster)\.fw|firewall\/(\d+)\.fw|nodes\/([^/]+)\/host\.fw|sdn\/firewall\/([^/]+)\.fw)$/.exec(
      path,
    ) ?? []
  if (cluster !== undefined) return { kind: 'cluster' }
  if (node !== undefined) return { kind: 'host', node }
  if (vmid !== undefined && guestFw.has(Number(vmid))) return { kind: 'guest', vmid: Number(vmid) }
  return vnet !== undefined && vnetFw.has(vnet) ? { kind: 'vnet', name: vnet } : null
}

function namesOf(
  { guests, node }: Tree,
  target: EditTarget,
  list: RuleList,
): Pick<RulePlace, 'name' | 'path'> {
  if (list.kind === 'group')
    return { name: `group/${list.name}`, path: `/cluster/firewall/groups/${list.name}` }
  switch (target.kind) {
    case 'cluster':
      return { name: 'cluster', path: '/cluster/firewall/rules' }
    case 'host': {
      const own = target.node ?? node
      return { name: `host/${own}`, path: `/nodes/${own}/firewall/rules` }
    }
    case 'guest': {
      const guest = guests.find(({ vmid }) => vmid === target.vmid)
      const kind = guest?.type === 'lxc' ? 'lxc' : 'qemu'
      const path = `/nodes/${guest?.node ?? node}/${kind}/${target.vmid}/firewall/rules`
      return { name: String(target.vmid), path }
    }
    default:
      return {
        name: `vnet/${target.name}`,
        path: `/cluster/sdn/vnets/${target.name}/firewall/rules`,
      }
  }
}
