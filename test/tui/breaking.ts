import { reduce } from '../../src/step/reduce.ts'
import { runStep } from '../../src/tui/run.tsx'
import { session } from '../step/sessions.ts'

/** A session whose reducer breaks at `x`, for the tests of what the terminal is like afterwards. */
const start = session({ root: 'examples/small-office', packet: '192.168.1.53 -> 105:80/tcp' })
try {
  const { stdin, stdout } = process
  await runStep(
    start,
    { stdin, stdout },
    {
      write: () => ({ text: 'nothing', isDone: true }),
      step: (state, event) => {
        if (event.kind === 'key' && event.key === 'x') throw new Error('broken on purpose')
        return reduce(state, event)
      },
    },
  )
} catch (error) {
  process.stdout.write(`it broke: ${String(error)}\n`)
}
