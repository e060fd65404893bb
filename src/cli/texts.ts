import { resolve } from 'node:path'
import { type SourceFile, sourceFile } from '../source/source-file.ts'
import { readBytes, standardInput } from './dumps.ts'
import type { Io } from './io.ts'

/** A file of the command line as a byte string, `-` for standard input; or why it cannot be read. */
export async function readText(
  name: string,
  io: Io,
): Promise<SourceFile | { readonly message: string }> {
  try {
    const text = name === '-' ? await standardInput(io) : readBytes(resolve(io.cwd, name))
    if (text === null) return { message: `${name} is larger than any file that can be meant` }
    return sourceFile(name === '-' ? 'stdin' : name, text)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    return { message: `cannot read ${name}: ${error.message}` }
  }
}
