import type { IpAddr } from '../../ip/address.ts'
import type { RangeSet } from '../../ip/range-set.ts'
import type { Span } from '../../source/source-file.ts'

/** What a node cannot do without, by who needs it. */
export type NeedGroup = 'admin' | 'cluster' | 'storage' | 'outbound'

/** A kind of traffic that must get through: `admin/ssh`, from some machines to others. */
export type Need = {
  /** Names it in every format, from version to version the same: `admin/ssh`, `cluster/corosync-1`. */
  readonly id: string
  readonly group: NeedGroup
  /** `SSH (22/tcp)`. */
  readonly service: string
  /** `from +management`, `between alpha and beta`. */
  readonly between: string
  /** Where the need is known from, in words, with its line where there is one. */
  readonly why: string
  readonly span: Span | null
  /** The node whose rules it would be lost to, as far as it is one node. */
  readonly node: string
  readonly from: NeedEnd
  readonly to: NeedEnd
  readonly family: 4 | 6
  readonly proto: 'tcp' | 'udp'
  /** Inclusive ranges of destination ports. */
  readonly ports: readonly (readonly [number, number])[]
  /** Source ports, where they are not any port of a client. */
  readonly sports: readonly (readonly [number, number])[] | null
  /** Both ends send on their own, from and to the same ports: what one sends lets the other's packets in as answers. */
  readonly mutual: boolean
  /** A peer nobody named: what some of them can reach is enough. */
  readonly anyPeer: boolean
}

export type NeedEnd = {
  /** As an endpoint of a query: `host`, a node, `outside:vmbr0`. */
  readonly place: string
  /** One of its addresses, by which the way is found; null: there is none of this family to be told. */
  readonly address: IpAddr | null
  /** All of them; null: any. */
  readonly addresses: RangeSet | null
}

/** A need that cannot be looked at, and why: it is told, never left out. */
export type Blind = { readonly what: string; readonly why: string; readonly span: Span | null }

export type Needs = { readonly needs: readonly Need[]; readonly blind: readonly Blind[] }

/** Services by the names and ports Proxmox VE has them under (pve-docs, "Ports used by Proxmox VE"). */
export const SERVICE = {
  ssh: { id: 'ssh', name: 'SSH', proto: 'tcp', ports: [[22, 22]] },
  web: { id: 'web', name: 'web UI and API', proto: 'tcp', ports: [[8006, 8006]] },
  vnc: { id: 'vnc', name: 'VNC consoles', proto: 'tcp', ports: [[5900, 5999]] },
  spice: { id: 'spice', name: 'SPICE proxy', proto: 'tcp', ports: [[3128, 3128]] },
  migration: { id: 'migration', name: 'live migration', proto: 'tcp', ports: [[60_000, 60_050]] },
} as const

export type Service = {
  readonly id: string
  readonly name: string
  readonly proto: 'tcp' | 'udp'
  readonly ports: readonly (readonly [number, number])[]
}

/** `SSH (22/tcp)`, `VNC consoles (5900-5999/tcp)`. */
export function showService({ name, proto, ports }: Omit<Service, 'id'>): string {
  const text = ports.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}-${hi}`)).join(',')
  return `${name} (${text}/${proto})`
}

/** A single address as a set. */
export function onlyAddress({ bits }: IpAddr): RangeSet {
  return [{ lo: bits, hi: bits }]
}
