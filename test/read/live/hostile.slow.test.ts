import { describe, expect, it } from 'vitest'
import { readLive } from '../../../src/read/live/read-live.ts'
import { sourceFile } from '../../../src/source/source-file.ts'

const size = 100 << 20

function filled(piece: string): string {
  return piece.repeat(Math.floor(size / piece.length))
}

const rule =
  '{"rule":{"family":"inet","table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"drop":null}]}},'
const head =
  '{"nftables": [{"table":{"family":"inet","name":"t"}},{"chain":{"family":"inet","table":"t","name":"c"}},'

/** A hundred megabytes of one thing each. */
const files: readonly (readonly [name: string, text: () => string, code: string | null])[] = [
  ['nothing', () => '\0'.repeat(size), 'read/unknown-dump'],
  ['open brackets', () => `{"nftables": [${'['.repeat(size)}`, 'read/bad-json'],
  ['a string of quotes', () => `{"nftables": [{"a": "${filled('\\"')}`, 'read/bad-json'],
  ['a string of backslashes', () => `{"nftables": [{"a": "${'\\'.repeat(size)}`, 'read/bad-json'],
  ['rules of nft', () => `${head}${filled(rule)}{"metainfo":{}}]}`, null],
  [
    'elements of one set of nft',
    () =>
      `${head}{"set":{"family":"inet","table":"t","name":"s","type":"ipv4_addr","elem":[${filled('"10.0.0.1",')}1]}}]}`,
    'read/set-not-evaluated',
  ],
  [
    'rules of iptables',
    () => `*filter\n${filled('-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 22 -j DROP\n')}`,
    null,
  ],
  ['one table again and again', () => filled('*filter\n'), 'read/table-twice'],
  ['one line', () => `*filter\n-A INPUT ${filled('-m x ')}`, 'read/not-evaluated'],
  [
    'elements of one ipset',
    () => `create a hash:net family inet\n${filled('add a 10.0.0.0/8\n')}`,
    'read/set-not-evaluated',
  ],
]

describe('a dump of 100 MB', () => {
  for (const [name, text, code] of files)
    it(`of ${name} is read in time`, () => {
      const file = sourceFile('dump', text())
      const start = performance.now()
      const { diagnostics } = readLive([file])
      expect(performance.now() - start).toBeLessThan(45_000)
      const codes = diagnostics.map((one) => one.code)
      if (code === null) expect(codes.filter((one) => one !== 'read/family-unknown')).toEqual([])
      else expect(codes).toContain(code)
    })
})
