import { split } from './perl.ts'

/**
 * What Perl's Net::IP 1.26 (`Net::IP->new`) takes for an address, network or range, and what it says when it
 * refuses: `-source` and `-dest` are checked with it. It is looser than it looks: `10/8`, `1.2`,
 * `10.0.0.0/255.255.255.0` and `10.0.0.1/what` are all accepted.
 */

/** `message` null: refused in silence, `Net::IP::Error` still gives the text of an earlier refusal. */
export type NetIp =
  | { readonly kind: 'ok'; readonly version: 4 | 6 }
  | { readonly kind: 'refused'; readonly message: string | null }

/** Judges one element of an address list: a run of bytes without white space and commas. */
export function readNetIp(text: string): NetIp {
  if (isPlainV4(text)) return OK4
  const complaint: Complaint = { message: null }
  const ends = normalise(text, complaint)
  const version = ends === null ? null : checkedVersion(ends, complaint)
  if (version === null) return { kind: 'refused', message: complaint.message }
  return version === 4 ? OK4 : OK6
}

const OK4: NetIp = { kind: 'ok', version: 4 }
const OK6: NetIp = { kind: 'ok', version: 6 }

/** `$Net::IP::ERROR`: set by whichever check failed last. */
type Complaint = { message: string | null }

/** First and last address, expanded: four quads, or groups of four hex digits. */
type Ends = { readonly first: string; readonly last: string }

function say(complaint: Complaint, message: string): null {
  complaint.message = message
  return null
}

const PLAIN_V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/

/** The usual case, decided at once: four quads, perhaps a prefix length without host bits. */
function isPlainV4(text: string): boolean {
  const found = PLAIN_V4.exec(text)
  if (found === null) return false
  const [a, b, c, d] = [Number(found[1]), Number(found[2]), Number(found[3]), Number(found[4])]
  if (a > 255 || b > 255 || c > 255 || d > 255) return false
  if (found[5] === undefined) return true
  const length = Number(found[5])
  return length <= 32 && (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) % 2 ** (32 - length) === 0
}

/** `ip_normalize`. */
function normalise(text: string, complaint: Complaint): Ends | null {
  const slash = text.indexOf('/', 1)
  if (slash !== -1 && slash + 1 < text.length) return network(text, slash, complaint)
  const dash = text.indexOf('-', 1)
  const begin = dash !== -1 && dash + 1 < text.length ? text.slice(0, dash) : text
  const version = versionOf(begin, complaint)
  if (version === null) return null
  const first = expand(begin, version, complaint)
  if (first === null) return null
  const last = begin === text ? first : expand(text.slice(dash + 1), version, complaint)
  return last === null ? null : { first, last }
}

/** `ADDRESS/LENGTH`; what follows the slash is ignored altogether when it is not a number. */
function network(text: string, slash: number, complaint: Complaint): Ends | null {
  const begin = text.slice(0, slash)
  const version = versionOf(begin, complaint)
  if (version === null) return null
  const first = expand(begin, version, complaint)
  if (first === null) return null
  const bits = bitsOf(first, version, complaint)
  if (bits === null) return null
  const length = text.slice(slash + 1)
  if (!/^[0-9]+$/.test(length)) return { first, last: first }
  if (Number(length) > bits.length)
    return say(complaint, `Prefix length ${length} is longer than IP address (${bits.length})`)
  if (bits.includes('1', Number(length))) return say(complaint, `Invalid prefix ${bits}/${length}`)
  return { first, last: textOfBits(bits.slice(0, Number(length)), version) }
}

/** The checks of `set` once both ends are known: one family, in order. */
function checkedVersion({ first, last }: Ends, complaint: Complaint): 4 | 6 | null {
  const version = versionOf(first, complaint)
  if (version === null) return null
  const firstBits = bitsOf(first, version, complaint)
  if (firstBits === null) return null
  if (first === last) return version
  const lastVersion = versionOf(last, complaint)
  if (lastVersion === null) return null
  if (lastVersion !== version)
    return say(complaint, `Begin and End addresses have different IP versions - ${first} - ${last}`)
  const lastBits = bitsOf(last, version, complaint)
  if (lastBits === null) return null
  if (firstBits > lastBits)
    return say(complaint, `Begin address is greater than End address ${first} - ${last}`)
  return version
}

/** `ip_get_version`. */
function versionOf(text: string, complaint: Complaint): 4 | 6 | null {
  if (!text.includes(':') && isV4(text, complaint)) return 4
  return isV6(text, complaint) ? 6 : null
}

/** `ip_is_ipv4`: one to four numbers below 256. */
function isV4(text: string, complaint: Complaint): boolean {
  const wrong = wrongV4(text)
  if (wrong === null) return true
  complaint.message = wrong
  return false
}

function wrongV4(text: string): string | null {
  if (!/^[0-9.]+$/.test(text)) return `Invalid chars in IP ${text}`
  if (text.startsWith('.')) return `Invalid IP ${text} - starts with a dot`
  if (text.endsWith('.')) return `Invalid IP ${text} - ends with a dot`
  const quads = text.split('.')
  if (quads.length > 4) return `Invalid IP address ${text}`
  if (quads.includes('')) return `Empty quad in IP address ${text}`
  const wrong = quads.find((quad) => Number(quad) > 255)
  return wrong === undefined ? null : `Invalid quad in IP address ${text} - ${wrong}`
}

/** `ip_is_ipv6`. Says nothing when there is no colon or more than seven. */
function isV6(text: string, complaint: Complaint): boolean {
  let colons = 0
  for (let at = text.indexOf(':'); at !== -1 && colons < 8; at = text.indexOf(':', at + 1))
    colons += 1
  if (colons === 0 || colons > 7) return false
  const wrong = wrongV6(text, colons, complaint)
  if (wrong === null) return true
  complaint.message = wrong
  return false
}

function wrongV6(text: string, colons: number, complaint: Complaint): string | null {
  let octets = colons
  for (const [index, group] of split(text, ':').entries()) {
    if (group === '' || /^[0-9a-f]{1,4}$/i.test(group)) continue
    if (index !== octets || !isV4(group, complaint)) return `Invalid IP address ${text}`
    octets += 1
  }
  if (/^:[^:]/.test(text)) return `Invalid address ${text} (starts with :)`
  if (/[^:]:$/.test(text)) return `Invalid address ${text} (ends with :)`
  const double = text.indexOf('::')
  if (double !== -1 && text.includes('::', double + 1))
    return `Invalid address ${text} (More than one :: pattern)`
  return octets === 7 || double !== -1 ? null : `Invalid number of octets ${text}`
}

/** `ip_expand_address`. */
function expand(text: string, version: 4 | 6, complaint: Complaint): string | null {
  return version === 4 ? expandV4(text, complaint) : expandV6(text, complaint)
}

function expandV4(text: string, complaint: Complaint): string | null {
  const quads = split(text, '.')
  if (quads.length > 4) return say(complaint, `Not a valid IPv address ${text}`)
  if (!quads.every((quad) => /^[0-9]{1,3}$/.test(quad)))
    return say(complaint, `Not a valid IPv4 address ${text}`)
  return [...quads.map(Number), 0, 0, 0, 0].slice(0, 4).join('.')
}

function expandV6(text: string, complaint: Complaint): string | null {
  const marked = text.replaceAll('::', ':!:')
  if (marked.length > text.length + 1) return say(complaint, 'Too many :: in ip')
  const groups = [...split(marked, ':')]
  let octets = groups.length
  for (const [index, group] of groups.entries()) {
    if (!group.includes('.')) {
      groups[index] = group.padStart(4, '0')
      continue
    }
    const quads = expandV4(group, complaint)
    // Its helpers then take the empty answer for other arguments, and this is what comes out.
    if (quads === null) return say(complaint, 'Invalid IP length for binary IP 6\n')
    groups[index] = tailOf(quads)
    octets += 1
  }
  const gap = groups.indexOf('000!')
  if (gap !== -1)
    groups[gap] = Array(Math.max(0, 9 - octets))
      .fill('0000')
      .join(':')
  return groups.join(':').toLowerCase()
}

/** `1.2.3.4` -> `0102:0304`. */
function tailOf(quads: string): string {
  const hex = quads.split('.').map((quad) => (Number(quad) & 255).toString(16).padStart(2, '0'))
  return `${hex.slice(0, 2).join('')}:${hex.slice(2).join('')}`
}

/** The bits of an expanded address, as text (`ip_iptobin`). */
function bitsOf(text: string, version: 4 | 6, complaint: Complaint): string | null {
  if (version === 4)
    return text
      .split('.')
      .map((quad) => (Number(quad) & 255).toString(2).padStart(8, '0'))
      .join('')
  const digits = text.replaceAll(':', '')
  if (digits.length !== 32) return say(complaint, `Bad IP address ${digits}`)
  return Array.from(digits, (digit) =>
    Number.parseInt(digit, 16).toString(2).padStart(4, '0'),
  ).join('')
}

/** The last address of a network, expanded. */
function textOfBits(prefix: string, version: 4 | 6): string {
  const width = version === 4 ? 32 : 128
  const bits = prefix.padEnd(width, '1')
  const step = version === 4 ? 8 : 16
  const pieces = Array.from({ length: width / step }, (_, index) =>
    Number.parseInt(bits.slice(index * step, (index + 1) * step), 2),
  )
  if (version === 4) return pieces.join('.')
  return pieces.map((piece) => piece.toString(16).padStart(4, '0')).join(':')
}
