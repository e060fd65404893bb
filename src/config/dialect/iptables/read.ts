import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { SourceFile } from '../../../source/source-file.ts'
import type { Tree } from '../../tree.ts'
import { allComplaints, complain, quoted } from './complaints.ts'
import { logRatelimitError } from './log-ratelimit.ts'
import type { FwFile, IptablesConfig } from './model.ts'
import { isNothing, readFile } from './read-file.ts'
import { type OpenFile, openFile, type Reading, startReading } from './reading.ts'
import { readSdnSets } from './sdn-sets.ts'

/** What a reading depends on beside the files. */
export type ReadOptions = {
  /** Seconds since 1970; now when left out. `enable` of cluster.fw may be a time. */
  readonly now?: number
}

/**
 * Reads all .fw files of the node as pve-firewall does: cluster.fw, host.fw, then those of its own guests, as
 * each sees the names of cluster.fw. The files of vnets are read for their complaints only.
 */
export function readIptables(tree: Tree, options: ReadOptions = {}): IptablesConfig {
  const sdn = readSdnSets(tree.sdn)
  const reading = startReading(tree, sdn.sets, options.now ?? Date.now() / 1000)
  const diagnostics: Diagnostic[] = [...sdn.diagnostics]
  const clusterFile = readOne(reading, tree.clusterFw, 'cluster', null, diagnostics)
  const afterCluster = diagnostics.length
  const host = readOne(reading, tree.hostFw, 'host', clusterFile, diagnostics)
  const guests = new Map<number, FwFile>()
  for (const { vmid, type, node } of tree.guests) {
    if (node !== tree.node) continue
    const env = type === 'qemu' ? 'vm' : 'ct'
    const source = tree.guestFw.get(vmid) ?? null
    const file = readOne(reading, source, env, clusterFile, diagnostics)
    if (file !== null) guests.set(vmid, closed(file))
  }
  for (const source of tree.vnetFw.values())
    diagnostics.push(...vnetComplaints(reading, source, clusterFile))
  const limit = clusterFile?.options.get('log_ratelimit')?.value ?? null
  if (limit !== null && logRatelimitError(limit) !== null) silence(diagnostics, afterCluster)
  return {
    cluster: clusterFile === null ? null : closed(clusterFile),
    host: host === null ? null : closed(host),
    guests,
    sdnSets: sdn.sets,
    diagnostics,
  }
}

/** The real program dies of a bad `log_ratelimit` before it reads the other files, so it prints nothing of them. */
function silence(diagnostics: Diagnostic[], from: number): void {
  for (const [index, one] of diagnostics.entries()) {
    if (index >= from && one.upstream.length > 0) diagnostics[index] = { ...one, upstream: [] }
  }
}

function readOne(
  reading: Reading,
  source: SourceFile | null,
  env: OpenFile['env'],
  cluster: OpenFile | null,
  diagnostics: Diagnostic[],
): OpenFile | null {
  if (source === null) return null
  const file = openFile(reading, source, env, cluster)
  const empty = isNothing(source)
  if (empty) {
    complain(
      file.complaints,
      'note',
      'config/empty-fw',
      { file: source, start: 0, end: source.text.length },
      () => ({
        message: `${quoted(source.path)} is empty: to Proxmox it is not there`,
        help: 'remove it, or put at least a section header into it',
      }),
    )
  } else {
    readFile(file)
  }
  for (const complaint of allComplaints(file.complaints)) diagnostics.push(complaint)
  return empty ? null : file
}

/** Only the API and nftables read the file of a vnet: whatever it holds, pve-firewall says nothing. */
function vnetComplaints(
  reading: Reading,
  source: SourceFile,
  cluster: OpenFile | null,
): readonly Diagnostic[] {
  if (isNothing(source)) return []
  const file = openFile(reading, source, 'vnet', cluster)
  complain(
    file.complaints,
    'note',
    'config/vnet-ignored',
    { file: source, start: 0, end: 0 },
    () => ({
      message: `${quoted(source.path)} has no effect with the iptables backend`,
      help: 'only the nftables backend (`nftables: 1` in host.fw) filters in vnets',
    }),
  )
  readFile(file)
  return allComplaints(file.complaints).map((complaint) => ({ ...complaint, upstream: [] }))
}

function closed({ scope, source, options, aliases, ipsets, groups, rules }: OpenFile): FwFile {
  return {
    scope,
    source,
    options,
    aliases: aliases ?? NONE,
    ipsets: ipsets ?? NONE,
    groups: groups ?? NONE,
    rules,
  }
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>()
