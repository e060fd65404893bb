import type { Span } from '../source/source-file.ts'

/** What a rule does for whoever wrote it: `ACCEPT` compiled to `RETURN` still means accept. Null: no decision (marks, jumps, logs). */
export type Means = 'accept' | 'drop' | 'reject' | null

/** A named thing between the line in the file and the compiled rule, outermost first. */
export type Via = {
  readonly what: 'group' | 'macro' | 'ipset' | 'alias'
  readonly name: string
  readonly span: Span | null
}

/** Why a rule of the IR exists. Made where the rule is made, never guessed afterwards. */
export type Origin =
  /** A rule line of a configuration file. For the rules of a security group `span` is the line in the group, `via` has the GROUP line. */
  | {
      readonly kind: 'rule'
      readonly span: Span
      readonly via: readonly Via[]
      readonly means: Means
    }
  /** A policy option (`policy_in` ...); `span` is null when it is the default. */
  | {
      readonly kind: 'policy'
      readonly option: string
      readonly span: Span | null
      readonly means: Means
    }
  /** Made without a rule line: by an option (`span` where it is set), a built-in chain, corosync.conf. */
  | {
      readonly kind: 'generated'
      readonly by: string
      readonly why: string
      readonly span: Span | null
      readonly means: Means
    }
  /** Read from a dump of a live host. */
  | { readonly kind: 'imported'; readonly span: Span; readonly means: Means }
