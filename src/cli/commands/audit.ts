import { auditLockout, type LockoutAudit, losesSomething } from '../../firewall/lockout/audit.ts'
import { lockoutView } from '../../firewall/lockout/view.ts'
import { queryOfPacket } from '../../packet/packet-query.ts'
import { escapeText, safeJson } from '../../render/escape.ts'
import { junitReport } from '../../render/junit.ts'
import { lockoutChecks, lockoutFindings, lockoutJson } from '../../render/lockout-json.ts'
import { renderLockout } from '../../render/lockout-lines.ts'
import type { LockoutView } from '../../render/lockout-view.ts'
import { lookOf } from '../../render/look.ts'
import { sarifLog } from '../../render/sarif.ts'
import { showLines } from '../../render/show.ts'
import { type Arguments, clashWithStep } from '../arguments.ts'
import { openUnedited } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { proposedFor } from '../proposed.ts'
import { reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'
import { VERSION } from '../version.ts'

/** `pvefw audit lockout`: whether what a cluster cannot do without gets through. */
export async function audit(given: Arguments, io: Io): Promise<ExitCode> {
  const clash = clashWithStep(given)
  if (clash !== null) return usageError(io, clash, 'audit')
  const format = given.flags.has('json') ? 'json' : (given.text.get('format') ?? 'text')
  const opened = openUnedited(given, io.cwd)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'audit')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  const own = [opened.firewall, ...(opened.other === null ? [] : [opened.other])]
  const views: LockoutView[] = []
  let isLost = false
  for (const firewall of own) {
    const after = proposedFor(firewall, given, io)
    if (typeof after === 'string') return usageError(io, after, 'audit')
    const node = given.text.get('node')
    const found = auditLockout(after, firewall === after ? null : firewall, {
      admin: given.lists.get('admin') ?? [],
      session: io.env['SSH_CONNECTION'] ?? null,
      nodes: node === undefined ? [] : [node],
    })
    if ('unknown' in found)
      return usageError(
        io,
        `--admin: there is no set, alias or network \`${escapeText(found.unknown[0] ?? '')}\``,
        'audit',
      )
    if (given.flags.has('step')) return stepLost(found, given, io)
    views.push(lockoutView(found))
    isLost ||= losesSomething(found)
  }
  io.stdout.write(shown(views, format, io))
  if (isLost) return EXIT.unexpected
  const isOpen = views.some(({ entries }) => entries.some(({ status }) => status === 'unproved'))
  return isOpen ? EXIT.unknown : EXIT.answered
}

/** The first packet that is lost, stepped through. */
async function stepLost(
  { firewall, audited }: LockoutAudit,
  given: Arguments,
  io: Io,
): Promise<ExitCode> {
  const lost = audited.find(({ proof }) => proof.kind === 'lost')
  if (lost?.proof.kind !== 'lost') {
    io.stdout.write('nothing is lost: there is no packet to step through\n')
    return EXIT.answered
  }
  const { need, proof } = lost
  const ends = [need.from.place, need.to.place] as const
  const [from, to] = proof.phase === 'answer' ? ends.toReversed() : ends
  const { packet, state } = proof.witness.witness
  const query = queryOfPacket(from ?? 'outside', to ?? 'host', packet, state)
  const { stepThrough } = await import('./step.ts')
  return stepThrough(firewall, { kind: 'packet', query }, given, io, 'audit')
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
