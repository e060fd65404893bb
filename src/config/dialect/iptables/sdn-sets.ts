import { cidrsOf, showCidr } from '../../../ip/prefix.ts'
import { type Diagnostic, diagnostic } from '../../../source/diagnostic.ts'
import type { SourceFile } from '../../../source/source-file.ts'
import type { Sdn } from '../../tree.ts'
import { readIpamSets } from '../nftables/ipam.ts'
import type { NftIpSet, NftSetEntry } from '../nftables/model.ts'
import { newFindings } from '../nftables/refused.ts'
import { readSdnSets as readVnetSets } from '../nftables/sdn.ts'
import type { IpSet, IpSetEntry } from './model.ts'

type SdnSets = {
  readonly sets: ReadonlyMap<string, IpSet>
  readonly diagnostics: readonly Diagnostic[]
}

const NO_SETS: SdnSets = { sets: new Map(), diagnostics: [] }

/**
 * The sets pve-firewall gets from the SDN (`load_sdn_conf`): four per vnet and one per guest with addresses in
 * IPAM. Both programs have them from one library (PVE::RS::Firewall::SDN wraps proxmox-ve-config), but where
 * nftables gives up altogether, pve-firewall only warns and goes on without any of them.
 */
export function readSdnSets(sdn: Sdn | null): SdnSets {
  if (sdn === null) return NO_SETS
  const findings = newFindings()
  const vnets = readVnetSets(sdn.running, sdn.runningFile, findings)
  const failedFile = findings.refusals.length > 0 ? sdn.runningFile : sdn.ipamFile
  const guests = readIpamSets(sdn.ipam, sdn.ipamFile, findings)
  const [refusal] = findings.refusals
  if (refusal !== undefined && failedFile !== null)
    return { ...NO_SETS, diagnostics: failed(refusal.diagnostic, refusal.error, failedFile, sdn) }
  const sets = [...vnets, ...guests].flatMap((set) => convert(set, sdn.runningFile ?? sdn.ipamFile))
  return { sets: new Map(sets.map((set) => [set.name, set])), diagnostics: [] }
}

/** What is not JSON at all was told when the tree was read. */
function failed(
  { span, help }: Diagnostic,
  error: string,
  file: SourceFile,
  sdn: Sdn,
): readonly Diagnostic[] {
  if ((file === sdn.runningFile ? sdn.running : sdn.ipam) === null) return []
  const because = error === '' ? '' : `: ${error}`
  const message = `\`${file.path}\` cannot be read${because}, so there are no \`+sdn/\` sets`
  return [diagnostic('warning', 'config/sdn-invalid', span, message, { help })]
}

function convert({ name, span, entries }: NftIpSet, file: SourceFile | null): readonly IpSet[] {
  const where = span ?? (file === null ? null : { file, start: 0, end: 0 })
  if (where === null) return []
  return [{ name, span: where, entries: entries.flatMap((entry) => convertEntry(entry, where)) }]
}

/** A range becomes the networks that make it up. */
function convertEntry({ item, nomatch, span }: NftSetEntry, where: IpSet['span']): IpSetEntry[] {
  const made = (cidr: string): IpSetEntry => ({ cidr, nomatch, span: span ?? where, error: null })
  switch (item.kind) {
    case 'cidr':
      return [made(showCidr(item.cidr))]
    case 'range':
      return cidrsOf(item.lo.version, { lo: item.lo.bits, hi: item.hi.bits }).map((cidr) =>
        made(showCidr(cidr)),
      )
    default:
      return []
  }
}
