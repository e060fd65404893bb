import { isNothing, readFile } from '../config/dialect/iptables/read-file.ts'
import { type OpenFile, openFile, startReading } from '../config/dialect/iptables/reading.ts'
import { readSdnSets } from '../config/dialect/iptables/sdn-sets.ts'
import type { Tree } from '../config/tree.ts'
import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import type { SourceFile } from '../source/source-file.ts'
import { refusedIn, splicesOf } from './change.ts'
import type { Edit, EditTarget } from './edit.ts'
import { fileOf, linesOf, spliced } from './edited-text.ts'
import { type EditedFiles, fwOf, withFiles } from './files.ts'
import { setNicProperty } from './nic.ts'
import { type OpenedFw, openFw } from './opened.ts'
import { type EditProblem, isWrong, wrong } from './problem.ts'

/** What edits make of the files of a tree; `change` makes it of the tree of any of its nodes. */
export type EditedConfiguration = {
  readonly files: EditedFiles
  readonly change: (tree: Tree) => Tree
  /** What to know of the edits: those that do less than one may think. */
  readonly notes: readonly Diagnostic[]
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
  const notes: Diagnostic[] = []
  for (const edit of edits) {
    const hosts = (node: string): SourceFile | null =>
      [...files.values()].find(({ path }) => path.endsWith(`nodes/${node}/host.fw`)) ?? hostFw(node)
    const made = edited(withFiles(tree, files), edit, hosts)
    if (made === null) notes.push(...withoutEffect(edit))
    else if (isWrong(made)) return wrong(`${edit.asked}: ${made.problem}`, made.help)
    else files.set(made.path, made)
    notes.push(...noteOf(edit))
  }
  return { files, change: (other) => withFiles(other, files), notes }
}

function noteOf({ note, asked }: Edit): readonly Diagnostic[] {
  if (note === undefined) return []
  return [diagnostic('warning', note.code, null, `${asked}: ${note.message}`, { help: note.help })]
}

function withoutEffect({ change, asked }: Edit): readonly Diagnostic[] {
  // one of many files that may use the group
  if (change.kind === 'rename-group-uses') return []
  const message = `${asked} changes nothing`
  const help = HELP_OF_NOTHING[change.kind] ?? 'it is so already'
  return [diagnostic('warning', 'edit/no-change', null, message, { help })]
}

const HELP_OF_NOTHING: { readonly [kind in Edit['change']['kind']]?: string } = {
  'move-rule': 'a rule goes before the one at that position: one further down is position + 2',
  'remove-alias': 'there is no such alias',
  'remove-entry': 'write the address as the file has it, without /32 or /128',
}

/** The file that an edit is about, after it; null: it stays as it is. */
export function edited(
  tree: Tree,
  { target, change, by }: Edit,
  hostFw: (node: string) => SourceFile | null,
): SourceFile | EditProblem | null {
  const unknown = unknownTarget(tree, target)
  if (unknown !== null) return unknown
  if (change.kind === 'nic') {
    const guest = tree.guests.find(({ vmid }) => target.kind === 'guest' && vmid === target.vmid)
    if (guest === undefined)
      return wrong(`only guests have NICs`, 'name the guest: `--set 105.net0.firewall=1`')
    const splices = setNicProperty(guest, change.nic, change.key, change.value, by)
    if (isWrong(splices)) return splices
    return splices.length === 0 ? null : fileOf(spliced(linesOf(guest.conf), splices))
  }
  const open = openerOf(tree, target)
  const before = open(fwOf(tree, target, hostFw))
  const splices = splicesOf(before, change, by)
  if (isWrong(splices)) return splices
  if (splices.length === 0) return null
  const after = open(fileOf(spliced(before.text, splices)))
  return refusedIn(after, change, splices) ?? after.file.source
}

/** How a file of the kind of the target is read, with the names that cluster.fw defines. */
export function openerOf(tree: Tree, target: EditTarget): (source: SourceFile) => OpenedFw {
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
