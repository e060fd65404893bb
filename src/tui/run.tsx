import { render } from 'ink'
import type { reduce } from '../step/reduce.ts'
import type { Size, StepState } from '../step/state.ts'
import { App, type AppProps } from './app.tsx'
import { type Terminal, takeTerminal, withoutErasing } from './terminal.ts'

/** What a session has to do with the world beside its terminal. */
export type Surroundings = {
  readonly write: AppProps['write']
  /** The reducer, except in tests of what happens when it breaks. */
  readonly step?: typeof reduce
}

/**
 * Runs a session on a terminal until the user leaves; gives the last state. Whatever happens inside, the terminal is as
 * it was before when this returns or throws.
 */
export async function runStep(
  start: StepState,
  terminal: Terminal,
  { step, write }: Surroundings,
): Promise<StepState> {
  const { stdin, stdout } = terminal
  let last = start
  let stop: () => void = () => undefined
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const leave = takeTerminal(terminal, !start.session.plain, () => stop())
  process.on('uncaughtException', fail)
  try {
    const onResize = (tell: (size: Size) => void): (() => void) => {
      const resized = (): void => tell(sizeOf(stdout))
      stdout.on('resize', resized)
      return () => stdout.off('resize', resized)
    }
    const app = render(
      <App
        start={{ ...start, size: sizeOf(stdout) }}
        onResize={onResize}
        onDone={(state) => {
          last = state
        }}
        write={write}
        {...(step === undefined ? {} : { step })}
      />,
      {
        stdin,
        stdout: withoutErasing(stdout),
        exitOnCtrlC: false,
        patchConsole: false,
        maxFps: 60,
      },
    )
    stop = app.unmount
    await Promise.race([app.waitUntilExit(), failed])
    return last
  } finally {
    stop()
    process.off('uncaughtException', fail)
    leave()
  }
}

/** Of a terminal that does not say: 80x24. */
function sizeOf({ columns, rows }: NodeJS.WriteStream): Size {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 }
}
