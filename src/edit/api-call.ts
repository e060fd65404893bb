import type { Tree } from '../config/tree.ts'
import { editsOf } from './api-edits.ts'
import { parseParameters } from './api-parameters.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import { shellCommands } from './shell-words.ts'
import type { ApiPath, Wish } from './wish.ts'

/** The edits that pasted calls of pvesh make, in their order (bytes in, bytes out). `now`: seconds since 1970. */
export function parseCalls(
  text: string,
  tree: Pick<Tree, 'node' | 'nodes' | 'guests'>,
  now: number,
): readonly Wish[] | EditProblem {
  const commands = shellCommands(text)
  if (isWrong(commands)) return commands
  if (commands.length === 0) return wrong('this is no command', HELP)
  const wishes: Wish[] = []
  for (const words of commands) {
    const made = parseCall(words, tree, now)
    if (isWrong(made)) return made
    wishes.push(...made)
  }
  return wishes
}

const HELP =
  "write a call of the firewall API: 'pvesh set /cluster/firewall/options --policy_in DROP'"

function parseCall(
  words: readonly string[],
  tree: Pick<Tree, 'node' | 'nodes' | 'guests'>,
  now: number,
): readonly Wish[] | EditProblem {
  const [program = '', verb = '', path = '', ...rest] = words[0] === 'sudo' ? words.slice(1) : words
  if (program !== 'pvesh' && !program.endsWith('/pvesh'))
    return wrong(`\`${program}\` is not pvesh`, HELP)
  if (verb === 'get' || verb === 'ls' || verb === 'usage')
    return wrong(`pvesh ${verb} changes nothing`, 'leave it out; create, set and delete do')
  if (verb !== 'create' && verb !== 'set' && verb !== 'delete')
    return wrong(`pvesh has no \`${verb}\``, 'it is pvesh create, set or delete')
  const found = pathOf(path, tree)
  if (isWrong(found)) return found
  const given = parseParameters(rest)
  if ('problem' in given) return given
  return editsOf(verb, found, given, tree, now)
}

function pathOf(
  path: string,
  { node, nodes, guests }: Pick<Tree, 'node' | 'nodes' | 'guests'>,
): ApiPath | EditProblem {
  const parts = path.split('/').filter((part) => part !== '')
  const at = parts.indexOf('firewall')
  const [area, ...of] = parts.slice(0, Math.max(0, at))
  const rest = parts.slice(at + 1)
  const [name = '', type, id = ''] = of
  if (area === 'cluster' && of.length === 0) return { target: { kind: 'cluster' }, rest }
  if (area === 'cluster' && name === 'sdn' && type === 'vnets' && id !== '' && of.length === 3)
    return { target: { kind: 'vnet', name: id }, rest }
  if (area === 'nodes' && name !== '') {
    const own = name === 'localhost' ? node : name
    if (!nodes.includes(own))
      return wrong(`there is no node \`${name}\``, `the nodes are ${nodes.join(', ')}`)
    if (of.length === 1) return { target: { kind: 'host', node: own }, rest }
    const guest = guests.find(({ vmid }) => String(vmid) === id)
    if ((type === 'qemu' || type === 'lxc') && of.length === 3) {
      if (guest === undefined)
        return wrong(`there is no guest \`${id}\``, 'say one that this tree has')
      return { target: { kind: 'guest', vmid: guest.vmid }, rest }
    }
  }
  return wrong(
    `\`${path}\` is no path of the firewall API`,
    'paths begin with /cluster/firewall, /nodes/NODE/firewall, /nodes/NODE/qemu|lxc/VMID/firewall or ' +
      '/cluster/sdn/vnets/VNET/firewall',
  )
}
