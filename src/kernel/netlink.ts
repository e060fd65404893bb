/**
 * Netlink messages of NETLINK_NETFILTER: include/uapi/linux/netlink.h, netfilter/nfnetlink.h. Headers are of the byte
 * order of the machine (little-endian on all Proxmox runs on), values of most attributes in that of the network.
 */
export type Message = {
  /** `subsystem << 8 | message`. */
  readonly type: number
  readonly family: number
  readonly attributes: Attributes
}

/** Attributes by type; of several of one type the last. */
export type Attributes = ReadonlyMap<number, Uint8Array>

export const SUBSYSTEM = { ctnetlink: 1, expect: 2, ulog: 4, nftables: 10 } as const

const flag = { request: 1, ack: 4, dump: 0x300, create: 0x400, exclusive: 0x200 } as const

/** A message to the kernel. `dump`: everything there is is asked for. */
export function messageBytes(
  type: number,
  family: number,
  attributes: readonly Uint8Array[],
  how: 'ack' | 'dump' | 'create' = 'ack',
  resource = 0,
): Uint8Array {
  const body = Buffer.concat(attributes)
  const header = Buffer.alloc(20)
  header.writeUInt32LE(20 + body.length, 0)
  header.writeUInt16LE(type, 4)
  const extra =
    how === 'dump'
      ? flag.dump
      : how === 'create'
        ? flag.ack | flag.create | flag.exclusive
        : flag.ack
  header.writeUInt16LE(flag.request | extra, 6)
  header.writeUInt32LE(1, 8)
  header[16] = family
  header.writeUInt16BE(resource, 18)
  return Buffer.concat([header, body])
}

/** An attribute; `nested` marks one that holds others (NLA_F_NESTED). */
export function attributeBytes(type: number, data: Uint8Array, nested = false): Uint8Array {
  const padded = Buffer.alloc(4 + ((data.length + 3) & ~3))
  padded.writeUInt16LE(4 + data.length, 0)
  padded.writeUInt16LE(nested ? type | 0x8000 : type, 2)
  padded.set(data, 4)
  return padded
}

export function nestedBytes(type: number, inner: readonly Uint8Array[]): Uint8Array {
  return attributeBytes(type, Buffer.concat(inner), true)
}

/** The messages of a datagram; an error that is none (an acknowledgement) is left out, others are thrown. */
export function messagesIn(bytes: Uint8Array): readonly Message[] {
  const view = viewOf(bytes)
  const found: Message[] = []
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true)
    if (length < 16 || at + length > bytes.length) break
    const type = view.getUint16(at + 4, true)
    if (type === 2) {
      const code = view.getInt32(at + 16, true)
      if (code !== 0) throw new NetlinkError(-code)
    } else if (type > 15)
      found.push({
        type,
        family: view.getUint8(at + 16),
        attributes: attributesIn(bytes.subarray(at + 20, at + length)),
      })
    at += (length + 3) & ~3
  }
  return found
}

/** What the kernel refused: an errno. */
export class NetlinkError extends Error {
  readonly errno: number
  constructor(errno: number) {
    super(`netlink: errno ${errno}`)
    this.errno = errno
  }
}

export function attributesIn(bytes: Uint8Array): Attributes {
  const view = viewOf(bytes)
  const found = new Map<number, Uint8Array>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true)
    if (length < 4) break
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

/** An unsigned number in the order of the network, of one, two, four or eight bytes. */
export function numberIn(bytes: Uint8Array | undefined): number {
  let value = 0
  for (const byte of bytes ?? []) value = value * 256 + byte
  return value
}

/** A text that ends with a zero byte. */
export function textIn(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return ''
  const end = bytes.indexOf(0)
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1')
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
