import { type IpAddr, parseAddr, widthOf } from '../ip/address.ts'
import { parseCidr, rangeOf } from '../ip/prefix.ts'
import type { RestoreLine, RestoreSet } from '../netfilter/restore.ts'
import type { AddressElement, NfSet } from '../netfilter/ruleset.ts'
import type { Refusal } from './facts.ts'
import { longestSetName } from './match-terms.ts'
import { parseUnsigned, splitBlanks } from './words.ts'

/** Entries a hash takes when `maxelem` is not given: IPSET_DEFAULT_MAXELEM, ip_set_hash.h. */
const defaultMaxelem = 65_536

/** What a `create` line makes, before its elements. */
type Created = {
  readonly kind: 'hash' | 'list'
  readonly version: 4 | 6
  readonly maxelem: number
}

/**
 * Reads what is handed to `ipset restore` (ipset 7.17) into sets by name. Elements that are refused are left out; the
 * tool stops at the first refusal, and pve-firewall's update with it.
 */
export function readIpset(input: readonly RestoreSet[]): {
  readonly sets: ReadonlyMap<string, NfSet>
  readonly refusals: readonly Refusal[]
} {
  const sets = new Map<string, NfSet>()
  const refusals: Refusal[] = []
  for (const { name, create, adds } of input) {
    const created = readCreate(name, create, sets)
    if (typeof created === 'string') {
      refusals.push({ line: create, message: created })
      continue
    }
    const { origin } = create
    sets.set(
      name,
      created.kind === 'list'
        ? { kind: 'list', name, members: readMembers(adds, sets, refusals), origin }
        : {
            kind: 'addresses',
            name,
            version: created.version,
            elements: readElements(created, adds, refusals),
            origin,
          },
    )
  }
  return { sets, refusals }
}

function readCreate(
  name: string,
  line: RestoreLine,
  sets: ReadonlyMap<string, NfSet>,
): Created | string {
  const [command, setName = '', type = '', ...options] = splitBlanks(line.text)
  if (command !== 'create') return `Unknown command: \`${command}'`
  if (setName !== name) return `the line creates \`${setName}', not \`${name}'`
  if (name.length > longestSetName)
    return `Syntax error: setname '${name}' is longer than ${longestSetName} characters`
  if (sets.has(name)) return 'Set cannot be created: set with the same name already exists'
  if (type === 'list:set') return { kind: 'list', version: 4, maxelem: Number.POSITIVE_INFINITY }
  if (type !== 'hash:net' && type !== 'hash:ip')
    return `Syntax error: typename '${type}' is unknown`
  let version: 4 | 6 = 4
  let maxelem = defaultMaxelem
  for (let at = 0; at < options.length; at += 2) {
    const option = options[at] ?? ''
    const value = options[at + 1] ?? ''
    const max = NUMBERS.get(option)
    if (option === 'family') {
      if (value !== 'inet' && value !== 'inet6') return `Syntax error: unknown INET family ${value}`
      version = value === 'inet' ? 4 : 6
    } else if (max === undefined) {
      return `Unknown argument: \`${option}'`
    } else {
      const number = parseUnsigned(value, max)
      if (number === null) return `Syntax error: '${value}' is out of range 0-${max}`
      if (option === 'maxelem') maxelem = number
    }
  }
  return { kind: 'hash', version, maxelem }
}

/** Options of `create` with a number, and the largest there is. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['hashsize', 0xffff_ffff],
  ['maxelem', 0xffff_ffff],
  ['bucketsize', 255],
  ['timeout', 0xffff_ffff],
  ['netmask', 128],
  ['initval', 0xffff_ffff],
])

function readElements(
  created: Created,
  adds: readonly RestoreLine[],
  refusals: Refusal[],
): readonly AddressElement[] {
  const elements: AddressElement[] = []
  const seen = new Set<string>()
  for (const line of adds) {
    const element = readElement(created.version, line)
    if (typeof element === 'string') {
      refusals.push({ line, message: element })
      continue
    }
    // mtype_data_equal compares network and prefix, not nomatch
    const key = `${element.lo}-${element.hi}`
    if (seen.has(key)) {
      refusals.push({ line, message: "Element cannot be added to the set: it's already added" })
    } else if (elements.length >= created.maxelem) {
      refusals.push({ line, message: 'Hash is full, cannot add more elements' })
    } else {
      seen.add(key)
      elements.push(element)
    }
  }
  return elements
}

function readElement(version: 4 | 6, { text, origin }: RestoreLine): AddressElement | string {
  const [, , address = '', ...options] = splitBlanks(text)
  const extra = options.find((option) => option !== 'nomatch')
  if (extra !== undefined) return `Unknown argument: \`${extra}'`
  const range = parseNetwork(version, address)
  if (typeof range === 'string') return range
  return { ...range, nomatch: options.length > 0, text: address, origin }
}

type Ends = { readonly lo: bigint; readonly hi: bigint }

/** `ipset_parse_ip4_net6`: `ADDRESS[/PREFIX]`; hash:net has no room for a prefix of zero (hash_net4_uadt). */
function parseNetwork(version: 4 | 6, text: string): Ends | string {
  if (text.includes(','))
    return `Syntax error: Elem separator in ${text}, but settype hash:net supports none.`
  // a prefix with a leading zero is octal
  const usual = text.includes('/0') ? null : parseCidr(text)
  if (usual !== null && usual.address.version === version && usual.prefix > 0) return rangeOf(usual)
  const slash = text.indexOf('/')
  const host = slash === -1 ? text : text.slice(0, slash)
  const width = widthOf(version)
  let prefix: number = width
  if (slash !== -1) {
    const length = text.slice(slash + 1)
    const parsed = parseUnsigned(length, Number.MAX_SAFE_INTEGER)
    if (parsed === null) return `Syntax error: '${length}' is invalid as number`
    if (parsed > width) return `Syntax error: '${length}' is out of range 0-${width}`
    prefix = parsed
  }
  const address = version === 4 ? inetAton(host) : parseAddr(host)
  if (address === null || address.version !== version)
    return `Syntax error: cannot parse ${host}: resolving to IPv${version} address failed`
  if (prefix === 0) return 'The value of the CIDR parameter of the IP address is invalid'
  return rangeOf({ address, prefix })
}

/** inet_aton(3), which getaddrinfo(3) follows: the last number fills what is left, so `10` is 0.0.0.10. */
function inetAton(text: string): IpAddr | null {
  const parts = text.split('.')
  if (parts.length > 4) return null
  let bits = 0
  for (const [i, part] of parts.entries()) {
    const rest = i === parts.length - 1 ? 4 - i : 1
    const value = parseUnsigned(part, 256 ** rest - 1)
    if (value === null || !/^\d/.test(part)) return null
    bits = bits * 256 ** rest + value
  }
  return { version: 4, bits: BigInt(bits) }
}

function readMembers(
  adds: readonly RestoreLine[],
  sets: ReadonlyMap<string, NfSet>,
  refusals: Refusal[],
): readonly string[] {
  const members: string[] = []
  for (const line of adds) {
    const [, , member = ''] = splitBlanks(line.text)
    const set = sets.get(member)
    if (set === undefined)
      refusals.push({ line, message: 'Set to be added/deleted/tested as element does not exist.' })
    else if (set.kind === 'list')
      refusals.push({ line, message: 'Sets with list:set type cannot be added to the set.' })
    else if (members.includes(member))
      refusals.push({ line, message: "Element cannot be added to the set: it's already added" })
    else members.push(member)
  }
  return members
}
