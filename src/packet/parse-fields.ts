import { parseMac } from '../ip/mac.ts'
import { ETHERTYPE } from '../netfilter/packet.ts'
import { nearest } from '../source/nearest.ts'
import { familiesOfIcmpType, icmpTypeNames } from './icmp-types.ts'
import { isProblem, type Problem, problem, quoted } from './problem.ts'
import { PROTOCOL_NAMES, parseProtocol } from './protocol.ts'
import { EMPTY_QUERY, type NameTables, parseCtState, type Query } from './query.ts'
import { parseTcpFlags } from './tcp-flags.ts'

/** A packet as texts, one a field: what options of a command line and members of a JSON object come down to. */
export type QueryFields = { readonly [Field in keyof Query]?: string | null } & {
  /** Guest numbers: short for `to: vm105`, `to: ct105`. */
  readonly vm?: string | null
  readonly ct?: string | null
}

/** Reads every field; the first that makes no sense is the answer. What contradicts what is `checkQuery`'s business. */
export function parseQueryFields(fields: QueryFields, names: NameTables): Query | Problem {
  const arp = fields.proto?.toLowerCase() === 'arp'
  const proto = arp ? null : optional(fields.proto, (text) => readProtocol(text, names))
  if (isProblem(proto)) return proto
  const to = readTo(fields)
  if (isProblem(to)) return to
  const read = {
    ethertype: optional(arp ? 'arp' : fields.ethertype, (text) => readEthertype(text, names)),
    sport: optional(fields.sport, (text) => readPort(text, proto, names)),
    dport: optional(fields.dport, (text) => readPort(text, proto, names)),
    icmpType: optional(fields.icmpType, readIcmpType),
    icmpCode: optional(fields.icmpCode, (text) => readNumber('icmp code', text, 0, 255)),
    flags: optional(fields.flags, readFlags),
    state: optional(fields.state, readState),
    mac: optional(fields.mac, readMac),
    vlan: optional(fields.vlan, (text) => readNumber('VLAN tag', text, 1, 4094)),
    family: optional(fields.family, readFamily),
  }
  for (const value of Object.values(read)) if (isProblem(value)) return value
  return {
    ...EMPTY_QUERY,
    ...(read as Pick<Query, keyof typeof read>),
    from: fields.from ?? null,
    to,
    src: fields.src ?? null,
    dst: fields.dst ?? null,
    iface: fields.iface ?? null,
    proto,
  }
}

/** A port by number or service name; null text is no port. */
export function readPort(
  text: string,
  protocol: number | null,
  names: NameTables,
): number | Problem {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text)
  const port = /^\d+$/.test(text) ? null : names.service(text, protocol)
  if (port !== null) return port
  return problem(
    'query/bad-port',
    `${quoted(text)} is not a port`,
    /[,:-]/.test(text) && /^\d/.test(text)
      ? 'a packet has one port: ask about one of them'
      : 'a port is a number of 0..65535 or a name of /etc/services',
  )
}

/** A protocol by name or number. */
export function readProtocol(text: string, names: NameTables): number | Problem {
  const protocol = parseProtocol(text, names)
  if (protocol !== null) return protocol
  const near = nearest(text.toLowerCase(), PROTOCOL_NAMES)
  return problem(
    'query/bad-protocol',
    `${quoted(text)} is not a protocol`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : 'a protocol is a name of /etc/protocols or a number of 0..255',
  )
}

/** An EtherType by name or number: `arp`, `0x88cc`. */
function readEthertype(text: string, names: NameTables): number | Problem {
  if (text.toLowerCase() === 'arp') return ETHERTYPE.arp
  const number = /^(?:0x)?([0-9a-f]{4})$/i.exec(text)?.[1]
  const type = number === undefined ? names.ethertype(text) : Number.parseInt(number, 16)
  if (type !== null && type >= 0x0600) return type
  return problem(
    'query/bad-ethertype',
    `${quoted(text)} is not an EtherType`,
    'write `arp`, `0x88cc` or a name of /etc/ethertypes',
  )
}

/** An ICMP type in either family; which one is settled when the packet is made. */
export function readIcmpType(text: string): string | Problem {
  if (familiesOfIcmpType(text).length > 0) return text
  const near = nearest(text.toLowerCase(), [...icmpTypeNames(4), ...icmpTypeNames(6)])
  return problem(
    'query/bad-icmp-type',
    `${quoted(text)} is not an ICMP type`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : 'write a name such as `echo-request`, a number, or `type/code`',
  )
}

/** TCP flags as `S`, `SA`, `SYN,ACK`. */
export function readFlags(text: string): number | Problem {
  return (
    parseTcpFlags(text) ??
    problem(
      'query/bad-flags',
      `${quoted(text)} are not TCP flags`,
      'write `S`, `SA`, `SYN,ACK` or `NONE`',
    )
  )
}

/** A conntrack state. */
export function readState(text: string): NonNullable<Query['state']> | Problem {
  return (
    parseCtState(text) ??
    problem(
      'query/bad-state',
      `${quoted(text)} is not a connection state`,
      'write new, established, related, invalid or untracked',
    )
  )
}

function readMac(text: string): number | Problem {
  return (
    parseMac(text) ??
    problem('query/bad-mac', `${quoted(text)} is not a MAC address`, 'write `bc:24:11:00:00:01`')
  )
}

function readFamily(text: string): 4 | 6 | Problem {
  const found = { '4': 4, ip: 4, ipv4: 4, inet: 4, '6': 6, ip6: 6, ipv6: 6, inet6: 6 } as const
  if (Object.hasOwn(found, text)) return found[text as keyof typeof found]
  return problem('query/bad-family', `${quoted(text)} is not an address family`, 'write 4 or 6')
}

function readNumber(what: string, text: string, low: number, high: number): number | Problem {
  if (/^\d{1,5}$/.test(text) && Number(text) >= low && Number(text) <= high) return Number(text)
  return problem(
    'query/bad-number',
    `${quoted(text)} is not a ${what}`,
    `a ${what} is ${low}..${high}`,
  )
}

/** `vm: 105` and `ct: 105` are short for `to`. */
function readTo(fields: QueryFields): string | null | Problem {
  const said = [
    ...(fields.to == null ? [] : [{ option: 'to', text: fields.to }]),
    ...(fields.vm == null ? [] : [{ option: 'vm', text: `vm${fields.vm}` }]),
    ...(fields.ct == null ? [] : [{ option: 'ct', text: `ct${fields.ct}` }]),
  ]
  const [first, second] = said
  if (first === undefined) return null
  if (second === undefined) return first.text
  return problem(
    'query/said-twice',
    `the destination is said twice: --${first.option} and --${second.option}`,
    'leave one of them out',
  )
}

function optional<T>(text: string | null | undefined, read: (text: string) => T): T | null {
  return text === undefined || text === null ? null : read(text)
}
