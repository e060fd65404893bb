import { parseMac } from '../ip/mac.ts'
import type { FieldName } from '../netfilter/field.ts'
import type { Match, NumberRanges, Values } from '../netfilter/match.ts'
import { ETHERTYPE } from '../netfilter/packet.ts'
import type { Statement, Verdict } from '../netfilter/ruleset.ts'
import type { ReadFacts } from './facts.ts'
import { parseUnsigned, splitBlanks, splitLine } from './words.ts'

/** What the lines of the table share. */
export type EbtablesReader = {
  readonly facts: ReadFacts
  /** A kernel holds these lines, so the tool refuses none. */
  readonly isListed: boolean
  readonly isChain: (name: string) => boolean
}

/** The rule as far as it has been read. */
type Draft = {
  readonly reader: EbtablesReader
  readonly terms: Statement[]
  /** EtherType of a `-p` that is not negated. */
  ethertype: number | null
  /** An `--arp-` option was given: it needs `-p ARP`. */
  needsArp: boolean
  verdict: Statement | null
}

/** An option with one value: what it says, or why it is refused. */
type Option = (draft: Draft, value: string, negate: boolean) => Match | string

/** Longest name of a device: IFNAMSIZ less the closing zero. */
const longestName = 15

/**
 * Reads a rule without its `-A CHAIN` as `ebt_do_command` of ebtables 2.0.11 (ebtables.c) would: its statements, or
 * why it is refused. `!` may stand before an option or before its value.
 */
export function readEbtablesRule(
  reader: EbtablesReader,
  text: string,
): readonly Statement[] | string {
  // only what a kernel lists has words in quotes
  const line = reader.isListed ? splitLine(text) : { words: splitBlanks(text) }
  if (typeof line === 'string') return line
  const { words } = line
  const draft: Draft = { reader, terms: [], ethertype: null, needsArp: false, verdict: null }
  for (let at = 0; at < words.length; ) {
    const start = at
    let negate = words[at] === '!'
    if (negate) at += 1
    const option = words[at] ?? ''
    if (!option.startsWith('-')) return `Bad argument : '${option}'`
    if (words[at + 1] === '!') {
      negate = true
      at += 1
    }
    if (reader.isListed && isWatcher(option)) {
      draft.terms.push({ kind: 'log', prefix: '', group: null, text: option })
      at += VALUELESS.has(option) ? 1 : 2
      continue
    }
    const value = words[at + 1]
    if (reader.isListed && isTarget(option) && value !== undefined) {
      const verdict = readVerdict(reader, value)
      // options behind a target are its own
      const rest = words.slice(start).join(' ')
      draft.verdict =
        verdict === null ? { kind: 'opaque', text: rest } : { kind: 'verdict', verdict, text: rest }
      break
    }
    if (value === undefined) return `option '${option}' requires an argument`
    at += 2
    const refusal = readOption(draft, option, value, negate, words.slice(start, at).join(' '))
    if (refusal !== null) return refusal
  }
  if (draft.needsArp && draft.ethertype !== ETHERTYPE.arp && draft.ethertype !== 0x8035)
    return 'For ARP filtering the protocol must be specified as ARP or RARP.'
  return draft.verdict === null ? draft.terms : [...draft.terms, draft.verdict]
}

function readOption(
  draft: Draft,
  option: string,
  value: string,
  negate: boolean,
  text: string,
): string | null {
  if (isTarget(option)) {
    const verdict = readVerdict(draft.reader, value)
    if (verdict === null) return `Illegal target name '${value}'.`
    draft.verdict = { kind: 'verdict', verdict, text }
    return null
  }
  const match = OPTIONS.get(option)?.(draft, value, negate) ?? { kind: 'opaque', text }
  if (typeof match === 'string') return match
  draft.terms.push({ kind: 'match', match, text })
  return null
}

function isTarget(option: string): boolean {
  return option === '-j' || option === '--jump'
}

/** Watchers log and let the frame go on: ebt_log, ebt_nflog, ebt_ulog. */
function isWatcher(option: string): boolean {
  return /^--(?:log|nflog|ulog)/.test(option)
}

/** Those of their options that have no value. */
const VALUELESS: ReadonlySet<string> = new Set([
  '--log',
  '--log-ip',
  '--log-arp',
  '--log-ip6',
  '--nflog',
  '--ulog',
])

function readVerdict(reader: EbtablesReader, name: string): Verdict | null {
  switch (name) {
    case 'ACCEPT':
      return { kind: 'accept' }
    case 'DROP':
      return { kind: 'drop' }
    case 'RETURN':
      return { kind: 'return' }
    case 'CONTINUE':
      return { kind: 'continue' }
    default:
      return reader.isChain(name) ? { kind: 'jump', chain: name } : null
  }
}

function field(name: FieldName, values: Values, negate: boolean): Match {
  return { kind: 'field', field: name, values, negate }
}

function numbers(name: FieldName, ranges: NumberRanges, negate: boolean): Match {
  return field(name, { kind: 'numbers', ranges }, negate)
}

function device(name: FieldName): Option {
  return (_, value, negate) => {
    if (value.length > longestName)
      return `Interface name length cannot exceed ${longestName} characters.`
    const exact = new Set(value.endsWith('+') ? [] : [value])
    const prefixes = value.endsWith('+') ? [value.slice(0, -1)] : []
    return field(name, { kind: 'names', exact, prefixes }, negate)
  }
}

/** A number from 0x600 on (smaller ones are lengths), a name of /etc/ethertypes, or LENGTH. */
function protocol(draft: Draft, value: string, negate: boolean): Match | string {
  if (value.toLowerCase() === 'length') return numbers('ether type', [{ lo: 0, hi: 0x5ff }], negate)
  const number = /^(?:0x)?[0-9a-f]{1,4}$/i.test(value)
    ? Number.parseInt(value.replace(/^0x/i, ''), 16)
    : null
  const type = draft.reader.facts.ethertypes.get(value.toLowerCase()) ?? number
  if (type === null)
    return `Problem with the specified Ethernet protocol '${value}', perhaps /etc/ethertypes is missing.`
  if (type < 0x600) return 'Sorry, protocols have values above or equal to 0x0600.'
  if (!negate) draft.ethertype = type
  return numbers('ether type', [{ lo: type, hi: type }], negate)
}

/** `ebt_get_mac_and_mask`, useful_functions.c. Masks are rare, and left undecided. */
function macAddress(name: FieldName): Option {
  return (_, value, negate) => {
    const text = `${negate ? '! ' : ''}${value}`
    if (/^(?:unicast|multicast|bga)$/i.test(value) || value.includes('/'))
      return { kind: 'opaque', text }
    const mac = value.toLowerCase() === 'broadcast' ? 0xffff_ffff_ffff : parseMac(value)
    if (mac === null || value.includes('-'))
      return `Problem with specified ${name === 'ether daddr' ? 'destination' : 'source'} mac '${value}'.`
    return numbers(name, [{ lo: mac, hi: mac }], negate)
  }
}

/** `ebt_parse_ip_address`, useful_functions.c: four decimal numbers, then a prefix length or a mask. */
function arpAddress(name: FieldName): Option {
  return (draft, value, negate) => {
    draft.needsArp = true
    const slash = value.indexOf('/')
    const address = parseDecimal(slash === -1 ? value : value.slice(0, slash))
    if (address === null)
      return `Problem with specified IP address '${slash === -1 ? value : value.slice(0, slash)}'.`
    const maskText = slash === -1 ? '32' : value.slice(slash + 1)
    const length = parseUnsigned(maskText, 32)
    const mask = length === null ? parseDecimal(maskText) : prefixMask(length)
    if (mask === null) return `Problem with specified IP mask '${maskText}'.`
    const wild = mask ^ 0xffff_ffffn
    if ((wild & (wild + 1n)) !== 0n) return { kind: 'opaque', text: value }
    const lo = address & mask
    return field(name, { kind: 'addresses', ranges: [{ lo, hi: lo | wild }] }, negate)
  }
}

function prefixMask(length: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(32 - length)
}

function parseDecimal(text: string): bigint | null {
  if (!/^\d{1,9}(?:\.\d{1,9}){3}$/.test(text)) return null
  let bits = 0
  for (const octet of text.split('.')) {
    if (Number(octet) > 255) return null
    bits = bits * 256 + Number(octet)
  }
  return BigInt(bits)
}

const arpOperations: readonly string[] = [
  'request',
  'reply',
  'request_reverse',
  'reply_reverse',
  'drarp_request',
  'drarp_reply',
  'drarp_error',
  'inarp_request',
  'arp_nak',
]

function arpOperation(draft: Draft, value: string, negate: boolean): Match | string {
  draft.needsArp = true
  const named = arpOperations.indexOf(value.toLowerCase())
  const number = named === -1 ? parseUnsigned(value, 0xffff) : named + 1
  if (number === null) return `Problem with specified ARP opcode '${value}'.`
  return numbers('arp operation', [{ lo: number, hi: number }], negate)
}

function arpMac(_: Draft, value: string, negate: boolean): Match | string {
  const mac = parseMac(value)
  if (mac === null) return `Problem with ARP MAC address argument '${value}'.`
  return numbers('arp saddr ether', [{ lo: mac, hi: mac }], negate)
}

const OPTIONS: ReadonlyMap<string, Option> = new Map([
  ['-p', protocol],
  ['--protocol', protocol],
  ['-i', device('meta iifname')],
  ['--in-interface', device('meta iifname')],
  ['-o', device('meta oifname')],
  ['--out-interface', device('meta oifname')],
  ['--logical-in', device('meta ibrname')],
  ['--logical-out', device('meta obrname')],
  ['-s', macAddress('ether saddr')],
  ['--source', macAddress('ether saddr')],
  ['--src', macAddress('ether saddr')],
  ['-d', macAddress('ether daddr')],
  ['--destination', macAddress('ether daddr')],
  ['--dst', macAddress('ether daddr')],
  ['--arp-op', arpOperation],
  ['--arp-opcode', arpOperation],
  ['--arp-ip-src', arpAddress('arp saddr ip')],
  ['--arp-ip-dst', arpAddress('arp daddr ip')],
  ['--arp-mac-src', arpMac],
])
