import type { Question, Trace } from '../../src/eval/trace.ts'
import { verdictOrigin } from '../../src/eval/verdict-origin.ts'
import { ask } from '../../src/firewall/ask.ts'
import { isRefused, type NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { type Disagreement, disagreement } from '../../src/kernel/compare.ts'
import type { KernelLab } from '../../src/kernel/kernel-lab.ts'
import type { Query } from '../../src/packet/query.ts'
import { showQuery } from '../../src/packet/show-query.ts'
import { type Files, openFiles } from '../support/arbitraries/node-text.ts'

/** What was asked of kernel and model, and how often they were compared. */
export type Tally = {
  configurations: number
  refused: number
  packets: number
  /** Packets whose question the kernel cannot be asked: outside routers, unknown values. */
  left: number
  /** Deciding rules that come from a line of a file. */
  byLine: number
}

export function newTally(): Tally {
  return { configurations: 0, refused: 0, packets: 0, left: 0, byLine: 0 }
}

/** A configuration, a packet, and how model and kernel differ about it. */
export type Differs = {
  readonly backend: NodeFirewall['backend']
  readonly files: Files
  readonly query: Query | null
  readonly text: string
}

/**
 * Loads a node's rules into the kernel and sends packets: the first about which kernel and model disagree, or about
 * whether the rules load at all; null: they agree.
 */
export async function differs(
  lab: KernelLab,
  files: Files,
  backend: NodeFirewall['backend'],
  queries: readonly Query[],
  tally: Tally,
): Promise<Differs | null> {
  const firewall = openFiles(files, backend)
  tally.configurations += 1
  if (firewall.compiled.state === 'refused' || firewall.compiled.state === 'failed') {
    // the backend's own program ends before any tool is called
    tally.refused += 1
    return null
  }
  const loaded = await lab.load(firewall)
  const predicted = isRefused(firewall)
  if (predicted && loaded.kind === 'loaded' && backend === 'nftables' && lab.translated) {
    tally.refused += 1
    return null
  }
  if (predicted !== (loaded.kind === 'refused')) {
    const said = loaded.kind === 'refused' ? `${loaded.step}: ${loaded.message}` : 'it loads'
    const text = `model: ${predicted ? 'it is refused' : 'it loads'}\nkernel: ${said}`
    return { backend, files, query: null, text }
  }
  if (loaded.kind === 'refused') {
    tally.refused += 1
    return null
  }
  const asked = queries.flatMap((query) => questionOf(firewall, query, tally))
  const answers = await lab.ask(asked.map(({ question }) => question))
  for (const [index, answer] of answers.entries()) {
    const { query, trace } = asked[index] as Asked
    tally.packets += 1
    if (verdictOrigin(trace).kind === 'rule') tally.byLine += 1
    const found = disagreement(trace, answer, backend)
    if (found !== null) return { backend, files, query, text: sideBySide(found) }
  }
  return null
}

type Asked = { readonly query: Query; readonly question: Question; readonly trace: Trace }

function questionOf(firewall: NodeFirewall, query: Query, tally: Tally): readonly Asked[] {
  const asked = ask(firewall, query)
  const stage = asked.kind === 'traced' && asked.stages.length === 1 ? asked.stages[0] : undefined
  const question = stage?.question
  if (asked.kind !== 'traced' || question === undefined || question.path.legs.length !== 1) {
    tally.left += 1
    return []
  }
  return [{ query, question, trace: asked.trace }]
}

function sideBySide({ in: where, model, kernel }: Disagreement): string {
  const width = Math.max(...model.map((line) => line.length), 5) + 3
  const lines = Array.from({ length: Math.max(model.length, kernel.length) }, (_, index) =>
    `${(model[index] ?? '').padEnd(width)}${kernel[index] ?? ''}`.trimEnd(),
  )
  return [`they differ in ${where.join(', ')}`, `${'model'.padEnd(width)}kernel`, ...lines].join(
    '\n',
  )
}

/** Everything a person needs to see it again. */
export function showDiffers({ backend, files, query, text }: Differs): string {
  const own = Object.entries(files).filter(([path]) => path.endsWith('.fw'))
  return [
    `backend ${backend}`,
    ...own.map(([path, content]) => `--- ${path}\n${content.trim()}`),
    query === null ? '' : `--- packet\n${showQuery(query)}`,
    '---',
    text,
  ].join('\n')
}
