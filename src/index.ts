/**
 * pvefw as a library: what the firewall of a Proxmox VE node does with a packet, from the node's files alone.
 *
 * ```ts
 * import { openFirewall, trace } from 'pvefw'
 *
 * const { firewall } = openFirewall({ root: '/', node: null, guest: null, hostIp: null, localNetwork: null })
 * if (firewall !== null) {
 *   const answer = trace(firewall, '192.168.1.53 -> 105:80/tcp')
 *   if (answer.kind === 'answer') console.log(answer.answer.trace.outcome)
 * }
 * ```
 */
import { answerOf } from './firewall/answer.ts'
import { ask } from './firewall/ask.ts'
import type { NodeFirewall } from './firewall/node-firewall.ts'
import { parseArrow } from './packet/parse-arrow.ts'
import { isProblem, type Problem } from './packet/problem.ts'
import type { Query } from './packet/query.ts'
import type { Answer } from './render/answer.ts'

export { type Compiled, compile } from './compile/compile.ts'
export { compileAndHold, type NftablesHeld } from './compile/nftables/hold.ts'
export type { IptablesConfig } from './config/dialect/iptables/model.ts'
export { readIptables } from './config/dialect/iptables/read.ts'
export type { NftConfig } from './config/dialect/nftables/model.ts'
export { readNftables } from './config/dialect/nftables/read.ts'
export { type LoadOptions, type LoadResult, loadTree } from './config/load.ts'
export type { Tree } from './config/tree.ts'
export type { EditRequest } from './edit/parse-edit.ts'
export type { EditProblem } from './edit/problem.ts'
export { decide, kernelName } from './eval/decide.ts'
export { evaluate, verdictOf } from './eval/evaluate.ts'
export type { Decision, Outcome, Question, Trace } from './eval/trace.ts'
export { type VerdictOrigin, verdictOrigin } from './eval/verdict-origin.ts'
export type { Asked } from './firewall/ask.ts'
export { type EditedFirewall, editedFirewall } from './firewall/edited.ts'
export { type Asking, type Conversed, converse } from './firewall/flow/converse.ts'
export { flowAnswer } from './firewall/flow/flow-answer.ts'
export { openDrift, openLive } from './firewall/live.ts'
export {
  isRefused,
  type NodeFirewall,
  type OpenOptions,
  type OpenResult,
  openFirewall,
} from './firewall/node-firewall.ts'
export type { Ruleset } from './netfilter/ruleset.ts'
export { parseScript } from './packet/flow/parse-script.ts'
export { showScript } from './packet/flow/show-script.ts'
export type { Script } from './packet/flow/step.ts'
export { parseArrow } from './packet/parse-arrow.ts'
export { parseQueryFields, type QueryFields } from './packet/parse-fields.ts'
export { isProblem, type Problem } from './packet/problem.ts'
export { EMPTY_QUERY, type Query } from './packet/query.ts'
export { readConntrack } from './read/conntrack.ts'
export { type LiveRead, readLive } from './read/live/read-live.ts'
export type { Answer } from './render/answer.ts'
export { renderDiagnostics } from './render/diagnostic-lines.ts'
export { safeJson } from './render/escape.ts'
export { flowJson } from './render/flow-json.ts'
export { renderFlow } from './render/flow-lines.ts'
export type { FlowAnswer } from './render/flow-view.ts'
export { type HandedFile, renderHanded } from './render/iptables-save.ts'
export { answerJson } from './render/json.ts'
export { renderMinimal } from './render/minimal.ts'
export { ansi, plain } from './render/show.ts'
export { renderAnswer } from './render/trace-lines.ts'
export type { Diagnostic } from './source/diagnostic.ts'
export { answerOf, ask }

/** The answer to a question, or what is wrong with it. */
export type TraceResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/**
 * What a firewall does with a packet: a query, or a text such as `192.168.1.53 -> 105:80/tcp`. Ask
 * `isRefused(firewall)` first: where the backend refuses its rules, a node keeps older ones, which no file tells.
 */
export function trace(firewall: NodeFirewall, packet: Query | string): TraceResult {
  const query = typeof packet === 'string' ? parseArrow(packet, firewall.tables) : packet
  if (isProblem(query)) return { kind: 'problems', problems: [query] }
  const asked = ask(firewall, query)
  return asked.kind === 'refused'
    ? { kind: 'problems', problems: asked.problems }
    : { kind: 'answer', answer: answerOf(firewall, asked) }
}
