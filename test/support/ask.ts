import { decide } from '../../src/eval/decide.ts'
import { verdictOrigin } from '../../src/eval/verdict-origin.ts'
import { ask } from '../../src/firewall/ask.ts'
import {
  isRefused,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from '../../src/firewall/node-firewall.ts'
import { parseQueryFields, type QueryFields } from '../../src/packet/parse-fields.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { position, type Span } from '../../src/source/source-file.ts'
import type { Place } from './expect.ts'
import type { Outcome } from './expect-compare.ts'

/** Reads and compiles what is below `root`; throws where there is nothing to read. */
export function openNode(
  root: string,
  node: string | null,
  backend: OpenOptions['backend'] = 'auto',
): NodeFirewall {
  const opened = openFirewall({
    root,
    node,
    backend,
    guest: null,
    hostIp: null,
    localNetwork: null,
  })
  if (opened.firewall === null)
    throw new Error(opened.diagnostics.map(({ message }) => message).join('\n'))
  return opened.firewall
}

/** What becomes of one packet, in the classes of `--json`'s `decidedBy`; throws where the question makes no sense. */
export function outcomeOf(firewall: NodeFirewall, fields: QueryFields): Outcome {
  const query = parseQueryFields(fields, firewall.tables)
  if (isProblem(query)) throw new Error(query.message)
  const asked = ask(firewall, query)
  if (asked.kind === 'refused')
    throw new Error(asked.problems.map(({ message }) => message).join('\n'))
  if (isRefused(firewall)) return { verdict: 'refused', by: 'none', place: null, chain: null }
  const { trace } = asked
  const { kind, span } = verdictOrigin(trace)
  return {
    verdict: trace.outcome,
    by: kind,
    place: placeOf(span),
    chain: decide(trace).chain?.name ?? null,
  }
}

/** Where a span begins, as `expect` files name it. */
export function placeOf(span: Span | null): Place | null {
  return span === null ? null : { file: span.file.path, line: position(span).line }
}
