import type { NumberRanges } from '../netfilter/match.ts'
import { PROTO } from '../netfilter/packet.ts'
import type { ReadFacts } from './facts.ts'
import { parseUnsigned } from './words.ts'

/** Ports, or why the tool refuses the text. */
export type Ports = NumberRanges | string

/** `--dport`, `--sport` after `-p PROTOCOL`: each protocol's extension has a grammar of its own. */
export function parsePortRange(text: string, protocol: number, facts: ReadFacts): Ports {
  switch (protocol) {
    case PROTO.tcp:
      return strictRange(text, (name) => portOf(name, 'tcp', facts))
    case PROTO.sctp:
      return strictRange(text, (name) => portOf(name, 'sctp', facts))
    default:
      return looseRange(text, facts)
  }
}

/** `xtables_parse_port_range` (libxt_tcp.c, libxt_sctp.c): each end a number or a service of that protocol. */
function strictRange(text: string, port: (text: string) => number | string): Ports {
  const colon = text.indexOf(':')
  if (colon === -1) {
    const only = port(text)
    return typeof only === 'string' ? only : [{ lo: only, hi: only }]
  }
  const lo = colon === 0 ? 0 : port(text.slice(0, colon))
  const hi = colon === text.length - 1 ? 0xffff : port(text.slice(colon + 1))
  if (typeof lo === 'string') return lo
  if (typeof hi === 'string') return hi
  return lo > hi ? 'invalid portrange (min > max)' : [{ lo, hi }]
}

/**
 * `xtopt_parse_mport` (libxt_udp.c, libxt_dccp.c): numbers are cut to 16 bits, names are looked up by getaddrinfo(3)
 * without a protocol, so `-p udp --dport ssh` is taken. A range that runs backwards matches nothing.
 */
function looseRange(text: string, facts: ReadFacts): Ports {
  const ends = text.split(':')
  if (ends.length > 2) return `Port "${text}" does not resolve to anything.`
  const [first = '', second] = ends
  const lo = first === '' && second !== undefined ? 0 : loosePort(first, facts)
  const hi = second === undefined ? lo : second === '' ? 0xffff : loosePort(second, facts)
  if (typeof lo === 'string') return lo
  if (typeof hi === 'string') return hi
  return lo > hi ? [] : [{ lo, hi }]
}

function loosePort(text: string, facts: ReadFacts): number | string {
  const number = parseUnsigned(text, 0xffff_ffff) ?? decimalPort(text)
  if (number !== null) return number & 0xffff
  for (const protocol of ['tcp', 'udp', 'dccp', 'udplite']) {
    const port = facts.services.get(`${text}/${protocol}`)
    if (port !== undefined) return port
  }
  return `Port "${text}" does not resolve to anything.`
}

/** getaddrinfo(3) takes `08` for a decimal number. */
function decimalPort(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** `xtables_parse_port`: a number up to 65535, or a service registered for this very protocol. */
function portOf(text: string, protocol: string, facts: ReadFacts): number | string {
  return (
    parseUnsigned(text, 0xffff) ??
    facts.services.get(`${text}/${protocol}`) ??
    `invalid port/service \`${text}' specified`
  )
}

/** Protocols multiport knows, with the name it looks services up by: `proto_to_name`, extensions/libxt_multiport.c. */
const MULTIPORT_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [PROTO.tcp, 'tcp'],
  [PROTO.udp, 'udp'],
  [PROTO.udplite, 'udplite'],
  [PROTO.sctp, 'sctp'],
  [PROTO.dccp, 'dccp'],
])

/** A list has room for this many ports; a range takes two (XT_MULTI_PORTS, xt_multiport.h). */
const multiPorts = 15

/** `--dports`, `--sports`, `--ports` of multiport: `parse_multi_ports_v1`. */
export function parsePortList(text: string, protocol: number | null, facts: ReadFacts): Ports {
  const name = protocol === null ? undefined : MULTIPORT_PROTOCOLS.get(protocol)
  if (name === undefined)
    return "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'"
  const ranges: { readonly lo: number; readonly hi: number }[] = []
  let used = 0
  for (const element of text.split(',')) {
    const colon = element.indexOf(':')
    used += colon === -1 ? 1 : 2
    if (used > multiPorts) return 'too many ports specified'
    const lo = portOf(colon === -1 ? element : element.slice(0, colon), name, facts)
    if (typeof lo === 'string') return lo
    const hi = colon === -1 ? lo : portOf(element.slice(colon + 1), name, facts)
    if (typeof hi === 'string') return hi
    if (colon !== -1 && lo >= hi) return 'invalid portrange specified'
    ranges.push({ lo, hi })
  }
  return mergeRanges(ranges)
}

/** Sorts and merges, as {@link NumberRanges} demands. */
export function mergeRanges(ranges: NumberRanges): NumberRanges {
  if (ranges.length < 2) return ranges
  // most lists are written in order, and there are many
  const isSorted = ranges.every(({ lo }, i) => lo >= (ranges[i - 1]?.lo ?? 0))
  const merged: { lo: number; hi: number }[] = []
  for (const { lo, hi } of isSorted ? ranges : ranges.toSorted((a, b) => a.lo - b.lo)) {
    const last = merged.at(-1)
    if (last !== undefined && lo <= last.hi + 1) last.hi = Math.max(last.hi, hi)
    else merged.push({ lo, hi })
  }
  return merged
}
