import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import { DEBIAN_NAMES } from './debian-names.ts'
import type { Disk } from './fs.ts'
import type { Tree } from './tree.ts'

/** One note for each kind of thing that is not there, with what that costs. */
export function noteMissing(
  disk: Disk,
  pve: string,
  tree: Omit<Tree, 'diagnostics'>,
  stray: readonly string[],
): readonly Diagnostic[] {
  const isMissing = (path: string): boolean => disk.kind(path) === 'missing'
  const notes: Diagnostic[] = []
  const missing = (path: string, cost: string): void => {
    if (isMissing(path)) notes.push(note('config/missing-file', `no \`${path}\`: ${cost}`))
  }

  missing(`${pve}firewall/cluster.fw`, 'the firewall is off on every node')
  missing(`${pve}nodes/${tree.node}/host.fw`, 'the options of the node have their defaults')
  missing(`${pve}corosync.conf`, 'no rules for cluster traffic, as on a node of its own')
  missing(`${pve}sdn/.running-config`, 'there are no vnets and no `+sdn/` sets')
  if (tree.sdn?.runningFile && tree.sdn.ipamFile === null)
    missing(`${pve}sdn/pve-ipam-state.json`, 'the `+sdn/guest-ipam-...` sets do not exist')
  noteFiles(
    notes,
    [`${pve}storage.cfg`, `${pve}datacenter.cfg`].filter(isMissing),
    'no packet depends on it',
  )
  noteNodeFiles(notes, tree, isMissing)
  const names = ['etc/services', 'etc/protocols', 'etc/ethertypes'].filter(isMissing)
  noteFiles(notes, names, `its names are those of the ${DEBIAN_NAMES}`)
  noteGuests(notes, tree, pve, stray)
  return notes
}

function noteNodeFiles(
  notes: Diagnostic[],
  tree: Omit<Tree, 'diagnostics'>,
  isMissing: (path: string) => boolean,
): void {
  const costs = new Map([
    ['etc/hostname', `the node asked about is \`${tree.node}\` for other reasons`],
    ['etc/hosts', 'names of nodes have no addresses'],
    ['etc/network/interfaces', 'bridges, their ports and the networks of the node are not known'],
  ])
  const missing = [...costs.keys()].filter(isMissing)
  if (tree.layout === 'pve' && missing.length === costs.size) {
    const message =
      'this is a copy of /etc/pve alone: bridges, their ports and the addresses of the node are not known'
    const help =
      'give --root a copy that also has etc/network/interfaces, etc/hosts and etc/hostname'
    notes.push(note('config/missing-file', message, help))
    return
  }
  for (const path of missing)
    notes.push(note('config/missing-file', `no \`${path}\`: ${costs.get(path)}`))
}

function noteFiles(notes: Diagnostic[], paths: readonly string[], cost: string): void {
  if (paths.length === 0) return
  const names = paths.map((path) => `\`${path}\``).join(', ')
  notes.push(note('config/missing-file', `no ${names}: ${cost}`))
}

function noteGuests(
  notes: Diagnostic[],
  { guests, guestFw, node }: Omit<Tree, 'diagnostics'>,
  pve: string,
  stray: readonly string[],
): void {
  const local = guests.filter((guest) => guest.node === node)
  if (local.length === 0)
    notes.push(
      note(
        'config/missing-file',
        `node \`${node}\` has no guests here: only its own traffic can be asked about`,
      ),
    )
  const unfiltered = local.filter(({ vmid }) => !guestFw.has(vmid)).map(({ vmid }) => String(vmid))
  if (unfiltered.length > 0)
    notes.push(
      note(
        'config/guest-without-fw',
        `no .fw file of ${some(unfiltered)}: no rule of theirs filters them`,
        'enable the firewall of a guest to have it filtered',
      ),
    )
  const vmids = new Set(guests.map(({ vmid }) => vmid))
  const orphans = [...guestFw.keys()].filter((vmid) => !vmids.has(vmid)).map(String)
  if (orphans.length > 0)
    notes.push(
      note(
        'config/fw-without-guest',
        `no guest for the .fw file of ${some(orphans)}: Proxmox does not read it`,
        'remove the file, or add the config of the guest to the tree',
      ),
    )
  if (stray.length > 0)
    notes.push(
      note(
        'config/stray-file',
        `\`${pve}firewall\` holds what Proxmox does not read: ${some(stray)}`,
        'rules are in cluster.fw and <vmid>.fw, in lower case, without leading zeros',
      ),
    )
}

/** The first few of many. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`
}

function note(code: Diagnostic['code'], message: string, help = COPY_IT): Diagnostic {
  return diagnostic('note', code, null, message, { help })
}

const COPY_IT = 'if the node has it, copy it into the tree'
