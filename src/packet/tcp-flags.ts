import { TCP_FLAG } from '../netfilter/packet.ts'

const LETTERS: readonly (readonly [string, keyof typeof TCP_FLAG])[] = [
  ['F', 'FIN'],
  ['S', 'SYN'],
  ['R', 'RST'],
  ['P', 'PSH'],
  ['A', 'ACK'],
  ['U', 'URG'],
  ['E', 'ECE'],
  ['C', 'CWR'],
]
const BY_NAME = new Map<string, number>(Object.entries(TCP_FLAG))
const BY_LETTER = new Map<string, number>(LETTERS.map(([letter, name]) => [letter, TCP_FLAG[name]]))

/**
 * Bits of `SYN`, `SYN,ACK`, `syn|ack`, `S`, `SA`, `S.` (tcpdump writes ACK as a dot), `NONE`, `ALL` or `0x12`;
 * case does not matter. Null for anything else.
 */
export function parseTcpFlags(text: string): number | null {
  const upper = text.toUpperCase()
  if (upper === 'NONE') return 0
  if (upper === 'ALL') return 0x3f
  if (/^0X[0-9A-F]{1,2}$/.test(upper)) return Number.parseInt(upper.slice(2), 16)
  return sum(upper.split(/[,|+]/), BY_NAME) ?? sum([...upper.replaceAll('.', 'A')], BY_LETTER)
}

/** `SYN`, `SYN,ACK`, `NONE`. */
export function showTcpFlags(flags: number): string {
  const names = LETTERS.filter(([, name]) => (flags & TCP_FLAG[name]) !== 0).map(([, name]) => name)
  return names.length === 0 ? 'NONE' : names.join(',')
}

function sum(parts: readonly string[], table: ReadonlyMap<string, number>): number | null {
  let flags = 0
  for (const part of parts) {
    const bit = table.get(part)
    if (bit === undefined) return null
    flags |= bit
  }
  return parts.length === 0 ? null : flags
}
