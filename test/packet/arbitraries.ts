import fc from 'fast-check'
import { EMPTY_QUERY, type NameTables, type Query } from '../../src/packet/query.ts'

/** A few names as /etc/services, /etc/protocols and /etc/ethertypes have them. */
export const TABLES: NameTables = {
  service: (name, protocol) =>
    ({ http: 80, https: 443, ssh: 22, domain: 53, 'bootps:17': 67 })[
      name === 'bootps' ? `${name}:${protocol}` : name
    ] ?? null,
  protocol: (name) => ({ l2tp: 115, hopopt: 0 })[name] ?? null,
  ethertype: (name) => ({ lldp: 0x88cc })[name] ?? null,
}

const endpoint = fc.constantFrom(
  'host',
  'outside',
  'outside:vmbr1',
  'vm105',
  '105/net1',
  'web',
  'dc/web',
  '+lan',
  'vmbr0/tap999i0',
  '10.0.0.5',
  '2001:db8::1',
)
const address = fc.constantFrom('10.0.0.5', '192.168.1.53', 'dc/web', '+lan')
const port = fc.integer({ min: 0, max: 65535 })
const or = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null })

/** Any combination of fields, also those that contradict each other. */
export const anyQuery: fc.Arbitrary<Query> = fc
  .record({
    from: or(endpoint),
    to: or(endpoint),
    src: or(address),
    dst: or(address),
    sport: or(port),
    dport: or(port),
    proto: or(fc.integer({ min: 0, max: 255 })),
    ethertype: or(fc.integer({ min: 0x0600, max: 0xffff })),
    icmpType: or(fc.constantFrom('8', '3/1', 'echo-request', 'redirect')),
    icmpCode: or(fc.integer({ min: 0, max: 255 })),
    flags: or(fc.integer({ min: 0, max: 255 })),
    state: or(
      fc.constantFrom(
        'new',
        'established',
        'related',
        'invalid',
        'untracked' as const,
      ) as fc.Arbitrary<NonNullable<Query['state']>>,
    ),
    mac: or(fc.integer({ min: 0, max: 2 ** 48 - 1 })),
    iface: or(fc.constantFrom('net0', 'net1', 'vmbr1')),
    vlan: or(fc.integer({ min: 1, max: 4094 })),
    family: or(fc.constantFrom(4 as const, 6 as const)),
  })
  .map((fields) => ({ ...EMPTY_QUERY, ...fields }))
