import type { Span } from '../../source/source-file.ts'

/**
 * A Perl exception: the text it carries and the line to blame. Functions that may die return it (or null);
 * who catches it is as in Firewall.pm: the rule of a host or guest, the GROUP line of a host, a whole guest.
 */
export type Died = { readonly message: string; readonly span: Span | null }
