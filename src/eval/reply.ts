import type { RejectWith } from '../netfilter/ruleset.ts'
import type { HopTrace, Question, RejectReply } from './trace.ts'

export function replyFate(
  _question: Question,
  _hops: readonly HopTrace[],
  kind: RejectWith,
): RejectReply {
  return { with: kind, reachesSender: true, why: null }
}
