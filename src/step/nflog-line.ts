import type { Hop } from '../netfilter/hook.ts'
import type { Packet } from '../netfilter/packet.ts'
import { packetText } from './fields.ts'

/**
 * What pvefw-logger would write for a log statement (`process_packet` in pvefw-logger.c), as far as it is known:
 * `105 6 tap105i0-IN policy DROP: IN=fwbr105i0 ...`. The time, and lengths and identifiers of the packet, are not.
 */
export function nflogLine(prefix: string, packet: Packet, hop: Hop): string {
  const { l4 } = packet
  const [, vmid, level, chain, text] = /^:(\d+):(\d+):([^:]*): ?(.*)$/s.exec(prefix) ?? []
  const head = vmid === undefined ? prefix : `${vmid} ${level} ${chain} ${text}`
  const said = (name: string, value: string | null): readonly string[] =>
    value === null || value === 'unknown' ? [] : [`${name}=${value}`]
  const proto = packetText(packet, 'proto')
  const ports = 'sport' in l4
  return [
    head.trim(),
    ...said('IN', hop.iif ?? hop.bridgeIn),
    ...said('OUT', hop.oif ?? hop.bridgeOut),
    ...said('PHYSIN', hop.physin),
    ...said('PHYSOUT', hop.physout),
    ...said('SRC', packetText(packet, 'src')),
    ...said('DST', packetText(packet, 'dst')),
    ...said('PROTO', proto?.toUpperCase() ?? null),
    ...(ports ? said('SPT', packetText(packet, 'sport')) : []),
    ...(ports ? said('DPT', packetText(packet, 'dport')) : []),
    ...said('TYPE', 'type' in l4 ? String(l4.type) : null),
    ...said('CODE', 'code' in l4 ? String(l4.code) : null),
    ...(l4.kind === 'tcp' && l4.flags !== 'unknown'
      ? [(packetText(packet, 'flags') ?? '').replaceAll(',', ' ')]
      : []),
  ].join(' ')
}
