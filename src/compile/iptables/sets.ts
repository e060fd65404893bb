import type { FwFile, IpSet, IpSetEntry } from '../../config/dialect/iptables/model.ts'
import { readCidr } from '../../config/dialect/iptables/terms.ts'
import type { Nic } from '../../config/tree.ts'
import type { Origin, Via } from '../../netfilter/origin.ts'
import type { RestoreLine, RestoreSet } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'
import { resolveAlias } from './address.ts'
import { compressIp6 } from './compress.ts'
import { type GuestPlan, ipfilterSet } from './guest-plan.ts'
import { addressFamily, NOT_AN_ADDRESS } from './ip-text.ts'
import { byText } from './order.ts'
import type { Compilation } from './pass.ts'
import { setName } from './set-name.ts'

/** A set of a file before it is put out: its own entries, then those the compiler adds. */
type Source = {
  readonly vmid: number
  readonly name: string
  /** Where it is defined; null for sets the compiler makes. */
  readonly set: IpSet | null
  readonly added: readonly Added[]
  /** File whose aliases its entries see before the cluster's. */
  readonly file: FwFile | null
  /** Why it exists, for sets that no file defines. */
  readonly origin: Origin
}

/** An entry no file has. */
type Added = { readonly cidr: string; readonly nomatch: boolean; readonly origin: Origin }

/** An element of a kernel set; its text is its key, as for Firewall.pm. */
type Element = { readonly nomatch: boolean; readonly origin: Origin }

/** Elements by family, by their text. */
type Elements = Readonly<Record<4 | 6, Map<string, Element>>>

/**
 * All sets of an update, sorted by name (Firewall.pm writes them in the order of a hash): of guests with a
 * .fw file, used or not, enabled or not, then those of the cluster and of SDN, where a later set replaces an
 * earlier one of the same kernel name (`compile_ipsets`, `generate_ipset_chains`).
 */
export function compileSets(compilation: Compilation): readonly RestoreSet[] {
  const made = new Map<string, RestoreSet>()
  for (const plan of compilation.guests)
    for (const source of guestSets(compilation, plan)) putOut(compilation, source, made)
  for (const source of sharedSets(compilation)) putOut(compilation, source, made)
  return [...made.values()].sort((a, b) => byText(a.name, b.name))
}

/** Sets of a guest's file and the implicit ones of the option ipfilter; none when a container has a bad NIC. */
function guestSets(compilation: Compilation, plan: GuestPlan): readonly Source[] {
  const { vmid, type } = plan.guest
  const device = new Map<string, readonly Added[]>()
  const implicit: Nic[] = []
  for (const { nic, mac } of plan.nics) {
    if (nic.error !== null) {
      compilation.failures.push({ kind: 'bad-nic', vmid, type, nic, stage: 'sets', later: [] })
      if (type === 'lxc') return []
      continue
    }
    if (!nic.firewall) continue
    device.set(ipfilterSet(nic), deviceEntries(plan, nic, mac))
    if (plan.ipfilter.on && !plan.file.ipsets.has(ipfilterSet(nic))) implicit.push(nic)
  }
  const named = [...plan.file.ipsets.values()].map((set): Source => {
    const added = device.get(set.name) ?? []
    return { vmid, name: set.name, set, added, file: plan.file, origin: definedBy(set) }
  })
  return [
    ...named,
    ...implicit.map((nic): Source => {
      const name = ipfilterSet(nic)
      const why = `ipfilter: the addresses ${nic.id} of guest ${vmid} may use`
      const origin = generatedBy(why, plan.ipfilter.span)
      return { vmid, name, set: null, added: device.get(name) ?? [], file: plan.file, origin }
    }),
  ]
}

/** What every filtered NIC may use: its link-local address and, for containers, the configured ones. */
function deviceEntries(plan: GuestPlan, nic: Nic, mac: string): readonly Added[] {
  const own = `the link-local address of ${nic.id}`
  const entries: Added[] = [
    { cidr: linkLocal(mac), nomatch: false, origin: generatedBy(own, nic.mac?.span ?? null) },
    LINK_LOCAL_NET,
  ]
  if (plan.guest.type !== 'lxc') return entries
  for (const [located, family] of [
    [nic.ip, 4],
    [nic.ip6, 6],
  ] as const) {
    const address = /^([^/]*)(?:\/[0-9]+)?$/.exec(located?.value ?? '')?.[1] ?? ''
    if (located === null || addressFamily(address) !== family) continue
    const why = `the configured address of ${nic.id}`
    entries.push({ cidr: address, nomatch: false, origin: generatedBy(why, located.span) })
  }
  return entries
}

const LINK_LOCAL_NET: Added = {
  cidr: 'fe80::/10',
  nomatch: true,
  origin: generatedBy('other link-local addresses are not those of this NIC', null),
}

/** Modified EUI-64 (RFC 4291, appendix A) of a MAC address: `mac_to_linklocal`. */
function linkLocal(mac: string): string {
  const [first = '', ...rest] = mac.split(':')
  const flipped = (Number.parseInt(first, 16) ^ 2).toString(16).padStart(2, '0')
  return `fe80::${flipped}${rest[0]}:${rest[1]}FF:FE${rest[2]}:${rest[3]}${rest[4]}`
}

/** The local network is put into `management` twice; the second one counts for the size only. */
function sharedSets({ cluster, sdnSets, localNetwork }: Compilation): readonly Source[] {
  const why = 'the local network may always manage its hosts'
  const origin = generatedBy(why, localNetwork.span)
  const local: Added = { cidr: localNetwork.cidr, nomatch: false, origin }
  const sets = [...cluster.ipsets.values(), ...sdnSets.values()].map((set): Source => {
    const added = cluster.ipsets.get('management') === set ? [local, local] : []
    return { vmid: 0, name: set.name, set, added, file: null, origin: definedBy(set) }
  })
  if (cluster.ipsets.has('management')) return sets
  const implied = {
    vmid: 0,
    name: 'management',
    set: null,
    added: [local, local],
    file: null,
    origin,
  }
  return [implied, ...sets]
}

/** Puts out a source as the two kernel sets it becomes. */
function putOut(compilation: Compilation, source: Source, made: Map<string, RestoreSet>): void {
  const elements = collect(compilation, source)
  const count = (source.set?.entries.length ?? 0) + source.added.length
  const size = count <= 64 ? 64 : powerOfTwo(count)
  for (const family of [4, 6] as const) {
    const name = setName(source.vmid, source.name, family)
    const inet = family === 6 ? 'inet6' : 'inet'
    const text = `create ${name} hash:net family ${inet} hashsize ${size} maxelem ${size} bucketsize 12`
    const adds = [...elements[family]]
      .sort(([a], [b]) => byText(a, b))
      .map(([cidr, { nomatch, origin }]): RestoreLine => {
        return { text: `add ${name} ${cidr}${nomatch ? ' nomatch' : ''}`, origin }
      })
    made.set(name, { name, create: { text, origin: source.origin }, adds })
  }
}

/** The elements of a set; of entries with the same text the last counts, with its nomatch. */
function collect(compilation: Compilation, source: Source): Elements {
  const elements: Elements = { 4: new Map(), 6: new Map() }
  for (const entry of source.set?.entries ?? []) {
    if (entry.error !== null) continue
    const resolved = resolveEntry(compilation, source, entry)
    if (resolved.message !== undefined) {
      const { message } = resolved
      compilation.failures.push({ kind: 'entry-lost', set: source.name, entry, message })
      continue
    }
    const set: Via = { what: 'ipset', name: source.name, span: source.set?.span ?? null }
    const via = resolved.via === null ? [set] : [set, resolved.via]
    const origin: Origin = { kind: 'rule', span: entry.span, via, means: null }
    addElement(elements, resolved.cidr, { nomatch: entry.nomatch, origin })
  }
  for (const { cidr, nomatch, origin } of source.added)
    addElement(elements, cidr, { nomatch, origin })
  return elements
}

/** What an entry of a file stands for; `message` is what Firewall.pm says when it stands for nothing. */
type ResolvedEntry =
  | { readonly message?: never; readonly cidr: string; readonly via: Via | null }
  | { readonly message: string }

const ALIAS = /^(dc\/|guest\/)?([A-Za-z][A-Za-z0-9_-]+)$/

/** Here `guest/` means nothing in the cluster's own sets, although it was accepted there while reading. */
function resolveEntry(
  compilation: Compilation,
  source: Source,
  { cidr }: IpSetEntry,
): ResolvedEntry {
  const reference = ALIAS.exec(cidr)
  if (reference === null)
    return readCidr(cidr) === null ? { message: NOT_AN_ADDRESS } : { cidr, via: null }
  const name = reference[2] ?? ''
  const alias = resolveAlias(compilation, source.file, reference[1] ?? '', name)
  if (alias === null) return { message: `no such alias '${name}'` }
  return { cidr: alias.cidr, via: { what: 'alias', name: cidr, span: alias.span } }
}

/** Adds under the text the kernel gets: IPv6 shortened and in lower case, without a full prefix length. */
function addElement(elements: Elements, cidr: string, element: Element): void {
  if (!cidr.includes(':')) {
    elements[4].set(cidr.replace(/\/32$/, ''), element)
    return
  }
  const slash = cidr.indexOf('/')
  const address = slash === -1 ? cidr : cidr.slice(0, slash)
  const length = slash === -1 ? '' : cidr.slice(slash)
  elements[6].set(`${compressIp6(address)}${length}`.replace(/\/128$/, ''), element)
}

function definedBy(set: IpSet): Origin {
  return { kind: 'rule', span: set.span, via: [], means: null }
}

function generatedBy(why: string, span: Span | null): Origin {
  return { kind: 'generated', by: 'compile_ipsets', why, span, means: null }
}

/** The least power of two that is not less: `round_powerof2`. */
function powerOfTwo(count: number): number {
  let size = 1
  while (size < count) size *= 2
  return size
}
