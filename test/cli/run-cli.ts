import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'
import type { Environment } from '../../src/render/look.ts'

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type Around = {
  readonly stdin?: string
  readonly env?: Environment
  readonly cwd?: string
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Runs one command line in this process, as from a pipe with a UTF-8 locale unless said otherwise. */
export async function runCli(argv: readonly string[], around: Around = {}): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const sink = {
    drained: async () => {},
    isTTY: around.isTTY ?? false,
    columns: around.columns,
  }
  const io: Io = {
    stdout: {
      ...sink,
      write: (text) => {
        stdout += text
        return true
      },
    },
    stderr: {
      ...sink,
      write: (text) => {
        stderr += text
        return true
      },
    },
    stdin: async function* () {
      yield around.stdin ?? ''
    },
    env: { LC_ALL: 'C.UTF-8', ...around.env },
    cwd: around.cwd ?? process.cwd(),
  }
  const code = await run(argv, io)
  return { code, stdout, stderr }
}
