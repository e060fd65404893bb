import type { Arguments } from '../arguments.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { manPage } from '../roff.ts'

/** `pvefw man`: the man page as roff. */
export async function man(_given: Arguments, io: Io): Promise<ExitCode> {
  io.stdout.write(manPage())
  return EXIT.answered
}
