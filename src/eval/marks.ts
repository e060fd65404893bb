import type { Statement } from '../netfilter/ruleset.ts'
import type { RuleHit } from './trace.ts'

/** Marks of the packet and of its connection: 32 bits, unsigned. */
export type Marks = { readonly mark: number; readonly ctMark: number }

/** What a rule does to the marks: `mark_tg`, `connmark_tg` (net/netfilter/xt_mark.c, xt_connmark.c). */
export function changedMarks(statement: Statement, marks: Marks): Marks {
  const { mark, ctMark } = marks
  switch (statement.kind) {
    case 'set-mark': {
      const { which, mask, value } = statement
      return which === 'meta'
        ? { mark: ((mark & ~mask) ^ value) >>> 0, ctMark }
        : { mark, ctMark: ((ctMark & ~mask) ^ value) >>> 0 }
    }
    case 'copy-mark': {
      const { to, fromMask, toMask } = statement
      return to === 'ct'
        ? { mark, ctMark: ((ctMark & ~toMask) ^ (mark & fromMask)) >>> 0 }
        : { mark: ((mark & ~toMask) ^ (ctMark & fromMask)) >>> 0, ctMark }
    }
    default:
      return marks
  }
}

/** The marks after a rule that matched and the chains it went into. */
export function marksAfter(hit: RuleHit, before: Marks): Marks {
  let marks = before
  for (const statement of hit.rule.body) marks = changedMarks(statement, marks)
  for (const inner of hit.into?.hits ?? []) marks = marksAfter(inner, marks)
  return marks
}
