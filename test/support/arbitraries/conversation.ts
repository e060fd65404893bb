import fc from 'fast-check'
import {
  type Layer4,
  type Packet,
  PROTO,
  SCTP_CHUNK,
  type SctpChunk,
  TCP_FLAG,
} from '../../../src/netfilter/packet.ts'

/** One packet of a conversation: who sends it, and what it carries. */
export type Said = {
  readonly from: 'a' | 'b'
  readonly l4: Layer4
  /** An ICMP error about an earlier packet, by its index, in place of `l4`. */
  readonly about: number | null
}

export type Conversation = {
  readonly version: 4 | 6
  readonly said: readonly Said[]
}

const { SYN, ACK, FIN, RST, PSH } = TCP_FLAG

/** What one end of a TCP connection does next. `off`: how far from where its peer expects it. */
type Move = {
  readonly from: 'a' | 'b'
  readonly flags: number
  readonly length: number
  readonly seqOff: number
  readonly ackOff: number
  readonly window: number
  readonly scale: number | null
  readonly sack: boolean
}

/** Mostly what a stack would send, and mostly where it would. */
const move: fc.Arbitrary<Move> = fc.record({
  from: fc.constantFrom('a', 'b'),
  flags: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(ACK, ACK | PSH, ACK | FIN, SYN, SYN | ACK) },
    { weight: 2, arbitrary: fc.constantFrom(RST, RST | ACK, FIN | ACK) },
    { weight: 1, arbitrary: fc.constantFrom(FIN, 0, SYN | FIN, ACK | 32, SYN | RST) },
  ),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 300 })),
  seqOff: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    fc.constantFrom(-1, 1, -500, 500, 70_000, -70_000, 200_000),
  ),
  ackOff: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    fc.constantFrom(-1, 1, -500, 500, 70_000, -70_000),
  ),
  window: fc.oneof(
    { weight: 4, arbitrary: fc.constant(64_240) },
    fc.constantFrom(0, 1, 500, 65_535),
  ),
  scale: fc.option(fc.integer({ min: 0, max: 14 }), { freq: 2 }),
  sack: fc.boolean(),
})

/** Starts as connections do, goes on anyhow. */
const tcpMoves: fc.Arbitrary<readonly Move[]> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.array(move, { minLength: 1, maxLength: 10 }), move)
  .map(([started, rest, like]) => {
    const step = (from: 'a' | 'b', flags: number): Move => ({
      ...like,
      from,
      flags,
      length: 0,
      seqOff: 0,
      ackOff: 0,
    })
    const opening = [step('a', SYN), step('b', SYN | ACK), step('a', ACK)]
    return [...opening.slice(0, started), ...rest]
  })

/** Sequence numbers as both ends count them. */
function segments(moves: readonly Move[], ports: readonly [number, number]): readonly Said[] {
  const next = { a: 0xffff_ff00, b: 5000 }
  return moves.map(({ from, flags, length, seqOff, ackOff, window, scale, sack }) => {
    const peer = from === 'a' ? 'b' : 'a'
    const seq = (next[from] + seqOff) >>> 0
    const own = (flags & (SYN | RST)) === 0 ? length : 0
    const ack = (flags & ACK) === 0 ? 0 : (next[peer] + ackOff) >>> 0
    const end = (seq + own + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1)) >>> 0
    if (seqOff === 0) next[from] = end
    const isSyn = (flags & SYN) !== 0
    const [sport, dport] = from === 'a' ? ports : [ports[1], ports[0]]
    return {
      from,
      about: null,
      l4: {
        kind: 'tcp',
        sport,
        dport,
        flags,
        segment: {
          seq,
          ack,
          window,
          length: own,
          windowScale: isSyn ? scale : null,
          sackPermitted: isSyn && sack,
        },
      },
    }
  })
}

/** What clients and servers of FTP say, whole, in part, or with what they should not. */
const CLIENT = [
  'USER nobody\r\n',
  'PORT 10,10,0,77,156,65\r\n',
  'port 10,10,0,77,156,64\r\n',
  'PORT 10,10,0,66,156,65\r\n',
  'PORT 10,10,0,77,156',
  'PO',
  'EPRT |1|10.10.0.77|40001|\r\n',
  'EPRT |2|fd10:10::77|40001|\r\n',
  'EPRT |2|fd10:10::66|40001|\r\n',
  'EPRT ||',
  'PASV\r\nPORT 10,10,0,77,156,65\r\n',
]
const SERVER = [
  '220 hello\r\n',
  '220-hello\r\n227 (10,10,0,5,195,80)\r\n',
  '227 Entering Passive Mode (10,10,0,5,195,80)\r\n',
  '227 at 10,10,0,1,195,80.\r\n',
  '227 Entering Passive Mode (10,10,0,66,195,80)\r\n',
  '229 Extended (|||50000|)\r\n',
  '229 Extended (!!!50000!)\r\n',
  '229 Extended (|||0|)\r\n',
  '229 Extended',
  '22',
]

const GREETING: readonly ['a' | 'b', string][] = [
  ['b', '220 hello\r\n'],
  ['a', 'USER nobody\r\n'],
]

/** A session of FTP, and the connections it announces among it; mostly after a greeting, as lines begin only then. */
const ftp: fc.Arbitrary<readonly Said[]> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('b' as const), fc.constantFrom(...SERVER)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('a' as const), fc.constantFrom(...CLIENT)) },
      { weight: 2, arbitrary: fc.constantFrom('active' as const, 'passive' as const) },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .chain((lines) =>
    fc.constantFrom<readonly (typeof lines)[number][]>(
      lines,
      [...GREETING, ...lines],
      [...GREETING, ...lines],
    ),
  )
  .map((lines) => {
    const like = { length: 0, seqOff: 0, ackOff: 0, window: 64_240, scale: null, sack: false }
    const opening = segments(
      [
        { ...like, from: 'a', flags: SYN },
        { ...like, from: 'b', flags: SYN | ACK },
        { ...like, from: 'a', flags: ACK },
      ],
      [41_000, 21],
    )
    const next = { a: 0xffff_ff01, b: 5001 }
    const all: Said[] = [...opening]
    for (const line of lines) {
      if (line === 'active' || line === 'passive') {
        const ports =
          line === 'active' ? { sport: 20, dport: 40_001 } : { sport: 45_000, dport: 50_000 }
        const from = line === 'active' ? 'b' : 'a'
        all.push({ from, about: null, l4: { kind: 'tcp', ...ports, flags: SYN } })
        continue
      }
      const [from, payload] = line
      const [own, peer] = from === 'a' ? ([41_000, 21] as const) : ([21, 41_000] as const)
      const segment = {
        seq: next[from],
        ack: next[from === 'a' ? 'b' : 'a'],
        window: 64_240,
        length: payload.length,
        windowScale: null,
        sackPermitted: false,
      }
      next[from] = (next[from] + payload.length) >>> 0
      all.push({
        from,
        about: null,
        l4: { kind: 'tcp', sport: own, dport: peer, flags: ACK | PSH, segment, payload },
      })
    }
    return all
  })

/** Requests of TFTP, and data from other ports. */
const tftp: fc.Arbitrary<readonly Said[]> = fc.array(
  fc.constantFrom<Said>(
    ...[41_000, 41_001].flatMap((port): Said[] => [
      {
        from: 'a',
        about: null,
        l4: { kind: 'udp', sport: port, dport: 69, payload: '\0\x01file\0octet\0' },
      },
      {
        from: 'a',
        about: null,
        l4: { kind: 'udp', sport: port, dport: 69, payload: '\0\x04\0\x01' },
      },
      { from: 'b', about: null, l4: { kind: 'udp', sport: 33_000, dport: port } },
      { from: 'a', about: null, l4: { kind: 'udp', sport: port, dport: 33_000 } },
    ]),
  ),
  { minLength: 1, maxLength: 6 },
)

/** Tags the ends of an association choose, and one neither has. */
const TAGS = { a: 0x1111, b: 0x2222, nobody: 0x3333 } as const

const chunk: fc.Arbitrary<SctpChunk> = fc.record({
  type: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 3) },
    { weight: 6, arbitrary: fc.constantFrom(...Object.values(SCTP_CHUNK)) },
  ),
  isReflected: fc.constantFrom(false, false, true),
  initTag: fc.constant(0),
})

/** Associations begin as they should, for some steps, and go on anyhow; mostly with the tags they agreed on. */
const sctp: fc.Arbitrary<readonly Said[]> = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.array(
      fc.record({
        from: fc.constantFrom('a' as const, 'b' as const),
        tag: fc.constantFrom('right', 'right', 'right', 'right', 'own', 'none', 'nobody'),
        initTag: fc.constantFrom('own', 'own', 'own', 'nobody'),
        chunks: fc.oneof(
          { weight: 5, arbitrary: fc.array(chunk, { minLength: 1, maxLength: 1 }) },
          { weight: 1, arbitrary: fc.array(chunk, { maxLength: 3 }) },
        ),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([started, rest]) => {
    const like = { tag: 'right', initTag: 'own' } as const
    const one = (from: 'a' | 'b', type: number) => ({
      ...like,
      from,
      chunks: [{ type, isReflected: false, initTag: 0 }],
    })
    const opening = [
      one('a', SCTP_CHUNK.init),
      one('b', SCTP_CHUNK.initAck),
      one('a', SCTP_CHUNK.cookieEcho),
      one('b', SCTP_CHUNK.cookieAck),
    ]
    return [...opening.slice(0, started), ...rest].map(({ from, tag, initTag, chunks }): Said => {
      const right = chunks[0]?.type === SCTP_CHUNK.init ? 0 : TAGS[from === 'a' ? 'b' : 'a']
      const tags = { right, own: TAGS[from], none: 0, nobody: TAGS.nobody }
      const begins: readonly number[] = [SCTP_CHUNK.init, SCTP_CHUNK.initAck]
      return {
        from,
        about: null,
        l4: {
          kind: 'sctp',
          sport: from === 'a' ? 41_000 : 2905,
          dport: from === 'a' ? 2905 : 41_000,
          packet: {
            tag: tags[tag as keyof typeof tags],
            chunks: chunks.map((each) => ({
              ...each,
              initTag: !begins.includes(each.type)
                ? 0
                : initTag === 'own'
                  ? TAGS[from]
                  : TAGS.nobody,
            })),
          },
        },
      }
    })
  })

/** The same for DCCP, of kernels that still track it. */
const dccp: fc.Arbitrary<readonly Said[]> = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.array(
      fc.record({
        from: fc.constantFrom('a' as const, 'b' as const),
        type: fc.constantFrom(0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10),
        seq: fc.constantFrom(7, 8, 2 ** 40 + 7),
        ack: fc.constantFrom(7, 7, 2 ** 40 + 7),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([started, rest]) => {
    const opening = [
      { from: 'a', type: 0, seq: 1, ack: 0 },
      { from: 'b', type: 1, seq: 7, ack: 1 },
      { from: 'a', type: 3, seq: 2, ack: 7 },
      { from: 'b', type: 4, seq: 8, ack: 2 },
    ] as const
    return [...opening.slice(0, started), ...rest].map(({ from, type, seq, ack }): Said => {
      const [sport, dport] = from === 'a' ? [41_000, 5004] : [5004, 41_000]
      return { from, about: null, l4: { kind: 'dccp', sport, dport, packet: { type, seq, ack } } }
    })
  })

const datagrams: fc.Arbitrary<readonly Said[]> = fc
  .array(fc.tuple(fc.constantFrom('a' as const, 'b' as const), fc.constantFrom(1, 2)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((all) =>
    all.map(([from, which]) => ({
      from,
      about: null,
      l4: {
        kind: 'udp',
        sport: from === 'a' ? 40_000 + which : 53,
        dport: from === 'a' ? 53 : 40_000 + which,
      },
    })),
  )

function pings(version: 4 | 6): fc.Arbitrary<readonly Said[]> {
  const kind = version === 4 ? 'icmp' : 'icmpv6'
  const types =
    version === 4 ? [8, 0, 13, 14, 15, 17, 9] : [128, 129, 135, 143, 139, 130, 151, 152, 153, 137]
  const one = fc.record({
    from: fc.constantFrom('a' as const, 'b' as const),
    about: fc.constant(null),
    l4: fc.record({
      kind: fc.constant(kind),
      type: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...types.slice(0, 2)) },
        fc.constantFrom(...types),
      ),
      code: fc.constantFrom(0, 0, 0, 1),
      id: fc.constantFrom(7, 8),
    }),
  })
  return fc.array(one, { minLength: 1, maxLength: 8 }) as fc.Arbitrary<readonly Said[]>
}

const others: fc.Arbitrary<readonly Said[]> = fc.array(
  fc.record({
    from: fc.constantFrom('a' as const, 'b' as const),
    about: fc.constant(null),
    l4: fc.record({ kind: fc.constant('other' as const), proto: fc.constantFrom(50, 4, 89) }),
  }),
  { minLength: 1, maxLength: 5 },
)

/** Errors of either end about packets of before, put in between. */
function withErrors(
  said: fc.Arbitrary<readonly Said[]>,
  version: 4 | 6,
): fc.Arbitrary<readonly Said[]> {
  const kind = version === 4 ? 'icmp' : 'icmpv6'
  const error = fc.record({
    at: fc.nat({ max: 10 }),
    about: fc.nat({ max: 10 }),
    from: fc.constantFrom('a' as const, 'b' as const),
    type: fc.constantFrom(...(version === 4 ? [3, 11, 12] : [1, 3, 4])),
  })
  return fc.tuple(said, fc.array(error, { maxLength: 2 })).map(([all, errors]) => {
    const list = [...all]
    for (const { at, about, from, type } of errors) {
      const place = 1 + (at % list.length)
      const quoted = about % place
      if (list[quoted]?.about !== null) continue
      list.splice(place, 0, { from, about: quoted, l4: { kind, type, code: 0 } })
      for (let i = place + 1; i < list.length; i += 1) {
        const one = list[i] as Said
        if (one.about !== null && one.about >= place) list[i] = { ...one, about: one.about + 1 }
      }
    }
    return list
  })
}

/** A conversation of two ends over one protocol, with what stacks, bad luck and malice make of it. */
export const conversation: fc.Arbitrary<Conversation> = conversations({ dccp: true })

/** Kernels since 6.16 do not track DCCP any more. */
export function conversations(has: { readonly dccp: boolean }): fc.Arbitrary<Conversation> {
  return fc.constantFrom(4 as const, 6 as const).chain((version) =>
    fc
      .oneof(
        {
          weight: 5,
          arbitrary: withErrors(
            tcpMoves.map((moves) => segments(moves, [41_000, 22])),
            version,
          ),
        },
        { weight: 2, arbitrary: withErrors(datagrams, version) },
        { weight: 2, arbitrary: withErrors(pings(version), version) },
        { weight: 1, arbitrary: others },
        { weight: 2, arbitrary: ftp },
        { weight: 1, arbitrary: tftp },
        { weight: 3, arbitrary: withErrors(sctp, version) },
        ...(has.dccp ? [{ weight: 2, arbitrary: dccp }] : []),
      )
      .map((said) => ({ version, said })),
  )
}

/** The payload of an error: the packet it quotes, as its sender sent it. */
export function quoting(l4: Layer4, inner: Packet): Layer4 {
  return l4.kind === 'icmp' || l4.kind === 'icmpv6' ? { ...l4, inner } : l4
}

/** Protocol numbers of the conversations above, for queries. */
export function protoOf(l4: Layer4): number {
  return l4.kind === 'other' ? l4.proto : l4.kind === 'none' ? 59 : PROTO[l4.kind]
}
