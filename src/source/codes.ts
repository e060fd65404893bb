/**
 * Every code a diagnostic may carry, with the sentence that explains it in general. Codes are part of the
 * contract with users (`--json`, scripts): they are never renamed. Sorted by code; one line each.
 */
export const DIAGNOSTIC_CODES = {} as const satisfies Record<string, string>

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
