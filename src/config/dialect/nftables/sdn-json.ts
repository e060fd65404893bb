import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { SourceFile, Span } from '../../../source/source-file.ts'
import { type Findings, refuse, refused } from './refused.ts'

/** Why a JSON file of the SDN does not load. `key` is a text of the file to point at. */
export type Problem = {
  readonly kind: 'problem'
  readonly error: string
  readonly key: string | null
  readonly cause: string
}

export function problem(error: string, key: string | null, cause: string): Problem {
  return { kind: 'problem', error, key, cause }
}

export function isProblem(value: unknown): value is Problem {
  return isRecord(value) && value['kind'] === 'problem'
}

export type JsonRecord = { readonly [key: string]: unknown }

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What serde calls a value in `invalid type: ...`. */
export function typeText(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'sequence'
  switch (typeof value) {
    case 'string':
      return `string ${JSON.stringify(value)}`
    case 'number':
      return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``
    case 'boolean':
      return `boolean \`${value}\``
    default:
      return 'map'
  }
}

/** Refuses a file that is not JSON at all; the tree's reader has found that out already. */
export function refuseNotJson(file: SourceFile, findings: Findings): void {
  const empty = file.text.trim() === ''
  refuse(
    findings,
    refused(
      'nftables/sdn-invalid',
      spanOfText(file, null),
      empty
        ? `EOF while parsing a value at line ${file.lineStarts.length} column 0`
        : 'expected value',
      empty ? `\`${file.path}\` is empty` : `\`${file.path}\` is not JSON`,
      'remove the file or apply the SDN configuration again (pvesh set /cluster/sdn)',
    ),
  )
}

/** Refuses a file for what it says. */
export function refuseProblem(
  file: SourceFile,
  { error, key, cause }: Problem,
  help: string,
  findings: Findings,
): void {
  const span = spanOfText(file, key)
  const related: Diagnostic['related'] = []
  refuse(findings, refused('nftables/sdn-invalid', span, error, cause, help, related))
}

/** Where a text stands as string in the file for the first time; the start of the file for null. */
export function spanOfText(file: SourceFile, text: string | null): Span {
  const found = text === null ? undefined : stringsOf(file).get(text)
  return found ?? { file, start: 0, end: Math.min(1, file.text.length) }
}

/** The strings of a JSON file, each where it stands first; looked for once per file. */
function stringsOf(file: SourceFile): ReadonlyMap<string, Span> {
  const known = STRINGS.get(file)
  if (known !== undefined) return known
  const { text } = file
  const strings = new Map<string, Span>()
  for (let start = text.indexOf('"'); start !== -1; ) {
    let end = start + 1
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
    const value = text.slice(start + 1, end)
    if (!strings.has(value))
      strings.set(value, { file, start, end: Math.min(end + 1, text.length) })
    start = text.indexOf('"', end + 1)
  }
  STRINGS.set(file, strings)
  return strings
}

const STRINGS = new WeakMap<SourceFile, ReadonlyMap<string, Span>>()
