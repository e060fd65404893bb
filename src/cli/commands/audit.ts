import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { auditLockout, losesSomething } from '../../firewall/lockout/audit.ts'
import { lockoutView } from '../../firewall/lockout/view.ts'
import { type NodeFirewall, openFirewall } from '../../firewall/node-firewall.ts'
import { replacing } from '../../firewall/proposed.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { junitReport } from '../../render/junit.ts'
import { lockoutChecks, lockoutFindings, lockoutJson } from '../../render/lockout-json.ts'
import { renderLockout } from '../../render/lockout-lines.ts'
import type { LockoutView } from '../../render/lockout-view.ts'
import { lookOf } from '../../render/look.ts'
import { sarifLog } from '../../render/sarif.ts'
import { showLines } from '../../render/show.ts'
import { type SourceFile, sourceFile } from '../../source/source-file.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration, openOptions } from '../configuration.ts'
import { readBytes } from '../dumps.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'
import { VERSION } from '../version.ts'

type Change = { readonly before: NodeFirewall; readonly after: NodeFirewall }

/** `pvefw audit lockout`: whether what a cluster cannot do without gets through. */
export async function audit(given: Arguments, io: Io): Promise<ExitCode> {
  const format = given.flags.has('json') ? 'json' : (given.text.get('format') ?? 'text')
  const opened = openConfiguration(given, io.cwd, null)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'audit')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const own = [opened.firewall, ...(opened.other === null ? [] : [opened.other])]
  const views: LockoutView[] = []
  let isLost = false
  for (const firewall of own) {
    const change = proposedFor(firewall, given, io)
    if (typeof change === 'string') return usageError(io, change, 'audit')
    const node = given.text.get('node')
    const found = auditLockout(
      change.after,
      change.before === change.after ? null : change.before,
      {
        admin: given.lists.get('admin') ?? [],
        session: io.env['SSH_CONNECTION'] ?? null,
        nodes: node === undefined ? [] : [node],
      },
    )
    if ('unknown' in found)
      return usageError(
        io,
        `--admin: there is no set, alias or network \`${escapeText(found.unknown[0] ?? '')}\``,
        'audit',
      )
    views.push(lockoutView(found))
    isLost ||= losesSomething(found)
  }
  io.stdout.write(shown(views, format, io))
  if (isLost) return EXIT.unexpected
  const isOpen = views.some(({ entries }) => entries.some(({ status }) => status === 'unproved'))
  return isOpen ? EXIT.unknown : EXIT.answered
}

function shown(views: readonly LockoutView[], format: string, io: Io): string {
  switch (format) {
    case 'json':
      return `${safeJson({ version: 1, audits: views.map(lockoutJson) }, 2)}\n`
    case 'sarif':
      return `${safeJson(
        sarifLog(VERSION, views.flatMap(lockoutFindings), () => null),
        2,
      )}\n`
    case 'junit':
      return junitReport(views.flatMap(lockoutChecks))
    default: {
      const look = lookOf(io.env, io.stdout)
      return views.map((view) => showLines(renderLockout(view, look), look)).join('\n')
    }
  }
}

/** The firewall before and after what `--proposed` names, or what is wrong with it. */
function proposedFor(firewall: NodeFirewall, given: Arguments, io: Io): Change | string {
  const paths = given.lists.get('proposed') ?? []
  if (paths.length === 0) return { before: firewall, after: firewall }
  const files: SourceFile[] = []
  let after = firewall
  for (const path of paths) {
    const full = resolve(io.cwd, path)
    try {
      if (!statSync(full).isDirectory()) {
        const text = readBytes(full)
        if (text === null) return `${path} is too large for a file of the firewall`
        files.push(sourceFile(path, text))
        continue
      }
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error
      return `cannot read ${path}: ${error.message}`
    }
    if (paths.length > 1) return '--proposed takes one directory, or files'
    const tree = openedTree(firewall, full, given, io)
    if (typeof tree === 'string') return tree
    after = tree
  }
  if (files.length === 0) return { before: firewall, after }
  const { change, unknown } = replacing(files, firewall.tree.node)
  if (unknown.length > 0) return `--proposed: ${unknown[0]} has the name of no file of the firewall`
  return { before: firewall, after: firewall.edited(change) }
}

/** A whole tree in place of `--root`, for the same node and backend. */
function openedTree(
  { tree, backend }: NodeFirewall,
  root: string,
  given: Arguments,
  io: Io,
): NodeFirewall | string {
  const asked = given.text.get('backend') ?? 'auto'
  const options = openOptions(given, io.cwd, null, asked === 'both' ? backend : asked)
  if ('message' in options) return options.message
  const opened = openFirewall({ ...options, root, node: tree.node })
  if (opened.firewall !== null) return opened.firewall
  return `--proposed: ${opened.diagnostics.map(({ message }) => message).join('; ')}`
}
