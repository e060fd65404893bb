import { parseGuestConf } from '../config/guest-conf.ts'
import type { Tree } from '../config/tree.ts'
import { type SourceFile, sourceFile } from '../source/source-file.ts'
import type { EditTarget } from './edit.ts'

/** Files by path relative to the root: those that were edited. */
export type EditedFiles = ReadonlyMap<string, SourceFile>

/** Where the file of a target is, whether or not there is one. */
export function pathOf({ layout, node }: Tree, target: EditTarget): string {
  const pve = layout === 'node' ? 'etc/pve/' : ''
  switch (target.kind) {
    case 'cluster':
      return `${pve}firewall/cluster.fw`
    case 'host':
      return `${pve}nodes/${target.node ?? node}/host.fw`
    case 'guest':
      return `${pve}firewall/${target.vmid}.fw`
    default:
      return `${pve}sdn/firewall/${target.name}.fw`
  }
}

/** The .fw file of a target as it is in a tree, an empty one if there is none. `hostFw`: that of other nodes. */
export function fwOf(
  tree: Tree,
  target: EditTarget,
  hostFw: (node: string) => SourceFile | null,
): SourceFile {
  return stored(tree, target, hostFw) ?? sourceFile(pathOf(tree, target), '')
}

function stored(
  tree: Tree,
  target: EditTarget,
  hostFw: (node: string) => SourceFile | null,
): SourceFile | null {
  switch (target.kind) {
    case 'cluster':
      return tree.clusterFw
    case 'host':
      return (target.node ?? tree.node) === tree.node ? tree.hostFw : hostFw(target.node ?? '')
    case 'guest':
      return tree.guestFw.get(target.vmid) ?? null
    default:
      return tree.vnetFw.get(target.name) ?? null
  }
}

/** A tree, of the node asked about or another one, with edited files in place of those on disk. */
export function withFiles(tree: Tree, files: EditedFiles): Tree {
  if (files.size === 0) return tree
  const at = (target: EditTarget): SourceFile | undefined => files.get(pathOf(tree, target))
  const guestFw = new Map(tree.guestFw)
  const vnetFw = new Map(tree.vnetFw)
  for (const [path, file] of files) {
    const [, vnet, vmid] =
      /(?:^|\/)(?:sdn\/firewall\/([^/]+)|firewall\/(\d+))\.fw$/.exec(path) ?? []
    if (vnet !== undefined) vnetFw.set(vnet, file)
    if (vmid !== undefined) guestFw.set(Number(vmid), file)
  }
  const complaints = tree.diagnostics.filter(
    ({ span, code, message }) =>
      !files.has(span?.file.path ?? '') &&
      // what was missing and is made by the edit
      !(
        code === 'config/missing-file' &&
        [...files.keys()].some((path) => message.includes(`\`${path}\``))
      ),
  )
  const guests = tree.guests.map((guest) => {
    const conf = files.get(guest.conf.path)
    if (conf === undefined) return guest
    const parsed = parseGuestConf(conf, guest)
    complaints.push(...parsed.diagnostics)
    return parsed.value
  })
  return {
    ...tree,
    clusterFw: at({ kind: 'cluster' }) ?? tree.clusterFw,
    hostFw: at({ kind: 'host', node: tree.node }) ?? tree.hostFw,
    guestFw,
    vnetFw,
    guests,
    diagnostics: complaints,
  }
}
