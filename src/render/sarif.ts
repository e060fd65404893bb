import { position, type Span } from '../source/source-file.ts'
import { escapeText } from './escape.ts'
import type { JsonObject } from './json.ts'

/** Something found in a configuration, for programs that collect such things. */
export type Finding = {
  /** Stable from version to version: `lockout/admin/ssh`. */
  readonly code: string
  readonly level: 'error' | 'warning' | 'note'
  /** One or more sentences. */
  readonly message: string
  readonly span: Span | null
}

/**
 * A log of static analysis (SARIF 2.1.0, OASIS). Paths are relative to the root that was read.
 *
 * @param about One sentence for each code, where there is one.
 */
export function sarifLog(
  version: string,
  findings: readonly Finding[],
  about: (code: string) => string | null,
): JsonObject {
  const codes = [...new Set(findings.map(({ code }) => code))].sort((a, b) => (a < b ? -1 : 1))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pvefw',
            version,
            rules: codes.map((id) => {
              const text = about(id)
              return text === null ? { id } : { id, shortDescription: { text } }
            }),
          },
        },
        results: findings.map(({ code, level, message, span }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level,
          message: { text: escapeText(message) },
          locations: span === null ? [] : [location(span)],
        })),
      },
    ],
  }
}

function location(span: Span): JsonObject {
  const { line, column } = position(span)
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(span.file.path) },
      region: { startLine: line, startColumn: column },
    },
  }
}
