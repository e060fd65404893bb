import { expect, it } from 'vitest'
import { shellCommands } from '../../src/edit/shell-words.ts'

it.each([
  ['a  b\tc', [['a', 'b', 'c']]],
  [`a 'b c' "d e" f' 'g`, [['a', 'b c', 'd e', 'f g']]],
  ["a '' b", [['a', '', 'b']]],
  ['a \\\n  --b c', [['a', '--b', 'c']]],
  ['a\\ b "c\\"d" \'e\\f\'', [['a b', 'c"d', 'e\\f']]],
  ['a # not this\nb', [['a'], ['b']]],
  ['a;b && c\n\n', [['a'], ['b'], ['c']]],
  ['a b#c', [['a', 'b#c']]],
])('%j', (text, commands) => {
  expect(shellCommands(text)).toEqual(commands)
})

it.each([
  ['a $B', '`$` means something to a shell'],
  ['a "$B"', '`$` means something to a shell'],
  ['a | b', '`|` means something to a shell'],
  ["a 'b", "a quote (') is not closed"],
])('%j is refused', (text, problem) => {
  expect(shellCommands(text)).toMatchObject({ problem })
})
