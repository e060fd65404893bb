import type { Edit } from '../../edit/edit.ts'
import { parseEdits } from '../../edit/parse-edit.ts'
import { isWrong } from '../../edit/problem.ts'
import { planOf } from '../../firewall/plan/plan.ts'
import { planView } from '../../firewall/plan/view.ts'
import { safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { planJson, renderPlan } from '../../render/plan-lines.ts'
import { showLines } from '../../render/show.ts'
import type { Arguments } from '../arguments.ts'
import { openUnedited } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw plan`: the safe way to a change, step by step. */
export async function plan(given: Arguments, io: Io): Promise<ExitCode> {
  if (given.edits.length === 0)
    return usageError(
      io,
      'say what is to change: --enable cluster, --set, --add, --apply ...',
      'plan',
    )
  const opened = openUnedited(given, io.cwd)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'plan')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const { firewall } = opened
  const edits: Edit[] = []
  for (const request of given.edits) {
    const asked = parseEdits(request, firewall.tree)
    if (isWrong(asked)) return usageError(io, `${asked.problem}; ${asked.help}`, 'plan')
    edits.push(...asked)
  }
  const made = planOf(firewall, edits, {
    admin: given.lists.get('admin') ?? [],
    session: io.env['SSH_CONNECTION'] ?? null,
    nodes: [],
  })
  if ('problem' in made) return usageError(io, `${made.problem}; ${made.help}`, 'plan')
  if ('unknown' in made)
    return usageError(
      io,
      `--admin: there is no set, alias or network \`${made.unknown[0]}\``,
      'plan',
    )
  const view = planView(made)
  if (given.flags.has('json')) io.stdout.write(`${safeJson(planJson(view), 2)}\n`)
  else {
    const look = lookOf(io.env, io.stdout)
    io.stdout.write(showLines(renderPlan(view, look), look))
  }
  if (view.lost.length > 0) return EXIT.unexpected
  return view.unproved.length + view.blind.length > 0 ? EXIT.unknown : EXIT.answered
}
