import { macroTemplates } from '../../config/macros.ts'
import { PROTO } from '../../netfilter/packet.ts'
import { parseProtocol } from '../../packet/protocol.ts'
import type { NameTables } from '../../packet/query.ts'
import type { MatrixService } from './matrix.ts'

/** Services that are shown if nobody says which. */
export const USUAL_SERVICES: readonly string[] = ['Ping', 'SSH', 'DNS', 'HTTP', 'HTTPS', 'tcp/8006']

/**
 * A service by a macro's name (`SSH`), or by protocol and port (`tcp/8006`, `udp/5000-5010`); several where a macro
 * stands for several protocols. A text says what is wrong.
 */
export function servicesNamed(
  text: string,
  family: 'ip' | 'ip6',
  tables: NameTables,
): readonly MatrixService[] | string {
  const [, protoText, portText] = /^([^/]+)\/(.+)$/.exec(text) ?? []
  if (protoText !== undefined && portText !== undefined) {
    const proto = parseProtocol(protoText, tables)
    const ports = portsOf(portText)
    if (proto === null || ports === null) return `${text} is no service: write a macro, or tcp/8006`
    return [{ name: `${portText}/${protoText}`, proto, ports }]
  }
  const templates = macroTemplates(text, family === 'ip' ? 4 : 6)
  if (templates.length === 0)
    return `there is no macro ${text} for ${family === 'ip' ? 'IPv4' : 'IPv6'}`
  const byProto = new Map<number, (readonly [number, number])[]>()
  for (const { proto: name, dport } of templates) {
    const proto = parseProtocol(name, tables)
    if (proto === null) return `the macro ${text} is about a protocol that is not known here`
    const own = byProto.get(proto) ?? []
    byProto.set(proto, own)
    const isIcmp = proto === PROTO.icmp || proto === PROTO.icmpv6
    if (dport !== null && !isIcmp) own.push(...(portsOf(dport) ?? []))
  }
  return [...byProto].map(([proto, ports]) => ({
    name: serviceName(text, proto, ports),
    proto,
    ports,
  }))
}

function serviceName(text: string, proto: number, ports: MatrixService['ports']): string {
  const name = Object.entries(PROTO).find(([, number]) => number === proto)?.[0] ?? String(proto)
  if (ports.length === 0) return text
  const list = ports.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}-${hi}`)).join(',')
  return `${text} (${list}/${name})`
}

function portsOf(text: string): readonly (readonly [number, number])[] | null {
  const ports: (readonly [number, number])[] = []
  for (const word of text.split(',')) {
    const [, lo, hi] = /^(\d+)(?:[-:](\d+))?$/.exec(word) ?? []
    if (lo === undefined || Number(hi ?? lo) > 65_535 || Number(hi ?? lo) < Number(lo)) return null
    ports.push([Number(lo), Number(hi ?? lo)])
  }
  return ports
}
