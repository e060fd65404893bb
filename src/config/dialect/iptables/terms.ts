import { ICMP_TYPES, ICMPV6_TYPES } from './icmp.ts'
import { readNetIp } from './net-ip.ts'
import { isName } from './perl.ts'

/**
 * Values of rule options judged as Firewall.pm judges them: ports, addresses, interfaces. Pure functions of
 * the text, so that a reader may remember the answers.
 */

/** Part of a value that is wrong, and what pve-firewall says of it. Offsets count from the start of the value. */
export type Fault = { readonly message: string; readonly start: number; readonly end: number }

/** A port list: its first fault, or null. */
export type PortTerm = { readonly fault: Fault | null }

/** Nothing is wrong. */
export const RIGHT: PortTerm = { fault: null }

/** True for a single port by its number: most lists are no more, and nothing is wrong with them. */
export function isPort(text: string): boolean {
  if (text.length === 0 || text.length > 5) return false
  let port = 0
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return false
    port = port * 10 + digit
  }
  return port <= 65_535
}

const ZERO = 0x30

/**
 * Judges a port list (`parse_port_name_number_or_range`). `icmp`: the value of `-dport` where the protocol is
 * ICMP; names of ICMP types are allowed there, of either family.
 */
export function readPorts(text: string, icmp: boolean, services: ReadonlySet<string>): PortTerm {
  if (text.endsWith(',')) return { fault: whole(text, 'extraneous commas in list') }
  let numbers = 0
  let named = false
  for (let start = 0; start <= text.length; ) {
    const comma = text.indexOf(',', start)
    const end = comma === -1 ? text.length : comma
    const item = text.slice(start, end)
    if (icmp && (ICMP_TYPES.has(item) || ICMPV6_TYPES.has(item))) {
      named = true
    } else {
      const message = wrongPort(item, services)
      if (message !== null) return { fault: { message, start, end } }
      numbers += numbersIn(item)
    }
    start = end + 1
  }
  if (named && numbers > 0) return { fault: whole(text, 'ICMP ports not allowed in port range') }
  return {
    fault: numbers > 15 ? whole(text, 'too many entries in port list (> 15 numbers)') : null,
  }
}

const RANGE = /^([0-9]+):([0-9]+)$/

function wrongPort(item: string, services: ReadonlySet<string>): string | null {
  if (/^[0-9]+$/.test(item)) return Number(item) > 65_535 ? `invalid port '${item}'` : null
  const range = RANGE.exec(item)
  if (range === null) return services.has(item) ? null : `invalid port '${item}'`
  const [, low = '', high = ''] = range
  if (Number(low) > 65_535) return `invalid port '${low}'`
  if (Number(high) > 65_535) return `invalid port '${high}'`
  if (Number(low) <= Number(high)) return null
  return `backwards range '${item}' not allowed, did you mean '${high}:${low}'?`
}

/** A number counts one, a range two, a service name nothing. */
function numbersIn(item: string): number {
  if (RANGE.test(item)) return 2
  return /^[0-9]+$/.test(item) ? 1 : 0
}

/** The value of `-source` or `-dest`, as far as it can be judged without looking at definitions. */
export type AddressTerm =
  | {
      readonly kind: 'set'
      /** Null: the name is not one. */
      readonly name: string | null
      readonly fault: Fault | null
    }
  | {
      readonly kind: 'alias'
      readonly scope: 'dc/' | 'guest/' | ''
      readonly name: string
      readonly fault: Fault | null
    }
  | {
      readonly kind: 'list'
      readonly version: 4 | 6 | null
      readonly fault: Fault | null
      /** Net::IP refused an element in silence: the fault's message lacks the text it gave for an earlier one. */
      readonly silent: boolean
      /** What Net::IP complained about in this list. */
      readonly complaint: string | null
    }

/** Longest name of a set or alias, its scope included. */
const LONGEST_NAME = 64

/** Judges an address (`parse_address_list` and the patterns of `verify_rule`). */
export function readAddress(text: string): AddressTerm {
  if (text.startsWith('+') && text.length > 1) {
    const name = setName(text)
    const tooLong = text.length > LONGEST_NAME + 1
    return { kind: 'set', name, fault: tooLong ? whole(text, 'ipset name too long') : null }
  }
  const scope = text.startsWith('dc/') ? 'dc/' : text.startsWith('guest/') ? 'guest/' : ''
  const name = text.slice(scope.length)
  if (!isName(name)) return readList(text)
  const tooLong = text.length > LONGEST_NAME
  return { kind: 'alias', scope, name, fault: tooLong ? whole(text, 'alias name too long') : null }
}

/** The name behind `+` and a scope, or null. */
function setName(text: string): string | null {
  const scope = ['+guest/', '+dc/', '+sdn/'].find((prefix) => text.startsWith(prefix)) ?? '+'
  const name = text.slice(scope.length)
  return isName(name) ? name : null
}

function readList(text: string): AddressTerm {
  if (text.endsWith(',')) return faultyList(whole(text, 'extraneous commas in list'))
  let version: 4 | 6 | null = null
  let elements = 0
  for (let start = 0; start <= text.length; ) {
    const comma = text.indexOf(',', start)
    const end = comma === -1 ? text.length : comma
    const found = readNetIp(text.slice(start, end))
    if (found.kind === 'refused') {
      const message = `invalid IP address: ${found.message ?? ''}`
      return faultyList({ message, start, end }, found.message, found.message === null)
    }
    if (version !== null && found.version !== version) {
      const message = `detected mixed ipv4/ipv6 addresses in address list '${text}'`
      return faultyList({ message, start, end })
    }
    version = found.version
    elements += 1
    start = end + 1
  }
  if (elements > 1 && text.includes('-'))
    return faultyList(whole(text, "you can't use a range in a list"))
  return { kind: 'list', version, fault: null, silent: false, complaint: null }
}

function faultyList(fault: Fault, complaint: string | null = null, silent = false): AddressTerm {
  return { kind: 'list', version: null, fault, silent, complaint }
}

/** True for the name of an interface as `pve_verify_iface` (pve-common, JSONSchema.pm) wants it. */
export function isInterfaceName(text: string): boolean {
  return /^[a-z][a-z0-9_]{1,20}(?:[:.][0-9]+)?$/i.test(text)
}

/** An address of an alias or set: its family, and the text that is kept; null when it is none (`parse_ip_or_cidr`). */
export function readCidr(text: string): { readonly cidr: string; readonly version: 4 | 6 } | null {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  if (slash !== -1 && !/^[0-9]+$/.test(text.slice(slash + 1))) return null
  if (isV4(address)) return { cidr: without(text, '/32'), version: 4 }
  return isV6(address) ? { cidr: without(text, '/128'), version: 6 } : null
}

function without(text: string, ending: string): string {
  return text.endsWith(ending) ? text.slice(0, -ending.length) : text
}

const V4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

/** Four decimal octets without leading zeros. */
function isV4(text: string): boolean {
  return V4.test(text) && !/(?:^|\.)0\d/.test(text)
}

/** Eight groups of one to four hex digits, the last two perhaps as four octets; `::` for at least one group. */
function isV6(text: string): boolean {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return false
  const gap = text.indexOf('::')
  if (gap === -1) return groupsIn(text, true) === 8
  const before = groupsIn(text.slice(0, gap), false)
  const after = groupsIn(text.slice(gap + 2), true)
  return before !== null && after !== null && before + after <= 7
}

/** Number of groups in `a:b:c`; null when it is not such a list. */
function groupsIn(text: string, tail: boolean): number | null {
  if (text === '') return 0
  const groups = text.split(':')
  const last = groups.at(-1) ?? ''
  const dotted = tail && isV4(last)
  const hex = dotted ? groups.slice(0, -1) : groups
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return hex.length + (dotted ? 2 : 0)
}

function whole(text: string, message: string): Fault {
  return { message, start: 0, end: text.length }
}
