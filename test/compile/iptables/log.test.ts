import { describe, expect, it } from 'vitest'
import { rateLimit } from '../../../src/compile/iptables/log.ts'

const DUPLICATE = 'duplicate key in comma-separated list property: enable'
const MISSING = 'enable: property is missing and it is not optional'

const LIMITS: readonly (readonly [string, string | null, string])[] = [
  ['not set: one per second', null, '-m limit --limit 1/sec '],
  ['enable alone: one per second', 'enable=1', '-m limit --limit 1/sec '],
  ['the key of enable may be left out', '1', '-m limit --limit 1/sec '],
  ['and be a word', 'on', '-m limit --limit 1/sec '],
  ['off: no limit at all', 'enable=0', ''],
  ['off in words', 'no', ''],
  [
    'rate and burst',
    'enable=1,rate=5/minute,burst=9',
    '-m limit --limit 5/minute --limit-burst 9 ',
  ],
  ['burst alone', 'enable=1,burst=9', '-m limit --limit 1/sec --limit-burst 9 '],
  ['burst 0 is none', 'enable=1,burst=0', '-m limit --limit 1/sec '],
  ['burst keeps its spelling', 'enable=1,burst=+05', '-m limit --limit 1/sec --limit-burst +05 '],
  ['empty parts are passed over', ',enable=1,,', '-m limit --limit 1/sec '],
]

const DEATHS: readonly (readonly [string, string, string])[] = [
  ['enable is mandatory', 'rate=5/minute', `format error\n${MISSING}`],
  [
    'rate has a unit written out',
    'enable=1,rate=5/min',
    'format error\nrate: value does not match the regex pattern',
  ],
  [
    'burst is a number',
    'enable=1,burst=x',
    "format error\nburst: type check ('integer') failed - got 'x'",
  ],
  [
    'burst is not negative',
    'enable=1,burst=-1',
    'format error\nburst: value must have a minimum value of 0',
  ],
  [
    'enable is a switch',
    'enable=2',
    "format error\nenable: type check ('boolean') failed - got '2'",
  ],
  ['enable twice', 'enable=1,enable=1', DUPLICATE],
  ['enable twice, once without its key', '1,enable=1', DUPLICATE],
  ['a key without value', 'enable=', 'missing key in comma-separated list property'],
]

describe('log_ratelimit', () => {
  it.each(LIMITS)('%s', (_, option, match) => {
    expect(rateLimit(option)).toEqual({ kind: 'limit', match })
  })
  it.each(DEATHS)('dies: %s', (_, option, message) => {
    expect(rateLimit(option)).toEqual({ kind: 'died', message })
  })
})
