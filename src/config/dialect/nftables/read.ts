import type { SourceFile } from '../../../source/source-file.ts'
import type { Tree } from '../../tree.ts'
import { checkFile } from './check-file.ts'
import { checkGuest } from './check-guest.ts'
import { type Reading, readFwFile } from './fw-file.ts'
import { readNics } from './guest-conf.ts'
import { readIpamSets } from './ipam.ts'
import type { NftConfig, NftFile, NftGuest } from './model.ts'
import type { FileScope } from './options.ts'
import { newFindings, refuse, refused } from './refused.ts'
import { readSdnSets } from './sdn.ts'
import { compareBytes } from './sdn-names.ts'
import { newTerms } from './terms.ts'

/**
 * Reads a tree as proxmox-firewall does (config.rs `FirewallConfig::new`): cluster.fw, host.fw, each local
 * guest's .fw and .conf, vnet files, SDN, IPAM. Its first error ends everything and is the `refusal`; the
 * diagnostics name all the others too, and lines that load but do something else than they say. Guests and
 * vnets come in the order of their numbers and names (the real program's order is random).
 */
export function readNftables(tree: Tree): NftConfig {
  const findings = newFindings()
  const reading: Reading = { findings, terms: newTerms(tree.services) }
  const cluster = readOptional(tree.clusterFw, 'cluster', reading)
  const host = readOptional(tree.hostFw, 'host', reading)
  const guests = readGuests(tree, reading)
  const vnets = readVnets(tree, reading)
  const { running, runningFile, ipam, ipamFile } = tree.sdn ?? NO_SDN
  const sdnSets = readSdnSets(running, runningFile, findings)
  const ipamSets = readIpamSets(ipam, ipamFile, findings)
  return {
    refusal: findings.refusals[0] ?? null,
    cluster,
    host,
    guests,
    vnets,
    sdnSets,
    ipamSets,
    diagnostics: findings.diagnostics,
  }
}

const NO_SDN = { running: null, runningFile: null, ipam: null, ipamFile: null }

function readOptional(file: SourceFile | null, scope: FileScope, reading: Reading): NftFile | null {
  return file === null ? null : readOne(file, scope, reading)
}

function readOne(file: SourceFile, scope: FileScope, reading: Reading): NftFile {
  const read = readFwFile(file, scope, reading)
  checkFile(read, reading.findings.diagnostics)
  return read
}

/** Guests of other nodes are passed over before anything of them is read, those without .fw file as well. */
function readGuests(tree: Tree, reading: Reading): readonly NftGuest[] {
  return tree.guests.flatMap(({ vmid, type, node, conf }): readonly NftGuest[] => {
    const file = node === tree.node ? tree.guestFw.get(vmid) : undefined
    if (file === undefined) return []
    const fw = readOne(file, 'guest', reading)
    const nics = readNics(conf, reading.findings)
    const guest: NftGuest = { vmid, type: type === 'qemu' ? 'vm' : 'ct', fw, nics }
    checkGuest(guest, reading.findings.diagnostics)
    return [guest]
  })
}

/** All names are judged before the first file is read. */
function readVnets(tree: Tree, reading: Reading): ReadonlyMap<string, NftFile> {
  const files = [...tree.vnetFw].sort(([a], [b]) => compareBytes(a, b))
  for (const [name, file] of files) {
    if (Buffer.byteLength(name) <= 15) continue
    refuse(
      reading.findings,
      refused(
        'nftables/vnet-name',
        { file, start: 0, end: Math.min(1, file.text.length) },
        'name is too long',
        `\`${name}.fw\` has a name of more than 15 bytes`,
        'remove the file: no vnet can have this name',
      ),
    )
  }
  return new Map(files.map(([name, file]) => [name, readOne(file, 'vnet', reading)]))
}
