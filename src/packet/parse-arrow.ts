import { parseAddr } from '../ip/address.ts'
import { TCP_FLAG } from '../netfilter/packet.ts'
import { nearest } from '../source/nearest.ts'
import { splitEndpointText } from './endpoint-text.ts'
import { familiesOfIcmpType } from './icmp-types.ts'
import { parseQueryFields, type QueryFields } from './parse-fields.ts'
import { type Problem, problem, quoted } from './problem.ts'
import { parseProtocol } from './protocol.ts'
import { type NameTables, parseCtState, type Query } from './query.ts'

const ARROW = /->|→/
/** Longer than any packet in words; a bound for hostile batches. */
const MAX_LENGTH = 2000

/** Names of the `name=value` words, as they may be spelt. */
const KEYS: Readonly<Record<string, keyof QueryFields>> = {
  src: 'src',
  dst: 'dst',
  sport: 'sport',
  dport: 'dport',
  proto: 'proto',
  ether: 'ethertype',
  ethertype: 'ethertype',
  type: 'icmpType',
  'icmp-type': 'icmpType',
  code: 'icmpCode',
  flags: 'flags',
  state: 'state',
  mac: 'mac',
  iface: 'iface',
  net: 'iface',
  vlan: 'vlan',
  family: 'family',
}
const BARE_WORDS = ['tcp', 'udp', 'icmp', 'icmpv6', 'syn', 'ack', 'new', 'established', 'related']

/** Fields as texts while they are being collected; `said` refuses a second value. */
type Said = { -readonly [Field in keyof QueryFields]: string | null }

/**
 * Reads `FROM [SOURCE] -> TO [DESTINATION] word...`: `192.168.1.53 -> 105:80/tcp`,
 * `outside 192.168.1.53 -> vm105 tcp/80 syn state=new`. Words: `tcp`, `80/tcp`, `tcp/80`, `icmp/echo-request`,
 * `syn,ack`, `established`, `ipv6`, `net1`, `arp`, and `name=value` or `name value` of any field. Either side may
 * be empty.
 */
export function parseArrow(text: string, names: NameTables): Query | Problem {
  if (text.length > MAX_LENGTH)
    return problem('query/bad-arrow', 'a packet takes less than 2,000 letters', null)
  const sides = text.split(ARROW)
  const [left = '', right = ''] = sides
  if (sides.length !== 2)
    return problem(
      'query/bad-arrow',
      sides.length === 1
        ? `${quoted(text.trim())} has no arrow`
        : `${quoted(text.trim())} has more than one arrow`,
      'write `192.168.1.53 -> 105:80/tcp`',
    )
  const said: Said = {}
  const trouble = readLeft(words(left), said, names) ?? readRight(words(right), said, names)
  return trouble ?? parseQueryFields(said, names)
}

function words(text: string): readonly string[] {
  return text
    .trim()
    .split(/[ \t]+/)
    .filter((word) => word !== '')
}

function readLeft(tokens: readonly string[], said: Said, names: NameTables): Problem | null {
  const [from, src] = tokens
  const extra = tokens[2] ?? tokens.find((token) => token.includes('='))
  if (extra !== undefined)
    return problem(
      'query/bad-arrow',
      `${quoted(extra)} before the arrow: there stand only the start and its address`,
      'put protocol, ports and the rest after the destination',
    )
  return (
    (from === undefined ? null : readEndpoint(from, 'from', said, names)) ??
    (src === undefined ? null : readEndpoint(src, 'src', said, names))
  )
}

function readRight(tokens: readonly string[], said: Said, names: NameTables): Problem | null {
  const [first, second] = tokens
  let at = 0
  if (first !== undefined && !first.includes('=')) {
    at = 1
    const trouble = readEndpoint(first, 'to', said, names)
    if (trouble !== null) return trouble
    if (second !== undefined && isAddressLike(second, names)) {
      at = 2
      const more = readEndpoint(second, 'dst', said, names)
      if (more !== null) return more
    }
  }
  for (; at < tokens.length; at += 1) {
    const word = tokens[at] as string
    const value = tokens[at + 1]
    const pair = Object.hasOwn(KEYS, word) && value !== undefined
    const trouble = pair
      ? say(said, KEYS[word] as keyof QueryFields, value)
      : readWord(word, said, names)
    if (trouble !== null) return trouble
    if (pair) at += 1
  }
  return null
}

/** An address, a `+set` or a scoped alias: what may follow an endpoint's name. */
function isAddressLike(token: string, names: NameTables): boolean {
  const parts = splitEndpointText(token, (name) => isProtocolName(name, names))
  return (
    parts !== null && (/^(?:\+|dc\/|guest\/)/.test(parts.base) || parseAddr(parts.base) !== null)
  )
}

function isProtocolName(name: string, names: NameTables): boolean {
  return name.toLowerCase() === 'arp' || parseProtocol(name, names) !== null
}

function readEndpoint(
  token: string,
  field: 'from' | 'src' | 'to' | 'dst',
  said: Said,
  names: NameTables,
): Problem | null {
  const parts = splitEndpointText(token, (name) => isProtocolName(name, names))
  if (parts === null)
    return problem(
      'query/bad-endpoint',
      `${quoted(token)} is not an endpoint`,
      'write `105`, `105:80/tcp`, `192.168.1.53`, `[2001:db8::1]:443` ...',
    )
  const port = field === 'from' || field === 'src' ? 'sport' : 'dport'
  return (
    say(said, field, parts.base) ??
    (parts.port === null ? null : say(said, port, parts.port)) ??
    (parts.proto === null ? null : say(said, 'proto', parts.proto))
  )
}

function readWord(word: string, said: Said, names: NameTables): Problem | null {
  const equals = word.indexOf('=')
  if (equals > 0) {
    const name = word.slice(0, equals).toLowerCase()
    if (Object.hasOwn(KEYS, name) && equals + 1 < word.length)
      return say(said, KEYS[name] as keyof QueryFields, word.slice(equals + 1))
    return unknownWord(
      word,
      Object.keys(KEYS).map((key) => `${key}=`),
    )
  }
  if (/^-?(?:ipv)?[46]$/i.test(word)) return say(said, 'family', word.slice(-1))
  if (/^net\d{1,2}$/.test(word)) return say(said, 'iface', word)
  if (parseCtState(word) !== null) return say(said, 'state', word)
  if (word.split(/[,|+]/).every((part) => Object.hasOwn(TCP_FLAG, part.toUpperCase())))
    return say(said, 'flags', word)
  return readProtocolWord(word, said, names)
}

/** `tcp`, `tcp/80`, `80/tcp`, `icmp/echo-request`, `icmp/3/1`, or an ICMP type after its protocol. */
function readProtocolWord(word: string, said: Said, names: NameTables): Problem | null {
  if (word.toLowerCase() === 'arp') return say(said, 'proto', word)
  const isProtocol = (text: string): boolean =>
    !/^\d/.test(text) && parseProtocol(text, names) !== null
  if (isProtocol(word)) return say(said, 'proto', word)
  const slash = word.indexOf('/')
  const head = word.slice(0, slash)
  const tail = word.slice(slash + 1)
  if (slash > 0 && isProtocol(head))
    return (
      say(said, 'proto', head) ?? say(said, /^ic|^ipv6-ic/i.test(head) ? 'icmpType' : 'dport', tail)
    )
  if (slash > 0 && isProtocol(tail)) return say(said, 'proto', tail) ?? say(said, 'dport', head)
  if (said.proto != null && familiesOfIcmpType(word).length > 0 && !/^\d/.test(word))
    return say(said, 'icmpType', word)
  return unknownWord(word, BARE_WORDS)
}

function unknownWord(word: string, known: readonly string[]): Problem {
  const near = nearest(word, known)
  return problem(
    'query/unknown-word',
    `${quoted(word)} says nothing about a packet`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : 'after the destination stand words such as `tcp/80`, `icmp`, `syn`, `state=new`, `sport=1024`',
  )
}

function say(said: Said, field: keyof QueryFields, value: string): Problem | null {
  const before = said[field]
  if (before != null && before.toLowerCase() !== value.toLowerCase())
    return problem(
      'query/said-twice',
      `${field} is both ${quoted(before)} and ${quoted(value)}`,
      'leave one of them out',
    )
  said[field] = value
  return null
}
