import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddr } from '../../src/ip/address.ts'
import { parseMac } from '../../src/ip/mac.ts'
import type { Fib } from '../../src/netfilter/fib.ts'
import type { Family, Hook, Hop } from '../../src/netfilter/hook.ts'
import { ETHERTYPE, type Layer4, type Packet, TCP_FLAG } from '../../src/netfilter/packet.ts'

/** A line of a case's queries.jsonl. */
export type RecordedQuery = {
  readonly id: number
  readonly from: string
  readonly to: string
  readonly src: string
  readonly dst: string
  readonly proto: 'tcp' | 'udp' | 'icmp' | 'icmpv6'
  readonly sport?: number
  readonly dport?: number
  readonly icmpType?: number
}

/** A line of a case's kernel.jsonl. */
export type KernelRecord = {
  readonly id: number
  readonly verdict: 'accept' | 'drop' | 'reject'
  readonly decidedBy: string | null
  readonly final: 'rule' | 'policy'
  readonly response?: string | null
  readonly path: readonly string[]
  readonly skip?: string
  /** What the kernel makes of a skipped query when it is made to route it. */
  readonly forced?: KernelRecord
  readonly error?: string
}

/** The host all cases were recorded on. */
export const recordedFib: Fib = {
  local4: addresses('10.10.0.1', '192.168.1.1'),
  local6: addresses('fd10:10::1'),
  broadcast4: addresses('10.10.0.255', '192.168.1.255'),
  anycast6: addresses('fd10:10::'),
}

function addresses(...texts: readonly string[]) {
  return texts.map((text) => parseAddr(text)?.bits ?? 0n).map((bits) => ({ lo: bits, hi: bits }))
}

/** The packet of a query: SYN, datagram, or ICMP with code 0. */
export function recordedPacket(query: RecordedQuery, macs: ReadonlyMap<string, number>): Packet {
  const src = parseAddr(query.src)
  const dst = parseAddr(query.dst)
  if (src === null || dst === null) throw new Error(`bad address in query ${query.id}`)
  const kind = src.version === 4 ? 'ip' : 'ip6'
  return {
    ether: {
      src: macs.get(query.from) ?? 0x0200_0000_0001,
      dst: 0x0200_0000_0002,
      type: ETHERTYPE[kind],
      vlan: null,
    },
    l3: { kind, src: src.bits, dst: dst.bits, srcType: null, dstType: null },
    l4: layer4(query),
  }
}

function layer4({ proto, sport = 0, dport = 0, icmpType = 0 }: RecordedQuery): Layer4 {
  switch (proto) {
    case 'tcp':
      return { kind: 'tcp', sport, dport, flags: TCP_FLAG.SYN }
    case 'udp':
      return { kind: 'udp', sport, dport }
    default:
      return { kind: proto, type: icmpType, code: 0 }
  }
}

/** MAC addresses of net0 of the guests of a case, by zone name. */
export function recordedMacs(directory: string): ReadonlyMap<string, number> {
  const macs = new Map<string, number>()
  for (const [folder, prefix] of [
    ['qemu-server', 'vm'],
    ['lxc', 'ct'],
  ] as const) {
    const path = join(directory, 'etc/pve/nodes/pve1', folder)
    for (const file of list(path)) {
      const text = readFileSync(join(path, file), 'latin1')
      const mac = /^net0:.*?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/im.exec(text)?.[1]
      const bits = mac === undefined ? null : parseMac(mac)
      if (bits !== null) macs.set(`${prefix}${file.replace('.conf', '')}`, bits)
    }
  }
  return macs
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** One traversal of a table's hook as the kernel traced it. */
export type RecordedHop = {
  readonly table: string
  readonly hop: Hop
  /** `FORWARD:1`, in the order they matched; without `policy`. */
  readonly matched: readonly string[]
}

const hooks: Readonly<Record<string, Hook>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
}

/**
 * `FORWARD vmbr0>vmbr1 phys tap999i0>- | FORWARD:1 policy`. Rule numbers of raw:PREROUTING are one too high: a trace
 * rule stood first. Bridged frames pass ebtables before (NF_BR_PRI_FILTER_BRIDGED).
 */
export function recordedHop(text: string, family: Family): RecordedHop {
  const found = /^(?:(raw):)?(\w+) (\S*)>(\S+)(?: phys (\S+)>(\S+))? \| (.*)$/.exec(text)
  if (found === null) throw new Error(`unreadable path: ${text}`)
  const [, raw, chain = '', iif, oif, physin, physout, hits = ''] = found
  const table = raw ?? 'filter'
  const hook = hooks[chain]
  if (hook === undefined) throw new Error(`unknown chain ${chain}`)
  const port = device(physout)
  const matched = hits.split(' ').filter((hit) => hit !== 'policy' && hit !== '')
  return {
    table,
    hop: {
      hook,
      families: port === null ? [family] : ['bridge', family],
      iif: device(iif),
      oif: device(oif),
      physin: device(physin),
      physout: port,
      bridgeIn: port === null ? null : device(physin),
      bridgeOut: port,
      ibrname: null,
      obrname: null,
      tracks: hook === 'prerouting' || hook === 'output',
    },
    matched: raw === undefined ? matched : matched.map(lessOne),
  }
}

function device(name: string | undefined): string | null {
  return name === undefined || name === '' || name === '-' ? null : name
}

function lessOne(hit: string): string {
  const [chain = '', number] = hit.split(':')
  return chain === 'PREROUTING' ? `${chain}:${Number(number) - 1}` : hit
}

/** The way of what the host sends to the sender, from the first hop of the record: a filtered guest has its own bridge. */
export function recordedHostToSender(hops: readonly RecordedHop[]): readonly Hop[] {
  const first = hops.find(({ table }) => table === 'filter')?.hop
  const next = hops.filter(({ table }) => table === 'filter')[1]?.hop
  if (first === undefined) return []
  const families = first.families.filter((family) => family !== 'bridge')
  const filtered = first.iif?.startsWith('fwbr') === true
  const none = { ...first, families, physin: null, physout: null, bridgeIn: null, bridgeOut: null }
  const oif = filtered ? (next?.iif ?? 'vmbr0') : first.iif
  const output: Hop = { ...none, hook: 'output', iif: null, oif, tracks: true }
  if (!filtered) return [output]
  const { iif, physin, physout } = first
  return [
    output,
    { ...none, hook: 'prerouting', iif, oif: null, physin: physout, tracks: true },
    { ...none, hook: 'forward', iif, oif: iif, physin: physout, physout: physin, tracks: false },
  ]
}
