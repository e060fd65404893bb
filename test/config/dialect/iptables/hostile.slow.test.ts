import { describe, expect, it } from 'vitest'
import { readFw } from '../../../support/fw-text.ts'

const SIZE = 20 * 1024 * 1024
/** Generous: the machines that run this are busy. Quadratic work would take hours. */
const SECONDS = 15

function filled(start: string, piece: string): string {
  return start + piece.repeat(Math.ceil(SIZE / piece.length))
}

function numbered(start: string, piece: (index: number) => string): string {
  const pieces: string[] = [start]
  for (let length = 0, index = 0; length < SIZE; index += 1) {
    const next = piece(index)
    pieces.push(next)
    length += next.length
  }
  return pieces.join('')
}

/** 20 MB, as a stored file can never be; each aims at one loop of the reader. */
const FILES: readonly (readonly [string, () => string])[] = [
  ['junk lines', () => filled('[RULES]\n', 'foo bar baz\n')],
  ['lines without section', () => filled('', 'x\n')],
  ['empty lines', () => filled('', '\n')],
  ['one line', () => filled('[RULES]\n', 'A')],
  ['one line of blanks', () => filled('[RULES]\nIN DROP', ' ')],
  ['one line of options', () => filled('[RULES]\nIN DROP ', '-p tcp ')],
  ['options without a blank in the file', () => filled('[RULES]\n', 'IN\tDROP\t-x\n')],
  ['a port list', () => `${filled('[RULES]\nIN DROP -p tcp -dport ', '1,')}1`],
  ['an address list', () => `${filled('[RULES]\nIN DROP -source ', '10.0.0.1,')}1`],
  ['colons', () => filled('[RULES]\nIN DROP -source 1', ':')],
  ['brackets', () => filled('[group ', ']')],
  ['false headers', () => filled('[RULES]\n', '[FOO]\n')],
  ['Windows line ends', () => filled('', '[RULES]\r\n')],
  ['sets', () => numbered('', (index) => `[IPSET s${index}]\n10.0.0.1\n`)],
  ['aliases', () => numbered('[ALIASES]\n', (index) => `a${index} 10.0.0.1\n`)],
  ['unknown names', () => numbered('[RULES]\n', (index) => `IN DROP -source +s${index}\n`)],
  [
    'addresses',
    () =>
      numbered(
        '[RULES]\n',
        (index) => `IN DROP -source 10.${index & 255}.${(index >> 8) & 255}.${index >> 16}\n`,
      ),
  ],
  ['rules', () => filled('[RULES]\n', 'IN DROP\n')],
]

describe('a file of 20 MB is read in a few seconds, and told about in few words:', () => {
  it.each(FILES)('%s', (_, text) => {
    const file = text()
    const start = performance.now()
    const { diagnostics, cluster } = readFw({ 'cluster.fw': file })
    expect((performance.now() - start) / 1000).toBeLessThan(SECONDS)
    expect(diagnostics.length).toBeLessThanOrEqual(300)
    expect(cluster?.rules.length).toBeLessThanOrEqual(1_000_000)
  })
})
