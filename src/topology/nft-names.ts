import type {
  NftAlias,
  NftConfig,
  NftFile,
  NftIpSet,
  NftSetEntry,
  ScopedName,
} from '../config/dialect/nftables/model.ts'
import type { Cidr } from '../ip/prefix.ts'
import type { Names, SetMember } from './names.ts'

/**
 * Aliases and sets as proxmox-firewall looks them up (rule.rs `get_alias`, `find_nft_ipset`): a bare name in the guest,
 * then the cluster; `sdn/` in the SDN, then the IPAM. Nothing is defined by itself: not `local_network`, and
 * `management` only where cluster.fw has it. Names of sets keep their case, those of aliases do not.
 */
export function nftNames(config: NftConfig): Names {
  const guests = new Map(config.guests.map(({ vmid, fw }) => [vmid, fw]))
  const sdn = new Map([...config.ipamSets, ...config.sdnSets].map((set) => [set.name, set]))
  const files = (scope: ScopedName['scope'], vmid: number | null): readonly NftFile[] => {
    const guest = vmid === null || scope === 'dc' ? undefined : guests.get(vmid)
    const cluster = scope === 'guest' ? null : config.cluster
    return [guest, cluster].filter((file) => file !== undefined && file !== null)
  }
  const aliasOf = ({ scope, name }: ScopedName, vmid: number | null): Cidr | null =>
    first(files(scope, vmid), ({ aliases }): NftAlias | undefined =>
      aliases.get(name.toLowerCase()),
    )?.cidr ?? null
  const set = (text: string, vmid: number | null): readonly SetMember[] | null => {
    const { scope, name } = scoped(text)
    const found =
      scope === 'sdn'
        ? sdn.get(name)
        : first(files(scope, vmid), ({ ipsets }): NftIpSet | undefined => ipsets.get(name))
    return (
      found?.entries.flatMap((entry) => {
        const cidr = cidrOf(entry, (ref) => aliasOf(ref, vmid))
        return cidr === null ? [] : [{ cidr, nomatch: entry.nomatch }]
      }) ?? null
    )
  }
  return {
    alias: (text, vmid) => aliasOf(scoped(text), vmid),
    set,
    known: () => [
      ...[...(config.cluster?.aliases.values() ?? [])].flatMap(({ name }) => [name, `dc/${name}`]),
      ...[...(config.cluster?.ipsets.keys() ?? [])].map((name) => `+${name}`),
      ...[...sdn.keys()].map((name) => `+sdn/${name}`),
    ],
  }
}

function first<T>(
  files: readonly NftFile[],
  find: (file: NftFile) => T | undefined,
): T | undefined {
  for (const file of files) {
    const found = find(file)
    if (found !== undefined) return found
  }
  return undefined
}

function scoped(text: string): ScopedName {
  const [, scope, name] = /^(dc|guest|sdn)\/(.*)$/.exec(text) ?? []
  return { scope: (scope as ScopedName['scope'] | undefined) ?? null, name: name ?? text }
}

function cidrOf({ item }: NftSetEntry, aliasOf: (ref: ScopedName) => Cidr | null): Cidr | null {
  switch (item.kind) {
    case 'cidr':
      return item.cidr
    case 'alias':
      return aliasOf(item.ref)
    default:
      return null
  }
}
