import type { FlowExpectation } from './expect.ts'
import type { FlowOutcome } from './expect-compare.ts'
import { runCli } from './run-cli.ts'
import { type Backend, scenarioRoot, scenariosFolder } from './scenarios.ts'

/** What `pvefw flow --json` answers to a line of a scenario; its files are those of the scenario's folder. */
export async function flowOutcomes(
  scenario: string,
  { argv, node }: FlowExpectation,
  backend: Backend,
): Promise<{ readonly end: FlowOutcome; readonly anew: FlowOutcome | null }> {
  const { code, stdout, stderr } = await runCli(
    [
      ...['flow', '--json', '--backend', backend],
      ...(argv.includes('--root') ? [] : ['--root', scenarioRoot(scenario)]),
      ...(node === null ? [] : ['--node', node]),
      ...argv,
    ],
    { cwd: `${scenariosFolder}/${scenario}` },
  )
  if (code === 3) return { end: REFUSED, anew: null }
  if (code !== 0 && code !== 4) throw new Error(stderr)
  const answer: Answer = JSON.parse(stdout)
  return { end: endOf(answer), anew: answer.anew === null ? null : endOf(answer.anew) }
}

const REFUSED: FlowOutcome = { verdict: 'refused', by: 'none', place: null, chain: null, at: null }

/** The part of the JSON contract that is compared. */
type Conversation = {
  readonly verdict: FlowOutcome['verdict']
  readonly failure: { readonly number: number } | null
  readonly events: readonly {
    readonly kind: string
    readonly number: number
    readonly answer: {
      readonly decidedBy: {
        readonly kind: FlowOutcome['by']
        readonly file: string | null
        readonly line: number
        readonly kernel: string | null
      }
    } | null
  }[]
}
type Answer = Conversation & { readonly anew: Conversation | null }

/** Decided by what stopped the first packet that was lost; by what let the first one through where none was. */
function endOf({ verdict, failure, events }: Conversation): FlowOutcome {
  const packets = events.filter(({ kind, answer }) => kind === 'packet' && answer !== null)
  const telling = packets.find(({ number }) => failure === null || number === failure.number)
  const decidedBy = telling?.answer?.decidedBy
  const at = failure?.number ?? null
  if (decidedBy === undefined) return { verdict, by: 'none', place: null, chain: null, at }
  const { kind, file, line, kernel } = decidedBy
  const parts = kernel?.split(':') ?? []
  return {
    verdict,
    at,
    by: kind,
    place: file === null ? null : { file, line },
    chain: parts.at(parts.length > 4 ? 2 : 1) ?? null,
  }
}
