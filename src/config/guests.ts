import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import type { SourceFile } from '../source/source-file.ts'
import { type Disk, FW_BYTES } from './fs.ts'
import { parseGuestConf } from './guest-conf.ts'
import { openReport } from './report.ts'
import type { Guest } from './tree.ts'

/** Reads the configs of all guests of these nodes; `pve` is the prefix of /etc/pve below the root. */
export function readGuests(
  disk: Disk,
  pve: string,
  nodes: readonly string[],
): Parsed<readonly Guest[]> {
  const guests: Guest[] = []
  const report = openReport('the configs of the guests', 200)
  for (const node of nodes) {
    for (const type of ['qemu', 'lxc'] as const) {
      const directory = `${pve}nodes/${node}/${type === 'qemu' ? 'qemu-server' : 'lxc'}`
      for (const entry of disk.list(directory)) {
        const vmid = vmidOf(entry.name, '.conf')
        if (vmid === null) continue
        const path = `${directory}/${entry.name}`
        const file = entry.kind === 'file' ? disk.readListed(path) : disk.read(path)
        if (file === null) continue
        const guest = parseGuestConf(file, { vmid, type, node })
        guests.push(guest.value)
        for (const found of guest.diagnostics) report.add(found.code, () => found)
      }
    }
  }
  return { value: guests, diagnostics: report.diagnostics() }
}

/** The nodes that hold a guest, by vmid or name. */
export function nodesOfGuest(guests: readonly Guest[], wanted: string | null): readonly string[] {
  if (wanted === null) return []
  const found = guests.filter((guest) => String(guest.vmid) === wanted || guest.name === wanted)
  return [...new Set(found.map((guest) => guest.node))]
}

/**
 * One guest for each vmid, by vmid. pmxcfs does not start with a vmid that stands twice (memdb.c
 * `memdb_recreate_vmlist`), so such a tree was put together from several: the asked node's guest is kept.
 */
export function uniqueGuests(guests: readonly Guest[], node: string): Parsed<readonly Guest[]> {
  const kept = new Map<number, Guest>()
  const others: { readonly guest: Guest; readonly vmid: number }[] = []
  for (const guest of guests) {
    const same = kept.get(guest.vmid)
    const replaces = same !== undefined && same.node !== node && guest.node === node
    if (same === undefined || replaces) kept.set(guest.vmid, guest)
    if (same !== undefined) others.push({ guest: replaces ? same : guest, vmid: guest.vmid })
  }
  const report = openReport('this tree')
  for (const { guest, vmid } of others)
    report.add('config/duplicate-vmid', () => duplicateVmid(guest, kept.get(vmid) as Guest))
  return {
    value: [...kept.values()].toSorted((a, b) => a.vmid - b.vmid),
    diagnostics: report.diagnostics(),
  }
}

function duplicateVmid(dropped: Guest, kept: Guest): Diagnostic {
  const message = `guest ${dropped.vmid} has two configs; \`${kept.conf.path}\` is taken, this one is left out`
  const span = { file: dropped.conf, start: 0, end: 0 }
  return diagnostic('error', 'config/duplicate-vmid', span, message, {
    related: [{ span: { file: kept.conf, start: 0, end: 0 }, message: 'the config that is taken' }],
    help: 'remove one of the two files: /etc/pve cannot be mounted with both',
  })
}

export type FirewallDirectory = {
  readonly guestFw: ReadonlyMap<number, SourceFile>
  /** Names Proxmox reads nothing of. */
  readonly stray: readonly string[]
}

/** Reads the .fw files of all guests, whether or not they have a config. */
export function readGuestFw(disk: Disk, pve: string): FirewallDirectory {
  const guestFw = new Map<number, SourceFile>()
  const stray: string[] = []
  for (const entry of disk.list(`${pve}firewall`)) {
    const vmid = vmidOf(entry.name, '.fw')
    const path = `${pve}firewall/${entry.name}`
    if (vmid !== null) {
      const file = entry.kind === 'file' ? disk.readListed(path, FW_BYTES) : disk.read(path)
      if (file !== null) guestFw.set(vmid, file)
    } else if (entry.name !== 'cluster.fw' && entry.kind === 'file') {
      stray.push(entry.name)
    }
  }
  return { guestFw, stray }
}

/** `105.conf` -> 105: no leading zero, at most 32 bits (pmxcfs memdb.c `name_is_vm_config`). */
function vmidOf(name: string, suffix: '.conf' | '.fw'): number | null {
  if (!name.endsWith(suffix)) return null
  const digits = name.slice(0, -suffix.length)
  return /^[1-9]\d{0,9}$/.test(digits) && Number(digits) <= 0xffff_ffff ? Number(digits) : null
}
