import { describe, expect, it } from 'vitest'
import { parseTcpFlags, showTcpFlags } from '../../src/packet/tcp-flags.ts'

describe('parseTcpFlags', () => {
  it.each([
    ['S', 0x02],
    ['SA', 0x12],
    ['S.', 0x12],
    ['syn', 0x02],
    ['SYN,ACK', 0x12],
    ['syn|ack', 0x12],
    ['FIN+PSH+URG', 0x29],
    ['F', 0x01],
    ['R', 0x04],
    ['NONE', 0],
    ['ALL', 0x3f],
    ['0x12', 0x12],
    ['', null],
    ['SYN,', null],
    ['X', null],
    ['SYNACK', null],
  ])('%s', (text, expected) => {
    expect(parseTcpFlags(text)).toBe(expected)
  })

  it('reads back every combination it shows', () => {
    for (let flags = 0; flags < 256; flags += 1)
      expect(parseTcpFlags(showTcpFlags(flags))).toBe(flags)
  })
})
