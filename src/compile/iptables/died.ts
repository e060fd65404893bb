import type { Span } from '../../source/source-file.ts'

/**
 * A Perl exception: the text it carries and the line to blame. Functions that may die return it (or null);
 * who catches it is as in Firewall.pm: the rule of a host or guest, the GROUP line of a host, a whole guest.
 */
export type Died = {
  readonly message: string
  readonly span: Span | null
  /** What is really wrong, when the text only tells of a consequence. */
  readonly cause: string | null
}

export function died(message: string, span: Span | null, cause: string | null = null): Died {
  return { message, span, cause }
}
