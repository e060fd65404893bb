import { showAddr } from '../ip/address.ts'
import type { CtState, Known, Packet } from '../netfilter/packet.ts'
import { PROTOCOLS } from './words.ts'

/** A packet without the names of its ends: `tcp 192.168.1.53:49152 → 192.168.1.105:80  NEW`. */
export function packetWords({ l3, l4, ether }: Packet, state: CtState | null): string {
  if (l3.kind === 'other') return `ethertype 0x${ether.type.toString(16).padStart(4, '0')}`
  if (l3.kind === 'arp') return `arp ${address(l3.senderIp, 4)} → ${address(l3.targetIp, 4)}`
  const version = l3.kind === 'ip' ? 4 : 6
  const end = (bits: Known<bigint>, port: Known<number> | null): string => {
    const text = address(bits, version)
    if (port === null) return text
    return version === 6 ? `[${text}]:${port}` : `${text}:${port}`
  }
  const hasPorts = 'sport' in l4
  const ends = `${end(l3.src, hasPorts ? l4.sport : null)} → ${end(l3.dst, hasPorts ? l4.dport : null)}`
  return `${protocol(l4)} ${ends}${state === null ? '' : `  ${state.toUpperCase()}`}`
}

function address(bits: Known<bigint>, version: 4 | 6): string {
  return bits === 'unknown' ? 'unknown' : showAddr({ version, bits })
}

function protocol(l4: Packet['l4']): string {
  switch (l4.kind) {
    case 'other':
      return PROTOCOLS.get(l4.proto) ?? String(l4.proto)
    case 'icmp':
    case 'icmpv6':
      return `${l4.kind} type ${l4.type}`
    case 'none':
      return 'IP'
    default:
      return l4.kind
  }
}
