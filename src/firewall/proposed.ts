import type { SourceFile } from '../source/source-file.ts'
import type { TreeChange } from './node-firewall.ts'

/** What of a tree a file replaces; null: its name is that of no file of the firewall. */
type Replaced =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'host'; readonly node: string | null }
  | { readonly kind: 'guest'; readonly vmid: number }
  | { readonly kind: 'vnet'; readonly name: string }

/**
 * The change that puts files in place of those of the same name: `cluster.fw`, `105.fw`, `nodes/NAME/host.fw` (without a
 * node in its path: of the node asked about), `sdn/firewall/VNET.fw`. `unknown`: paths that are none of these.
 */
export function replacing(
  files: readonly SourceFile[],
  asked: string,
): { readonly change: TreeChange; readonly unknown: readonly string[] } {
  const known = files.flatMap((file) => {
    const what = replacedBy(file.path)
    return what === null ? [] : [{ file, what }]
  })
  const unknown = files.filter(({ path }) => replacedBy(path) === null).map(({ path }) => path)
  const change: TreeChange = (tree) => {
    let changed = tree
    for (const { file, what } of known) {
      switch (what.kind) {
        case 'cluster':
          changed = { ...changed, clusterFw: file }
          break
        case 'host':
          if ((what.node ?? asked) === tree.node) changed = { ...changed, hostFw: file }
          break
        case 'guest':
          changed = { ...changed, guestFw: new Map(changed.guestFw).set(what.vmid, file) }
          break
        default:
          changed = { ...changed, vnetFw: new Map(changed.vnetFw).set(what.name, file) }
      }
    }
    return changed
  }
  return { change, unknown }
}

function replacedBy(path: string): Replaced | null {
  const [, folder, name] = /(?:^|\/)(?:([^/]+)\/)?([^/]+)\.fw$/.exec(path) ?? []
  if (name === undefined) return null
  if (name === 'cluster') return { kind: 'cluster' }
  if (name === 'host') {
    const node = /(?:^|\/)nodes\/([^/]+)\/host\.fw$/.exec(path)?.[1] ?? null
    return { kind: 'host', node }
  }
  if (/^\d+$/.test(name)) return { kind: 'guest', vmid: Number(name) }
  return folder === 'firewall' || /^[a-z][a-z0-9]{0,7}$/i.test(name) ? { kind: 'vnet', name } : null
}
