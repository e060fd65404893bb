import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddr } from '../../../src/ip/address.ts'
import { scriptOf } from '../../../src/packet/flow/conversations.ts'
import { CLOSINGS, CONVERSATIONS, FTP_MODES } from '../../../src/packet/flow/kinds.ts'
import { momentOf } from '../../../src/packet/flow/moment.ts'
import { parseScript } from '../../../src/packet/flow/parse-script.ts'
import { showScript } from '../../../src/packet/flow/show-script.ts'
import type { Script } from '../../../src/packet/flow/step.ts'
import { isProblem } from '../../../src/packet/problem.ts'
import { position, sourceFile } from '../../../src/source/source-file.ts'
import { anyScript } from './arbitraries.ts'

function read(text: string): { script: Script; complaints: readonly string[] } {
  const { value, diagnostics } = parseScript(sourceFile('script', text))
  const complaints = diagnostics.map(({ code, span, message }) => {
    const at = span === null ? '' : `${position(span).line}:${position(span).column} `
    return `${at}${code}: ${message}`
  })
  return { script: value, complaints }
}

/** A script whose lines are the ones given, as the printer writes them. */
function printed(text: string): string {
  const { script, complaints } = read(text)
  expect(complaints).toEqual([])
  return showScript(script)
}

describe('a script is read', () => {
  const same: readonly string[] = [
    '> syn',
    '< syn+ack',
    '> fin+psh+ack 10',
    '> none',
    '> data 100 seq=+5 ack=-3 window=0',
    '> syn wscale=7 sack=no',
    '> syn seq=4294967295 wscale=none',
    '> data "USER a\\r\\n\\x00\\"\\\\"',
    '> ack again unseen',
    '<! udp "abc"',
    '> udp',
    '> ping id=7',
    '< pong',
    '< icmp port-unreachable src=192.0.2.1',
    '> packet',
    'wait 31s',
    'wait 1500ms',
    'wait 5d',
  ]
  it.each(same)('%s', (line) => {
    expect(printed(line.startsWith('wait') ? `> udp\n${line}` : line)).toBe(
      `${line.startsWith('wait') ? '> udp\n' : ''}${line}\n`,
    )
  })

  it('comments, blanks and Windows line ends say nothing', () => {
    expect(printed('# a\r\n\r\n\t> syn # b\r\n  < syn+ack#\n'.replace('ack#', 'ack #'))).toBe(
      '> syn\n< syn+ack\n',
    )
  })

  it('data without a size carries a byte', () => {
    expect(printed('> data')).toBe('> data 1\n')
  })

  it('a connection beside the one asked about has its own packets', () => {
    const text = 'connection data < 49153 -> 20/tcp\n> syn\n< @data syn\n'
    expect(printed(text)).toBe(text)
  })

  it('times may have fractions and any unit', () => {
    expect(printed('> udp\nwait 1.5m\nwait 0.25s\nwait 0s')).toBe(
      '> udp\nwait 90s\nwait 250ms\nwait 0s\n',
    )
  })
})

describe('what makes no sense is told with its place', () => {
  const cases: readonly (readonly [text: string, complaint: string])[] = [
    ['', 'flow/empty: script sends no packet'],
    ['syn', '1:1 flow/bad-line: `syn` begins no line of a script'],
    ['>syn', '1:1 flow/bad-line: `>syn` begins no line of a script'],
    ['> syn\n> synn', '2:3 flow/bad-packet: `synn` is no packet'],
    ['> a', '1:3 flow/bad-packet: `a` is no packet'],
    ['>', '1:1 flow/bad-packet: what is sent?'],
    ['> icmp', '1:3 flow/bad-packet: which ICMP type?'],
    ['> icmp port-unreachble', '1:8 flow/bad-packet: `port-unreachble` is not an ICMP type'],
    ['> syn seq=x', '1:7 flow/bad-option: `seq=x` makes no sense'],
    ['> syn seq=4294967296', '1:7 flow/bad-option: `seq=4294967296` makes no sense'],
    ['> udp seq=1', '1:7 flow/bad-option: `seq=1` says nothing about this packet'],
    ['> syn again again', '1:13 flow/bad-option: `again` is said twice'],
    ['> data 70000', '1:8 flow/bad-number: a packet carries at most 65495 bytes'],
    ['> data "a', '1:8 flow/bad-string: this string does not end'],
    ['> data "\\q"', '1:9 flow/bad-string: this is no escape in a string'],
    ['> data "\\x1"', '1:9 flow/bad-string: this is no escape in a string'],
    ['> @data syn', '1:3 flow/unknown-connection: no line above describes a connection `data`'],
    ['> udp\nwait 5', '2:6 flow/bad-time: `5` is no time to wait'],
    ['> udp\nwait', '2:1 flow/bad-time: wait how long?'],
    ['> udp\nwait 99999999d', '2:6 flow/bad-time: `99999999d` is no time to wait'],
    ['> udp\nwait 5s 6s', '2:9 flow/bad-line: nothing may follow here: `6s`'],
    ['> udp\nconnection a > 1', '2:1 flow/bad-connection: this does not describe a connection'],
    [
      'connection a > 1 -> 2/udp\n> @a syn',
      '2:3 flow/mixed-protocols: connection `a` is udp, which this packet is not',
    ],
  ]
  it.each(cases)('%j', (text, complaint) => {
    expect(read(text).complaints).toEqual([complaint])
  })

  it('and the other lines are read all the same', () => {
    const { script, complaints } = read('> syn\n> wrong\n< syn+ack\n')
    expect(complaints).toHaveLength(1)
    expect(showScript(script)).toBe('> syn\n< syn+ack\n')
  })

  it('a script of any length ends somewhere', () => {
    expect(read('> ack\n'.repeat(1001)).complaints).toEqual([
      '1001:1 flow/too-long: a script has at most 1000 steps',
    ])
    expect(read('#'.repeat(300_000)).complaints).toHaveLength(1)
  })
})

describe('laws', () => {
  it('what the printer prints is read back to the same script', () => {
    fc.assert(
      fc.property(anyScript, (script) => {
        const { script: back, complaints } = read(showScript(script))
        expect(complaints).toEqual([])
        expect(back).toEqual(script)
      }),
      { numRuns: 200 },
    )
  })

  it('no text makes the reader throw', () => {
    const piece = fc.constantFrom(
      ...['>', '<', '!', '@', 'syn', '+', 'data', '"', '\\x', 'wait', ' ', '\n', '#', 'seq=', '9'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { script } = read(pieces.join(''))
        expect(script.steps.length).toBeLessThanOrEqual(30)
      }),
      { numRuns: 200 },
    )
  })
})

const v4 = { client: addr('192.168.1.53'), server: addr('192.168.1.105'), sport: 49152 }
const v6 = { client: addr('fd00::53'), server: addr('fd00::105'), sport: 49152 }
const usual = { close: 'fin', mode: null, answerAfter: 0 } as const

function addr(text: string): NonNullable<ReturnType<typeof parseAddr>> {
  const address = parseAddr(text)
  if (address === null) throw new Error(text)
  return address
}

describe('usual conversations', () => {
  it.each(CONVERSATIONS)('%s reads as in its golden file', async (kind) => {
    await expect(showScript(scriptOf(kind, usual, v4))).toMatchFileSnapshot(`golden/${kind}.flow`)
  })

  const all = CONVERSATIONS.flatMap((kind) =>
    CLOSINGS.flatMap((close) =>
      [null, ...FTP_MODES].flatMap((mode) =>
        [0, 31_000].map((answerAfter) => [kind, { close, mode, answerAfter }] as const),
      ),
    ),
  )
  it.each([
    ['IPv4', v4],
    ['IPv6', v6],
  ])('are scripts that are read back: %s', (_family, talking) => {
    for (const [kind, options] of all) {
      const script = scriptOf(kind, options, talking)
      expect(read(showScript(script))).toEqual({ script, complaints: [] })
    }
  })

  it('FTP tells its addresses as its mode does', () => {
    const said = (mode: (typeof FTP_MODES)[number], talking: typeof v4): string =>
      showScript(scriptOf('ftp', { ...usual, mode }, talking))
    expect(said('pasv', v4)).toContain('227 Entering Passive Mode (192,168,1,105,156,64).')
    expect(said('epsv', v6)).toContain('229 Entering Extended Passive Mode (|||40000|)')
    expect(said('port', v4)).toContain('PORT 192,168,1,53,192,1')
    expect(said('eprt', v6)).toContain('EPRT |2|fd00::53|49153|')
    expect(said('port', v4)).toContain('connection transfer < 49153 -> 20/tcp')
  })
})

describe('a moment of a conversation', () => {
  const tcp = scriptOf('tcp', usual, v4)
  const late = scriptOf('udp', { ...usual, answerAfter: 1000 }, v4)
  const facts: readonly (readonly [string, Script, string, number | string])[] = [
    ['the handshake of TCP ends with the ACK', tcp, 'handshake', 2],
    ['the handshake of UDP is the answer', late, 'handshake', 2],
    ['the first data', tcp, 'data', 3],
    ['the second packet', tcp, '2', 1],
    ['a wait is no packet', late, '2', 2],
    ['a packet that there is not', tcp, '99', 'flow/bad-moment'],
    ['packet 0', tcp, '0', 'flow/bad-moment'],
    ['a word', tcp, 'later', 'flow/bad-moment'],
    ['no handshake at all', read('> syn').script, 'handshake', 'flow/bad-moment'],
  ]
  it.each(facts)('%s', (_name, script, text, expected) => {
    const moment = momentOf(script, text)
    expect(isProblem(moment) ? moment.code : moment).toBe(expected)
  })
})
