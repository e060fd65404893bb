import type { DiagnosticCode } from '../../../source/codes.ts'
import { type Diagnostic, diagnostic } from '../../../source/diagnostic.ts'
import type { Span } from '../../../source/source-file.ts'

/** Something proxmox-firewall cannot read: it gives up on everything there and then. */
export type Refused = {
  readonly kind: 'refused'
  readonly code: DiagnosticCode
  readonly span: Span | null
  /** The real program's error text, word for word. It names neither file nor line. */
  readonly error: string
  /** What is wrong, half a sentence for people. */
  readonly cause: string
  readonly help: string
  readonly related: Diagnostic['related']
}

/** Makes a {@link Refused}. */
export function refused(
  code: DiagnosticCode,
  span: Span | null,
  error: string,
  cause: string,
  help: string,
  related: Diagnostic['related'] = [],
): Refused {
  return { kind: 'refused', code, span, error, cause, help, related }
}

/** Tells a refusal from what was read instead. */
export function isRefused<T extends object>(value: T | Refused): value is Refused {
  return 'kind' in value && value.kind === 'refused'
}

/** What any refusal costs: nothing is handed to nft (bin/proxmox-firewall.rs `handle_firewall`). */
export const CONSEQUENCE =
  'proxmox-firewall loads nothing at all: the old rules stay, and after a boot there are none'

/** What a reading collects, in the order the real program would come across it. */
export type Findings = {
  readonly refusals: { readonly error: string; readonly diagnostic: Diagnostic }[]
  readonly diagnostics: Diagnostic[]
}

export function newFindings(): Findings {
  return { refusals: [], diagnostics: [] }
}

/** Notes a refusal. The real program only ever sees the first one, so only that has its console line. */
export function refuse(findings: Findings, refusal: Refused): void {
  const diagnostic = refusalDiagnostic(refusal, findings.refusals.length === 0)
  findings.refusals.push({ error: refusal.error, diagnostic })
  findings.diagnostics.push(diagnostic)
}

/** The diagnostic of a refusal. */
export function refusalDiagnostic(refusal: Refused, first: boolean): Diagnostic {
  const { code, span, cause, help, related, error } = refusal
  return diagnostic('error', code, span, `${cause}, so ${CONSEQUENCE}`, {
    help,
    related,
    upstream: first ? [`error updating firewall rules: ${error}`] : [],
  })
}
