import type { SourceFile, Span } from '../../../source/source-file.ts'
import { readLines, type Token } from '../../fw-line.ts'
import { type Findings, refuse, refused } from './refused.ts'
import { linesNotUtf8, SPACE, trim } from './text.ts'

/**
 * Calls `visit` with each line that is neither empty nor a comment, without white space around it, until it
 * answers false. Lines that are not UTF-8 are refused where they stand, comments included
 * (`BufRead::lines`), and not visited.
 */
export function eachLine(
  file: SourceFile,
  findings: Findings,
  visit: (line: Token) => boolean,
): void {
  const damaged = linesNotUtf8(file)
  let next = 0
  for (const line of readLines(file, SPACE)) {
    let unreadable = false
    for (let span = damaged[next]; span !== undefined && span.start <= line.start; ) {
      refuseDamaged(findings, span)
      unreadable = span.end >= line.end
      next += 1
      span = damaged[next]
    }
    if (unreadable) continue
    const token = trim(file.text, line)
    const empty = token.start === token.end || file.text.charCodeAt(token.start) === 0x23
    if (!empty && !visit(token)) return
  }
  for (const span of damaged.slice(next)) refuseDamaged(findings, span)
}

function refuseDamaged(findings: Findings, span: Span): void {
  refuse(
    findings,
    refused(
      'nftables/not-utf8',
      span,
      'stream did not contain valid UTF-8',
      'the line is not UTF-8 (comments count too)',
      'save the file as UTF-8',
    ),
  )
}
