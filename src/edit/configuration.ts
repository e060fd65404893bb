import { isNothing, readFile } from '../config/dialect/iptables/read-file.ts'
import { type OpenFile, openFile, startReading } from '../config/dialect/iptables/reading.ts'
import { readSdnSets } from '../config/dialect/iptables/sdn-sets.ts'
import type { Tree } from '../config/tree.ts'
import type { SourceFile } from '../source/source-file.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Change, Edit, EditTarget } from './edit.ts'
import { fileOf, linesOf, type Splice, spliced } from './edited-text.ts'
import { type EditedFiles, fwOf, withFiles } from './files.ts'
import { setNicProperty } from './nic.ts'
import { type OpenedFw, openFw } from './opened.ts'
import { deleteOption, optionRefused, setOption } from './option.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'
import { insertRule, lineRefused, moveRule, removeRule, replaceRule, toggleRule } from './rule.ts'

/** What edits make of the files of a tree; `change` makes it of the tree of any of its nodes. */
export type EditedConfiguration = {
  readonly files: EditedFiles
  readonly change: (tree: Tree) => Tree
}

/**
 * Edits one after the other, each upon what those before it made. Nothing is written; what an edit does not name keeps its
 * bytes. `hostFw` gives host.fw of nodes other than the one the tree is about. The problem is that of the first edit that
 * makes no sense, and says which it is.
 */
export function editedConfiguration(
  tree: Tree,
  edits: readonly Edit[],
  hostFw: (node: string) => SourceFile | null,
): EditedConfiguration | EditProblem {
  const files = new Map<string, SourceFile>()
  for (const edit of edits) {
    const hosts = (node: string): SourceFile | null =>
      [...files.values()].find(({ path }) => path.endsWith(`nodes/${node}/host.fw`)) ?? hostFw(node)
    const made = edited(withFiles(tree, files), edit, hosts)
    if (isWrong(made)) return wrong(`${edit.asked}: ${made.problem}`, made.help)
    files.set(made.path, made)
  }
  return { files, change: (other) => withFiles(other, files) }
}

/** The file that an edit is about, after it. */
export function edited(
  tree: Tree,
  { target, change, by }: Edit,
  hostFw: (node: string) => SourceFile | null,
): SourceFile | EditProblem {
  const unknown = unknownTarget(tree, target)
  if (unknown !== null) return unknown
  if (change.kind === 'nic') {
    const guest = tree.guests.find(({ vmid }) => target.kind === 'guest' && vmid === target.vmid)
    if (guest === undefined)
      return wrong(`only guests have NICs`, 'name the guest: `--set 105.net0.firewall=1`')
    const splices = setNicProperty(guest, change.nic, change.key, change.value, by)
    return isWrong(splices) ? splices : fileOf(spliced(linesOf(guest.conf), splices))
  }
  const open = openerOf(tree, target)
  const before = open(fwOf(tree, target, hostFw))
  const splices = splicesOf(before, change, by)
  if (isWrong(splices)) return splices
  const after = open(fileOf(spliced(before.text, splices)))
  return refusedIn(after, change, splices) ?? after.file.source
}

/** What a change does to the lines of a file. */
export function splicesOf(
  opened: OpenedFw,
  change: Exclude<Change, { readonly kind: 'nic' }>,
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
    default:
      return unreachable(change)
  }
}

/** Why pve-firewall would not take what an edit wrote; null if it does. */
function refusedIn(
  after: OpenedFw,
  change: Change,
  splices: readonly Splice[],
): EditProblem | null {
  switch (change.kind) {
    case 'option':
      return optionRefused(after, change.key)
    case 'insert-rule':
    case 'replace-rule': {
      const [splice] = splices
      if (splice === undefined) return null
      const within = splice.added.findLastIndex(
        ({ text }) => text.trimEnd() === change.line.trimEnd(),
      )
      return lineRefused(after, change.list, splice.at + within)
    }
    default:
      return null
  }
}

/** Reads a file of the kind of the target, with the names that cluster.fw defines. */
function openerOf(tree: Tree, target: EditTarget): (source: SourceFile) => OpenedFw {
  const sdn = readSdnSets(tree.sdn)
  const reading = startReading(tree, sdn.sets, Date.now() / 1000)
  if (target.kind === 'cluster') return (source) => openFw(source, 'cluster', null, reading)
  let cluster: OpenFile | null = null
  if (tree.clusterFw !== null && !isNothing(tree.clusterFw)) {
    cluster = openFile(reading, tree.clusterFw, 'cluster', null)
    readFile(cluster)
  }
  return (source) => openFw(source, envOf(tree, target), cluster, reading)
}

function envOf(tree: Tree, target: Exclude<EditTarget, { kind: 'cluster' }>): OpenFile['env'] {
  if (target.kind !== 'guest') return target.kind
  return tree.guests.find(({ vmid }) => vmid === target.vmid)?.type === 'lxc' ? 'ct' : 'vm'
}

function unknownTarget(tree: Tree, target: EditTarget): EditProblem | null {
  if (target.kind === 'guest' && !tree.guests.some(({ vmid }) => vmid === target.vmid)) {
    const known = tree.guests.map(({ vmid }) => vmid)
    return wrong(
      `there is no guest ${target.vmid}`,
      known.length === 0
        ? 'this tree has no guests'
        : `the guests are ${known.slice(0, 8).join(', ')}${known.length > 8 ? ' ...' : ''}`,
    )
  }
  if (target.kind === 'host' && target.node !== null && !tree.nodes.includes(target.node))
    return wrong(`there is no node \`${target.node}\``, `the nodes are ${tree.nodes.join(', ')}`)
  return null
}
