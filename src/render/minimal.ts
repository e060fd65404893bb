import type { VerdictOrigin } from '../eval/verdict-origin.ts'
import { lineNumber } from '../source/source-file.ts'
import type { Answer } from './answer.ts'
import { escapeToAscii } from './escape.ts'

/**
 * The answer in one line that stays the same between versions: `DROP etc/pve/firewall/105.fw:7
 * filter:tap105i0-IN:rule:6`. Three fields between single blanks: verdict; file and line relative to the root, or
 * `policy`, `generated`, `none` where no line did it; the kernel's name of the rule, `-` if none. ASCII only.
 */
export function renderMinimal({ trace, origin, kernel }: Answer): string {
  const fields = [trace.outcome.toUpperCase(), showPlain(origin), kernel ?? '-']
  return `${fields.map((field) => escapeToAscii(field).replaceAll(' ', '\\x20')).join(' ')}\n`
}

function showPlain({ kind, span }: VerdictOrigin): string {
  return span === null ? kind : `${span.file.path}:${lineNumber(span.file, span.start)}`
}
