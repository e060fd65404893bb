import type { Origin } from '../../netfilter/origin.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'

/** Longest line that is read: iptables-restore takes ten thousand characters. */
const longestLine = 65_536

/** What is longer stands as something that no tool reads: a rule nobody can evaluate. */
export function lineOf(text: string, span: Span): RestoreLine {
  const origin: Origin = { kind: 'imported', span, means: null }
  return text.length > longestLine
    ? { text: `(a line of ${text.length} characters)`, origin }
    : { text, origin }
}
