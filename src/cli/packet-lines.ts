import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import type { Io } from './io.ts'

/** Longest line that is read: a packet takes a few hundred characters. */
export const longestLine = 100_000

/** Lines of a batch file (`-`: standard input) that are not blank, as they come in. */
export async function* packetLines(file: string, io: Io): AsyncIterable<string> {
  const pieces = file === '-' ? io.stdin() : contentOf(resolve(io.cwd, file))
  for await (const line of linesOf(pieces)) if (line.trim() !== '') yield line
}

/** Tells a file that cannot be read from a bug. */
export function isReadError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** Lines of a text that comes in pieces; of an endless line only the beginning is kept. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = piece.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      yield rest + line
      rest = ''
    }
    if (rest.length <= longestLine) rest += last
  }
  yield rest
}

async function* contentOf(path: string): AsyncIterable<string> {
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) yield String(piece)
}
