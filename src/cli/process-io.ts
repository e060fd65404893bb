import { EXIT } from './exit.ts'
import type { Io, Sink } from './io.ts'

/** The real streams. A reader that closes the pipe early (`| head`) ends the command quietly. */
export function processIo(): Io {
  return {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: readStdin,
    env: process.env,
    cwd: process.cwd(),
    ...(process.stdin.isTTY === true && process.stdout.isTTY === true
      ? { terminal: { stdin: process.stdin, stdout: process.stdout } }
      : {}),
  }
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  let open = true
  stream.on('error', (error: NodeJS.ErrnoException) => {
    open = false
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return
    // an answer that nobody got is none, so no exit code of an answer
    if (stream !== process.stderr)
      process.stderr.write(`pvefw: cannot write the answer: ${error.message}\n`)
    process.exit(EXIT.usage)
  })
  return {
    write: (text, encoding) => {
      if (open && text !== '') stream.write(text, encoding ?? 'utf8')
      return open
    },
    drained: () =>
      new Promise((resolve) => {
        if (!open || !stream.writableNeedDrain) return resolve()
        const done = (): void => {
          stream.off('drain', done)
          stream.off('error', done)
          stream.off('close', done)
          resolve()
        }
        stream.on('drain', done)
        stream.on('error', done)
        stream.on('close', done)
      }),
    isTTY: stream.isTTY === true,
    columns: stream.columns,
  }
}

async function* readStdin(): AsyncIterable<string> {
  process.stdin.setEncoding('utf8')
  for await (const text of process.stdin) yield String(text)
}
