import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadTree } from '../../src/config/load.ts'
import type { Tree } from '../../src/config/tree.ts'
import type { Hop } from '../../src/netfilter/hook.ts'

/** The tree of a directory; throws when it is none. */
export function loadRoot(root: string, node: string | null = null): Tree {
  const { tree, diagnostics } = loadTree({
    root,
    node,
    guest: null,
    hostIp: null,
    localNetwork: null,
  })
  if (tree === null) throw new Error(JSON.stringify(diagnostics.map(({ message }) => message)))
  return tree
}

/** The tree of these files, by path below the root; node `pve1` unless `etc/hostname` says otherwise. */
export function treeOf(files: Readonly<Record<string, string>>, node: string | null = null): Tree {
  const root = mkdtempSync(join(tmpdir(), 'pvefw-topology-'))
  try {
    const all = { 'etc/hostname': 'pve1\n', 'etc/pve/firewall/cluster.fw': '', ...files }
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return loadRoot(root, node)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** A VM's or a container's config, its path and its text: `vm(105, 'virtio=..,bridge=vmbr0')`. */
export function vm(
  vmid: number,
  nics: readonly string[],
  more: { readonly node?: string; readonly name?: string; readonly lines?: string } = {},
): Readonly<Record<string, string>> {
  return conf('qemu-server', vmid, nics, more)
}

export function ct(
  vmid: number,
  nics: readonly string[],
  more: { readonly node?: string; readonly name?: string; readonly lines?: string } = {},
): Readonly<Record<string, string>> {
  return conf('lxc', vmid, nics, more)
}

function conf(
  kind: 'qemu-server' | 'lxc',
  vmid: number,
  nics: readonly string[],
  more: { readonly node?: string; readonly name?: string; readonly lines?: string },
): Readonly<Record<string, string>> {
  const name = kind === 'lxc' ? 'hostname' : 'name'
  const lines = [
    ...(more.name === undefined ? [] : [`${name}: ${more.name}`]),
    ...nics.map((nic, index) => `net${index}: ${nic}`),
    ...(more.lines === undefined ? [] : [more.lines]),
  ]
  return { [`etc/pve/nodes/${more.node ?? 'pve1'}/${kind}/${vmid}.conf`]: `${lines.join('\n')}\n` }
}

/** A hop as lines `family hook IN>OUT phys IN>OUT`, one for each family, IP families as `ip`. */
export function showHop(hop: Hop): readonly string[] {
  return hop.families.map((family) => {
    if (family === 'bridge')
      return `bridge ${hop.hook} ${hop.bridgeIn ?? '-'}>${hop.bridgeOut ?? '-'}`
    const phys =
      hop.physin === null && hop.physout === null
        ? ''
        : ` phys ${hop.physin ?? '-'}>${hop.physout ?? '-'}`
    return `ip ${hop.hook} ${hop.iif ?? '-'}>${hop.oif ?? '-'}${phys}`
  })
}
