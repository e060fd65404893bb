import { expect, test } from 'vitest'
import { eventsOf, PASTE, type Pasting } from '../../src/tui/input.ts'

const keys = (...inputs: readonly string[]): readonly string[] => {
  let pasting: Pasting = null
  return inputs.flatMap((input) => {
    const read = eventsOf(input, pasting)
    pasting = read.pasting
    return read.events.map((event) =>
      event.kind === 'key'
        ? event.key
        : event.kind === 'paste'
          ? `paste:${event.text}`
          : event.kind,
    )
  })
}

test.each([
  ['s', ['s']],
  ['snf', ['s', 'n', 'f']],
  ['é', ['é']],
  ['\r', ['enter']],
  ['\t', ['tab']],
  [' ', ['space']],
  ['\u007f', ['backspace']],
  ['\u0003', ['ctrl-c']],
  ['\u001b', ['escape']],
  ['\u001b[A', ['up']],
  ['\u001bOB', ['down']],
  ['\u001b[Z', ['shift-tab']],
  ['\u001b[6~', ['page-down']],
  ['\u001b[1;5A', []],
  ['\u001bq', ['escape', 'q']],
  ['\u001b\u001b', ['escape', 'escape']],
])('%j is %j', (input, expected) => {
  expect(keys(input)).toEqual(expected)
})

test('a paste is one event, whatever is in it', () => {
  expect(keys('a', PASTE.start, 'q', '\u001b[A', '\r', PASTE.end, 'b')).toEqual([
    'a',
    'paste:q\u001b[A\r',
    'b',
  ])
})

test('the end of a paste that never began is nothing', () => {
  expect(keys(PASTE.end, 's')).toEqual(['s'])
})
