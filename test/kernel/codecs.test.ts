import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernelConnection } from '../../src/kernel/ctnetlink.ts'
import { datagramOf, frameOf, markOf } from '../../src/kernel/frame.ts'
import {
  attributeBytes,
  messageBytes,
  messagesIn,
  NetlinkError,
  nestedBytes,
} from '../../src/kernel/netlink.ts'
import { tracedRule } from '../../src/kernel/nflog.ts'
import { nftTraceEvent } from '../../src/kernel/nftrace.ts'
import { responseOf } from '../../src/kernel/response.ts'
import { TCP_FLAG } from '../../src/netfilter/packet.ts'
import { conversation } from '../support/arbitraries/conversation.ts'
import { ipPacket, tcp } from '../support/kernel-builders.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** One's complement sum of 16-bit words: 0xffff where a checksum is right (RFC 1071). */
function sum(bytes: Uint8Array): number {
  let total = 0
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

describe('a frame', () => {
  it('is what the packet says, byte by byte', () => {
    const packet = tcp(80, { src: '10.0.0.1', dst: '10.0.0.2', sport: 40_000 })
    expect(hex(frameOf(packet, { src: 0x020000000001, dst: 0x020000000002 }, 7))).toBe(
      [
        '0200000000020200000000010800',
        '4500002c00070000400666c30a0000010a000002',
        '9c400050000003e8000000006002faf0',
      ].join('') + hex(frameOf(packet, { src: 1, dst: 2 }, 7)).slice(-16),
    )
  })

  it('has right checksums and its mark, whatever it carries', () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 1, max: 65_535 }), ({ version, said }, mark) => {
        const ends =
          version === 4 ? { src: '10.0.0.1', dst: '10.0.0.2' } : { src: 'fd00::1', dst: 'fd00::2' }
        for (const { l4, about } of said) {
          if (about !== null) continue
          const bytes = datagramOf(ipPacket(l4, ends), mark)
          expect(markOf(bytes)).toBe(mark)
          if (version === 4) expect(sum(bytes.subarray(0, 20))).toBe(0xffff)
          const body = bytes.subarray(version === 4 ? 20 : 40)
          const proto = bytes[version === 4 ? 9 : 6] ?? 0
          const addresses = bytes.subarray(version === 4 ? 12 : 8, version === 4 ? 20 : 40)
          const pseudo = Buffer.concat([
            addresses,
            Uint8Array.of(0, proto, body.length >> 8, body.length & 255),
          ])
          // SCTP has another sum, which the kernels of the slow tests check
          if (l4.kind === 'sctp') continue
          const hasPseudo = version === 6 || ['tcp', 'udp', 'dccp'].includes(l4.kind)
          expect(sum(Buffer.concat([hasPseudo ? pseudo : new Uint8Array(), body]))).toBe(0xffff)
        }
      }),
    )
  })

  it('cannot be made of what is not known', () => {
    expect(() => datagramOf(tcp(80, { src: 'unknown' }), 1)).toThrow('the source is not known')
  })
})

describe('netlink', () => {
  it('reads what it writes', () => {
    const bytes = messageBytes(0x100, 2, [
      attributeBytes(7, Uint8Array.of(0, 0, 0, 9)),
      nestedBytes(1, [attributeBytes(2, Uint8Array.of(5))]),
    ])
    const [message] = messagesIn(bytes)
    expect(message?.type).toBe(0x100)
    expect(hex(message?.attributes.get(7) ?? new Uint8Array())).toBe('00000009')
    expect(hex(message?.attributes.get(1) ?? new Uint8Array())).toBe('0500020005000000')
  })

  it('throws what the kernel refuses, and not what it acknowledges', () => {
    const answer = (errno: number): Uint8Array => {
      const bytes = Buffer.alloc(36)
      bytes.writeUInt32LE(36, 0)
      bytes.writeUInt16LE(2, 4)
      bytes.writeInt32LE(-errno, 16)
      return bytes
    }
    expect(messagesIn(answer(0))).toEqual([])
    expect(() => messagesIn(answer(17))).toThrow(NetlinkError)
  })

  it('ends at any broken message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const message of messagesIn(bytes)) kernelConnection(message)
        } catch (error) {
          expect(error).toBeInstanceOf(NetlinkError)
        }
      }),
    )
  })
})

describe('traces', () => {
  it.each([
    [
      'TRACE: filter:tap100i0-IN:rule:4 ',
      { table: 'filter', chain: 'tap100i0-IN', what: 'rule', number: 4 },
    ],
    [
      'TRACE: filter:INPUT:policy:2 ',
      { table: 'filter', chain: 'INPUT', what: 'policy', number: 2 },
    ],
    [':105:6:tap105i0-IN: policy DROP: ', null],
  ])('%j', (prefix, rule) => {
    expect(tracedRule(prefix)).toEqual(rule)
  })

  it('of nft are read from the bytes of a kernel', () => {
    const recorded =
      '8c000000110a000000000000000000000100000008000f0000000002080004000000000308000600466a3bd7060002006f00000006000100770000000c00030000000000000000040c00050008000100ffffffff08000c000000000106000d0003040000180008004500001d879940004011b5347f0000017f0000010d000900be0600090009fe1c78000000'
    const [message] = messagesIn(Buffer.from(recorded, 'hex'))
    const event = message === undefined ? null : nftTraceEvent(message)
    expect(event).toMatchObject({
      family: 2,
      table: 'w',
      chain: 'o',
      type: 'rule',
      handle: 4,
      verdict: -1,
      oif: 1,
    })
    expect(hex(event?.header ?? new Uint8Array())).toBe('4500001d879940004011b5347f0000017f000001')
  })
})

describe('what comes back', () => {
  const packet = tcp(80, { src: '10.0.0.1', dst: '10.0.0.2', sport: 40_000 })
  const back = (flags: number, dport: number): Uint8Array =>
    datagramOf(
      ipPacket({ kind: 'tcp', sport: 80, dport, flags }, { src: '10.0.0.2', dst: '10.0.0.1' }),
      0,
    )
  it('is a reset for the port it went out by', () => {
    expect(responseOf(back(TCP_FLAG.RST | TCP_FLAG.ACK, 40_000), packet)).toBe('rst')
    expect(responseOf(back(TCP_FLAG.RST, 40_001), packet)).toBeNull()
    expect(responseOf(back(TCP_FLAG.SYN | TCP_FLAG.ACK, 40_000), packet)).toBeNull()
  })

  it('is an ICMP error with type and code', () => {
    const error = datagramOf(
      ipPacket(
        { kind: 'icmp', type: 3, code: 13, inner: packet },
        { src: '10.0.0.254', dst: '10.0.0.1' },
      ),
      0,
    )
    expect(responseOf(error, packet)).toBe('icmp3/13')
  })
})
