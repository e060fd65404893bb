import { type Diagnostic, diagnostic, type Severity } from '../source/diagnostic.ts'

/** Takes diagnostics and keeps so many of each code; of the others it only keeps the number. */
export type Report = {
  /** `make` is not called for what is only counted. */
  readonly add: (code: Diagnostic['code'], make: () => Diagnostic) => void
  /** What was kept, and for each code that had more a last one that says how many. */
  readonly diagnostics: () => readonly Diagnostic[]
}

/** Most complaints of one kind about one file: a file of nothing but mistakes must not fill the memory. */
const PER_FILE = 20

/** Opens a report about what `where` names (`etc/hosts`, `guest configs`). */
export function openReport(where: string, limit = PER_FILE): Report {
  const kept: Diagnostic[] = []
  const counts = new Map<Diagnostic['code'], number>()
  const severities = new Map<Diagnostic['code'], Severity>()
  return {
    add: (code, make) => {
      const count = (counts.get(code) ?? 0) + 1
      counts.set(code, count)
      if (count > limit) return
      const made = make()
      severities.set(code, made.severity)
      kept.push(made)
    },
    diagnostics: () => {
      const rests = [...counts].filter(([, count]) => count > limit)
      if (rests.length === 0) return kept
      return kept.concat(
        rests.map(([code, count]) => {
          const message = `${count - limit} more of this kind in ${where}`
          const help = 'correct the ones that are shown first'
          return diagnostic(severities.get(code) ?? 'warning', code, null, message, { help })
        }),
      )
    },
  }
}
