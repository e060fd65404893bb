import type { DiagnosticCode } from '../source/codes.ts'

/** Why a question cannot be answered as it was asked: a value, never thrown. */
export type Problem = {
  readonly kind: 'problem'
  readonly code: DiagnosticCode
  /** Lower case, one sentence, no full stop; user text in `backticks`. */
  readonly message: string
  /** What to say instead; null when there is nothing better. */
  readonly help: string | null
}

/** Makes a {@link Problem}. */
export function problem(
  code: DiagnosticCode,
  message: string,
  help: string | null = null,
): Problem {
  return { kind: 'problem', code, message, help }
}

/** True for a {@link Problem}, false for any other value, unions and primitives included. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'problem'
}

/** User text in backticks: cut to a length a person can read, control characters as `?`. */
export function quoted(text: string): string {
  const printable = [...text.slice(0, 200)]
    .slice(0, 60)
    .map((c) => (c < ' ' || (c >= '\u007f' && c <= '\u009f') ? '?' : c))
    .join('')
  return `\`${printable}${text.length > printable.length ? '…' : ''}\``
}
