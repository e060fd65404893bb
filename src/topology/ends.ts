import type { Nic } from '../config/tree.ts'
import type { IpAddr } from '../ip/address.ts'
import { showAddr } from '../ip/address.ts'
import type { Filled } from '../packet/layer4.ts'
import { isProblem, type Problem, problem, quoted } from '../packet/problem.ts'
import type { NameTables, Query } from '../packet/query.ts'
import {
  behindDevice,
  type Endpoint,
  noSuchNic,
  parseAddressText,
  parseEndpoint,
} from './endpoint.ts'
import type { FirmPlace } from './place.ts'
import type { Topology } from './topology.ts'

/** One end of the packet: where it is, and the address that was said for it. */
export type End = {
  readonly place: FirmPlace
  /** From the endpoint's text or from `src`/`dst`; null: not said. */
  readonly address: IpAddr | null
  readonly port: string | null
  readonly proto: string | null
}

export type Ends = { readonly from: End; readonly to: End; readonly filled: readonly Filled[] }

/** Both ends of a query: from `from` and `to`, else from the addresses; the start defaults to the outside. */
export function endsOf(topology: Topology, query: Query, tables: NameTables): Ends | Problem {
  const filled: Filled[] = []
  const toText = query.to ?? query.dst
  const fromText = query.from ?? query.src
  if (toText === null)
    return problem(
      'query/no-destination',
      'nothing says where the packet goes',
      'add `--to host`, `--vm 105`, `--dst 192.168.1.105` ...',
    )
  if (fromText === null && toText.startsWith('outside'))
    return problem(
      'query/no-start',
      'nothing says where the packet comes from',
      'add `--from host`, `--from vm105` ...',
    )
  if (fromText === null) filled.push({ field: 'from', value: 'outside', why: 'no start was given' })
  const to = parseEndpoint(topology, toText, scopeOf(topology, fromText), tables)
  if (isProblem(to)) return to
  const from = parseEndpoint(topology, fromText ?? 'outside', scopeOf(topology, toText), tables)
  if (isProblem(from)) return from
  const devices = applyIface(topology, query, from, to)
  if (isProblem(devices)) return devices
  const start = endOf(
    topology,
    'src',
    query.from === null ? null : query.src,
    devices.from,
    scopeOf(topology, toText),
    filled,
  )
  if (isProblem(start)) return start
  const end = endOf(
    topology,
    'dst',
    query.to === null ? null : query.dst,
    devices.to,
    scopeOf(topology, fromText),
    filled,
  )
  if (isProblem(end)) return end
  const same = samePlace(start.place, end.place)
  return same === null ? { from: start, to: end, filled } : same
}

/** The guest whose `guest/` names a text at the other end may use. */
function scopeOf(topology: Topology, text: string | null): number | null {
  if (text === null) return null
  const base = text.replace(/[/:].*$/, '')
  const number = /^(?:vm|ct|)(\d{1,9})$/.exec(base)?.[1]
  if (number !== undefined) return topology.guests.has(Number(number)) ? Number(number) : null
  const [guest, more] = topology.guestsByName.get(base.toLowerCase()) ?? []
  return more === undefined ? (guest?.vmid ?? null) : null
}

type Devices = { readonly from: Endpoint; readonly to: Endpoint }

/** `--iface net1` is a NIC of the guest asked about; any other name a device of the host, behind which outside is. */
function applyIface(
  topology: Topology,
  { iface }: Query,
  from: Endpoint,
  to: Endpoint,
): Devices | Problem {
  if (iface === null) return { from, to }
  if (!/^net\d{1,2}$/.test(iface)) {
    const end = isOpenOutside(from) ? from : isOpenOutside(to) ? to : null
    if (end === null)
      return problem(
        'query/no-guest',
        `${quoted(iface)} is no NIC of a guest, and neither end is outside`,
        'a NIC of a guest is `net0`, `net1` ...',
      )
    const found = behindDevice(topology, iface)
    if (isProblem(found)) return found
    const placed = { ...end, place: found.place, notes: [...end.notes, ...found.notes] }
    return end === from ? { from: placed, to } : { from, to: placed }
  }
  const end = [to, from].find(({ place }) => place.kind === 'guest')
  if (end === undefined || end.place.kind !== 'guest')
    return problem('query/no-guest', `${quoted(iface)} of which guest?`, 'neither end is a guest')
  const { guest, nic } = end.place
  const own = guest.nics.find(({ id }) => id === iface)
  if (own === undefined) return noSuchNic(guest, iface)
  if (nic !== null && nic.id !== iface && end.address === null)
    return problem(
      'query/said-twice',
      `guest ${guest.vmid} is asked about by ${nic.id} and by ${iface}`,
      'leave one of them out',
    )
  const placed: Endpoint = { ...end, place: { ...end.place, nic: own } }
  return end === to ? { from, to: placed } : { from: placed, to }
}

function isOpenOutside({ place }: Endpoint): boolean {
  return place.kind === 'outside' && (place.device === null || place.fixed)
}

function endOf(
  topology: Topology,
  field: 'src' | 'dst',
  text: string | null,
  endpoint: Endpoint,
  scope: number | null,
  filled: Filled[],
): End | Problem {
  const said = text === null ? null : parseAddressText(topology, text, scope)
  if (isProblem(said)) return said
  if (said !== null && endpoint.address !== null && !isSame(said.address, endpoint.address))
    return problem(
      'query/said-twice',
      `${field} is both ${quoted(showAddr(endpoint.address))} and ${quoted(showAddr(said.address))}`,
      field === 'src'
        ? 'name the start without an address'
        : 'name the destination without an address',
    )
  const address = said?.address ?? endpoint.address
  for (const why of [...endpoint.notes, ...(said?.notes ?? [])])
    filled.push({ field, value: address === null ? '' : showAddr(address), why })
  const { place } = endpoint
  if (place.kind !== 'guest') return { ...endpoint, place, address }
  const nic = place.nic ?? chooseNic(topology, place.guest, address)
  if (nic === null) return noSuchNic(place.guest, 'net0')
  const choices = place.guest.nics.length
  if (place.nic === null && choices > 1)
    filled.push({
      field: field === 'src' ? 'from' : 'to',
      value: `${place.guest.vmid}/${nic.id}`,
      why: `one of its ${choices} NICs`,
    })
  return { ...endpoint, place: { ...place, nic }, address }
}

/** The NIC that has the address, else the first by number. */
function chooseNic(
  topology: Topology,
  guest: Extract<FirmPlace, { readonly kind: 'guest' }>['guest'],
  address: IpAddr | null,
): Nic | null {
  const byNumber = guest.nics.toSorted((a, b) => a.index - b.index)
  const having = byNumber.find((nic) =>
    topology
      .addressesOf(guest, nic)
      .some((known) => address !== null && isSame(known.address, address)),
  )
  return having ?? byNumber[0] ?? null
}

function isSame(a: IpAddr, b: IpAddr): boolean {
  return a.version === b.version && a.bits === b.bits
}

/** Two ends in one place: no hook of the node sees such a packet. The host may talk to itself. */
function samePlace(from: FirmPlace, to: FirmPlace): Problem | null {
  const same =
    (from.kind === 'guest' &&
      to.kind === 'guest' &&
      from.guest === to.guest &&
      from.nic === to.nic) ||
    (from.kind === 'outside' && to.kind === 'outside' && from.device === to.device) ||
    (from.kind === 'port' &&
      to.kind === 'port' &&
      from.port === to.port &&
      from.bridge === to.bridge)
  if (!same) return null
  const where = from.kind === 'guest' ? `guest ${from.guest.vmid}` : from.kind
  return problem(
    'query/same-endpoint',
    `start and destination are the same: ${where}`,
    'a packet that stays there passes no firewall of this node',
  )
}
