import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { EXIT, type ExitCode } from './exit.ts'
import type { Io } from './io.ts'
import { usageError } from './usage.ts'

/** A text by the name of its file; every character is one byte, as the source files have them. */
export type OutputFiles = Readonly<Record<string, string>>

/** Writes files into a directory, which is made if it is missing. */
export function writeFiles(directory: string, files: OutputFiles, io: Io): ExitCode {
  try {
    makeDirectory(directory)
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(directory, file), text, 'latin1')
    return EXIT.answered
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return usageError(io, `cannot write to ${directory}: ${error.message}`, 'compile')
  }
}

/** Makes a directory with its parents. The recursive mkdir of Node 20 never ends where no directory can be made, as in /proc. */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return
  makeDirectory(dirname(directory))
  mkdirSync(directory)
}

/** Below /etc/pve, also by way of a symbolic link in a part of the path that exists. */
export function isLiveConfiguration(directory: string): boolean {
  return [directory, realDirectory(directory)].some(
    (path) => path === '/etc/pve' || path.startsWith(`/etc/pve${sep}`),
  )
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    const parent = dirname(directory)
    if (parent === directory) return directory
    return join(realDirectory(parent), directory.slice(parent.length))
  }
}
