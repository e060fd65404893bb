import {
  closeSync,
  type Dirent,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { type Diagnostic, diagnostic } from '../source/diagnostic.ts'
import { type SourceFile, sourceFile } from '../source/source-file.ts'
import { openReport } from './report.ts'

/**
 * The files below a root, read only. Nothing throws, nothing blocks (FIFOs and devices are never opened) and
 * nothing grows without bound; what was refused on the way is told by `diagnostics`. Paths are relative to
 * the root, with `/` between and none in front.
 */
export type Disk = {
  /** Null when there is no such file or it was refused. */
  readonly read: (path: string, limit?: number) => SourceFile | null
  /** Like `read` for a path that a listing of {@link Disk.list} gave as a file. */
  readonly readListed: (path: string, limit?: number) => SourceFile | null
  /** Entries sorted by name, symbolic links followed; empty when there is no such directory. */
  readonly list: (path: string) => readonly Entry[]
  readonly kind: (path: string) => 'file' | 'directory' | 'other' | 'missing'
  /** What a symbolic link says; null when it is none. */
  readonly link: (path: string) => string | null
  readonly diagnostics: () => readonly Diagnostic[]
  /** Paths that are there and were not read. */
  readonly refused: () => readonly string[]
}

export type Entry = { readonly name: string; readonly kind: 'file' | 'directory' | 'other' }

/** What pmxcfs can hold in one file (memdb.h MEMDB_MAX_FILE_SIZE): more cannot be in a real /etc/pve. */
export const PMXCFS_FILE_BYTES = 1024 * 1024

/** Most bytes of one file unless the caller allows more. */
const FILE_BYTES = PMXCFS_FILE_BYTES

/** Most bytes of a .fw file: room for a generated one, which is then read and warned about. */
export const FW_BYTES = 2 * PMXCFS_FILE_BYTES

/** Most bytes of etc/hosts, which may hold a block list, and of the JSON of the SDN. */
export const LIST_BYTES = 4 * PMXCFS_FILE_BYTES

/** Most bytes of all files together: what pmxcfs can hold (memdb.h MEMDB_MAX_FSSIZE). */
const TREE_BYTES = 128 * PMXCFS_FILE_BYTES

/** Most directory entries that are looked at: pmxcfs can hold 256 Ki (memdb.h MEMDB_MAX_INODES). */
const TREE_ENTRIES = 300_000

/** Makes the files below `root` readable. `root` itself may be relative to the working directory. */
export function openDisk(root: string): Disk {
  const base = root.replace(/\/+$/, '')
  const report = openReport(`\`${root}\``)
  const refused = new Set<string>()
  const chunk = Buffer.allocUnsafe(64 * 1024)
  let bytesLeft = TREE_BYTES
  let entriesLeft = TREE_ENTRIES

  const absolute = (path: string): string => (path === '' ? root : `${base}/${path}`)

  const refuse = (path: string, why: string, help: string): null => {
    if (!refused.has(path)) {
      refused.add(path)
      const message = `\`${path === '' ? root : path}\` cannot be read: ${why}`
      report.add('config/unreadable-file', () =>
        diagnostic('error', 'config/unreadable-file', null, message, { help }),
      )
    }
    return null
  }

  const kind = (path: string): 'file' | 'directory' | 'other' | 'missing' => {
    try {
      const stats = statSync(absolute(path), { throwIfNoEntry: false })
      if (stats === undefined) return 'missing'
      return stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other'
    } catch (error) {
      if (isMissing(error)) return 'missing'
      refuse(path, reason(error), READ_HELP)
      return 'other'
    }
  }

  const readListed = (path: string, limit = FILE_BYTES): SourceFile | null => {
    try {
      const text = readBytes(absolute(path), Math.min(limit, bytesLeft), chunk)
      if (text === null) {
        const why =
          limit <= bytesLeft
            ? `it is larger than ${limit} bytes, which no file of Proxmox is`
            : `the files of this tree are larger than ${TREE_BYTES} bytes together`
        return refuse(path, why, 'make it smaller; until then it counts as missing')
      }
      bytesLeft -= text.length
      return sourceFile(path, text)
    } catch (error) {
      return isMissing(error) ? null : refuse(path, reason(error), READ_HELP)
    }
  }

  const read = (path: string, limit = FILE_BYTES): SourceFile | null => {
    const found = kind(path)
    if (found === 'file') return readListed(path, limit)
    if (found === 'missing') return null
    const what = found === 'directory' ? 'a directory' : 'no regular file'
    return refuse(
      path,
      `it is ${what}`,
      'put the file in its place; until then it counts as missing',
    )
  }

  const list = (path: string): readonly Entry[] => {
    if (entriesLeft <= 0) return []
    try {
      const found = readdirSync(absolute(path), { withFileTypes: true })
      // Even an empty directory costs something.
      entriesLeft -= found.length + 1
      if (entriesLeft <= 0) {
        const message = `the tree has more than ${TREE_ENTRIES} files; those after \`${path}\` are not read`
        const help = 'give a root that holds one node: pmxcfs cannot hold as many files'
        report.add('config/tree-too-large', () =>
          diagnostic('error', 'config/tree-too-large', null, message, { help }),
        )
      }
      return found
        .slice(0, Math.max(0, found.length + Math.min(0, entriesLeft)))
        .map((entry) => ({ name: entry.name, kind: entryKind(entry, path) }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    } catch (error) {
      if (!isMissing(error)) refuse(path, reason(error), READ_HELP)
      return []
    }
  }

  const entryKind = (entry: Dirent, path: string): Entry['kind'] => {
    if (entry.isFile()) return 'file'
    if (entry.isDirectory()) return 'directory'
    if (!entry.isSymbolicLink()) return 'other'
    const target = kind(path === '' ? entry.name : `${path}/${entry.name}`)
    return target === 'missing' ? 'other' : target
  }

  const link = (path: string): string | null => {
    try {
      return readlinkSync(absolute(path))
    } catch {
      return null
    }
  }

  return {
    read,
    readListed,
    list,
    kind,
    link,
    diagnostics: report.diagnostics,
    refused: () => [...refused],
  }
}

const READ_HELP = 'run pvefw as root, or read a copy of the tree; until then it counts as missing'

/** The bytes of a file as a byte string; null when there are more than `limit`. Throws what the system says. */
function readBytes(path: string, limit: number, chunk: Buffer): string | null {
  const fd = openSync(path, 'r')
  try {
    const parts: string[] = []
    let total = 0
    for (;;) {
      const count = readSync(fd, chunk, 0, chunk.length, null)
      total += count
      if (total > limit) return null
      parts.push(chunk.toString('latin1', 0, count))
      // A short read of a regular file is its end.
      if (count < chunk.length) return parts.join('')
    }
  } finally {
    closeSync(fd)
  }
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function reason(error: unknown): string {
  const code = codeOf(error)
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ELOOP':
      return 'its symbolic links go in a circle'
    case 'ENAMETOOLONG':
      return 'its path is too long'
    default:
      return `the system says ${code}`
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
}
