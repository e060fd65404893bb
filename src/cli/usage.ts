import { escapeText } from '../render/escape.ts'
import { EXIT, type ExitCode } from './exit.ts'
import type { Io } from './io.ts'

/** Says what is wrong with a command line and where help is. */
export function usageError(io: Io, message: string, command: string | null): ExitCode {
  const name = command === null ? 'pvefw' : `pvefw ${command}`
  io.stderr.write(`${name}: ${escapeText(message)}\nTry: ${name} --help\n`)
  return EXIT.usage
}
