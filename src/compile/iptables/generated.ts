import type { Means, Origin } from '../../netfilter/origin.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'

/** A line that no rule line and no policy made. */
export type GeneratedLine = {
  readonly text: string
  readonly origin: Extract<Origin, { readonly kind: 'generated' }>
}

/**
 * A generated line: `by` is the sub of Firewall.pm that emits it, `why` one sentence for people, `span` the
 * option (or other config) that asked for it, null for defaults.
 */
export function generated(
  text: string,
  by: string,
  why: string,
  means: Means = null,
  span: Span | null = null,
): GeneratedLine {
  return { text, origin: { kind: 'generated', by, why, span, means } }
}

/** The same line with the option that asked for it. A line without one is shared, not copied. */
export function because(line: GeneratedLine, span: Span | null): RestoreLine {
  return span === null ? line : { text: line.text, origin: { ...line.origin, span } }
}
