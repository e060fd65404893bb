import type { DiagnosticCode } from '../../../source/codes.ts'
import { type Diagnostic, diagnostic, type Severity } from '../../../source/diagnostic.ts'
import { decodeBytes, type Span } from '../../../source/source-file.ts'

/** What is wrong with one file. Filled while it is read. */
export type Complaints = {
  readonly diagnostics: Diagnostic[]
  readonly seen: Map<DiagnosticCode, { count: number; readonly last: Diagnostic }>
  /** Complaints with one code that are made; of more only the number is kept. */
  readonly limit: number
}

/** The part of a complaint that is only made when it will be shown: guesses cost time. */
export type Wording = {
  readonly message: string
  readonly help: string
  readonly related?: Diagnostic['related']
}

/** Complaints with one code about one file; the others are only counted, so a file of junk stays cheap. */
export const COMPLAINTS_PER_CODE = 100

/** Nothing to complain about so far. */
export function noComplaints(limit: number = COMPLAINTS_PER_CODE): Complaints {
  return { diagnostics: [], seen: new Map(), limit }
}

/**
 * Adds a complaint. Beyond the limit of a code it is counted only, and the last one of that
 * code is returned.
 */
export function complain(
  to: Complaints,
  severity: Severity,
  code: DiagnosticCode,
  span: Span,
  wording: () => Wording,
  upstream: readonly string[] = NOTHING,
): Diagnostic {
  const seen = to.seen.get(code)
  if (seen !== undefined && seen.count >= to.limit) {
    seen.count += 1
    return seen.last
  }
  const { message, help, related = [] } = wording()
  const made = diagnostic(severity, code, span, message, { help, related, upstream })
  to.diagnostics.push(made)
  to.seen.set(code, { count: (seen?.count ?? 0) + 1, last: made })
  return made
}

/** True when further complaints of this code about this file are only counted. */
export function isFull(to: Complaints, code: DiagnosticCode): boolean {
  return (to.seen.get(code)?.count ?? 0) >= to.limit
}

/** All complaints about the file, with a note for each code of which some were left out. */
export function allComplaints({ diagnostics, seen, limit }: Complaints): readonly Diagnostic[] {
  const more = [...seen].flatMap(([code, { count, last }]) => {
    if (count <= limit) return []
    const message = `${count - limit} more like this (${code}) in this file`
    const help = 'correct what is listed, and the others will be'
    return [diagnostic('note', 'config/more-like-this', last.span, message, { help })]
  })
  return more.length === 0 ? diagnostics : [...diagnostics, ...more]
}

/** Text of a file in a message: decoded, in backticks, cut when long. */
export function quoted(bytes: string): string {
  const text = decodeBytes(bytes.length > 120 ? bytes.slice(0, 120) : bytes)
  return text.length > 60 ? `\`${text.slice(0, 57)}...\`` : `\`${text}\``
}

/** How the real program names a line: `cluster.fw (line 7)`. */
export function prefixOf(
  { number }: { readonly number: number },
  { label }: { readonly label: string },
): string {
  return `${label} (line ${number})`
}

/** What the real program prints, without the white space at the end of each line. */
export function printed(...lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/[\t\n\v\f\r ]+$/, ''))
}

const NOTHING: readonly string[] = []
