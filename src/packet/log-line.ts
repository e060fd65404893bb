import { PROTO, TCP_FLAG } from '../netfilter/packet.ts'
import { EMPTY_QUERY, type Query } from './query.ts'

/**
 * The packet of a line of pve-firewall.log (pvefw-logger.c) or of the kernel's log (nf_log_syslog): `IN=... SRC=...
 * PROTO=TCP SPT=...`. Its ends are the guest whose chain or tap device it names, else the host (a line with only one of
 * IN and OUT), else outside. Null for a line without SRC and DST.
 */
export function logLineQuery(line: string): Query | null {
  const said = fieldsOf(line)
  const [src, dst] = [said.get('SRC'), said.get('DST')]
  if (src === undefined || dst === undefined) return null
  const number = (name: string): number | null => {
    const text = said.get(name) ?? ''
    return /^\d{1,5}$/.test(text) ? Number(text) : null
  }
  const proto = protocolOf(said.get('PROTO') ?? '')
  const isIcmp = proto === PROTO.icmp || proto === PROTO.icmpv6
  const type = isIcmp ? number('TYPE') : null
  const ends = endsOf(line, said)
  return {
    ...EMPTY_QUERY,
    ...ends,
    src,
    dst,
    proto: isIcmp && type !== null ? null : proto,
    family: src.includes(':') ? 6 : 4,
    sport: number('SPT'),
    dport: number('DPT'),
    icmpType: type === null ? null : `${type}/${number('CODE') ?? 0}`,
    flags: proto === PROTO.tcp ? flagsIn(line) : null,
  }
}

function fieldsOf(line: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  // an ICMP error quotes another packet behind `[`
  const own = line.split('[SRC=', 1)[0] ?? line
  for (const [, name = '', value = ''] of own.matchAll(/\b([A-Z]+)=(\S*)/g))
    if (!found.has(name) && value !== '') found.set(name, value)
  return found
}

function endsOf(
  line: string,
  said: ReadonlyMap<string, string>,
): { readonly from: string; readonly to: string } {
  const sender = guestIn(said.get('PHYSIN') ?? said.get('IN') ?? '')
  const receiver = guestIn(said.get('PHYSOUT') ?? said.get('OUT') ?? '')
  const [, type = '', vmid, nic, way] = /\b(tap|veth)(\d+)i(\d+)-(in|out)\b/i.exec(line) ?? []
  const chain = type === '' ? null : `${vmid}/net${nic}`
  const isIn = way?.toLowerCase() === 'in'
  const from = sender ?? (chain !== null && !isIn ? chain : null)
  const to = receiver ?? (chain !== null && isIn ? chain : null)
  return {
    from: from ?? (said.has('IN') ? 'outside' : 'host'),
    to: to ?? (said.has('OUT') ? 'outside' : 'host'),
  }
}

/** The guest behind a tap or veth device: its NIC of that number. */
function guestIn(device: string): string | null {
  const [, vmid, nic] = /^(?:tap|veth)(\d+)i(\d+)$/.exec(device) ?? []
  return vmid === undefined ? null : `${vmid}/net${nic}`
}

function protocolOf(text: string): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  const name = text.toLowerCase()
  const found = Object.entries(PROTO).find(([one]) => one === name)
  return found?.[1] ?? null
}

function flagsIn(line: string): number | null {
  const words = new Set(line.split(/\s+/))
  let flags = 0
  for (const [name, bit] of Object.entries(TCP_FLAG)) if (words.has(name)) flags |= bit
  return flags === 0 ? null : flags
}
