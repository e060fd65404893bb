import { parseMac } from '../ip/mac.ts'
import { normalise } from '../ip/range-set.ts'
import type { FieldName } from '../netfilter/field.ts'
import type { Match, NumberRanges, Values } from '../netfilter/match.ts'
import { type AddrType, type CtState, TCP_FLAG } from '../netfilter/packet.ts'
import { parseDotted, parseV6 } from './address.ts'
import { ICMP_NAMES, ICMPV6_NAMES, type IcmpName } from './icmp-names.ts'
import { type Term, term } from './match-module.ts'
import { parsePortList, parsePortRange } from './ports.ts'
import { parseUnsigned } from './words.ts'

/** Interface names, IFNAMSIZ less the closing zero: include/uapi/linux/if.h. */
const longestName = 15

/** `eth0`, `tap+` as names; `+` alone is every name. A string: why it is refused (`xtables_parse_interface`). */
export function interfaceNames(text: string): Values | string {
  if (text.length > longestName)
    return `interface name \`${text}' must be shorter than IFNAMSIZ (${longestName})`
  return text.endsWith('+')
    ? { kind: 'names', exact: new Set(), prefixes: [text.slice(0, -1)] }
    : { kind: 'names', exact: new Set([text]), prefixes: [] }
}

function numbers(field: FieldName, ranges: NumberRanges | string, negate: boolean): Match | string {
  if (typeof ranges === 'string') return ranges
  return { kind: 'field', field, values: { kind: 'numbers', ranges }, negate }
}

function port(field: 'th sport' | 'th dport', protocol: number): Term {
  return term((text, negate, { facts }) =>
    numbers(field, parsePortRange(text, protocol, facts), negate),
  )
}

export function portTerms(protocol: number): readonly (readonly [readonly string[], Term])[] {
  return [
    [['--sport', '--source-port'], port('th sport', protocol)],
    [['--dport', '--destination-port'], port('th dport', protocol)],
  ]
}

/** `parse_tcp_flags`, extensions/libxt_tcp.c: without regard to case. */
function parseFlags(text: string): number | string {
  let bits = 0
  for (const name of text.split(',')) {
    const upper = name.toUpperCase()
    const bit = (TCP_FLAG as Readonly<Record<string, number>>)[upper]
    if (upper === 'ALL') bits |= 0x3f
    else if (bit !== undefined && bit <= 0x20) bits |= bit
    else if (upper !== 'NONE') return `Unknown TCP flag \`${name}'`
  }
  return bits
}

export const tcpFlags: Term = {
  args: 2,
  negatable: true,
  make: ([maskText = '', valueText = ''], negate) => {
    const mask = parseFlags(maskText)
    const value = parseFlags(valueText)
    if (typeof mask === 'string') return mask
    if (typeof value === 'string') return value
    return { kind: 'masked', field: 'tcp flags', mask, value, negate }
  },
}

export const syn: Term = {
  args: 0,
  negatable: true,
  make: (_, negate) => ({ kind: 'masked', field: 'tcp flags', mask: 0x17, value: 0x02, negate }),
}

/** `parse_icmp` of extensions/libxt_icmp.h: a name or the beginning of just one, or `TYPE[/CODE]`. */
export function icmpTerm(version: 4 | 6): Term {
  const [names, word] = version === 4 ? [ICMP_NAMES, 'ICMP'] : [ICMPV6_NAMES, 'ICMPv6']
  return term((text, negate) => {
    const found = icmpByName(text, names, word) ?? icmpByNumber(text, word)
    return typeof found === 'string' ? found : icmpMatch(version, found, negate)
  })
}

function icmpByName(
  text: string,
  names: ReadonlyMap<string, IcmpName>,
  word: string,
): IcmpName | string | null {
  const wanted = text.toLowerCase()
  const candidates = [...names].filter(([name]) => name.toLowerCase().startsWith(wanted))
  const exact = candidates.find(([name]) => name.length === text.length)
  const [first, second] = exact === undefined ? candidates : [exact]
  if (first === undefined || text === '') return null
  if (second === undefined) return first[1]
  return `Ambiguous ${word} type \`${text}': \`${first[0]}' or \`${second[0]}'?`
}

function icmpByNumber(text: string, word: string): IcmpName | string {
  const slash = text.indexOf('/')
  const type = parseUnsigned(slash === -1 ? text : text.slice(0, slash), 255)
  if (type === null) return `Unknown ${word} type \`${text}'`
  if (slash === -1) return { type, code: null }
  const code = parseUnsigned(text.slice(slash + 1), 255)
  return code === null ? `Unknown ${word} code \`${text}'` : { type, code }
}

function icmpMatch(version: 4 | 6, { type, code }: IcmpName, negate: boolean): Match {
  const field = version === 4 ? 'icmp' : 'icmpv6'
  // of ICMP, type 255 is any; ICMPv6 has no such word
  const ranges = version === 4 && type === 255 ? [{ lo: 0, hi: 255 }] : [{ lo: type, hi: type }]
  const byType = fieldMatch(`${field} type`, { kind: 'numbers', ranges })
  if (code === null || (version === 4 && type === 255)) return { ...byType, negate }
  const codes = [{ lo: code, hi: code }]
  const byCode = fieldMatch(`${field} code`, { kind: 'numbers', ranges: codes })
  return { kind: 'all-of', matches: [byType, byCode], negate }
}

function fieldMatch(field: FieldName, values: Values): Extract<Match, { kind: 'field' }> {
  return { kind: 'field', field, values, negate: false }
}

export function portList(fields: readonly [FieldName, ...FieldName[]]): Term {
  return term((text, negate, { protocol, facts }) => {
    const ranges = parsePortList(text, protocol, facts)
    if (typeof ranges === 'string') return ranges
    const values: Values = { kind: 'numbers', ranges }
    return fields.length === 1
      ? { kind: 'field', field: fields[0], values, negate }
      : { kind: 'any-of', fields, values, negate }
  })
}

function addressField(end: 'saddr' | 'daddr', version: 4 | 6): FieldName {
  return version === 4 ? `ip ${end}` : `ip6 ${end}`
}

/** `iprange_parse`, extensions/libxt_iprange.c. A range that runs backwards is taken and matches nothing. */
export function addressRange(end: 'saddr' | 'daddr', option: string): Term {
  return term((text, negate, { version }) => {
    const dash = text.indexOf('-')
    const ends = dash === -1 ? [text, text] : [text.slice(0, dash), text.slice(dash + 1)]
    const bits: bigint[] = []
    for (const one of ends) {
      const parsed = version === 4 ? parseDotted(one) : parseV6(one)
      if (parsed === null) return `iprange: Bad value for "${option}" option: "${one}"`
      bits.push(parsed)
    }
    const [lo = 0n, hi = 0n] = bits
    const values: Values = { kind: 'addresses', ranges: normalise([{ lo, hi }]) }
    return { kind: 'field', field: addressField(end, version), values, negate }
  })
}

/** Longest name of a set, less the closing zero: IPSET_MAXNAMELEN, include/uapi/linux/netfilter/ipset/ip_set.h. */
export const longestSetName = 31

/** `parse_dirs_family`, `get_set_byname` of extensions/libxt_set.h. Sets here have one dimension: the first counts. */
export const matchSet: Term = {
  args: 2,
  negatable: true,
  make: ([name = '', directions = ''], negate, { version, sets, isListed }) => {
    if (name.length > longestSetName)
      return `setname \`${name}' too long, max ${longestSetName} characters.`
    const set = sets.get(name)
    if (set === undefined)
      return isListed ? { kind: 'opaque', text: name } : `Set ${name} doesn't exist.`
    if (set.kind === 'addresses' && set.version !== version)
      return `The protocol family of set ${name} is IPv${set.version}, which is not applicable.`
    const words = directions.split(',')
    if (!words.every((word) => word === 'src' || word === 'dst'))
      return "You must spefify (the comma separated list of) 'src' or 'dst'."
    const field = addressField(words[0] === 'src' ? 'saddr' : 'daddr', version)
    return { kind: 'lookup', fields: [field], set: name, negate }
  },
}

/** `xtopt_parse_ethermac`, libxtables/xtoptions.c: six groups of one or two digits, colons only. */
export const macSource = term((text, negate) => {
  const mac = text.includes('-') ? null : parseMac(text)
  if (mac === null) return 'Invalid MAC address specified.'
  return numbers('ether saddr', [{ lo: mac, hi: mac }], negate)
})

/** `VALUE[/MASK]`, 32 bits: `xtopt_parse_markmask`. */
export function parseMarkMask(
  text: string,
): { readonly value: number; readonly mask: number } | null {
  const slash = text.indexOf('/')
  const value = parseUnsigned(slash === -1 ? text : text.slice(0, slash), 0xffff_ffff)
  const mask = slash === -1 ? 0xffff_ffff : parseUnsigned(text.slice(slash + 1), 0xffff_ffff)
  return value === null || mask === null ? null : { value, mask }
}

export function mark(field: 'meta mark' | 'ct mark', module: string): Term {
  return term((text, negate) => {
    const parsed = parseMarkMask(text)
    if (parsed === null) return `${module}: bad integer value for option "--mark", or out of range.`
    return { kind: 'masked', field, ...parsed, negate }
  })
}

const states: ReadonlyMap<string, CtState> = new Map([
  ['INVALID', 'invalid'],
  ['NEW', 'new'],
  ['ESTABLISHED', 'established'],
  ['RELATED', 'related'],
  ['UNTRACKED', 'untracked'],
])

/** `state_parse_states`, `conntrack_ps_state`: without regard to case. SNAT and DNAT depend on what NAT did. */
export function stateTerm(module: 'conntrack' | 'state'): Term {
  return term((text, negate) => {
    const exact = new Set<string>()
    for (const name of text.split(',')) {
      const upper = name.toUpperCase()
      if (module === 'conntrack' && (upper === 'SNAT' || upper === 'DNAT'))
        return { kind: 'opaque', text }
      const state = states.get(upper)
      if (state === undefined) return `Bad ${module === 'state' ? 'state' : 'ctstate'} "${name}"`
      exact.add(state)
    }
    return fieldMatchNames('ct state', exact, negate)
  })
}

function fieldMatchNames(field: FieldName, exact: ReadonlySet<string>, negate: boolean): Match {
  return { kind: 'field', field, values: { kind: 'names', exact, prefixes: [] }, negate }
}

const addressTypes: ReadonlyMap<string, AddrType> = new Map([
  ['UNICAST', 'unicast'],
  ['LOCAL', 'local'],
  ['BROADCAST', 'broadcast'],
  ['ANYCAST', 'anycast'],
  ['MULTICAST', 'multicast'],
])

/** Route types nothing here has: no address of a packet is of one (`rtn_names`, extensions/libxt_addrtype.c). */
const rareTypes: readonly string[] = [
  'UNSPEC',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
]

/**
 * `--src-type`, `--dst-type`: `parse_types` of libxt_addrtype.c. IPv6 asks the kind of the address itself, so a local
 * one is unicast too, and knows no broadcast: `addrtype_mt_checkentry_v1`, net/netfilter/xt_addrtype.c.
 */
export function addressTypeTerm(end: 'saddr' | 'daddr'): Term {
  return term((text, negate, { version }) => {
    const exact = new Set<string>()
    for (const name of text.split(',')) {
      const upper = name.toUpperCase()
      const type = addressTypes.get(upper)
      if (type === undefined && !rareTypes.includes(upper)) return `addrtype: bad type "${name}"`
      if (version === 6 && upper === 'BROADCAST')
        return 'the kernel refuses address type BROADCAST for IPv6'
      if (type !== undefined) exact.add(type)
      if (version === 6 && type === 'unicast') exact.add('local').add('anycast')
    }
    return fieldMatchNames(`fib ${end} type`, exact, negate)
  })
}

export function physdevName(field: 'physdev in' | 'physdev out'): Term {
  return term((text, negate) => {
    const values = interfaceNames(text)
    return typeof values === 'string' ? values : { kind: 'field', field, values, negate }
  })
}

export function physdevPresent(field: 'physdev in' | 'physdev out'): Term {
  return { args: 0, negatable: true, make: (_, negate) => ({ kind: 'present', field, negate }) }
}

const packetTypes: readonly string[] = ['unicast', 'host', 'broadcast', 'multicast']

export const packetType = term((text, negate) => {
  const name = text.toLowerCase()
  if (!packetTypes.includes(name)) return `Bad packet type '${text}'`
  return fieldMatchNames('meta pkttype', new Set([name === 'unicast' ? 'host' : name]), negate)
})
