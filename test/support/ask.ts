import { type Compiled, compile } from '../../src/compile/compile.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { loadTree } from '../../src/config/load.ts'
import { decide } from '../../src/eval/decide.ts'
import { evaluate } from '../../src/eval/evaluate.ts'
import { verdictOrigin } from '../../src/eval/verdict-origin.ts'
import { parseQueryFields, type QueryFields } from '../../src/packet/parse-fields.ts'
import { isProblem } from '../../src/packet/problem.ts'
import type { NameTables } from '../../src/packet/query.ts'
import type { Diagnostic } from '../../src/source/diagnostic.ts'
import { position, type Span } from '../../src/source/source-file.ts'
import { nameTablesOf } from '../../src/topology/name-tables.ts'
import { iptablesNames } from '../../src/topology/names.ts'
import { resolveQuery } from '../../src/topology/resolve.ts'
import { type Topology, topologyOf } from '../../src/topology/topology.ts'
import type { Place } from './expect.ts'
import type { Outcome } from './expect-compare.ts'

/** A node whose configuration was read and compiled: ready for questions. */
export type AskedNode = {
  readonly compiled: Compiled
  readonly topology: Topology
  readonly names: NameTables
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads and compiles what is below `root` for the iptables backend; throws where there is nothing to read. */
export function openNode(root: string, node: string | null): AskedNode {
  const loaded = loadTree({ root, node, guest: null, hostIp: null, localNetwork: null })
  const { tree } = loaded
  if (tree === null) throw new Error(loaded.diagnostics.map(({ message }) => message).join('\n'))
  const config = readIptables(tree)
  const compiled = compile(tree, config)
  return {
    compiled,
    topology: topologyOf(tree, 'iptables', iptablesNames(config, tree.localNetwork?.value ?? null)),
    names: nameTablesOf(tree),
    diagnostics: [...loaded.diagnostics, ...config.diagnostics, ...compiled.diagnostics],
  }
}

/** What becomes of one packet; throws where the question makes no sense. */
export function ask({ compiled, topology, names }: AskedNode, fields: QueryFields): Outcome {
  const query = parseQueryFields(fields, names)
  if (isProblem(query)) throw new Error(query.message)
  const resolved = resolveQuery(topology, query, names)
  if (resolved.kind === 'refused')
    throw new Error(resolved.problems.map(({ message }) => message).join('\n'))
  if (compiled.state === 'failed' || compiled.refusal !== null)
    return { verdict: 'refused', by: 'none', place: null, chain: null }
  const { packet, path, state, fib } = resolved
  const ruleset = compiled.held
  const trace = evaluate({ ruleset, path, packet, state, fib, mark: 0, ctMark: 0 })
  const origin = verdictOrigin(trace)
  return {
    verdict: trace.outcome,
    by: origin.kind,
    place: placeOf(origin.span),
    chain: decide(trace).chain?.name ?? null,
  }
}

/** Where a span begins, as `expect` files name it. */
export function placeOf(span: Span | null): Place | null {
  return span === null ? null : { file: span.file.path, line: position(span).line }
}
