import { adoptOrigins } from '../audit/adopt-origins.ts'
import { type Drift, drift } from '../audit/drift.ts'
import { builtInEthertypes, builtInProtocols, builtInServices } from '../config/name-service.ts'
import { type ReadFacts, readFacts } from '../read/facts.ts'
import { type LiveRead, readLive } from '../read/live/read-live.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { SourceFile } from '../source/source-file.ts'
import { bareTree } from './bare-tree.ts'
import {
  firewallOf,
  isRefused,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from './node-firewall.ts'

/** A node as its dumps show it. */
export type LiveFirewall = {
  /** Asked like any other: the rules of the dumps decide. Null when a dump cannot be read, or the files of the root. */
  readonly firewall: NodeFirewall | null
  /** What is missing in the dumps: it concerns every answer. */
  readonly warnings: readonly Diagnostic[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * A node's firewall as dumps of it show it. `rootSaid`: the files of the root are the node's; they tell its guests and
 * wires, and rules that equal theirs are called by their lines. Else what is found at the root is taken if it is a node,
 * and nothing is known of the node otherwise.
 */
export function openLive(
  dumps: readonly SourceFile[],
  options: OpenOptions,
  rootSaid: boolean,
): LiveFirewall {
  const read = readLive(dumps, debianFacts())
  const isError = read.diagnostics.some(({ severity }) => severity === 'error')
  const warnings = read.diagnostics.filter(({ severity }) => severity === 'warning')
  if (isError) return { firewall: null, warnings, diagnostics: read.diagnostics }
  const asked = options.backend ?? 'auto'
  const backend = asked === 'auto' ? (read.backend ?? 'auto') : asked
  const opened = openFirewall({ ...options, backend })
  if (opened.firewall === null && rootSaid)
    return { firewall: null, warnings, diagnostics: opened.diagnostics }
  const own = opened.firewall ?? firewallOf(bareTree(options), { ...options, backend })
  const firewall = withDumps(own, read, dumps)
  return { firewall, warnings, diagnostics: firewall.diagnostics }
}

function withDumps(own: NodeFirewall, read: LiveRead, dumps: readonly SourceFile[]): NodeFirewall {
  const { choice } = own
  const firewall: NodeFirewall = {
    ...own,
    live: {
      ruleset: adoptOrigins(read.ruleset, own.compiled.held),
      files: dumps.map(({ path }) => path),
    },
    choice:
      read.backend === null || read.backend !== own.backend
        ? choice
        : { ...choice, asked: false, why: 'the dumps have its chains', diagnostics: [] },
    diagnostics: [
      ...read.diagnostics.filter(({ severity }) => severity === 'note'),
      ...own.diagnostics,
    ],
    onNode: (node) => (node === own.tree.node ? firewall : own.onNode(node)),
  }
  return firewall
}

/** How a node differs from its configuration. */
export type DriftAnswer =
  | {
      readonly kind: 'compared'
      readonly firewall: NodeFirewall
      readonly drift: Drift
      /** Whose rules the dumps have; null: neither backend's. */
      readonly holds: LiveRead['backend']
    }
  /** A dump or the configuration cannot be read, or the backend refuses it. */
  | { readonly kind: 'unreadable'; readonly firewall: NodeFirewall | null }

/** Compares dumps of a node with what its configuration compiles to. */
export function openDrift(
  dumps: readonly SourceFile[],
  options: OpenOptions,
): DriftAnswer & { readonly diagnostics: readonly Diagnostic[] } {
  const read = readLive(dumps, debianFacts())
  const { firewall, diagnostics, unread } = openFirewall(options)
  const all = [...read.diagnostics, ...diagnostics]
  const isUnread = read.diagnostics.some(({ severity }) => severity === 'error')
  if (isUnread || firewall === null || unread.length > 0 || isRefused(firewall))
    return { kind: 'unreadable', firewall, diagnostics: all }
  const found = drift(firewall.compiled.held, read.ruleset, read.covered)
  return { kind: 'compared', firewall, drift: found, holds: read.backend, diagnostics: all }
}

/** Names of Debian: what was compiled and never loaded has names for ports too. */
function debianFacts(): ReadFacts {
  return readFacts(builtInServices(), builtInProtocols(), builtInEthertypes())
}
