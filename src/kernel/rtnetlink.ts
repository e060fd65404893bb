import { addressBytes } from './frame.ts'
import { attributeBytes } from './netlink.ts'

/** Messages of NETLINK_ROUTE: include/uapi/linux/rtnetlink.h. */
const NEW_ROUTE = 24
const NEW_NEIGHBOUR = 28

/** The way of packets to one address, whatever it is: out of a device, to a MAC address. */
export type NextHop = {
  readonly version: 4 | 6
  readonly address: bigint
  /** Index of the device. */
  readonly device: number
  readonly mac: number
}

/** Messages that make the host send there. */
export function nextHop(hop: NextHop): readonly Uint8Array[] {
  return [route(hop), neighbour(hop)]
}

/** `ip route replace ADDRESS dev DEVICE` */
function route({ version, address, device }: NextHop): Uint8Array {
  // rtmsg: family, dst_len, src_len, tos, table main, protocol boot, scope link, type unicast, flags
  const width = version === 4 ? 32 : 128
  const scope = version === 4 ? 253 : 0
  const header = Uint8Array.of(family(version), width, 0, 0, 254, 3, scope, 1, 0, 0, 0, 0)
  const attributes = [
    attributeBytes(1, addressBytes(address, version)),
    attributeBytes(4, host32(device)),
  ]
  return message(NEW_ROUTE, [header, ...attributes])
}

/** `ip neighbour replace ADDRESS lladdr MAC nud permanent dev DEVICE` */
function neighbour({ version, address, device, mac }: NextHop): Uint8Array {
  const header = Buffer.alloc(12)
  header[0] = family(version)
  header.writeUInt32LE(device, 4)
  header.writeUInt16LE(0x80, 8)
  const link = Buffer.alloc(6)
  link.writeUIntBE(mac, 0, 6)
  return message(NEW_NEIGHBOUR, [
    header,
    attributeBytes(1, addressBytes(address, version)),
    attributeBytes(2, link),
  ])
}

function message(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts)
  const header = Buffer.alloc(16)
  header.writeUInt32LE(16 + body.length, 0)
  header.writeUInt16LE(type, 4)
  // NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE
  header.writeUInt16LE(0x505, 6)
  header.writeUInt32LE(1, 8)
  return Buffer.concat([header, body])
}

function family(version: 4 | 6): number {
  return version === 4 ? 2 : 10
}

function host32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
