import type { DiagnosticCode } from './codes.ts'
import type { Span } from './source-file.ts'

/**
 * `error`: the backend refuses the configuration, keeps its old rules or leaves something unfiltered;
 * `warning`: a line is ignored or does something else than it says; `note`: good to know.
 */
export type Severity = 'error' | 'warning' | 'note'

export type Diagnostic = {
  readonly code: DiagnosticCode
  readonly severity: Severity
  /** Lower case, one sentence, no full stop; user text in `backticks`. */
  readonly message: string
  /** Null when no file can be blamed (a missing one is named in the message). */
  readonly span: Span | null
  readonly related: readonly { readonly span: Span; readonly message: string }[]
  /** What to do about it, one sentence; null when there is nothing to do. */
  readonly help: string | null
  /** The lines the real program prints for this on its console in verbose mode, word for word; empty if it is silent. */
  readonly upstream: readonly string[]
}

/** A parse always yields a value: Proxmox skips a bad line and goes on, and so does pvefw. */
export type Parsed<T> = { readonly value: T; readonly diagnostics: readonly Diagnostic[] }

/** Makes a {@link Diagnostic}; what is left out of `more` is empty. */
export function diagnostic(
  severity: Severity,
  code: DiagnosticCode,
  span: Span | null,
  message: string,
  more: Partial<Pick<Diagnostic, 'related' | 'help' | 'upstream'>> = {},
): Diagnostic {
  return {
    code,
    severity,
    message,
    span,
    related: more.related ?? [],
    help: more.help ?? null,
    upstream: more.upstream ?? [],
  }
}
