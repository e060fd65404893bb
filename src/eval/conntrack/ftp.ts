import { parseAddr } from '../../ip/address.ts'
import type { Direction } from '../../netfilter/conntrack.ts'

/** Where the speaker waits for its data; address null: at its own (EPSV says none). */
export type Announced = { readonly address: bigint | null; readonly port: number }

/**
 * What a line of the control connection is to the helper: nothing, an announcement, or the beginning of one, which it
 * drops so that it comes again whole.
 */
export type Line =
  | { readonly kind: 'other' }
  | { readonly kind: 'announces'; readonly place: Announced }
  | { readonly kind: 'partial'; readonly command: string }

type Getter = (data: string, version: 4 | 6, end: string) => Announced | null

type Pattern = {
  readonly command: string
  /** What stands between the command and its numbers is passed over up to this; empty: nothing. */
  readonly skip: string
  readonly end: string
  readonly read: Getter
}

/** `search`, net/netfilter/nf_conntrack_ftp.c. */
const PATTERNS: Readonly<Record<Direction, readonly Pattern[]>> = {
  original: [
    { command: 'PORT', skip: ' ', end: '\r', read: commaPlace },
    { command: 'EPRT', skip: ' ', end: '\r', read: extendedPort },
  ],
  reply: [
    { command: '227 ', skip: '', end: '', read: passive },
    { command: '229 ', skip: '(', end: ')', read: extendedPassive },
  ],
}

/** A segment that begins a line, one unit a byte: the loop of `help`. */
export function readLine(data: string, direction: Direction, version: 4 | 6): Line {
  for (const pattern of PATTERNS[direction]) {
    const found = findPattern(data, pattern, version)
    if (found.kind !== 'other') return found
  }
  return { kind: 'other' }
}

/** `find_pattern`: what has the command but not its numbers is partial, and so is what may become the command. */
function findPattern(data: string, { command, skip, end, read }: Pattern, version: 4 | 6): Line {
  const begins = data.slice(0, command.length).toUpperCase()
  if (data.length <= command.length)
    return command.startsWith(begins) ? { kind: 'partial', command } : { kind: 'other' }
  if (begins !== command) return { kind: 'other' }
  let from = command.length
  if (skip !== '') {
    const at = data.indexOf(skip, from)
    if (at === -1 || at === data.length - 1) return { kind: 'partial', command }
    from = at + 1
  }
  const place = read(data.slice(from), version, end)
  return place === null ? { kind: 'partial', command } : { kind: 'announces', place }
}

/**
 * `try_number`: so many numbers, 32 bits each, and what stands behind them (`end`; empty: anything but a digit or a
 * separator).
 */
function numbersOf(
  data: string,
  count: number,
  separator: string,
  end: string,
): { readonly numbers: readonly number[]; readonly length: number } | null {
  const numbers: number[] = new Array(count).fill(0)
  let at = 0
  for (let i = 0; i < data.length && at < count; i += 1) {
    const sign = data[i] as string
    if (sign >= '0' && sign <= '9')
      numbers[at] = ((numbers[at] as number) * 10 + Number(sign)) >>> 0
    else if (sign === separator) at += 1
    else return (sign === end || end === '') && at === count - 1 ? { numbers, length: i } : null
  }
  return null
}

/** `try_rfc959`: `10,0,0,5,4,1`, four bytes of the address and two of the port. */
function commaPlace(data: string, version: 4 | 6, end: string): Announced | null {
  const found = numbersOf(data, 6, ',', end)
  if (found === null) return null
  const [high = 0, low = 0] = found.numbers.slice(4)
  const port = ((high << 8) | low) & 0xffff
  // the address of an IPv6 connection is not told by it: its first word is overwritten, so it is none of the speaker
  return { address: version === 4 ? addressOf(found.numbers) : -1n, port }
}

function addressOf([a = 0, b = 0, c = 0, d = 0]: readonly number[]): bigint {
  return BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0)
}

/** `try_rfc1123`: from the first digit on. */
function passive(data: string, version: 4 | 6): Announced | null {
  const at = data.search(/[0-9]/)
  return at === -1 ? null : commaPlace(data.slice(at), version, '')
}

/** `try_eprt`: `|1|132.235.1.2|6275|` or `|2|3ffe::1|6275|`. */
function extendedPort(data: string, version: 4 | 6): Announced | null {
  const mark = delimiterOf(data)
  if (mark === null || data[2] !== mark || data[1] !== (version === 4 ? '1' : '2')) return null
  const rest = data.slice(3)
  let address: bigint
  let length: number
  if (version === 4) {
    const found = numbersOf(rest, 4, '.', mark)
    if (found === null || found.length === 0) return null
    address = addressOf(found.numbers)
    length = found.length
  } else {
    length = rest.indexOf(mark)
    const parsed = length === -1 ? null : parseAddr(rest.slice(0, length))
    if (parsed?.version !== 6) return null
    address = parsed.bits
  }
  const port = portUpTo(rest.slice(length + 1), mark)
  return port === null ? null : { address, port }
}

/** `try_epsv_response`: `|||6446|`. */
function extendedPassive(data: string): Announced | null {
  const mark = delimiterOf(data)
  if (mark === null || data[1] !== mark || data[2] !== mark) return null
  const port = portUpTo(data.slice(3), mark)
  return port === null ? null : { address: null, port }
}

/** Anything that can be printed but a digit. */
function delimiterOf(data: string): string | null {
  const mark = data[0]
  return data.length > 3 && mark !== undefined && /^[!-/:-~]$/.test(mark) ? mark : null
}

/** `get_port`: 16 bits, whatever else was written; 0 is none. */
function portUpTo(data: string, mark: string): number | null {
  const digits = /^[0-9]*/.exec(data)?.[0] ?? ''
  if (data[digits.length] !== mark) return null
  const port = [...digits].reduce((number, digit) => (number * 10 + Number(digit)) & 0xffff, 0)
  return port === 0 ? null : port
}
