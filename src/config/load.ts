import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import type { SourceFile } from '../source/source-file.ts'
import { parseCorosync } from './corosync.ts'
import { type Disk, FW_BYTES, LIST_BYTES, openDisk, PMXCFS_FILE_BYTES } from './fs.ts'
import { nodesOfGuest, readGuestFw, readGuests, uniqueGuests } from './guests.ts'
import { findNodeAddress } from './host-address.ts'
import { parseHosts } from './hosts.ts'
import { parseInterfaces, type ReadNetwork } from './interfaces.ts'
import { findLayout } from './layout.ts'
import { noteMissing } from './missing.ts'
import {
  builtInEthertypes,
  builtInProtocols,
  builtInServices,
  parseEthertypes,
  parseProtocols,
  parseServices,
} from './name-service.ts'
import { chooseNode } from './node-choice.ts'
import { parseSdnJson } from './sdn.ts'
import type { Sdn, Tree } from './tree.ts'

export type LoadOptions = {
  /** Root of a node's file system, or a copy of /etc/pve. */
  readonly root: string
  /** `--node`; null: find out. */
  readonly node: string | null
  /** Vmid or name of the guest asked about: helps to choose the node. */
  readonly guest: string | null
  /** `--host-ip`. */
  readonly hostIp: string | null
  /** `--local-network`. */
  readonly localNetwork: string | null
}

export type LoadResult = {
  /** Null when nothing usable is at the root, or it is not clear which node is meant: an error says so. */
  readonly tree: Tree | null
  readonly diagnostics: readonly Diagnostic[]
  /** Files and directories with rules or guests that are there and could not be read: without them any answer may be wrong. */
  readonly unread: readonly string[]
}

/**
 * Reads everything about a node that decides what its firewall does. Only reads; every file has a size limit
 * and the whole tree too. What is missing is named once, with what it costs.
 */
export function loadTree(options: LoadOptions): LoadResult {
  const disk = openDisk(options.root)
  const layout = findLayout(disk, options.root)
  if (layout.kind === 'none') {
    // What may not be looked at explains more than that nothing was found.
    const [refused] = disk.diagnostics()
    return { tree: null, diagnostics: [refused ?? layout.diagnostic], unread: [] }
  }
  const pve = layout.kind === 'node' ? 'etc/pve/' : ''

  const directories = disk
    .list(`${pve}nodes`)
    .filter(({ name, kind }) => kind === 'directory' && isNodeName(name))
    .map(({ name }) => name)
  const read = readGuests(disk, pve, directories)
  const corosyncFile = disk.read(`${pve}corosync.conf`)
  const corosync = corosyncFile === null ? NOTHING : parseCorosync(corosyncFile)
  const corosyncNodes = corosync.value?.nodes.map(({ name }) => name).filter(isNodeName) ?? []
  const hostname = hostnameOf(disk.read('etc/hostname'))
  const choice = chooseNode({
    asked: options.node,
    hostname,
    local: disk.link(`${pve}local`)?.split('/').at(-1) ?? null,
    directories,
    corosync: corosyncNodes,
    guestNodes: nodesOfGuest(read.value, options.guest),
  })
  if (choice.kind === 'none')
    return {
      tree: null,
      diagnostics: [...disk.diagnostics(), ...corosync.diagnostics, choice.diagnostic],
      unread: [],
    }

  const { node } = choice
  const guests = uniqueGuests(read.value, node)
  const clusterFw = disk.read(`${pve}firewall/cluster.fw`, FW_BYTES)
  const hostFw = disk.read(`${pve}nodes/${node}/host.fw`, FW_BYTES)
  const hosts = parsed(disk.read('etc/hosts', LIST_BYTES), parseHosts, [])
  const network = parsed(
    disk.read('etc/network/interfaces'),
    (file) => parseInterfaces(file, disk),
    NO_NETWORK,
  )
  const address = findNodeAddress({
    node,
    hosts: hosts.value,
    interfaces: network.value,
    hostIp: options.hostIp,
    localNetwork: options.localNetwork,
  })
  const sdn = readSdn(disk, pve)
  const services = disk.read('etc/services')
  const protocols = disk.read('etc/protocols')
  const ethertypes = disk.read('etc/ethertypes')
  // Last, as they may be many: a limit they meet must not cost the files above.
  const firewall = readGuestFw(disk, pve)
  const tree: Omit<Tree, 'diagnostics'> = {
    root: options.root,
    layout: layout.kind,
    nodes: sorted([...directories, ...corosyncNodes, node]),
    node,
    clusterFw,
    hostFw,
    guests: guests.value,
    guestFw: firewall.guestFw,
    vnetFw: readVnetFw(disk, pve),
    network: network.value.network,
    networkOf: networkOf(hostname, [...directories, ...corosyncNodes], node),
    hosts: hosts.value,
    corosync: corosync.value,
    sdn: sdn.value,
    storage: disk.read(`${pve}storage.cfg`),
    datacenter: disk.read(`${pve}datacenter.cfg`),
    services: services === null ? builtInServices() : parseServices(services),
    protocols: protocols === null ? builtInProtocols() : parseProtocols(protocols),
    ethertypes: ethertypes === null ? builtInEthertypes() : parseEthertypes(ethertypes),
    ...address.value,
  }
  const missing = noteMissing(disk, pve, tree, firewall.stray)
  const diagnostics = disk
    .diagnostics()
    .concat(
      read.diagnostics,
      guests.diagnostics,
      corosync.diagnostics,
      hosts.diagnostics,
      network.diagnostics,
      address.diagnostics,
      sdn.diagnostics,
      oversized(tree),
      missing,
    )
  const unread = disk.refused().filter((path) => DECIDING.test(path.slice(pve.length)))
  return { tree: { ...tree, diagnostics }, diagnostics, unread }
}

/** Files below etc/pve whose lines decide packets, and the directories they stand in. */
const DECIDING =
  /^(?:corosync\.conf|firewall(?:\/[^/]+\.fw)?|nodes(?:\/[^/]+\/(?:host\.fw|(?:qemu-server|lxc)(?:\/\d+\.conf)?))?|sdn(?:\/\.running-config|\/firewall(?:\/[^/]+\.fw)?)?)$/

const NOTHING: Parsed<null> = { value: null, diagnostics: [] }

const NO_NETWORK: ReadNetwork = {
  network: { interfaces: [], known: false },
  dynamic: new Set(),
}

function parsed<T>(
  file: SourceFile | null,
  parse: (file: SourceFile) => Parsed<T>,
  without: T,
): Parsed<T> {
  return file === null ? { value: without, diagnostics: [] } : parse(file)
}

/** Sorted by code unit, each once. */
function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1))
}

/** Letters, digits and inner hyphens (pmxcfs memdb.c `valid_nodename`). */
function isNodeName(name: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(name)
}

/** The node whose etc/network/interfaces is in the tree: that of etc/hostname, if the tree knows it as a node. */
function networkOf(hostname: string | null, nodes: readonly string[], asked: string): string {
  return hostname !== null && nodes.includes(hostname) ? hostname : asked
}

/** First line of hostname(5) that is no comment, without its domain. */
function hostnameOf(file: SourceFile | null): string | null {
  const line = file?.text.split('\n', 100).find((text) => /^[ \t]*[^# \t\r]/.test(text))
  const name = line?.trim().split('.', 1)[0] ?? ''
  return isNodeName(name) ? name : null
}

function readSdn(disk: Disk, pve: string): Parsed<Sdn | null> {
  const runningFile = disk.read(`${pve}sdn/.running-config`, LIST_BYTES)
  const ipamFile =
    disk.read(`${pve}sdn/pve-ipam-state.json`, LIST_BYTES) ??
    disk.read(`${pve}priv/ipam.db`, LIST_BYTES)
  if (runningFile === null && ipamFile === null) return NOTHING
  const running = parsed<unknown>(runningFile, parseSdnJson, null)
  const ipam = parsed<unknown>(ipamFile, parseSdnJson, null)
  return {
    value: { running: running.value, runningFile, ipam: ipam.value, ipamFile },
    diagnostics: [...running.diagnostics, ...ipam.diagnostics],
  }
}

function readVnetFw(disk: Disk, pve: string): ReadonlyMap<string, SourceFile> {
  const files = new Map<string, SourceFile>()
  for (const { name } of disk.list(`${pve}sdn/firewall`)) {
    const vnet = /^([A-Za-z][A-Za-z0-9_-]{0,63})\.fw$/.exec(name)?.[1]
    if (vnet === undefined) continue
    const file = disk.read(`${pve}sdn/firewall/${name}`, FW_BYTES)
    if (file !== null) files.set(vnet, file)
  }
  return files
}

/** Warns of .fw files that no real cluster could hold. */
function oversized(tree: Omit<Tree, 'diagnostics'>): readonly Diagnostic[] {
  return [tree.clusterFw, tree.hostFw, ...tree.guestFw.values(), ...tree.vnetFw.values()]
    .filter((file) => file !== null)
    .filter(({ text }) => text.length > PMXCFS_FILE_BYTES)
    .map((file) => {
      const message = `\`${file.path}\` has ${file.text.length} bytes; /etc/pve holds files up to ${PMXCFS_FILE_BYTES}`
      const help = 'make the file smaller: a cluster cannot store it'
      return diagnostic('warning', 'config/oversized-file', { file, start: 0, end: 0 }, message, {
        help,
      })
    })
}
