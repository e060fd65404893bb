/** The streams of a terminal. */
export type Terminal = {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** Alternate screen with saved cursor and bracketed paste (xterm ctlseqs: 1049, 2004), and their ends. */
const ENTER = '\u001b[?1049h\u001b[H\u001b[?2004h'
const LEAVE = '\u001b[?2004l\u001b[?1049l\u001b[?25h'

/** Asks to forget what has scrolled off: never the business of a program on the alternate screen. */
const ERASE_SCROLLBACK = '\u001b[3J'

/**
 * Takes the terminal over until the returned function is called, which puts everything back; it may be called more than
 * once. `onSignal`: what else ends when a signal ends the process.
 */
export function takeTerminal(
  { stdin, stdout }: Terminal,
  alternate: boolean,
  onSignal: () => void,
): () => void {
  let taken = true
  const leave = (): void => {
    if (!taken) return
    taken = false
    for (const [name, handler] of handlers) process.off(name, handler)
    process.off('exit', leave)
    if (stdin.isTTY) stdin.setRawMode(false)
    if (alternate) stdout.write(LEAVE)
    else stdout.write('\u001b[?2004l\u001b[?25h')
  }
  const handlers = SIGNALS.map(
    ([name, number]) =>
      [
        name,
        (): void => {
          onSignal()
          leave()
          process.exit(128 + number)
        },
      ] as const,
  )
  for (const [name, handler] of handlers) process.on(name, handler)
  process.on('exit', leave)
  stdout.write(alternate ? ENTER : '\u001b[?2004h')
  return leave
}

const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const

/** The stream as ink gets it: what would erase the scrollback of the terminal does not come through. */
export function withoutErasing(stdout: NodeJS.WriteStream): NodeJS.WriteStream {
  const guarded = Object.create(stdout) as NodeJS.WriteStream
  guarded.write = ((data: string | Uint8Array, ...rest: never[]): boolean =>
    stdout.write(
      typeof data === 'string' ? data.replaceAll(ERASE_SCROLLBACK, '') : data,
      ...rest,
    )) as NodeJS.WriteStream['write']
  return guarded
}
