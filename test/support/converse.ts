import { type Asking, type Conversed, converse } from '../../src/firewall/flow/converse.ts'
import { flowAnswer } from '../../src/firewall/flow/flow-answer.ts'
import { SAME_WAY } from '../../src/firewall/flow/two-ways.ts'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { parseScript } from '../../src/packet/flow/parse-script.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import type { FlowAnswer } from '../../src/render/flow-view.ts'
import { sourceFile } from '../../src/source/source-file.ts'

/** Runs a script between the ends of an arrow; throws where either makes no sense. */
export function talk(
  firewall: NodeFirewall,
  arrow: string,
  said: string | Asking['said'],
  more: Partial<Asking> = {},
): Conversed {
  const query = parseArrow(arrow, firewall.tables)
  if (isProblem(query)) throw new Error(query.message)
  return converse(firewall, {
    query,
    said: typeof said === 'string' ? scripted(said) : said,
    wayBack: SAME_WAY,
    conntrack: [],
    next: null,
    ...more,
  })
}

function scripted(text: string): Asking['said'] {
  const { value, diagnostics } = parseScript(sourceFile('script', text))
  const [complaint] = diagnostics
  if (complaint !== undefined) throw new Error(complaint.message)
  return { kind: 'script', script: value }
}

/** The answer about a conversation; throws where it is refused. */
export function answered(conversed: Conversed): FlowAnswer {
  if (conversed.kind === 'refused')
    throw new Error(conversed.problems.map(({ message }) => message).join('\n'))
  return flowAnswer(conversed.result, conversed.anew, ({ tree }) => tree.node)
}

/** One line an event: `> SYN ACCEPT NEW`, `< ACK unsent`, `wait 31000`. */
export function storyOf({ events }: FlowAnswer): readonly string[] {
  return events.map((event) => {
    if (event.kind === 'wait') return `wait ${event.ms}`
    if (event.kind === 'configuration') return 'new configuration'
    const start = `${event.direction === 'forth' ? '>' : '<'} ${event.name}`
    if (event.fate.kind !== 'walked') return `${start} ${event.fate.kind}`
    const { outcome, hops } = event.fate.answer.trace
    const state = hops.at(-1)?.state ?? '-'
    return `${start} ${outcome.toUpperCase()} ${state.toUpperCase()}`
  })
}
