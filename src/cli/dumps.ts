import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { openLive } from '../firewall/live.ts'
import { type SourceFile, sourceFile } from '../source/source-file.ts'
import type { Arguments } from './arguments.ts'
import { type Configuration, invalidOption, openOptions } from './configuration.ts'
import type { Io } from './io.ts'

/** Largest dump that is read: ten thousand guests have a tenth of it. */
const longest = 256 * 2 ** 20

/** The firewall of a node as the dumps of `--ruleset` show it. */
export async function openDumped(
  given: Arguments,
  io: Io,
  guest: string | null,
): Promise<Configuration> {
  const options = openOptions(given, io.cwd, guest, given.text.get('backend') ?? 'auto')
  if ('message' in options) return { kind: 'usage', message: options.message }
  const [edit] = given.edits
  if (edit !== undefined)
    return {
      kind: 'usage',
      message: `--${edit.option} is about the files, and the dumps of --ruleset decide; leave one of them out`,
    }
  const dumps = await readDumps(given, io)
  if ('message' in dumps) return { kind: 'usage', message: dumps.message }
  const opened = openLive(dumps.files, options, given.text.has('root'))
  const invalid = invalidOption(opened.diagnostics)
  if (invalid !== null) return invalid
  const { firewall, warnings, diagnostics } = opened
  if (firewall === null) return { kind: 'unreadable', diagnostics, couldGoOn: false }
  return { kind: 'opened', firewall, other: null, warnings, notes: [] }
}

/** The files of `--ruleset`, `-` for standard input. */
export async function readDumps(
  given: Arguments,
  io: Io,
): Promise<{ readonly files: readonly SourceFile[] } | { readonly message: string }> {
  const names = given.lists.get('ruleset') ?? []
  if (names.length === 0) return { message: '--ruleset needs a file' }
  const files: SourceFile[] = []
  for (const name of names) {
    try {
      const text = name === '-' ? await standardInput(io) : readBytes(resolve(io.cwd, name))
      if (text === null) return { message: `${name} is larger than any dump of a ruleset` }
      files.push(sourceFile(name === '-' ? 'stdin' : name, text))
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error
      return { message: `cannot read ${name}: ${error.message}` }
    }
  }
  return { files }
}

/** A file as a byte string, be it a pipe (`<(nft -j list ruleset)`); null: it is too large. */
export function readBytes(path: string): string | null {
  const file = openSync(path, 'r')
  try {
    const parts: string[] = []
    const buffer = Buffer.allocUnsafe(1 << 20)
    let size = 0
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      size += read
      if (size > longest) return null
      parts.push(buffer.toString('latin1', 0, read))
    }
    return parts.join('')
  } finally {
    closeSync(file)
  }
}

/** All of standard input as a byte string; null: it is too large. */
export async function standardInput({ stdin }: Io): Promise<string | null> {
  const parts: string[] = []
  let size = 0
  for await (const text of stdin()) {
    size += text.length
    if (size > longest) return null
    parts.push(Buffer.from(text, 'utf8').toString('latin1'))
  }
  return parts.join('')
}
