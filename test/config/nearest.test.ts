import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from '../../src/config/nearest.ts'

describe('nearest', () => {
  it.each([
    ['one letter off', 'SHS', ['SSH', 'HTTP'], 'SSH'],
    ['two letters swapped count as one edit', 'tpc', ['tcp', 'udp'], 'tcp'],
    ['only the case differs', 'ssh', ['SSH'], 'SSH'],
    ['the closer of two', 'policy_on', ['policy_out', 'policy_in'], 'policy_in'],
    ['the first of two that are equally close', 'ab', ['aa', 'bb'], 'aa'],
    ['nothing close', 'SSH', ['Postgres', 'Amanda'], null],
    ['not the word itself', 'SSH', ['SSH'], null],
    ['a short word allows one edit only', 'abc', ['xyc'], null],
    ['no words', 'SSH', [], null],
    ['very long words are not guessed at', 'a'.repeat(50), ['a'.repeat(49)], null],
  ] as const)('%s', (_, word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it('becomes a question, or the other help', () => {
    expect(didYouMean('SHS', ['SSH'], null)).toBe('did you mean `SSH`?')
    expect(didYouMean('SHS', [], 'use a name')).toBe('use a name')
  })
})
