import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { showAddr } from '../../src/ip/address.ts'
import type { ConntrackEntry, Tuple } from '../../src/netfilter/conntrack.ts'
import { readConntrack } from '../../src/read/conntrack.ts'
import { position, sourceFile } from '../../src/source/source-file.ts'

function read(text: string): {
  readonly entries: readonly ConntrackEntry[]
  readonly complaints: readonly string[]
} {
  const { value, diagnostics } = readConntrack(sourceFile('dump', text))
  const complaints = diagnostics.map(({ span, message }) =>
    span === null ? message : `${position(span).line}: ${message}`,
  )
  return { entries: value, complaints }
}

/** What of an entry a person would check. */
function facts({
  original,
  reply,
  tcp,
  seenReply,
  assured,
  expiresAt,
  ...rest
}: ConntrackEntry): string {
  const side = ({ src, dst, sport, dport, version }: Tuple): string =>
    `${showAddr({ version, bits: src })} ${sport} > ${showAddr({ version, bits: dst })} ${dport}`
  return [
    `${original.proto} ${side(original)} | ${side(reply)} | ${tcp === null ? '-' : tcp.state} ${expiresAt / 1000}s`,
    ...(seenReply ? [] : ['unreplied']),
    ...(assured ? ['assured'] : []),
    ...(rest.mark === 0 ? [] : [`mark ${rest.mark}`]),
    ...(rest.zone === 0 ? [] : [`zone ${rest.zone}`]),
    ...(rest.helper === null ? [] : [rest.helper]),
  ].join(' ')
}

describe('a line of a list of connections', () => {
  const ssh = 'src=192.168.1.53 dst=192.168.1.105 sport=50022 dport=22'
  const back = 'src=192.168.1.105 dst=192.168.1.53 sport=22 dport=50022'
  const both = '192.168.1.53 50022 > 192.168.1.105 22 | 192.168.1.105 22 > 192.168.1.53 50022'
  const lines: readonly (readonly [name: string, line: string, expected: string])[] = [
    [
      'conntrack -L',
      `tcp      6 431999 ESTABLISHED ${ssh} ${back} [ASSURED] mark=0 use=1`,
      `6 ${both} | ESTABLISHED 431999s assured`,
    ],
    [
      'with -o extended,id',
      `ipv4     2 tcp      6 431999 ESTABLISHED ${ssh} ${back} [ASSURED] mark=7 use=1 id=123456`,
      `6 ${both} | ESTABLISHED 431999s assured mark 7`,
    ],
    [
      '/proc/net/nf_conntrack',
      `ipv4     2 tcp      6 431999 ESTABLISHED ${ssh} ${back} [ASSURED] mark=0 zone=3 use=2`,
      `6 ${both} | ESTABLISHED 431999s assured zone 3`,
    ],
    [
      'with counters and time stamps',
      `tcp 6 60 SYN_RECV ${ssh} packets=1 bytes=60 ${back} packets=2 bytes=120 mark=0 [start=Mon Jan  1 10:00:00 2024] delta-time=5 use=1`,
      `6 ${both} | SYN_RECV 60s`,
    ],
    [
      'without an answer',
      `tcp      6 119 SYN_SENT ${ssh} [UNREPLIED] ${back} mark=0 use=1`,
      `6 ${both} | SYN_SENT 119s unreplied`,
    ],
    [
      'with a helper',
      `tcp 6 299 ESTABLISHED ${ssh} ${back} [ASSURED] mark=0 helper=ftp use=1`,
      `6 ${both} | ESTABLISHED 299s assured ftp`,
    ],
    [
      'offloaded: without a time',
      `tcp      6 ${ssh} ${back} [OFFLOAD] mark=0 use=2`,
      `6 ${both} | ESTABLISHED 86400s assured`,
    ],
    [
      'a datagram',
      'udp      17 29 src=10.0.0.2 dst=1.1.1.1 sport=40000 dport=53 [UNREPLIED] src=1.1.1.1 dst=10.0.0.2 sport=53 dport=40000 mark=0 use=1',
      '17 10.0.0.2 40000 > 1.1.1.1 53 | 1.1.1.1 53 > 10.0.0.2 40000 | - 29s unreplied',
    ],
    [
      'translated: the answer comes to another address',
      'udp 17 170 src=10.0.0.2 dst=1.1.1.1 sport=40000 dport=53 src=1.1.1.1 dst=203.0.113.4 sport=53 dport=1024 [ASSURED] mark=0 use=1',
      '17 10.0.0.2 40000 > 1.1.1.1 53 | 1.1.1.1 53 > 203.0.113.4 1024 | - 170s assured',
    ],
    [
      'a ping: type and code are one word of the tuple',
      'icmp     1 29 src=10.0.0.2 dst=1.1.1.1 type=8 code=0 id=77 src=1.1.1.1 dst=10.0.0.2 type=0 code=0 id=77 mark=0 use=1 id=99',
      '1 10.0.0.2 77 > 1.1.1.1 2048 | 1.1.1.1 77 > 10.0.0.2 0 | - 29s',
    ],
    [
      'IPv6, spelt out as the kernel does',
      'ipv6     10 icmpv6   58 29 src=fd00:0000:0000:0000:0000:0000:0000:0053 dst=fd00:0000:0000:0000:0000:0000:0000:0105 type=128 code=0 id=1 src=fd00::105 dst=fd00::53 type=129 code=0 id=1 mark=0 zone=0 use=2',
      '58 fd00::53 1 > fd00::105 32768 | fd00::105 1 > fd00::53 33024 | - 29s',
    ],
    [
      'GRE: its keys',
      'gre      47 179 src=10.0.0.2 dst=1.1.1.1 srckey=0x0 dstkey=0x1f src=1.1.1.1 dst=10.0.0.2 srckey=0x1f dstkey=0x0 [ASSURED] mark=0 use=1',
      '47 10.0.0.2 0 > 1.1.1.1 31 | 1.1.1.1 31 > 10.0.0.2 0 | - 179s assured',
    ],
    [
      'a protocol without a name',
      'unknown  2 599 src=10.0.0.2 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=10.0.0.2 mark=0 use=1',
      '2 10.0.0.2 0 > 224.0.0.22 0 | 224.0.0.22 0 > 10.0.0.2 0 | - 599s unreplied',
    ],
  ]
  it.each(lines)('%s', (_name, line, expected) => {
    const { entries, complaints } = read(`${line}\n`)
    expect(complaints).toEqual([])
    expect(entries.map(facts)).toEqual([expected])
  })

  it('tells nothing of windows, and its moment is 0', () => {
    const [entry] = read(`tcp 6 100 ESTABLISHED ${ssh} ${back} mark=0\n`).entries
    expect(entry?.tcp?.windows).toBeNull()
    expect(entry?.expiresAt).toBe(100_000)
    expect(entry?.confirmed).toBe(true)
  })

  const wrong: readonly (readonly [line: string, complaint: string])[] = [
    ['rubbish', '1: this is no line of a list of connections'],
    [`[NEW] tcp 6 120 SYN_SENT ${ssh} ${back}`, '1: this is no line of a list of connections'],
    [`tcp 6 100 LISTENING ${ssh} ${back}`, '1: this is no state of a TCP connection'],
    [`tcp 6 ESTABLISHED ${ssh} ${back}`, '1: this connection does not say how long it lasts'],
    [
      `tcp 6 1 CLOSE ${ssh}`,
      '1: this connection has not the addresses and ports of both directions',
    ],
    [
      `tcp 6 1 CLOSE ${ssh} src=fd00::1 dst=fd00::2 sport=1 dport=2`,
      '1: this connection has not the addresses and ports of both directions',
    ],
    [
      `tcp 6 1 CLOSE ${ssh.replace('=22', '=70000')} ${back}`,
      '1: this connection has not the addresses and ports of both directions',
    ],
    [`tcp 6 1 CLOSE ${ssh} ${back} [SEEN]`, '1: `[SEEN]` is not known'],
    [`tcp 6 1 CLOSE ${ssh} ${back} what`, '1: `what` is not known'],
    [`tcp 6 1 CLOSE ${ssh} ${back} dport=5`, '1: `dport=5` stands there once more'],
    [
      `tcp 6 1 CLOSE ${ssh} ${back} mark=x`,
      '1: the mark or the zone of this connection is no number',
    ],
    [`tcp 6 1 CLOSE ${' '.repeat(9000)}`, '1: this line is longer than any connection'],
  ]
  it.each(wrong)('%j is told', (line, complaint) => {
    const { entries, complaints } = read(line)
    expect(complaints).toEqual([complaint])
    expect(entries).toEqual([])
  })

  it('once more is passed over', () => {
    const line = `tcp 6 100 ESTABLISHED ${ssh} ${back} mark=0\n`
    const { entries, complaints } = read(line + line)
    expect(entries).toHaveLength(1)
    expect(complaints).toEqual(['2: this connection stands above already: it is passed over'])
  })

  it('but the count that conntrack prints is none', () => {
    expect(read('\nconntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n')).toEqual(
      {
        entries: [],
        complaints: [],
      },
    )
  })

  it('of a hostile dump: complaints come to an end', () => {
    const { complaints } = read('x\n'.repeat(5000))
    expect(complaints).toHaveLength(201)
    expect(complaints.at(-1)).toBe('so are 4800 more lines of dump')
  })
})

it('no text makes the reader throw, and every line is an entry or a complaint', () => {
  const piece = fc.constantFrom(
    ...['tcp 6 ', '9 ', 'ESTABLISHED ', 'src=1.1.1.1 ', 'dst=::1 ', 'sport=1 ', 'dport=2 '],
    ...['[', '] ', '[UNREPLIED] ', 'mark=', '0x', ' ', '=', '\u00ff'],
  )
  const line = fc
    .array(piece, { minLength: 1, maxLength: 14 })
    .map((pieces) => `a${pieces.join('')}`)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const { entries, complaints } = read(lines.join('\n'))
      expect(entries.length + complaints.length).toBe(lines.length)
    }),
    { numRuns: 200 },
  )
})
