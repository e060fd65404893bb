import { fileURLToPath } from 'node:url'
import type { Io, Sink } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'

export type CliResult = {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Both streams in the order they were written: what a terminal shows. */
  readonly screen: string
}

export type CliSurroundings = {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Null: not a terminal. */
  readonly columns?: number | null
  readonly cwd?: string
}

/** Top of the repository: where the commands of READMEs are run. */
export const repository: string = fileURLToPath(new URL('../..', import.meta.url))

/** Runs one command line in this process, as on a terminal of 80 columns without colour unless said. */
export async function runCli(
  argv: readonly string[],
  surroundings: CliSurroundings = {},
): Promise<CliResult> {
  const written = { stdout: '', stderr: '', screen: '' }
  const columns = surroundings.columns === undefined ? 80 : surroundings.columns
  const sink = (stream: 'stdout' | 'stderr'): Sink => ({
    write: (text) => {
      written[stream] += text
      written.screen += text
      return true
    },
    drained: () => Promise.resolve(),
    isTTY: columns !== null,
    columns: columns ?? undefined,
  })
  const io: Io = {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: async function* () {
      yield surroundings.stdin ?? ''
    },
    env: surroundings.env ?? { LANG: 'C.UTF-8', NO_COLOR: '1', TERM: 'xterm' },
    cwd: surroundings.cwd ?? repository,
  }
  const code = await run(argv, io)
  return { code, ...written }
}
