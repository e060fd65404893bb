import type { Guest, Nic } from '../config/tree.ts'
import { type IpAddr, parseAddr, showAddr } from '../ip/address.ts'
import { type Cidr, parseCidr, showCidr } from '../ip/prefix.ts'
import { addressType } from '../netfilter/fib.ts'
import { splitEndpointText } from '../packet/endpoint-text.ts'
import { isProblem, type Problem, problem, quoted } from '../packet/problem.ts'
import { parseProtocol } from '../packet/protocol.ts'
import type { NameTables } from '../packet/query.ts'
import { nearest } from '../source/nearest.ts'
import { DEVICE_NAME_MAX, guestDevice, guestOfDevice } from './devices.ts'
import { representative } from './names.ts'
import type { Owner, Topology } from './topology.ts'
import { bridgeNamed, deviceToward } from './wiring.ts'

/** One end of a packet, before it is known how it is wired. */
export type Place =
  | { readonly kind: 'host'; readonly node: string }
  /** `nic` null: not said which. */
  | { readonly kind: 'guest'; readonly guest: Guest; readonly nic: Nic | null }
  /**
   * Beyond the node. `device`: behind which device or bridge; null: the other end decides. `fixed`: in that very
   * segment (an address of its subnet); else in the VLAN of the other end.
   */
  | { readonly kind: 'outside'; readonly device: string | null; readonly fixed: boolean }
  /** A port of a bridge that belongs to no guest of the tree. */
  | { readonly kind: 'port'; readonly bridge: string; readonly port: string }

/** What an endpoint's text says. */
export type Endpoint = {
  readonly place: Place
  /** The address the text is or stands for. */
  readonly address: IpAddr | null
  readonly port: string | null
  readonly proto: string | null
  /** What was chosen where the text leaves a choice, one sentence each. */
  readonly notes: readonly string[]
}

/**
 * Reads `host`, `outside`, `outside:vmbr1`, `vm105`, `ct105`, `105`, `105/net1`, `vmbr0/tap999i0`, an address
 * (also `ip:port`, `[v6]:port`), a network, the name of a guest or node, an alias or a `+set`. `scope`: the guest
 * whose aliases and sets count too. A name that means more than one thing is a problem that names the choices.
 */
export function parseEndpoint(
  topology: Topology,
  text: string,
  scope: number | null,
  tables: NameTables,
): Endpoint | Problem {
  const parts = splitEndpointText(text, (name) => parseProtocol(name, tables) !== null)
  if (parts === null)
    return problem('query/bad-endpoint', `${quoted(text)} is not an endpoint`, EXAMPLES)
  const found = placeOf(topology, parts.base, scope)
  return isProblem(found) ? found : { ...found, port: parts.port, proto: parts.proto }
}

const EXAMPLES = 'write `host`, `outside`, `vm105`, `105/net1`, `192.168.1.53`, a name or an alias'

type Found = Omit<Endpoint, 'port' | 'proto'>

function placeOf(topology: Topology, base: string, scope: number | null): Found | Problem {
  if (base === 'host') return at({ kind: 'host', node: topology.tree.node })
  if (base === 'outside') return at({ kind: 'outside', device: null, fixed: false })
  const numbered = byGuestNumber(topology, base)
  if (numbered !== null) return numbered
  if (base.startsWith('outside:')) return behindDevice(topology, base.slice('outside:'.length))
  const address = parseAddr(base)
  if (address !== null) return placeOfAddress(topology, address)
  if (base.startsWith('+') || /^(?:dc|guest|sdn)\//.test(base))
    return placeOfName(topology, base, scope)
  const network = base.includes('/') ? parseCidr(base) : null
  if (network !== null) return memberOf(topology, base, [{ cidr: network, nomatch: false }])
  return byPort(topology, base) ?? byName(topology, base, scope)
}

/** The one address a text stands for: a literal, a network, an alias or a `+set`. Used for `--src` and `--dst`, which are no places. */
export function parseAddressText(
  topology: Topology,
  text: string,
  scope: number | null,
): { readonly address: IpAddr; readonly notes: readonly string[] } | Problem {
  const literal = parseAddr(text)
  if (literal !== null) return { address: literal, notes: [] }
  const members = membersOfText(topology, text, scope)
  if (isProblem(members)) return members
  return oneOf(text, members)
}

/** A place by an address: the guest that has it, a node, else the outside where its network is. */
function placeOfAddress(topology: Topology, address: IpAddr): Found | Problem {
  const type = addressType(topology.fibOf(topology.tree.node), address.version, address.bits)
  if (type === 'multicast' || type === 'broadcast')
    return problem(
      'topology/many-receivers',
      `${quoted(showAddr(address))} is no single machine's address`,
      'say with --from and --to which machines are meant, and give the address with --src or --dst',
    )
  const owners = topology.ownersOf(address)
  const [owner, second] = owners
  if (owner === undefined) {
    const device = deviceToward(topology.wiring, address)
    return {
      place: { kind: 'outside', device: device?.name ?? null, fixed: device !== null },
      address,
      notes: [],
    }
  }
  if (second !== undefined)
    return problem(
      'topology/ambiguous-endpoint',
      `${quoted(showAddr(address))} belongs to ${owners.slice(0, 5).map(showOwner).join(' and ')}`,
      'name the one you mean, and give the address with --src or --dst',
    )
  const place: Place =
    owner.kind === 'host'
      ? { kind: 'host', node: owner.node }
      : { kind: 'guest', guest: owner.guest, nic: owner.nic }
  return { place, address, notes: [] }
}

function placeOfName(topology: Topology, text: string, scope: number | null): Found | Problem {
  const members = membersOfText(topology, text, scope)
  return isProblem(members) ? members : memberOf(topology, text, members)
}

/** A representative of several addresses, and whose it is. */
function memberOf(
  topology: Topology,
  text: string,
  members: Parameters<typeof representative>[0],
): Found | Problem {
  const one = oneOf(text, members)
  if (isProblem(one)) return one
  const found = placeOfAddress(topology, one.address)
  return isProblem(found) ? found : { ...found, notes: one.notes }
}

function oneOf(
  text: string,
  members: Parameters<typeof representative>[0],
): { readonly address: IpAddr; readonly notes: readonly string[] } | Problem {
  const address = representative(members, null)
  if (address === null)
    return problem('topology/unknown-name', `${quoted(text)} has no member`, 'give an address')
  const [only, more] = members
  const single = more === undefined && only !== undefined && isAddress(only.cidr, address)
  const notes = single ? [] : [`${showAddr(address)} stands for all of ${quoted(text)}`]
  return { address, notes }
}

function isAddress(cidr: Cidr, address: IpAddr): boolean {
  return showCidr(cidr) === showAddr(address)
}

function membersOfText(
  topology: Topology,
  text: string,
  scope: number | null,
): Parameters<typeof representative>[0] | Problem {
  const { names } = topology
  if (text.startsWith('+')) {
    const members = names.set(text.slice(1), scope)
    return members ?? unknownName(topology, text, 'set', scope)
  }
  const alias = names.alias(text, scope) ?? parseCidr(text)
  return alias === null
    ? unknownName(topology, text, 'alias', scope)
    : [{ cidr: alias, nomatch: false }]
}

function unknownName(
  topology: Topology,
  text: string,
  what: 'alias' | 'set',
  scope: number | null,
): Problem {
  const needsGuest = /^\+?guest\//.test(text) && scope === null
  return problem(
    'topology/unknown-name',
    needsGuest
      ? `${quoted(text)}: \`guest/\` names belong to a guest, and the other end is none`
      : `there is no ${what} ${quoted(text)}`,
    suggestion(text, topology.names.known()),
  )
}

/** `vm105`, `ct105`, `105`, each with `/net1`. Null: not of this form. */
function byGuestNumber(topology: Topology, base: string): Found | Problem | null {
  const match = /^(vm|ct|)(\d{1,9})(?:\/(net\d{1,2}))?$/.exec(base)
  if (match === null) return null
  const vmid = Number(match[2])
  const guest = topology.guests.get(vmid)
  if (guest === undefined)
    return problem(
      'topology/unknown-endpoint',
      `there is no guest ${vmid}`,
      suggestion(String(vmid), [...topology.guests.keys()].map(String)),
    )
  const kind = guest.type === 'qemu' ? 'vm' : 'ct'
  if (match[1] !== '' && match[1] !== kind)
    return problem(
      'topology/wrong-guest-type',
      `guest ${vmid} is a ${guest.type === 'qemu' ? 'virtual machine' : 'container'}`,
      `say \`${kind}${vmid}\``,
    )
  return ofGuest(guest, match[3])
}

function ofGuest(guest: Guest, nicId: string | undefined): Found | Problem {
  if (nicId === undefined) return at({ kind: 'guest', guest, nic: null })
  const nic = guest.nics.find((each) => each.id === nicId)
  return nic === undefined ? noSuchNic(guest, nicId) : at({ kind: 'guest', guest, nic })
}

/** The problem of a NIC that a guest does not have. */
export function noSuchNic(guest: Guest, nicId: string): Problem {
  const own = guest.nics.map(({ id }) => id).join(', ')
  return problem(
    'topology/no-nic',
    `guest ${guest.vmid} has no ${quoted(nicId)}`,
    own === '' ? 'it has no NIC at all' : `it has ${own}`,
  )
}

/** `vmbr0/tap999i0`. Null: the part before the slash is no bridge. */
function byPort(topology: Topology, base: string): Found | Problem | null {
  const slash = base.indexOf('/')
  if (slash === -1 || !isBridge(topology, base.slice(0, slash))) return null
  const bridge = bridgeNamed(topology.wiring, base.slice(0, slash))
  const port = base.slice(slash + 1)
  if (port.length === 0 || port.length > DEVICE_NAME_MAX || !/^[\w.:@-]+$/.test(port))
    return problem('topology/unknown-device', `${quoted(port)} cannot be a device`, null)
  if (bridge.ports.includes(port)) return at({ kind: 'outside', device: bridge.name, fixed: false })
  const owner = guestOfDevice(port)
  const guest = owner === null ? undefined : topology.guests.get(owner.vmid)
  const nic = guest?.nics.find(({ index }) => index === owner?.index)
  if (guest === undefined || nic === undefined || guest.node !== topology.tree.node)
    return at({ kind: 'port', bridge: bridge.name, port })
  const direct = !nic.firewall || topology.backend === 'nftables'
  if (direct && nic.bridge?.value === bridge.name && guestDevice(guest, nic) === port)
    return at({ kind: 'guest', guest, nic })
  return problem(
    'topology/unknown-device',
    `${quoted(port)} of guest ${guest.vmid} is no port of ${bridge.name}`,
    `say \`${guest.vmid}/${nic.id}\``,
  )
}

/** True for bridges the node's files describe and for those only guests name. */
function isBridge({ wiring, tree }: Topology, name: string): boolean {
  if (wiring.bridges.has(name)) return true
  return tree.guests.some(
    ({ node, nics }) => node === tree.node && nics.some((nic) => nic.bridge?.value === name),
  )
}

/** The name of a guest (with `/net1`), of a node, or an alias without scope. */
function byName(topology: Topology, base: string, scope: number | null): Found | Problem {
  const match = /^(.*)\/(net\d{1,2})$/.exec(base)
  const name = match?.[1] ?? base
  const guests = topology.guestsByName.get(name.toLowerCase()) ?? []
  const choices: { readonly said: string; readonly found: () => Found | Problem }[] = guests.map(
    (guest) => ({
      said: `${guest.type === 'qemu' ? 'vm' : 'ct'}${guest.vmid}`,
      found: () => ofGuest(guest, match?.[2]),
    }),
  )
  if (topology.tree.nodes.includes(base) || base === topology.tree.node)
    choices.push({ said: `node ${base}`, found: () => at({ kind: 'host', node: base }) })
  if (topology.names.alias(base, scope) !== null)
    choices.push({ said: `alias ${base}`, found: () => placeOfName(topology, base, scope) })
  const [only, second] = choices
  if (only === undefined) return unknownEndpoint(topology, base)
  if (second === undefined) return only.found()
  const said = choices.map((choice) => choice.said)
  return problem(
    'topology/ambiguous-endpoint',
    `${quoted(base)} is ${said.slice(0, 5).join(' and ')}`,
    guests.length > 0
      ? `say \`${said[0]}\`, or \`dc/${base}\` for an alias`
      : `say \`dc/${base}\` for the alias, or the node's address`,
  )
}

function unknownEndpoint(topology: Topology, base: string): Problem {
  const { tree, wiring } = topology
  const names = [
    ...['host', 'outside', ...tree.nodes, ...wiring.bridges.keys(), ...topology.names.known()],
    ...tree.guests.flatMap(({ name }) => (name === null ? [] : [name])),
  ]
  if (wiring.bridges.has(base))
    return problem(
      'topology/unknown-endpoint',
      `${quoted(base)} is a bridge, not one end of a packet`,
      `say \`outside:${base}\` for what is behind its port, or \`${base}/PORT\``,
    )
  if (/^\d+(?:\.\d+)+$/.test(base) || /^[\da-f:]*:[\da-f:.]*$/i.test(base))
    return problem(
      'topology/unknown-endpoint',
      `${quoted(base)} is no address`,
      'write `192.168.1.53` or `2001:db8::1`',
    )
  return problem(
    'topology/unknown-endpoint',
    `there is no guest, node or alias ${quoted(base)}`,
    suggestion(base, names),
  )
}

/** `outside:vmbr1`, `outside:eno1` (the bridge eno1 is a port of), `outside:tailscale0`. */
export function behindDevice(topology: Topology, name: string): Found | Problem {
  const { wiring } = topology
  const owner = [...wiring.bridges.values()].find((bridge) => bridge.ports.includes(name))
  if (owner !== undefined) return at({ kind: 'outside', device: owner.name, fixed: false })
  if (isBridge(topology, name)) return at({ kind: 'outside', device: name, fixed: false })
  if (wiring.devices.has(name)) return at({ kind: 'outside', device: name, fixed: true })
  const near = nearest(name, [...wiring.devices.keys(), ...wiring.bridges.keys()])
  const possible = name.length <= DEVICE_NAME_MAX && /^[\w.-]+$/.test(name) && near.length === 0
  if (possible && !(wiring.known && name.startsWith('vmbr')))
    return {
      ...at({ kind: 'outside', device: name, fixed: true }),
      notes: [`${name} is in no file: taken to be a device of the host without bridge`],
    }
  return problem(
    'topology/unknown-device',
    `the host has no device ${quoted(name)}`,
    suggestion(name, [...wiring.devices.keys(), ...wiring.bridges.keys()]),
  )
}

function suggestion(word: string, names: readonly string[]): string {
  const near = nearest(word, names)
  return near.length > 0 ? `did you mean \`${near.join('`, `')}\`?` : EXAMPLES
}

function at(place: Place): Found {
  return { place, address: null, notes: [] }
}

function showOwner(owner: Owner): string {
  return owner.kind === 'host' ? `node ${owner.node}` : `${owner.guest.vmid}/${owner.nic.id}`
}
