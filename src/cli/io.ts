import type { Environment } from '../render/look.ts'
import type { Terminal } from '../tui/terminal.ts'

/** Where text goes, as UTF-8; with `latin1` a byte string as it is. `write` is false when the receiver is gone (a closed pipe): stop quietly then. */
export type Sink = {
  readonly write: (text: string, encoding?: 'latin1') => boolean
  /** Resolves when what was written is taken, so that a long answer does not pile up in memory. */
  readonly drained: () => Promise<void>
  readonly isTTY: boolean
  readonly columns: number | undefined
}

/** Everything a command has to do with the world: given, so that tests run commands in the same process. */
export type Io = {
  readonly stdout: Sink
  readonly stderr: Sink
  /** Text of standard input, in pieces. */
  readonly stdin: () => AsyncIterable<string>
  readonly env: Environment
  readonly cwd: string
  /** The terminal itself, for what draws on it; left out: standard input or output is none. */
  readonly terminal?: Terminal
}
