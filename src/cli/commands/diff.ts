import { resolve } from 'node:path'
import { diffNode, type NodeDiff } from '../../firewall/diff/diff.ts'
import { diffView } from '../../firewall/diff/view.ts'
import type { NodeFirewall } from '../../firewall/node-firewall.ts'
import { diffJson, renderDiff } from '../../render/diff-lines.ts'
import type { DiffView } from '../../render/diff-view.ts'
import { safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { BudgetExceeded } from '../../symbolic/diagram.ts'
import type { Arguments } from '../arguments.ts'
import { openUnedited } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { openedInstead, proposedFor } from '../proposed.ts'
import { reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

/** What is compared: two firewalls of the same node, and what each is called. */
type Sides = {
  readonly before: NodeFirewall
  readonly after: NodeFirewall
  readonly names: readonly [string, string]
}

/** `pvefw diff`: all packets that get another verdict. */
export async function diff(given: Arguments, io: Io): Promise<ExitCode> {
  const backends = given.flags.has('backends')
  const [old, now, third] = given.words
  if (third !== undefined) return usageError(io, 'two directories are compared', 'diff')
  const asked = old === undefined ? given : withRoot(given, resolve(io.cwd, old))
  const opened = openUnedited(asked, io.cwd, backends ? 'both' : undefined)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'diff')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const sides = sidesOf(opened.firewall, opened.other, asked, [old, now], io)
  if (typeof sides === 'string') return usageError(io, sides, 'diff')
  const views: DiffView[] = []
  try {
    for (const { before, after } of nodesOf(sides, given)) {
      const found: NodeDiff = diffNode(before, after)
      views.push(diffView(found, before, after, sides.names))
    }
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error
    io.stderr.write(`pvefw diff: ${error.message}\n`)
    return EXIT.unknown
  }
  if (given.flags.has('json'))
    io.stdout.write(`${safeJson({ version: 1, nodes: views.map(diffJson) }, 2)}\n`)
  else {
    const look = lookOf(io.env, io.stdout)
    io.stdout.write(views.map((view) => showLines(renderDiff(view), look)).join('\n'))
  }
  const isSame = views.every(
    ({ entries, untold, odd }) => entries.length + untold.length + odd.length === 0,
  )
  return isSame ? EXIT.answered : EXIT.unexpected
}

function withRoot(given: Arguments, root: string): Arguments {
  return { ...given, text: new Map(given.text).set('root', root) }
}

function sidesOf(
  firewall: NodeFirewall,
  other: NodeFirewall | null,
  given: Arguments,
  [old, now]: readonly (string | undefined)[],
  io: Io,
): Sides | string {
  if (other !== null) {
    if (now !== undefined || isChanged(given))
      return '--backends compares the two backends of one configuration'
    return { before: firewall, after: other, names: ['iptables', 'nftables'] }
  }
  if (now !== undefined) {
    if (isChanged(given))
      return 'give two directories, or what changes one: --proposed, --set, --add ...'
    const after = openedInstead(firewall, resolve(io.cwd, now), given, io, now)
    return typeof after === 'string' ? after : { before: firewall, after, names: [old ?? '', now] }
  }
  if (!isChanged(given))
    return 'say what to compare with: a second directory, --proposed, --set, --add or --backends'
  const after = proposedFor(firewall, given, io)
  if (typeof after === 'string') return after
  return { before: firewall, after, names: ['today', 'proposed'] }
}

function isChanged({ lists, edits }: Arguments): boolean {
  return lists.has('proposed') || edits.length > 0
}

/** The node that was asked for, else all nodes that both sides have. */
function nodesOf(
  { before, after }: Sides,
  given: Arguments,
): readonly { readonly before: NodeFirewall; readonly after: NodeFirewall }[] {
  if (given.text.has('node')) return [{ before, after }]
  return before.tree.nodes.flatMap((node) => {
    const own = before.onNode(node)
    const changed = after.onNode(node)
    return own === null || changed === null ? [] : [{ before: own, after: changed }]
  })
}
