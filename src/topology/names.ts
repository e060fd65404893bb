import type { FwFile, IpSet, IptablesConfig } from '../config/dialect/iptables/model.ts'
import { type IpAddr, widthOf } from '../ip/address.ts'
import { type Cidr, parseCidr, rangeOf } from '../ip/prefix.ts'
import { normalise, type RangeSet, subtract } from '../ip/range-set.ts'

export type SetMember = { readonly cidr: Cidr; readonly nomatch: boolean }

/**
 * The names of aliases and sets as one backend's configuration gives them a meaning. `name` may carry a scope
 * (`dc/web`, `guest/web`); `vmid`: whose `guest/` scope is meant, null outside of guests.
 */
export type Names = {
  readonly alias: (name: string, vmid: number | null) => Cidr | null
  readonly set: (name: string, vmid: number | null) => readonly SetMember[] | null
  /** All alias names and all set names of the cluster, for suggestions. */
  readonly known: () => readonly string[]
}

/** No aliases, no sets. */
export const NO_ALIASES: Names = { alias: () => null, set: () => null, known: () => [] }

/**
 * Aliases and sets as pve-firewall looks them up (Firewall.pm `resolve_alias`, `ipset_chain_name`): guest, then
 * cluster, then SDN. `local_network` and `management` exist even where nobody defines them.
 */
export function iptablesNames(config: IptablesConfig, localNetwork: Cidr | null): Names {
  const alias = (name: string, vmid: number | null): Cidr | null => {
    const { scope, base } = scoped(name)
    for (const file of filesOf(config, scope, vmid)) {
      const found = file.aliases.get(base)
      if (found !== undefined) return parseCidr(found.cidr)
    }
    return base === 'local_network' && scope !== 'guest' ? localNetwork : null
  }
  const member = (text: string, vmid: number | null): Cidr | null =>
    parseCidr(text) ?? alias(text, vmid)
  const set = (name: string, vmid: number | null): readonly SetMember[] | null => {
    const { scope, base } = scoped(name)
    const found =
      filesOf(config, scope, vmid)
        .map((file) => file.ipsets.get(base))
        .find((each) => each !== undefined) ??
      (scope === 'any' || scope === 'sdn' ? config.sdnSets.get(base) : undefined)
    const members = found === undefined ? [] : membersOf(found, (text) => member(text, vmid))
    const management = base === 'management' && scope !== 'guest' && scope !== 'sdn'
    const local = management ? member('dc/local_network', null) : null
    if (local !== null) members.push({ cidr: local, nomatch: false })
    return found === undefined && local === null ? null : members
  }
  return { alias, set, known: () => knownNames(config) }
}

/**
 * One address that is in the network or set and not excluded from it: the first that is no network address.
 * Null when there is none (an empty set).
 */
export function representative(members: readonly SetMember[], family: 4 | 6 | null): IpAddr | null {
  for (const { cidr, nomatch } of members) {
    const { version } = cidr.address
    if (nomatch || (family !== null && version !== family)) continue
    const excluded = members
      .filter((each) => each.nomatch && each.cidr.address.version === version)
      .filter((each) => each.cidr.prefix > cidr.prefix)
    const left = subtract(usable(cidr), normalise(excluded.map((each) => rangeOf(each.cidr))))
    const first = left[0]
    if (first !== undefined) return { version, bits: first.lo }
  }
  return null
}

/** A network without its first and last address, where it has more than two; `0.0.0.0/0` from 1.0.0.0. */
function usable(cidr: Cidr): RangeSet {
  const { lo, hi } = rangeOf(cidr)
  const width = widthOf(cidr.address.version)
  if (width - cidr.prefix < 2) return [{ lo, hi }]
  const start = lo === 0n ? 1n << BigInt(width - 8) : lo + 1n
  return [{ lo: start < hi ? start : lo + 1n, hi: hi - 1n }]
}

function membersOf(set: IpSet, parse: (text: string) => Cidr | null): SetMember[] {
  const members: SetMember[] = []
  for (const { cidr, nomatch, error } of set.entries) {
    const parsed = error === null ? parse(cidr) : null
    if (parsed !== null) members.push({ cidr: parsed, nomatch })
  }
  return members
}

type Scope = 'dc' | 'guest' | 'sdn' | 'any'

function scoped(name: string): { readonly scope: Scope; readonly base: string } {
  const match = /^(dc|guest|sdn)\/(.*)$/.exec(name)
  const base = (match?.[2] ?? name).toLowerCase()
  return { scope: (match?.[1] as Scope | undefined) ?? 'any', base }
}

function filesOf(config: IptablesConfig, scope: Scope, vmid: number | null): readonly FwFile[] {
  const guest = vmid === null ? undefined : config.guests.get(vmid)
  const files = [
    scope === 'guest' || scope === 'any' ? guest : undefined,
    scope === 'dc' || scope === 'any' ? config.cluster : undefined,
  ]
  return files.filter((file) => file !== undefined && file !== null)
}

function knownNames(config: IptablesConfig): readonly string[] {
  const { cluster } = config
  return [
    ...[...(cluster?.aliases.values() ?? [])].flatMap(({ name }) => [name, `dc/${name}`]),
    ...[...(cluster?.ipsets.keys() ?? [])].map((name) => `+${name}`),
    ...[...config.sdnSets.keys()].map((name) => `+${name}`),
  ]
}
