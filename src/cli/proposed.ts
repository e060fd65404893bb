import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isWrong } from '../edit/problem.ts'
import { editedFirewall } from '../firewall/edited.ts'
import { type NodeFirewall, openFirewall } from '../firewall/node-firewall.ts'
import { replacing } from '../firewall/proposed.ts'
import { type SourceFile, sourceFile } from '../source/source-file.ts'
import type { Arguments } from './arguments.ts'
import { openOptions } from './configuration.ts'
import { readBytes } from './dumps.ts'
import type { Io } from './io.ts'
import { reportAll } from './report.ts'

/**
 * The firewall after what `--proposed` names and then `--set`, `--add` and their like: the same one where nothing is named;
 * a text says what is wrong.
 */
export function proposedFor(
  firewall: NodeFirewall,
  given: Arguments,
  io: Io,
): NodeFirewall | string {
  const replaced = replacedBy(firewall, given, io)
  if (typeof replaced === 'string') return replaced
  const after = editedFirewall(replaced, given.edits)
  if (isWrong(after)) return `${after.problem}; ${after.help}`
  reportAll(io, after.notes)
  return after.firewall
}

function replacedBy(firewall: NodeFirewall, given: Arguments, io: Io): NodeFirewall | string {
  const paths = given.lists.get('proposed') ?? []
  const files: SourceFile[] = []
  for (const path of paths) {
    const full = resolve(io.cwd, path)
    try {
      if (statSync(full).isDirectory()) {
        if (paths.length > 1) return '--proposed takes one directory, or files'
        return openedInstead(firewall, full, given, io, '--proposed')
      }
      const text = readBytes(full)
      if (text === null) return `${path} is too large for a file of the firewall`
      files.push(sourceFile(path, text))
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error
      return `cannot read ${path}: ${error.message}`
    }
  }
  if (files.length === 0) return firewall
  const { change, unknown } = replacing(files, firewall.tree.node)
  if (unknown.length > 0) return `--proposed: ${unknown[0]} has the name of no file of the firewall`
  return firewall.edited(change)
}

/** A whole tree in place of another, for the same node and backend. */
export function openedInstead(
  { tree, backend }: NodeFirewall,
  root: string,
  given: Arguments,
  io: Io,
  what: string,
): NodeFirewall | string {
  const asked = given.text.get('backend') ?? 'auto'
  const options = openOptions(given, io.cwd, null, asked === 'both' ? backend : asked)
  if ('message' in options) return options.message
  const opened = openFirewall({ ...options, root, node: tree.node })
  if (opened.firewall !== null) return opened.firewall
  return `${what}: ${opened.diagnostics.map(({ message }) => message).join('; ')}`
}
