import { writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Writing } from '../step/state.ts'
import { isLiveConfiguration, makeDirectory } from './output-files.ts'

/** What came of writing, in a sentence. */
export type Written = { readonly text: string; readonly isDone: boolean }

/**
 * Writes edited files below a directory, at the paths they have below their root; directories are made. Never below
 * /etc/pve, also where a path leads there by a symbolic link: nothing is written then.
 */
export function writeEdited({ directory, files }: Writing, cwd: string): Written {
  const top = resolve(cwd, directory)
  const targets = Object.entries(files).map(([path, text]) => ({ file: join(top, path), text }))
  const live = targets.find(({ file }) => isLiveConfiguration(dirname(file)))
  if (live !== undefined)
    return { text: `${live.file} is the live configuration: write elsewhere`, isDone: false }
  try {
    for (const { file, text } of targets) {
      makeDirectory(dirname(file))
      writeFileSync(file, text, 'latin1')
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { text: `cannot write to ${directory}: ${error.message}`, isDone: false }
  }
  const count = targets.length === 1 ? 'one file' : `${targets.length} files`
  return { text: `${count} written below ${directory}`, isDone: true }
}
