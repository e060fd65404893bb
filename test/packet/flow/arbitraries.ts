import fc from 'fast-check'
import type { Connection, PacketFacts, Script, Step } from '../../../src/packet/flow/step.ts'

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
})
const number32 = fc.integer({ min: 0, max: 0xffff_ffff })
const shift = fc.option(
  fc.oneof(
    fc.record({ kind: fc.constant('is' as const), value: number32 }),
    fc.record({
      kind: fc.constant('off-by' as const),
      value: fc.tuple(number32, fc.boolean()).map(([n, less]) => (less && n > 0 ? -n : n)),
    }),
  ),
)
const segment: fc.Arbitrary<PacketFacts> = fc
  .record({
    kind: fc.constant('tcp' as const),
    flags: fc.integer({ min: 0, max: 255 }),
    size: fc.oneof(fc.integer({ min: 0, max: 65_495 }), bytes),
    again: fc.boolean(),
    seq: shift,
    ack: shift,
    window: fc.option(fc.integer({ min: 0, max: 65_535 })),
    windowScale: fc.option(fc.integer({ min: -1, max: 14 })),
    sackPermitted: fc.option(fc.boolean()),
  })
  .map(({ size, ...rest }) => ({
    ...rest,
    length: typeof size === 'number' ? size : size.length,
    payload: typeof size === 'number' ? null : size,
  }))
const datagram = fc.record({ kind: fc.constant('udp' as const), payload: fc.option(bytes) })
const other: fc.Arbitrary<PacketFacts> = fc.oneof(
  fc.record({
    kind: fc.constant('echo' as const),
    reply: fc.boolean(),
    id: fc.option(fc.integer({ min: 0, max: 65_535 })),
  }),
  fc.record({
    kind: fc.constant('icmp' as const),
    type: fc.constantFrom('port-unreachable', '3/1', 'packet-too-big', '12'),
    src: fc.option(fc.constantFrom('192.0.2.1', '2001:db8::1')),
  }),
  fc.record({ kind: fc.constant('packet' as const) }),
)

const connections: fc.Arbitrary<readonly Connection[]> = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/),
    opens: fc.constantFrom('forth' as const, 'back' as const),
    proto: fc.constantFrom('tcp' as const, 'udp' as const),
    sport: fc.integer({ min: 0, max: 65_535 }),
    dport: fc.integer({ min: 0, max: 65_535 }),
  }),
  { maxLength: 3, selector: ({ name }) => name },
)

function stepIn(known: readonly Connection[]): fc.Arbitrary<Step> {
  const place = fc.constantFrom<Connection | null>(null, ...known)
  const packet = place.chain((connection) =>
    fc.record({
      kind: fc.constant('packet' as const),
      direction: fc.constantFrom('forth' as const, 'back' as const),
      connection: fc.constant(connection?.name ?? null),
      forced: fc.boolean(),
      unseen: fc.boolean(),
      what:
        connection === null
          ? fc.oneof(segment, datagram, other)
          : connection.proto === 'tcp'
            ? segment
            : datagram,
    }),
  )
  const wait = fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.integer({ min: 0, max: 10 * 365 * 86_400_000 }),
  })
  return fc.oneof({ weight: 5, arbitrary: packet }, wait)
}

/** Any script that sends a packet. */
export const anyScript: fc.Arbitrary<Script> = connections.chain((known) =>
  fc
    .record({ connections: fc.constant(known), steps: fc.array(stepIn(known), { maxLength: 8 }) })
    .filter(({ steps }) => steps.some(({ kind }) => kind === 'packet')),
)
