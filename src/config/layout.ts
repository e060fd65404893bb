import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import type { Disk } from './fs.ts'

export type Layout =
  | { readonly kind: 'node' | 'pve' }
  | { readonly kind: 'none'; readonly diagnostic: Diagnostic }

/** Whether the root is that of a node's file system or of a copy of /etc/pve; by what it holds. */
export function findLayout(disk: Disk, root: string): Layout {
  if (root === '') return none('the root is empty', HELP)
  if (holdsPve(disk, 'etc/pve/')) return { kind: 'node' }
  if (holdsPve(disk, '')) return { kind: 'pve' }
  const what = disk.kind('')
  if (what === 'missing') return none(`there is no \`${root}\``, HELP)
  if (what !== 'directory')
    return none(`\`${root}\` is no directory`, 'unpack it first, then give the directory as --root')
  if (disk.kind('etc/pve') === 'directory')
    return none(
      `\`${root}\` has an etc/pve without firewall and nodes`,
      'is the cluster file system mounted (systemctl status pve-cluster), and may you read it?',
    )
  if (holdsPve(disk, 'pve/'))
    return none(`\`${root}\` is the etc directory of a node`, 'give the directory above as --root')
  if (disk.kind('cluster.fw') === 'file' || disk.kind('host.fw') === 'file')
    return none(
      `\`${root}\` is only a part of /etc/pve`,
      'give the directory that has `firewall` and `nodes` as --root',
    )
  return none(`\`${root}\` has neither etc/pve nor the content of it`, HELP)
}

const HELP =
  'give --root the root of a node (with etc/pve), or a copy of its /etc/pve (with firewall and nodes)'

function holdsPve(disk: Disk, prefix: string): boolean {
  return ['firewall', 'nodes'].some((name) => disk.kind(`${prefix}${name}`) === 'directory')
}

function none(message: string, help: string): Layout {
  return {
    kind: 'none',
    diagnostic: diagnostic('error', 'config/no-configuration', null, message, { help }),
  }
}
