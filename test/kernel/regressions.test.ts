import { expect, it } from 'vitest'
import { kernelNameOf } from '../../src/firewall/answer.ts'
import { ask } from '../../src/firewall/ask.ts'
import { openFiles } from '../support/arbitraries/node-text.ts'
import { REGRESSIONS } from './regressions.ts'

it.each(REGRESSIONS)('$name', ({ backend, files, query, kernel }) => {
  const asked = ask(openFiles(files, backend), query)
  if (asked.kind !== 'traced') throw new Error(asked.problems.map(({ message }) => message).join())
  expect({
    outcome: asked.trace.outcome,
    decidedBy: kernelNameOf(asked),
    answered: asked.trace.reply?.reachesSender ?? null,
  }).toEqual(kernel)
})
