import type { Services } from '../../tree.ts'
import type { PortItem } from './model.ts'
import { parseUnsigned } from './numbers.ts'
import { trimCharacters } from './text.ts'

/** Port by service name or alias, whatever the protocol; the last entry of a name counts (`NamedPorts`). */
export type NamedPorts = ReadonlyMap<string, number>

/** The names proxmox-firewall finds in /etc/services. */
export function namedPorts(services: Services): NamedPorts {
  const ports = new Map<string, number>()
  for (const { name, aliases, port } of services.entries) {
    if (port > 65_535) continue
    ports.set(name, port)
    for (const alias of aliases) ports.set(alias, port)
  }
  return ports
}

/** A comma list of ports, ranges `A:B` and names (`PortList::from_str`): the list, or the text of its error. */
export function parsePorts(text: string, names: NamedPorts): readonly PortItem[] | string {
  const items: PortItem[] = []
  for (const part of trimCharacters(text).split(',')) {
    const entry = trimCharacters(part)
    const colon = entry.indexOf(':')
    const lo = parsePort(colon === -1 ? entry : entry.slice(0, colon), names)
    if (typeof lo === 'string') return lo
    const hi = colon === -1 ? lo : parsePort(entry.slice(colon + 1), names)
    if (typeof hi === 'string') return hi
    if (lo > hi) return 'start port is greater than end port!'
    // A range of one port stays a range: it is emitted as one.
    items.push({ lo, hi, range: colon !== -1 })
  }
  return items
}

function parsePort(text: string, names: NamedPorts): number | string {
  const port = parseUnsigned(text, 65_535) ?? names.get(text)
  return port ?? `invalid port specification: ${text}`
}
