import { compileNftables, type NftablesCompiled } from '../../src/compile/nftables/compile.ts'
import type { NftConfig } from '../../src/config/dialect/nftables/model.ts'
import { readNftables } from '../../src/config/dialect/nftables/read.ts'
import type { Tree } from '../../src/config/tree.ts'
import type { Json } from '../../src/netfilter/nft/command.ts'
import { ruleText } from '../../src/netfilter/nft/text.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { type ProbeInput, probeTree } from './probe-tree.ts'

/** A probe with files of vnets by name and JSON of the SDN. */
export type NftCase = ProbeInput & {
  readonly vnets?: Readonly<Record<string, string>>
  readonly sdn?: unknown
  readonly ipam?: unknown
}

export type NftAnswer = {
  readonly tree: Tree
  readonly config: NftConfig
  readonly compiled: NftablesCompiled
}

/** The tree of a case, in memory. */
export function nftTree({ vnets = {}, sdn, ipam, ...probe }: NftCase): Tree {
  const json = (path: string, value: unknown) =>
    value === undefined ? null : sourceFile(path, JSON.stringify(value))
  const vnetFw = Object.entries(vnets).map(
    ([name, text]) => [name, sourceFile(`etc/pve/sdn/firewall/${name}.fw`, text)] as const,
  )
  return {
    ...probeTree(probe),
    vnetFw: new Map(vnetFw),
    sdn: {
      running: sdn ?? null,
      runningFile: json('etc/pve/sdn/.running-config', sdn),
      ipam: ipam ?? null,
      ipamFile: json('etc/pve/sdn/pve-ipam-state.json', ipam),
    },
  }
}

/** Reads and compiles a case. */
export function nftAnswer(input: NftCase): NftAnswer {
  const tree = nftTree(input)
  const config = readNftables(tree)
  return { tree, config, compiled: compileNftables(tree, config) }
}

/** `cluster.fw` that switches the firewall on, with more lines behind. */
export function clusterFile(...lines: readonly string[]): string {
  return ['[OPTIONS]', 'enable: 1', ...lines, ''].join('\n')
}

/** A VM 100 with one filtered NIC, and its file. */
export function oneGuest(...lines: readonly string[]): NftCase {
  return {
    files: {
      'cluster.fw': clusterFile(),
      '100.fw': ['[OPTIONS]', 'enable: 1', ...lines, ''].join('\n'),
    },
    guests: { qemu: { 100: { net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1' } } },
  }
}

/** Texts of the rules added to a chain, as nft lists them. */
export function rulesOf({ compiled }: NftAnswer, chain: string): readonly string[] {
  return compiled.commands.flatMap(({ json }) => {
    const rule = partOf(json, 'rule')
    return rule?.['chain'] === chain && Array.isArray(rule['expr']) ? [ruleText(rule['expr'])] : []
  })
}

/** Elements added to a set or map, as JSON. */
export function elementsOf({ compiled }: NftAnswer, name: string): readonly Json[] {
  return compiled.commands.flatMap(({ json }) => {
    const element = partOf(json, 'element')
    const elements = element?.['name'] === name ? element['elem'] : []
    return Array.isArray(elements) ? elements : []
  })
}

/** Codes of all diagnostics, without doubles. */
export function codesOf({ config, compiled }: NftAnswer): readonly string[] {
  return [...new Set([...config.diagnostics, ...compiled.diagnostics].map(({ code }) => code))]
}

function partOf(
  json: { readonly [verb: string]: Json },
  kind: string,
): { readonly [key: string]: Json } | undefined {
  const added = json['add'] as
    | { readonly [kind: string]: { readonly [key: string]: Json } }
    | undefined
  return added?.[kind]
}
