import { expect, it } from 'vitest'
import { parseMac, showMac } from '../../src/ip/mac.ts'

it.each([
  ['BC:24:11:64:00:1C', 'bc:24:11:64:00:1c'],
  ['bc:24:11:64:0:1c', 'bc:24:11:64:00:1c'],
  ['bc-24-11-64-00-1c', 'bc:24:11:64:00:1c'],
  ['bc:24:11:64:00', null],
  ['bc:24:11:64:00:1cc', null],
  ['gg:24:11:64:00:1c', null],
])('reads the MAC %j as %j', (text, shown) => {
  const mac = parseMac(text)
  expect(mac === null ? null : showMac(mac)).toBe(shown)
})
