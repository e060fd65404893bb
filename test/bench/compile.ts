import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { compileIptables } from '../../src/compile/iptables/compile.ts'
import { hold } from '../../src/compile/iptables/hold.ts'
import { compileAndHold } from '../../src/compile/nftables/hold.ts'
import { DEFAULT_NFT_VERSION } from '../../src/compile/nftables/nft-version.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import { readNftables } from '../../src/config/dialect/nftables/read.ts'
import { loadTree } from '../../src/config/load.ts'
import type { Tree } from '../../src/config/tree.ts'
import { nftFiles } from '../../src/firewall/nft-files.ts'
import { renderHanded } from '../../src/render/iptables-save.ts'
import { writeTree } from './generate.ts'

/** What one process needed, cold, to load and compile a tree; times in ms, memory in MB. */
export type CompileCost = {
  readonly load: number
  readonly read: number
  readonly compile: number
  readonly total: number
  /** Text of all six files, not part of `total`. */
  readonly render: number
  readonly memory: number
  readonly rules: number
}

/**
 * The same for the nftables backend: commands and what nft would refuse of them. `render` is ruleset.json and
 * skeleton.nft, `holding` the rules of all chains, which a trace reads as it enters them.
 */
export function measureNftables(root: string): CompileCost & { readonly holding: number } {
  const start = performance.now()
  const tree = load(root)
  const loaded = performance.now()
  const config = readNftables(tree)
  const read = performance.now()
  const compiledFor = compileAndHold(tree, config, DEFAULT_NFT_VERSION)
  const compiled = performance.now()
  const memory = process.resourceUsage().maxRSS / 1024
  if (compiledFor.state !== 'compiled') throw new Error('nothing compiled')
  const beforeText = performance.now()
  nftFiles(compiledFor)
  const rendered = performance.now()
  const beforeRules = performance.now()
  const rules = compiledFor.held.tables
    .flatMap((table) => [...table.chains.values()])
    .reduce((sum, chain) => sum + chain.rules.length, 0)
  const holding = performance.now() - beforeRules
  return {
    load: loaded - start,
    read: read - loaded,
    compile: compiled - read,
    total: compiled - start,
    render: rendered - beforeText,
    holding,
    memory,
    rules,
  }
}

/** Makes a node tree with 20 rules a guest and 50 sets, runs `use`, removes it. */
export function withTree<T>(guests: number, use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'pvefw-bench-'))
  try {
    writeTree(directory, { guests, rulesPerGuest: 20, sets: 50 })
    return use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Loads a tree that must be there. */
export function load(root: string): Tree {
  const { tree } = loadTree({ root, node: null, guest: null, hostIp: null, localNetwork: null })
  if (tree === null) throw new Error(`no tree in ${root}`)
  return tree
}

/**
 * Loads, reads and compiles once, as a command does: nothing is warm. `total` is what pve-firewall does, from files to
 * what it hands to the kernel's tools; `holding` what those do then: reading it into the rules a kernel holds.
 */
export function measureCompile(root: string): CompileCost & { readonly holding: number } {
  const start = performance.now()
  const tree = load(root)
  const loaded = performance.now()
  const config = readIptables(tree)
  const read = performance.now()
  const { handed } = compileIptables(tree, config)
  const compiled = performance.now()
  if (handed === null) throw new Error('nothing compiled')
  const { ruleset } = hold(handed, tree)
  const held = performance.now()
  const memory = process.resourceUsage().maxRSS / 1024
  const beforeText = performance.now()
  renderHanded(handed)
  const rendered = performance.now()
  const rules = ruleset.tables.flatMap((table) => [...table.chains.values()])
  return {
    load: loaded - start,
    read: read - loaded,
    compile: compiled - read,
    total: compiled - start,
    render: rendered - beforeText,
    holding: held - compiled,
    memory,
    rules: rules.reduce((sum, chain) => sum + chain.rules.length, 0),
  }
}
