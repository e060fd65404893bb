import type { DiagnosticCode } from '../../source/codes.ts'
import { type Diagnostic, diagnostic, type Severity } from '../../source/diagnostic.ts'
import type { SourceFile, Span } from '../../source/source-file.ts'

/** Complaints of one kind told one by one in a file; the others are counted. */
const mostOfOneKind = 10

/** Collects what is wrong with a dump: a file that is none would else give a complaint for each of its lines. */
export type Report = {
  readonly file: SourceFile
  readonly add: (
    severity: Severity,
    code: DiagnosticCode,
    span: Span,
    message: string,
    help?: string,
  ) => void
  /** Everything that was added, with a note for what was only counted. */
  readonly finished: () => readonly Diagnostic[]
}

export function newReport(file: SourceFile): Report {
  const diagnostics: Diagnostic[] = []
  const counts = new Map<DiagnosticCode, number>()
  return {
    file,
    add: (severity, code, span, message, help) => {
      const count = (counts.get(code) ?? 0) + 1
      counts.set(code, count)
      if (count <= mostOfOneKind)
        diagnostics.push(diagnostic(severity, code, span, message, { help: help ?? null }))
    },
    finished: () => {
      const more = [...counts].filter(([, count]) => count > mostOfOneKind)
      const whole: Span = { file, start: 0, end: 0 }
      return [
        ...diagnostics,
        ...more.map(([code, count]) =>
          diagnostic(
            'note',
            code,
            whole,
            `${count - mostOfOneKind} more like this in ${file.path}`,
          ),
        ),
      ]
    },
  }
}
