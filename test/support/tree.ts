import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Writes a tree for one test and returns its directory; it is removed when the test is over. Keys are paths
 * below the directory; one that ends in `/` is an empty directory. Only to be called within a test.
 */
export function makeTree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'pvefw-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path)
    mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(target, content)
  }
  return root
}

/** A small node `pve1` (10.0.0.1/24 on vmbr0) that a test adds to or takes from. */
export const SMALL_NODE: Readonly<Record<string, string>> = {
  'etc/hostname': 'pve1\n',
  'etc/hosts': '127.0.0.1 localhost\n10.0.0.1 pve1.lab pve1\n',
  'etc/network/interfaces':
    'auto lo\niface lo inet loopback\n\niface vmbr0 inet static\n\taddress 10.0.0.1/24\n\tbridge-ports eno1\n',
  'etc/pve/firewall/cluster.fw': '[OPTIONS]\nenable: 1\n',
  'etc/pve/nodes/pve1/host.fw': '[OPTIONS]\nenable: 1\n',
  'etc/pve/nodes/pve1/qemu-server/100.conf':
    'name: web\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1\n',
  'etc/pve/firewall/100.fw': '[OPTIONS]\nenable: 1\n',
}
