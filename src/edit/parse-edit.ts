import type { Tree } from '../config/tree.ts'
import { parseCalls } from './api-call.ts'
import type { Edit, EditTarget } from './edit.ts'
import type { RuleList } from './opened.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import type { Wish } from './wish.ts'

/** The options of a command line that edit. */
export const EDIT_OPTIONS = ['set', 'enable', 'disable', 'add', 'apply'] as const

/** One of them as it was given: `{ option: 'set', value: 'cluster.policy_in=DROP' }`. */
export type EditRequest = {
  readonly option: (typeof EDIT_OPTIONS)[number]
  readonly value: string
}

/** What a request asks for; the problem names it. `now`: seconds since 1970. */
export function parseEdits(
  { option, value }: EditRequest,
  tree: Pick<Tree, 'node' | 'nodes' | 'guests'>,
  now: number = Date.now() / 1000,
): readonly Edit[] | EditProblem {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  const by = `--${option}`
  const asked = `${by} \`${shortened(value)}\``
  const made = option === 'apply' ? parseCalls(bytes, tree, now) : parsed(option, bytes)
  if (isWrong(made)) return wrong(`${asked}: ${made.problem}`, made.help)
  return made.map((wish) => ({ ...wish, by, asked }))
}

function shortened(value: string): string {
  const line = value.replace(/\s*\\?\n\s*/g, ' ')
  return line.length > 100 ? `${line.slice(0, 97)}...` : line
}

function parsed(
  option: Exclude<EditRequest['option'], 'apply'>,
  value: string,
): readonly Wish[] | EditProblem {
  if (/[\n\r\0]/.test(value)) return wrong('it has more than one line', 'give one edit at a time')
  const wish =
    option === 'set'
      ? parseSet(value)
      : option === 'add'
        ? parseAdd(value)
        : parseSwitch(value, option === 'enable' ? '1' : '0')
  return isWrong(wish) ? wish : [wish]
}

/** `cluster.policy_in=DROP`, `105.net0.firewall=0`; without a value the option is taken out. */
function parseSet(text: string): Wish | EditProblem {
  const [, name = '', nic, key = '', value = ''] =
    /^([^.=]+)(?:\.(net\d+))?\.([A-Za-z0-9_-]+)=(.*)$/.exec(text) ?? []
  if (key === '')
    return wrong(
      'this sets nothing',
      'write FILE.OPTION=VALUE: `cluster.policy_in=DROP`, `105.enable=1`, `105.net0.firewall=0`',
    )
  const target = parseTarget(name)
  if (isWrong(target)) return target
  const given = value === '' ? null : value
  if (nic === undefined)
    return { target, change: { kind: 'option', key: key.toLowerCase(), value: given } }
  return { target, change: { kind: 'nic', nic, key, value: given } }
}

/** `cluster`, `host`, `105`, `105/net0`. */
function parseSwitch(text: string, value: '0' | '1'): Wish | EditProblem {
  const [, vmid, nic] = /^((?:vm|ct)?\d+)[/.](net\d+)$/.exec(text) ?? []
  const target = parseTarget(vmid ?? text)
  if (isWrong(target)) return target
  if (nic !== undefined) return { target, change: { kind: 'nic', nic, key: 'firewall', value } }
  return { target, change: { kind: 'option', key: 'enable', value } }
}

/** `cluster:RULE`, `group/web:2:RULE`. */
function parseAdd(text: string): Wish | EditProblem {
  const [, name = '', position = '0', line = ''] =
    /^([^:\s]+):(?:(\d{1,9}):)?\s*(\S.*?)\s*$/.exec(text) ?? []
  if (line === '')
    return wrong(
      'this is no rule with its file',
      "write FILE:RULE or FILE:POSITION:RULE: 'cluster:IN DROP -p tcp -dport 22'",
    )
  const group = /^group\/(.+)$/.exec(name)?.[1]
  const list: RuleList = group === undefined ? { kind: 'rules' } : { kind: 'group', name: group }
  const target = group === undefined ? parseTarget(name) : ({ kind: 'cluster' } as const)
  if (isWrong(target)) return target
  return { target, change: { kind: 'insert-rule', list, position: Number(position), line } }
}

function parseTarget(name: string): EditTarget | EditProblem {
  if (name === 'cluster') return { kind: 'cluster' }
  if (name === 'host') return { kind: 'host', node: null }
  const [, kind, of = ''] = /^(host|vnet)\/(.+)$/.exec(name) ?? []
  if (kind === 'host') return { kind, node: of }
  if (kind === 'vnet') return { kind, name: of }
  const vmid = /^(?:vm|ct)?([1-9]\d{0,8})$/.exec(name)?.[1]
  if (vmid !== undefined) return { kind: 'guest', vmid: Number(vmid) }
  return wrong(
    `\`${name}\` is no file of the firewall`,
    'say cluster, host, host/NODE, the VMID of a guest, or vnet/NAME; rules are in group/NAME too',
  )
}
