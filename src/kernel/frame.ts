import { dccpExpected } from '../eval/conntrack/dccp.ts'
import { sctpExpected } from '../eval/conntrack/sctp.ts'
import {
  ETHERTYPE,
  type Known,
  type Layer4,
  type Packet,
  protocolOf,
  SCTP_CHUNK,
  type SctpChunk,
  TCP_FLAG,
} from '../netfilter/packet.ts'
import { unreachable } from '../source/unreachable.ts'

/** MAC addresses of a frame's ends on the wire it is put on. */
export type Wire = { readonly src: number; readonly dst: number }

/**
 * A packet as an Ethernet frame, with right lengths and checksums. `mark` tells it from others on its way: the
 * identification of IPv4, the flow label of IPv6 (16 bits are used). Throws where the packet leaves open what a frame
 * must have.
 */
export function frameOf(packet: Packet, wire: Wire, mark: number): Uint8Array {
  const { l3, ether } = packet
  const header = new Uint8Array(14)
  setMac(header, 0, wire.dst)
  setMac(header, 6, wire.src)
  set16(header, 12, ether.type)
  if (l3.kind === 'arp') return joined(header, arpOf(l3, wire))
  if (l3.kind === 'other') return joined(header, new Uint8Array(46))
  return joined(header, datagramOf(packet, mark))
}

/** Protocol of an IP packet with nothing in it (RFC 8200, 4.7). */
export const NO_NEXT_HEADER = 59

/** The IP packet alone, as a raw socket sends it. */
export function datagramOf(packet: Packet, mark: number): Uint8Array {
  const { l3 } = packet
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') throw new Error('a frame without an IP packet')
  const version = l3.kind === 'ip' ? 4 : 6
  const src = addressBytes(known(l3.src, 'source'), version)
  const dst = addressBytes(known(l3.dst, 'destination'), version)
  const proto = protocolOf(packet) ?? NO_NEXT_HEADER
  const body = transportOf(packet.l4, { src, dst, proto }, mark)
  return version === 4 ? ipv4(src, dst, proto, body, mark) : ipv6(src, dst, proto, body, mark)
}

/** Marks of an IP packet, as {@link frameOf} gave it: null for another frame. */
export function markOf(datagram: Uint8Array): number | null {
  const version = (datagram[0] ?? 0) >> 4
  if (version === 4 && datagram.length >= 20) return get16(datagram, 4)
  if (version === 6 && datagram.length >= 40) return get16(datagram, 2)
  return null
}

type Ends = { readonly src: Uint8Array; readonly dst: Uint8Array; readonly proto: number }

function ipv4(
  src: Uint8Array,
  dst: Uint8Array,
  proto: number,
  body: Uint8Array,
  mark: number,
): Uint8Array {
  const header = new Uint8Array(20)
  header[0] = 0x45
  set16(header, 2, 20 + body.length)
  set16(header, 4, mark)
  header[8] = 64
  header[9] = proto
  header.set(src, 12)
  header.set(dst, 16)
  set16(header, 10, checksum(header))
  return joined(header, body)
}

/** Hop limit 255: what neighbour discovery asks for (RFC 4861, 7.1). */
function ipv6(
  src: Uint8Array,
  dst: Uint8Array,
  proto: number,
  body: Uint8Array,
  mark: number,
): Uint8Array {
  const header = new Uint8Array(40)
  header[0] = 0x60
  set16(header, 2, mark)
  set16(header, 4, body.length)
  header[6] = proto
  header[7] = 255
  header.set(src, 8)
  header.set(dst, 24)
  return joined(header, body)
}

function transportOf(l4: Layer4, ends: Ends, mark: number): Uint8Array {
  switch (l4.kind) {
    case 'tcp':
      return tcp(l4, ends)
    case 'udp':
    case 'udplite':
      return udp(l4, ends)
    case 'sctp':
      return sctp(l4)
    case 'dccp':
      return dccp(l4, ends)
    case 'icmp':
    case 'icmpv6':
      return icmp(l4, ends, mark)
    case 'other':
      return summed(ends)
    case 'none':
      throw new Error('an IP packet without a protocol')
    default:
      return unreachable(l4)
  }
}

const { SYN } = TCP_FLAG

function tcp(l4: Extract<Layer4, { kind: 'tcp' }>, ends: Ends): Uint8Array {
  const flags = known(l4.flags, 'TCP flags')
  const segment = l4.segment ?? {
    seq: 1000,
    ack: 0,
    window: 64_240,
    length: 0,
    windowScale: null,
    sackPermitted: false,
  }
  const options: number[] = []
  if ((flags & SYN) !== 0) options.push(2, 4, 0x05, 0xb4)
  if (segment.sackPermitted) options.push(1, 1, 4, 2)
  if (segment.windowScale !== null) options.push(1, 3, 3, segment.windowScale)
  const data = bytesOf(l4.payload, segment.length)
  const bytes = new Uint8Array(20 + options.length + data.length)
  set16(bytes, 0, known(l4.sport, 'source port'))
  set16(bytes, 2, known(l4.dport, 'destination port'))
  set32(bytes, 4, segment.seq)
  set32(bytes, 8, segment.ack)
  bytes[12] = ((20 + options.length) / 4) << 4
  bytes[13] = flags
  set16(bytes, 14, segment.window)
  bytes.set(options, 20)
  bytes.set(data, 20 + options.length)
  set16(bytes, 16, pseudo(bytes, ends))
  return bytes
}

function udp(l4: Extract<Layer4, { kind: 'udp' | 'udplite' }>, ends: Ends): Uint8Array {
  const data = bytesOf(l4.payload, l4.payload?.length ?? 8)
  const bytes = new Uint8Array(8 + data.length)
  set16(bytes, 0, known(l4.sport, 'source port'))
  set16(bytes, 2, known(l4.dport, 'destination port'))
  // of UDP-Lite the coverage: all of it
  set16(bytes, 4, l4.kind === 'udp' ? bytes.length : 0)
  bytes.set(data, 8)
  set16(bytes, 6, pseudo(bytes, ends) || 0xffff)
  return bytes
}

/** Chunks as RFC 9260, 3.2 and 3.3 have them, with as much of a value as the type asks for. */
function sctp(l4: Extract<Layer4, { kind: 'sctp' }>): Uint8Array {
  const { tag, chunks } = l4.packet ?? sctpExpected(null, 'original')
  const head = new Uint8Array(12)
  set16(head, 0, known(l4.sport, 'source port'))
  set16(head, 2, known(l4.dport, 'destination port'))
  set32(head, 4, tag)
  const bytes = joined(head, ...chunks.map(chunkOf))
  const crc = crc32c(bytes)
  bytes.set([crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24], 8)
  return bytes
}

function chunkOf({ type, isReflected, initTag }: SctpChunk): Uint8Array {
  const begins = type === SCTP_CHUNK.init || type === SCTP_CHUNK.initAck
  const bytes = new Uint8Array(begins ? 20 : type === SCTP_CHUNK.data ? 20 : 8)
  bytes[0] = type
  bytes[1] = isReflected ? 1 : type === SCTP_CHUNK.data ? 3 : 0
  set16(bytes, 2, bytes.length)
  if (!begins) return bytes
  set32(bytes, 4, initTag)
  set32(bytes, 8, 65_535)
  set16(bytes, 12, 1)
  set16(bytes, 14, 1)
  set32(bytes, 16, 1)
  return bytes
}

/** Bytes behind the sequence number, by type: RFC 4340, 5.2 to 5.9. */
const DCCP_REST: readonly number[] = [4, 12, 0, 8, 8, 8, 8, 12, 8, 8]

/** With sequence numbers of 48 bits: RFC 4340, 5.1. */
function dccp(l4: Extract<Layer4, { kind: 'dccp' }>, ends: Ends): Uint8Array {
  const { type, seq, ack } = l4.packet ?? dccpExpected(null, 'original')
  const rest = DCCP_REST[type] ?? 0
  const bytes = new Uint8Array(16 + rest)
  set16(bytes, 0, known(l4.sport, 'source port'))
  set16(bytes, 2, known(l4.dport, 'destination port'))
  bytes[4] = bytes.length / 4
  bytes[8] = (type << 1) | 1
  set16(bytes, 10, Math.floor(seq / 2 ** 32))
  set32(bytes, 12, seq % 2 ** 32)
  if (rest >= 8) {
    set16(bytes, 18, Math.floor(ack / 2 ** 32))
    set32(bytes, 20, ack % 2 ** 32)
  } else if (rest === 4) set32(bytes, 16, 42)
  set16(bytes, 6, pseudo(bytes, ends))
  return bytes
}

function icmp(
  l4: Extract<Layer4, { kind: 'icmp' | 'icmpv6' }>,
  ends: Ends,
  mark: number,
): Uint8Array {
  const type = known(l4.type, 'ICMP type')
  const rest =
    l4.inner === undefined
      ? bodyOf(l4.kind, type, ends)
      : l4.kind === 'icmpv6' && type === 137
        ? redirect(quoted(l4.inner, mark), ends)
        : quoted(l4.inner, mark)
  const bytes = new Uint8Array(8 + rest.length)
  bytes[0] = type
  bytes[1] = known(l4.code, 'ICMP code')
  if (l4.inner === undefined) set16(bytes, 4, l4.id ?? 0)
  bytes.set(rest, 8)
  set16(bytes, 2, l4.kind === 'icmp' ? checksum(bytes) : pseudo(bytes, ends))
  return bytes
}

/**
 * Sixteen bytes with a checksum where most protocols have it: REJECT answers no packet whose sum is wrong
 * (`nf_reject_verify_csum`, include/net/netfilter/nf_reject.h).
 */
function summed(ends: Ends): Uint8Array {
  const bytes = new Uint8Array(16)
  set16(bytes, 2, ends.src.length === 4 ? checksum(bytes) : pseudo(bytes, ends))
  return bytes
}

/** Target and destination, and the packet it is about as an option: RFC 4861, 4.5 and 4.6.3. */
function redirect(inner: Uint8Array, { dst }: Ends): Uint8Array {
  const padded = new Uint8Array(Math.ceil(inner.length / 8) * 8)
  padded.set(inner)
  const head = Uint8Array.of(4, padded.length / 8 + 1, 0, 0, 0, 0, 0, 0)
  return joined(dst, dst, head, padded)
}

/** What an error quotes: the header and eight bytes at least (RFC 792); all of a small packet. */
function quoted(inner: Packet, mark: number): Uint8Array {
  return datagramOf(inner, mark).slice(0, 1232)
}

/** Errors of no packet quote 28 bytes of nothing; a neighbour message holds the target (RFC 4861, 4.3). */
function bodyOf(kind: 'icmp' | 'icmpv6', type: number, { dst }: Ends): Uint8Array {
  if (kind === 'icmpv6' && (type === 135 || type === 136)) return dst
  if (kind === 'icmpv6' && type === 137) return joined(dst, dst)
  if (kind === 'icmp' && (type === 13 || type === 14)) return new Uint8Array(12)
  return new Uint8Array(kind === 'icmp' ? 28 : 48)
}

/** A request or reply: RFC 826. */
function arpOf(l3: Extract<Packet['l3'], { kind: 'arp' }>, wire: Wire): Uint8Array {
  const bytes = new Uint8Array(28)
  set16(bytes, 0, 1)
  set16(bytes, 2, ETHERTYPE.ip)
  bytes[4] = 6
  bytes[5] = 4
  set16(bytes, 6, l3.operation)
  setMac(bytes, 8, l3.senderMac === 'unknown' ? wire.src : l3.senderMac)
  bytes.set(addressBytes(known(l3.senderIp, 'sender address'), 4), 14)
  bytes.set(addressBytes(known(l3.targetIp, 'target address'), 4), 24)
  return bytes
}

function known<T>(value: Known<T>, what: string): T {
  if (value === 'unknown') throw new Error(`the ${what} is not known`)
  return value as T
}

/** Addresses as in a header: 4 or 16 bytes, the highest first. */
export function addressBytes(bits: bigint, version: 4 | 6): Uint8Array {
  const bytes = new Uint8Array(version === 4 ? 4 : 16)
  let rest = bits
  for (let i = bytes.length - 1; i >= 0; i -= 1) {
    bytes[i] = Number(rest & 255n)
    rest >>= 8n
  }
  return bytes
}

/** The address in a header. */
export function addressIn(bytes: Uint8Array): bigint {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  return bits
}

function bytesOf(payload: string | undefined, length: number): Uint8Array {
  return payload === undefined ? new Uint8Array(length) : Buffer.from(payload, 'latin1')
}

/** The checksum of TCP, UDP and ICMPv6 over their pseudo header: RFC 9293, 3.1; RFC 8200, 8.1. */
function pseudo(bytes: Uint8Array, { src, dst, proto }: Ends): number {
  const tail = new Uint8Array(8)
  set32(tail, 0, bytes.length)
  tail[7] = proto
  return checksum(joined(src, dst, tail, bytes))
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

/** RFC 9260, appendix A. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0x82f6_3b78 : 0)
  }
  return ~crc >>> 0
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function setMac(bytes: Uint8Array, at: number, mac: number): void {
  let rest = mac
  for (let i = 5; i >= 0; i -= 1) {
    bytes[at + i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value & 255
}

function set32(bytes: Uint8Array, at: number, value: number): void {
  set16(bytes, at, value >>> 16)
  set16(bytes, at + 2, value & 0xffff)
}

function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
