import { namesOf } from '../../firewall/answer.ts'
import { lint as findings } from '../../firewall/lint/lint.ts'
import { countDiagnostics, renderDiagnostics } from '../../render/diagnostic-lines.ts'
import { safeJson } from '../../render/escape.ts'
import { shortNames } from '../../render/file-names.ts'
import { diagnosticJson } from '../../render/json.ts'
import { type Check, junitReport } from '../../render/junit.ts'
import { lookOf } from '../../render/look.ts'
import { sarifLog } from '../../render/sarif.ts'
import { showLines } from '../../render/show.ts'
import { line, piece } from '../../render/styled.ts'
import { DIAGNOSTIC_CODES } from '../../source/codes.ts'
import type { Diagnostic } from '../../source/diagnostic.ts'
import { lineNumber } from '../../source/source-file.ts'
import { BudgetExceeded } from '../../symbolic/diagram.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportAll, reportUnreadable } from '../report.ts'
import { usageError } from '../usage.ts'
import { VERSION } from '../version.ts'

const SENTENCES: ReadonlyMap<string, string> = new Map(Object.entries(DIAGNOSTIC_CODES))

/** `pvefw lint`: every line without effect, or with another than it says. */
export async function lint(given: Arguments, io: Io): Promise<ExitCode> {
  const format = given.flags.has('json') ? 'json' : (given.text.get('format') ?? 'text')
  const opened = openConfiguration(given, io.cwd, null)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'lint')
  if (opened.kind === 'unreadable') {
    reportUnreadable(io, opened)
    return EXIT.refused
  }
  reportAll(io, opened.notes)
  let found: readonly Diagnostic[]
  try {
    found = findings(opened.firewall)
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error
    io.stderr.write(`pvefw lint: ${error.message}\n`)
    return EXIT.unknown
  }
  io.stdout.write(shown(found, format, io, [opened.firewall]))
  return found.some(({ severity }) => severity !== 'note') ? EXIT.unexpected : EXIT.answered
}

function shown(
  found: readonly Diagnostic[],
  format: string,
  io: Io,
  firewalls: Parameters<typeof namesOf>[0],
): string {
  switch (format) {
    case 'json':
      return `${safeJson({ version: 1, findings: found.map(diagnosticJson) }, 2)}\n`
    case 'sarif':
      return `${safeJson(
        sarifLog(VERSION, found.map(asFinding), (code) => SENTENCES.get(code) ?? null),
        2,
      )}\n`
    case 'junit':
      return junitReport(found.map(asCheck))
    default: {
      const look = lookOf(io.env, io.stdout)
      const paths = found.flatMap(({ span }) => (span === null ? [] : [span.file.path]))
      const names = firewalls.length > 0 ? namesOf(firewalls, paths) : shortNames(paths)
      const count = countDiagnostics(found)
      const summary =
        count === '' ? piece('nothing to complain about', 'accept') : piece(count, 'strong')
      const lines = [...renderDiagnostics(found, names, look.width ?? 80), line([summary])]
      return showLines(lines, look)
    }
  }
}

function asFinding({ code, severity, message, span, help }: Diagnostic) {
  const advice = help === null ? '' : `; ${help}`
  return { code, level: severity, message: `${message}${advice}`, span }
}

function asCheck({ code, severity, message, span }: Diagnostic): Check {
  const place = span === null ? '' : ` ${span.file.path}:${lineNumber(span.file, span.start)}`
  return {
    suite: 'lint',
    name: `${code}${place}`,
    failure: severity === 'note' ? null : { kind: 'failed', message },
  }
}
